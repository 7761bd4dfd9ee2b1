"""`chipdex lifetime`: training against serving, smaller models, tuning against prompts, and reasoning."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from chipdex.cli import streams
from chipdex.cli.deciding.idle import idle_options
from chipdex.cli.deciding.lifetime_json import body, flat
from chipdex.cli.deciding.lifetime_page import sections, unanswered, warnings
from chipdex.cli.deciding.options import Weighed, decision_options, inputs_section, stated, swing_json, swings_section
from chipdex.cli.numbers import COUNT
from chipdex.cli.pictures import ready, save
from chipdex.cli.report import Report, Section
from chipdex.cli.session import Session
from chipdex.economics.inputs import Given, Inputs, settled
from chipdex.economics.lives.inputs import PARAMETERS
from chipdex.economics.lives.lifetime import Lifetime, judges, lifetime
from chipdex.economics.sensitivity import Swing
from chipdex.errors import OptionError

MARGINS: Final[Mapping[str, str]] = {
    "training": "USD that serving spends over the life beyond training and tuning",
    "energy": "kWh that serving draws over the life beyond training and tuning",
    "size": "the cost of the model over that of the other one, less 1",
    "tuning": "USD that tuning saves over the life",
}
"""Question with two sides -> its margin."""

_DEFAULTS: Final[Mapping[str, tuple[str, ...]]] = {
    "size": ("fit_floor", "fit_a", "fit_b", "fit_alpha", "fit_beta"),
    "tuning": ("tuned_usd_per_request",),
    "length": ("reasoning_token_factor",),
}
"""Question -> inputs whose defaults count for it alone."""

_PRICED: Final = ("serve_usd_per_day", "usd_per_million_input", "usd_per_million_output")
"""Inputs that say what requests cost, and so stand in place of an estimate."""

_COUNTS: Final[Mapping[str, tuple[str, ...]]] = {
    "training": ("train_hours", "usd_per_hour", "train_tokens_b", "peak_tflops", "train_mfu"),
    "serving": ("requests_per_day", "usd_per_request", "serve_usd_per_day", "price_decline", "cost_of_capital"),
    "energy": ("train_kwh", "tune_kwh", "energy_decline"),
    "size": ("params_b", "serve_tokens_b", "other_params_b", *_DEFAULTS["size"]),
    "size in USD": ("serve_peak_tflops", "serve_mfu", "serve_usd_per_hour"),
    "tuning": ("tune_usd", "prompt_tokens", *_DEFAULTS["tuning"]),
    "length": ("reasoning_factor", *_DEFAULTS["length"]),
}
"""Question -> inputs that count for it."""

_WHY: Final = {key: f"it counts for {question}" for question, keys in _COUNTS.items() for key in keys}

_KEYS: Final = ("answer", "what", "value", "unit")


@click.command("lifetime")
@click.argument("model", required=False)
@click.option("--device", metavar="D", help="Take rent, peak and, with MODEL, costs of a request from the registry.")
@click.option("--count", type=COUNT, metavar="N", help="Accelerators of one deployment.")
@click.option("--precision", metavar="P", help="Format of MODEL's weights.")
@click.option("--start", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="First request.  [default: today]")
@decision_options(PARAMETERS)
@click.pass_obj
def lifetime_command(
    session: Session,
    /,
    start: dt.datetime | None,
    sensitivity: bool,
    plot: Path | None,
    output: str,
    **options: Any,
) -> None:
    """Say what a model comes to over its life, and which of its choices pay.

    What is given decides what is answered: when serving has spent what training did (--train-usd, --usd-per-request,
    --requests-per-day; --train-kwh and --kwh-per-request in energy); which size is the cheapest at the same loss
    (--params-b, --serve-tokens-b); when tuning pays against a longer prompt (--tune-usd, --prompt-tokens,
    --usd-per-million-input); what reasoning costs (--reasoning-factor, --output-tokens). The rest is named.
    """
    ready(plot)
    used = _asked(session, **options)
    found = lifetime(used)
    moved: dict[str, list[Swing]] = {}
    if sensitivity or plot is not None:
        moved = {one.question: one.swings(flips=sensitivity) for one in _weighed(used, found)}
    if plot is not None:
        from chipdex.cli.deciding.lifetime_picture import lifetime_chart  # noqa: PLC0415 - an extra, imported where it is used

        save(lifetime_chart(used, found, moved, MARGINS), plot)
        streams.say(f"Drew {plot}.")
    day = dt.date.today() if start is None else start.date()  # noqa: DTZ011 - the user's own day
    shown = _shown(used, found)
    rows = flat(used, found)
    told = [{"answer": name, **swing_json(one)} for name, each in moved.items() for one in each if one.matters]
    Report(
        schema="lifetime@1",
        body=body(used, found, day) | {"inputs": shown.as_rows()} | ({"sensitivity": told} if sensitivity else {}),
        keys=_KEYS,
        rows=rows,
        sections=(
            *sections(used, found, day),
            inputs_section(shown),
            *(_swings(moved) if sensitivity else ()),
        ),
        notes=unanswered(used, found),
        warnings=[*warnings(used, found), *idle_options(used, lambda one: body(one, lifetime(one), day), _WHY)],
    ).publish(session, output)


def weighed(session: Session, /, **options: Any) -> tuple[Weighed, ...]:
    """Return what the options ask, for a sensitivity: a verdict for each answer that has two sides.

    Raises OptionError where none has.
    """
    used = _asked(session, **options)
    found = _weighed(used, lifetime(used))
    if not found:
        raise OptionError(
            "No answer here has two sides, so that no input changes a winner.",
            fix="Give --life-years with the demand, --other-params-b, or what tuning saves.",
        )
    return found


def _asked(
    session: Session,
    /,
    *,
    model: str | None,
    device: str | None,
    count: int | None,
    precision: str | None,
    inputs: Path | None,
    **options: Any,
) -> Inputs:
    given, filed = stated(PARAMETERS, options, inputs)
    said = {**filed, **given}
    return settled(PARAMETERS, said, _known(session, model, device, count, precision, said))


def _weighed(inputs: Inputs, found: Lifetime) -> tuple[Weighed, ...]:
    return tuple(
        Weighed(inputs=inputs, judge=judge, margin=MARGINS[question], question=question)
        for question, judge in judges(found).items()
    )


def _known(
    session: Session,
    model: str | None,
    device: str | None,
    count: int | None,
    precision: str | None,
    said: Mapping[str, Given],
) -> Mapping[str, Given]:
    """Return what the registry says of the model and the hardware that are named; nothing where none is."""
    for name, value in {"--count": count, "--precision": precision}.items():
        if value is not None and device is None:
            raise OptionError(f"{name} was given without --device.", fix="Say which hardware: --device D --count N.")
    if precision is not None and model is None:
        raise OptionError("--precision was given without MODEL.", fix="Name the model that runs in it.")
    if model is None and device is None:
        return {}
    from chipdex.cli.questions import model_of  # noqa: PLC0415 - needed for MODEL only
    from chipdex.economics.lives.serving import (  # noqa: PLC0415 - numpy comes with it
        device_inputs,
        model_inputs,
        request_inputs,
    )

    known = {} if model is None else model_inputs(model_of(session, model))
    if device is None:
        return known
    session.need("accelerators")
    name = session.registry.resolve("accelerators", device)
    known |= device_inputs(session.registry, session.registry.accelerators[name], count or 1)
    if model is None:
        return known
    from chipdex.cli.cases import case_of  # noqa: PLC0415 - likewise
    from chipdex.search import estimate  # noqa: PLC0415 - likewise

    asked = {"model": model, "accelerator": name, "accelerators": count or 1, "precision": precision}
    case = case_of(session, asked | {key: said[key].value for key in ("input_tokens", "output_tokens") if key in said})
    known |= request_inputs(case, estimate(case, session.knowledge), {**known, **said})
    if any(key in said for key in _PRICED):
        known.pop("usd_per_request", None)
    return known


def _shown(inputs: Inputs, found: Lifetime) -> Inputs:
    """Return the inputs without the defaults of questions that were not answered."""
    hidden = {key for question in found.unanswered for key in _DEFAULTS.get(question, ())}
    if "requests_per_day" not in inputs and "serve_usd_per_day" not in inputs:
        hidden.add("life_years")
    figures = inputs.figures.items()
    kept = {key: one for key, one in figures if key not in hidden or not one.source.startswith("default")}
    return Inputs(tuple(inputs.parameters.values()), kept)


def _swings(moved: Mapping[str, list[Swing]]) -> list[Section]:
    if not moved:
        told = "No answer here has two sides, so that no input changes a winner."
        return [Section(heading="What the verdict hangs on", lines=(told,))]
    return [swings_section(each, MARGINS[question]) for question, each in moved.items()]
