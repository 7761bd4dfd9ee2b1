"""Rules that no price outweighs: who may have the data, who is there often enough, who can hold the model."""

from collections.abc import Iterator

import attrs

from chipdex.economics.inputs import Inputs, spelt
from chipdex.economics.places.tiers import KINDS, Scene, Tier
from chipdex.values import Value


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Rejection(Value):
    """What bars a tier or a way: the rule, in a sentence's words, and by how much where that is a number."""

    constraint: str
    told: str
    value: float | None = None
    limit: float | None = None
    unit: str | None = None

    def of(self, tier: str) -> "Rejection":
        """Return the same as a reason of a way that needs `tier` among others."""
        return attrs.evolve(self, told=f"{tier}: {self.told}")


def rules(scene: Scene, tier: Tier, inputs: Inputs) -> Iterator[Rejection]:
    """Yield why no part of the model may run on a tier: privacy, residency, availability.

    What nobody says is not taken to be allowed.
    """
    if scene.data_stays is not None and KINDS.index(tier.kind) > KINDS.index(scene.data_stays):
        told = f"data may not leave the {scene.data_stays}, and it is a {tier.kind}"
        yield Rejection(constraint="privacy", told=told)
    if scene.residency:
        yield from _residency(scene.residency, tier)
    yield from _availability(tier, inputs)


def fits(tier: Tier, inputs: Inputs) -> Iterator[Rejection]:
    """Yield why a tier cannot hold the whole model; nothing where nobody says what it takes or has."""
    needed, there = inputs.get("model_gb"), tier.figure(inputs, "memory_gb")
    if needed is not None and there is not None and needed > there:
        told = f"the model takes {spelt(needed)} GB, and {spelt(there)} GB are there"
        yield Rejection(constraint="memory", told=told, value=needed, limit=there, unit="GB")
    elif tier.unable is not None:
        yield Rejection(constraint="model", told=tier.unable)


def _residency(allowed: tuple[str, ...], tier: Tier) -> Iterator[Rejection]:
    places = " or ".join(allowed)
    if tier.region is None:
        told = f"nobody says where it is, and the data must stay in {places}"
        yield Rejection(constraint="residency", told=told)
    elif not any(_is_in(tier.region.casefold(), one.casefold()) for one in allowed):
        yield Rejection(constraint="residency", told=f"it is in {tier.region}, and the data must stay in {places}")


def _is_in(region: str, place: str) -> bool:
    """Return whether a region is a place or a part of it: eu-west-1 of eu."""
    return region == place or region.startswith(f"{place}-")


def _availability(tier: Tier, inputs: Inputs) -> Iterator[Rejection]:
    least, there = inputs.get("min_availability"), tier.figure(inputs, "availability")
    if least is None or (there is not None and there >= least):
        return
    told = "nobody says how much of the time it is there" if there is None else f"it is there {there:g} of the time"
    yield Rejection(
        constraint="availability", told=f"{told}, and {least:g} is asked", value=there, limit=least, unit="share"
    )
