"""`chipdex quality`: what accuracy is worth, and which changes that trade it for price are worth making."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import attrs
import click

from chipdex.cli import streams
from chipdex.cli.deciding.change_option import stated_changes
from chipdex.cli.deciding.idle import idle_options
from chipdex.cli.deciding.options import Weighed, decision_options, inputs_section, stated, swing_json, swings_section
from chipdex.cli.deciding.quality_known import Asked, known
from chipdex.cli.deciding.quality_page import effects_of, loss_json, sections
from chipdex.cli.numbers import COUNT
from chipdex.cli.pictures import ready, save
from chipdex.cli.report import Report
from chipdex.cli.session import Session, Warned
from chipdex.domain.formats import PRECISION_ALIASES, PRECISIONS
from chipdex.economics.accuracy import hosting
from chipdex.economics.accuracy.changes import CHANGES
from chipdex.economics.accuracy.formats import FAMILIES, FORMATS, MODELS, Loss, losses
from chipdex.economics.accuracy.quality import OWN, PARAMETERS, Quality, quality, verdict
from chipdex.economics.accuracy.quality import weighed as entering
from chipdex.economics.inputs import Given, Inputs, settled
from chipdex.economics.sensitivity import Swing
from chipdex.errors import OptionError

_RATE: Final = "points_per_perplexity_percent"
_WAITS: Final = "it needs --usd-per-answer, a wait and --usd-per-hour-of-wait"
_COUNTED: Final = "devices are counted where the busiest time and both deployments are known"
_WEIGHED: Final = "it needs --precision or --family"
_NEEDS: Final[Mapping[str, str]] = {
    "answers": "nothing is spread over them: no cost that falls once, nothing that an answer is worth",
    "wait_s": _WAITS,
    "new_wait_s": _WAITS,
    "usd_per_hour_of_wait": _WAITS,
    "review_share": "it needs --usd-per-answer or what an answer is worth",
    "review_usd": "it needs --review-share and --usd-per-answer",
    "confidence": "it needs --accuracy and --new-accuracy, which differ",
    "power": "it needs --accuracy and --new-accuracy, which differ",
    "eval_items": "it needs --accuracy and --new-accuracy, which differ",
    "differ_share": "it needs --accuracy and --new-accuracy, which differ",
    **{one.key: _COUNTED for one in hosting.PARAMETERS},
    "weights_gb": _WEIGHED,
    "kv_cache_gb": f"{_WEIGHED}, and --weights-gb",
    "device_memory_gb": f"{_WEIGHED}, and --weights-gb",
    "memory_overhead": f"{_WEIGHED}, --weights-gb and --device-memory-gb",
    _RATE: _WEIGHED,
}
"""Input -> what it needs to count."""

_LEFT_OUT: Final = {"usd_if_right": "what a right answer brings", "usd_if_wrong": "what a wrong one costs"}


@click.command("quality")
@click.argument("model", required=False)
@click.option("--new-model", metavar="M", help="What may replace MODEL, on the same device.")
@click.option("--device", metavar="D", help="Take prices and rates of answers from the registry: the accelerator.")
@click.option("--count", type=COUNT, metavar="N", help="Accelerators of a deployment of MODEL.  [default: 1]")
@click.option("--new-count", type=COUNT, metavar="N", help="Accelerators of one of --new-model.  [default: --count]")
@click.option("--input-tokens", type=COUNT, metavar="N", help="Input tokens of an answer of the registry's models.")
@click.option("--output-tokens", type=COUNT, metavar="N", help="Output tokens of one.")
@click.option(
    "--change",
    "changes",
    multiple=True,
    metavar="NAME:FIGURE=X,...",
    help=f"Price a change; may be repeated. NAME is {', '.join(CHANGES)}.",
)
@click.option("--precision", metavar="P", help="What a number format loses, for example q4_k_m.")
@click.option("--family", metavar="M", help="Model, or family, that formats are told of, for example llama-3-8b.")
@decision_options(OWN)
@click.pass_obj
def quality_command(
    session: Session,
    /,
    sensitivity: bool,
    plot: Path | None,
    output: str,
    **options: Any,
) -> None:
    """Say what accuracy is worth: a point of it, a gain, and changes that trade it for price.

    What is given decides what is answered; the page ends with what is not, and what to give for it. Accuracy and
    other shares run from 0 to 1. MODEL and --new-model on --device take what answers cost from the registry.
    """
    ready(plot)
    used, lost = _asked(session, **options)
    found = quality(used)
    moved: list[Swing] = []
    if sensitivity or plot is not None:
        moved = _weighed(used, found, "--sensitivity" if plot is None else "--plot").swings()
    if plot is not None:
        from chipdex.cli.deciding.quality_picture import quality_chart  # noqa: PLC0415 - an extra, imported where it is used

        save(quality_chart(used, found, moved), plot)
        streams.say(f"Drew {plot}.")
    _report(used, found, lost, moved if sensitivity else None).publish(session, output)


def weighed(session: Session, /, **options: Any) -> tuple[Weighed, ...]:
    """Return what the options ask, for a sensitivity: which choice is the best.

    Raises OptionError where fewer than two choices have a price.
    """
    used, _ = _asked(session, **options)
    return (_weighed(used, quality(used), "A sensitivity"),)


def _asked(
    session: Session,
    /,
    *,
    changes: tuple[str, ...],
    precision: str | None,
    family: str | None,
    inputs: Path | None,
    **options: Any,
) -> tuple[Inputs, list[Loss]]:
    """Return the inputs, and what the formats lose that were asked about."""
    lost = _formats(precision, family)
    given, filed = stated(PARAMETERS, options, inputs)
    given = {**given, **stated_changes(changes)}
    asked = Asked(**{field.name: options[field.name] for field in attrs.fields(Asked)})
    read = known(session, asked, formats=bool(lost))
    if not given and not filed and not read and not lost:
        raise OptionError(
            "Nothing is given that could be answered.",
            fix="Give --accuracy and --new-accuracy, --usd-per-answer with --change, or --precision.",
        )
    return settled(PARAMETERS, given, filed, read, _points_of(lost, given, filed)), lost


def _weighed(inputs: Inputs, found: Quality, asked: str) -> Weighed:
    if found.judged_by is None:
        fix = "Give --usd-per-answer, and --new-usd-per-answer or --change."
        raise OptionError(f"{asked} needs two choices with a price.", fix=fix)
    return Weighed(inputs=entering(inputs), judge=verdict, margin=_margin(found))


def _margin(found: Quality) -> str:
    return f"what the best change is worth in USD per {found.counted_in} against keeping what is there"


def _report(inputs: Inputs, found: Quality, lost: list[Loss], moved: list[Swing] | None) -> Report:
    choices = [attrs.asdict(one) for one in found.choices]
    formats = [loss_json(one, inputs) for one in lost]
    effects = effects_of([one.choice for one in found.choices] + (["quantisation"] if lost else []))
    asked = len(found.choices) > 1 or any(choices[0][key] is not None for key in ("accuracy", "usd_per_answer"))
    rows = choices if asked or not formats else formats
    shown = _used(inputs, found)
    parts = [*sections(inputs, found, formats, effects)]
    if any(not given.source.startswith("default") for given in shown.figures.values()):
        parts.append(inputs_section(shown))
    return Report(
        schema="quality@1",
        body=_body(shown, found) | {"choices": choices, "formats": formats, "measured": effects} | _moved(moved),
        keys=list(rows[0]),
        rows=rows,
        sections=(*parts, *(() if moved is None else (swings_section(moved, _margin(found)),))),
        warnings=[*_warnings(inputs, found), *idle_options(inputs, lambda one: _answered(one, lost), _NEEDS)],
    )


def _answered(inputs: Inputs, lost: list[Loss]) -> Any:
    found = quality(inputs)
    return found, [*sections(inputs, found, [loss_json(one, inputs) for one in lost], [])]


def _used(inputs: Inputs, found: Quality) -> Inputs:
    """Return the inputs that an answer rests on: a default that nothing asked for is none."""
    idle = {key for key in ("confidence", "power") if found.evaluation is None}
    idle |= {"memory_overhead"} if "device_memory_gb" not in inputs else set()
    kept = {
        key: given for key, given in inputs.figures.items() if key not in idle or not given.source.startswith("default")
    }
    return Inputs(tuple(inputs.parameters.values()), kept)


def _moved(moved: list[Swing] | None) -> dict[str, Any]:
    return {} if moved is None else {"sensitivity": [*map(swing_json, moved)]}


def _body(inputs: Inputs, found: Quality) -> dict[str, Any]:
    parts = {"gain": found.gain, "evaluation": found.evaluation, "hosting": found.hosting}
    return {
        "verdict": None if found.best is None else found.best.choice,
        "judged_by": found.judged_by,
        "margin_usd": found.margin_usd,
        "usd_per_point": found.usd_per_point,
        **{key: None if one is None else attrs.asdict(one) for key, one in parts.items()},
        "not_answered": [{"question": question, "give": needs} for question, needs in found.unanswered],
        "inputs": inputs.as_rows(),
    }


def _formats(name: str | None, family: str | None) -> list[Loss]:
    """Return what is known of a format or model that is named; raises OptionError for one that is none."""
    if name is None and family is None:
        return []
    key = None if name is None else name.strip().lower()
    key = PRECISION_ALIASES.get(key or "", key)
    if key is not None and key not in (every := (*FORMATS, *PRECISIONS)):
        raise _unknown("precision", name, "number format", key, every)
    model = None if family is None else family.strip().lower()
    if model is not None and model not in (every := (*MODELS, *FAMILIES)):
        raise _unknown("family", family, "model with measured formats", model, every)
    return losses(key, model)


def _unknown(option: str, said: str | None, what: str, key: str, every: Sequence[str]) -> OptionError:
    near = get_close_matches(key, every, n=1)
    fix = f"Did you mean {near[0]}?" if near else f"Choose from {', '.join(every)}."
    return OptionError(f"--{option} {said!r} is no {what} that chipdex knows.", fix=fix)


def _points_of(lost: list[Loss], *said: Mapping[str, Given]) -> dict[str, Given]:
    """Return the points that quantisation loses, where one format's loss and the task's sensitivity to it are known."""
    rate = next((one[_RATE].value for one in said if _RATE in one), None)
    if rate is None or len(lost) != 1 or (points := lost[0].points_lost(rate)) is None:
        return {}
    if not any(key.startswith("quantisation_") for one in said for key in one):
        return {}
    (loss,) = lost
    return {"quantisation_points_lost": Given(points, f"perplexity of {loss.format} on {loss.model}: {loss.source}")}


def _warnings(inputs: Inputs, found: Quality) -> list[Warned]:
    sentences = {}
    left = [told for key, told in _LEFT_OUT.items() if key not in inputs]
    left = left if found.usd_per_point is not None else []
    if inputs["usd_per_hour_of_wait"] and "new_wait_s" in inputs and "wait_s" not in inputs:
        left.append("how long somebody waits today")
    left += [f"what {one.choice} costs once" for one in found.choices if one.one_off_usd is None]
    if left:
        sentences["left_out"] = f"Left out, because no input says it: {', '.join(left)}."
    if found.judged_by == "usd_in_all" and "accuracy" not in inputs:
        sentences["no_accuracy"] = "Compared by price alone: --accuracy, and what a change loses, would count too."
    once = [one.choice for one in found.choices if one.one_off_usd]
    if once and "answers" not in inputs:
        sentences["not_spread"] = "Costs that fall once are not in the comparison: --answers says over how many."
    return [{"code": code, "sentence": sentence} for code, sentence in sentences.items()]
