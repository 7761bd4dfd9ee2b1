"""The tiers of `split`: what options say of them, and what the registry knows of the hardware that is named."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from chipdex.cli.session import Session
from chipdex.economics.inputs import Given, Inputs
from chipdex.economics.places.tiers import CLOUD, DEVICE, PRICES, Scene, Tier
from chipdex.errors import InfeasibleError, OptionError

if TYPE_CHECKING:
    from chipdex.search.query import Case
    from chipdex.search.result import Estimate

PERCENTILE: Final = 99.0
"""That of the times that are estimated, whatever a benchmark's scenario would take."""

_INSTEAD: Final[Mapping[str, tuple[str, ...]]] = {"usd_per_busy_hour": PRICES, "capex_usd": ("usd_per_hour",)}
"""Price that the registry knows -> those that, where they are stated, stand in for it: what is rented is not bought."""

Figures = Mapping[str, Given]
Phased = Callable[[Scene, Inputs], Scene]


def ruled(scene: Scene, options: Mapping[str, Any]) -> Scene:
    """Return the scene with the rules, places and hardware that options state.

    Raises OptionError for an option of a device or of a cloud where there is none, and for a region without a name.
    """
    if options["data_stays"] is not None:
        scene = attrs.evolve(scene, data_stays=options["data_stays"])
    if options["residency"]:
        if not all(one.strip() for one in options["residency"]):
            raise OptionError("--residency names no region.", fix="Write, for example, --residency eu.")
        scene = attrs.evolve(scene, residency=tuple(options["residency"]))
    for name in ("device_region", "cloud_region"):
        if options.get(name) is not None and not options[name].strip():
            raise OptionError(f"--{name.replace('_', '-')} names no region.", fix="Write, for example, eu-west-1.")
    nearest = next((tier for tier in scene.tiers if tier.kind == DEVICE), None)
    furthest = next((tier for tier in reversed(scene.tiers) if tier.kind == CLOUD), None)
    for kind, tier in ((DEVICE, nearest), (CLOUD, furthest)):
        said = {"accelerator": kind, "region": f"{kind}_region", "count": f"{kind}_count"}
        changed = {key: options[name] for key, name in said.items() if options.get(name) is not None}
        if not changed:
            continue
        if tier is None:
            raise OptionError(f"No tier is a {kind}, of which --{kind}... speaks.", fix="Add one in --inputs.")
        scene = _with(scene, attrs.evolve(tier, **changed))
        if "count" in changed and "accelerator" not in changed and tier.accelerator is None:
            raise OptionError(f"--{kind}-count was given without --{kind}.", fix=f"Say of which: --{kind} D.")
    return scene


def in_registry(
    session: Session, scene: Scene, model: str | None, precision: str | None, said: Figures
) -> tuple[Scene, Figures, Phased]:
    """Return the scene, what the registry says of its hardware, and what adds prefill and decode to a scene.

    `said` are figures that options and files state. Raises OptionError for a model without hardware, UnknownIdError
    for an unknown name.
    """
    named = [tier for tier in scene.tiers if tier.accelerator is not None]
    if model is None and precision is not None:
        raise OptionError("--precision was given without MODEL.", fix="Name the model that has to run.")
    if model is not None and not named:
        raise OptionError("MODEL was given without hardware.", fix="Say which: --device D, --cloud D, or both.")
    if not named:
        return scene, {}, lambda known, _: known
    from chipdex.economics.places.placing import hardware_of  # noqa: PLC0415 - numpy comes with it

    session.need("accelerators")
    known: dict[str, Given] = {}
    for tier in named:
        device = session.registry.accelerators[session.registry.resolve("accelerators", str(tier.accelerator))]
        known |= {
            key: given
            for key, given in hardware_of(session.registry, tier, device).items()
            if not _is_priced(tier, key, said)
        }
    if model is None:
        return scene, known, lambda known, _: known
    return _running(session, scene, {"model": model, "precision": precision}, said, known)


def _is_priced(tier: Tier, key: str, said: Figures) -> bool:
    """Return whether somebody states a price of a tier that stands in for the one at `key`."""
    return any(tier.key(one) in said for one in _INSTEAD.get(key.removeprefix(f"{tier.name}_"), ()))


def _running(
    session: Session, scene: Scene, asked: Mapping[str, Any], said: Figures, known: dict[str, Given]
) -> tuple[Scene, Figures, Phased]:
    """Return the same with what the estimates of the model say, and who cannot run it."""
    from chipdex.economics.places.placing import model_inputs, phases_of, speed_of  # noqa: PLC0415 - likewise
    from chipdex.search import estimate  # noqa: PLC0415 - likewise

    estimates: dict[str, Estimate] = {}
    cases: list[Case] = []
    for tier in scene.tiers:
        if tier.accelerator is None:
            continue
        cases.append(_case(session, tier, asked, said))
        try:
            estimates[tier.name] = estimate(cases[-1], session.knowledge)
        except InfeasibleError as error:
            scene = _with(scene, attrs.evolve(tier, unable=error.message.rstrip(".")))
        else:
            known |= speed_of(tier, estimates[tier.name])
    known |= model_inputs(cases[0], estimates)

    def phased(settled: Scene, used: Inputs) -> Scene:
        phases = settled.phases or phases_of(cases[0].model, estimates, settled.tiers, used)
        return attrs.evolve(settled, phases=phases)

    return scene, known, phased


def _case(session: Session, tier: Tier, asked: Mapping[str, Any], said: Figures) -> "Case":
    """Return the case of a tier: a cloud serves at full load, any other tier one request at a time.

    The time of each is at one percentile, so that tiers compare.
    """
    from chipdex.cli.cases import case_of  # noqa: PLC0415 - likewise

    tokens = {key: said[key].value for key in ("input_tokens", "output_tokens") if key in said}
    scenario = "server" if tier.kind == CLOUD else "single-stream"
    hardware = {"accelerator": tier.accelerator, "accelerators": tier.count}
    stated = {**asked, **tokens, **hardware, "scenario": scenario, "percentile": PERCENTILE}
    return case_of(session, stated)


def _with(scene: Scene, tier: Tier) -> Scene:
    """Return the scene with a tier in the place of the one of its name."""
    return attrs.evolve(scene, tiers=tuple(tier if one.name == tier.name else one for one in scene.tiers))
