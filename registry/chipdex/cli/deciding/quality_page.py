"""What `chipdex quality` prints: choices, what accuracy is worth, what proves a gain, and what formats lose."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import attrs

from chipdex.cli.render import Column, Table, counted, usd
from chipdex.cli.report import Section
from chipdex.cli.words import NOISE, figure, percent
from chipdex.economics.accuracy.changes import CHANGES, tokens_per_step
from chipdex.economics.accuracy.choices import KEEP, Choice
from chipdex.economics.accuracy.effects import EFFECTS
from chipdex.economics.accuracy.formats import FORMATS, MODELS, Loss
from chipdex.economics.accuracy.quality import MEASURES, Gain, Quality
from chipdex.economics.inputs import Inputs

Rows = list[dict[str, Any]]


_CHOICES: Final = (
    Column(key="choice"),
    Column(key="speed_up", header="x as fast", right=True, show=figure, importance=4),
    Column(key="usd_per_answer", header="USD/answer", right=True, show=usd, importance=3),
    Column(key="accuracy", right=True, importance=2),
    Column(key="usd_in_all", header="USD in all", right=True, show=usd, importance=3),
    Column(key="usd_per_solved_task", header="USD/solved task", right=True, show=usd, importance=1),
    Column(key="net_usd_per_answer", header="net USD/answer", right=True, show=usd),
    Column(key="one_off_usd", header="USD once", right=True, show=usd, importance=3),
    Column(key="payback", header="pays back after", right=True, importance=2),
)
_FORMATS: Final = (
    Column(key="format"),
    Column(key="model"),
    Column(key="bits_per_weight", header="bits", right=True, show=figure, importance=3),
    Column(key="perplexity_rise", header="perplexity", right=True, importance=2),
    Column(key="relative_rise", header="rise %", right=True),
    Column(key="points_lost", header="points lost", right=True, show=figure, importance=1),
    Column(key="weights_gb", header="weights GB", right=True, show=figure, importance=2),
    Column(key="decode_gain_limit", header="decode at most x", right=True, show=figure, importance=4),
    Column(key="devices", right=True, importance=1),
    Column(key="source", shrink=True, importance=5),
)
_EFFECTS: Final = (
    Column(key="change"),
    Column(key="value", right=True, show=figure),
    Column(key="what", shrink=True),
    Column(key="setting", shrink=True, importance=2),
    Column(key="source", shrink=True, importance=1),
)
_UNANSWERED: Final = (Column(key="question", shrink=True), Column(key="needs", header="give", shrink=True))


def loss_json(loss: Loss, inputs: Inputs) -> dict[str, Any]:
    """Return what is known of a format, and what that comes to with the inputs; null is unknown."""
    weights, cache, device = (inputs.get(key) for key in ("weights_gb", "kv_cache_gb", "device_memory_gb"))
    points = inputs.get("points_per_perplexity_percent")
    return {
        "format": loss.format,
        "model": loss.model,
        "bits_per_weight": loss.bits_per_weight,
        "base_perplexity": loss.base_perplexity,
        "perplexity_rise": loss.perplexity_rise,
        "relative_rise": loss.relative_rise,
        "kl_divergence": loss.kl_divergence,
        "points_lost": None if points is None else loss.points_lost(points),
        "weights_gb": None if weights is None else loss.weights_gb(weights),
        "decode_gain_limit": None if weights is None else loss.decode_gain_limit(weights, cache or 0.0),
        "devices": None
        if weights is None or device is None
        else loss.devices(weights, cache or 0.0, device, inputs["memory_overhead"]),
        "source": loss.source,
    }


def effects_of(names: Iterable[str]) -> Rows:
    """Return what others measured of these changes."""
    wanted = set(names)
    return [attrs.asdict(one) for one in EFFECTS if one.change in wanted]


def sections(inputs: Inputs, found: Quality, formats: Rows, effects: Rows) -> Iterable[Section]:
    """Return the parts of the page that there is something to say in."""
    lines = [
        *_verdict(inputs, found),
        *_worth(inputs, found),
        *_proof(inputs, found),
        *_devices(inputs, found),
        *_changes(inputs, found),
    ]
    rows = [_choice_row(one) for one in found.choices]
    told = any(one.choice != KEEP or one.usd_per_answer is not None for one in found.choices)
    table = Table(columns=_used(_CHOICES, rows, {"choice"}), rows=rows) if told else None
    if lines or table:
        yield Section(lines=lines, table=table)
    if formats:
        told_of = "Rise of perplexity over 16 bit, Wikitext-2; what nobody measured is unknown, not nothing."
        if any(row["relative_rise"] is None for row in formats):
            told_of += f" Measured are {', '.join(FORMATS)} of {', '.join(MODELS)}."
        shown = [_format_row(row) for row in formats]
        columns = _used(_FORMATS, shown, {"format", "model", "perplexity_rise"})
        yield Section(heading="Formats", lines=(told_of,), table=Table(columns=columns, rows=shown))
    if effects:
        yield Section(heading="Measured elsewhere", table=Table(columns=_EFFECTS, rows=effects))
    if found.unanswered and (lines or table):
        missing = [{"question": question, "needs": needs} for question, needs in found.unanswered]
        yield Section(heading="Not answered", table=Table(columns=_UNANSWERED, rows=missing))


def _used(columns: Sequence[Column], rows: Rows, always: set[str]) -> tuple[Column, ...]:
    """Return the columns in which any row has something."""
    return tuple(one for one in columns if one.key in always or any(row[one.key] is not None for row in rows))


def _choice_row(choice: Choice) -> dict[str, Any]:
    row = attrs.asdict(choice)
    counted_by = (choice.payback_answers_with_quality, choice.payback_answers)
    after = next((one for one in counted_by if one is not None), None)
    told = None if choice.pays_back is None else "never"
    if choice.pays_back and after is not None:
        told = f"{math.ceil(after * (1.0 - NOISE)):,} answers"
    return row | {"payback": "" if choice.choice == KEEP and told is None else told}


def _format_row(row: dict[str, Any]) -> dict[str, Any]:
    rise, relative = row["perplexity_rise"], row["relative_rise"]
    return row | {
        "perplexity_rise": None if rise is None else f"+{rise:.4g}",
        "relative_rise": None if relative is None else f"{100 * relative:.3g}",
    }


def _verdict(inputs: Inputs, found: Quality) -> list[str]:
    best, margin = found.best, found.margin_usd
    if best is None or margin is None or found.judged_by is None:
        return []
    per = found.counted_in
    spread = f" over {inputs['answers']:,.0f} answers" if "answers" in inputs else ""
    by = f"Best by {MEASURES[found.judged_by]}{spread}: {best.choice}"
    if margin == 0.0:
        return [f"{by}; the next best is worth the same."]
    if best.choice == KEEP:
        return [f"{by}; the next best loses {usd(-margin)} USD per {per} against it."]
    return [f"{by}, {usd(margin)} USD per {per} better than keeping what is there."]


def _worth(inputs: Inputs, found: Quality) -> list[str]:
    lines = [*_limits(inputs)]
    if found.usd_per_point is not None:
        whole = f", {usd(found.usd_per_point * inputs['answers'])} USD over all answers" if "answers" in inputs else ""
        lines.append(f"An accuracy point is worth {usd(found.usd_per_point)} USD per answer{whole}.")
    gain = found.gain
    if gain is None or gain.largest_usd_per_answer is None:
        return lines
    lines.append(_justified(gain.gain, gain.largest_usd_per_answer))
    if gain.worth_usd_per_answer is not None:
        lines.append(f"At the price given {_needed(gain, inputs['accuracy'])}.")
    return lines


def _limits(inputs: Inputs) -> Iterable[str]:
    """Return what follows from an accuracy that leaves nothing, from one of nothing, and from no gain."""
    accuracy, new = inputs.get("accuracy"), inputs.get("new_accuracy")
    if accuracy == 1.0:
        yield "Nothing is left to solve: every answer is right today, and no accuracy can be gained."
    if accuracy == 0.0:
        yield "No answer is right today, so a solved task has no cost."
    if new is not None and new == accuracy:
        yield f"Both are right on {100 * new:.4g} % of answers: there is no gain, and no evaluation proves one."


def _justified(gain: float, largest: float) -> str:
    if gain == 0.0:
        limit = f"no price above {usd(largest)} USD per answer is" if largest >= 0.0 else "no price is"
        return f"Without a gain {limit} justified."
    told = f"{'A gain' if gain > 0.0 else 'A loss'} of {_points(abs(gain))}"
    if largest < 0.0:
        return f"{told} justifies no price per answer, not even nothing."
    return f"{told} justifies up to {usd(largest)} USD per answer."


def _needed(gain: Gain, accuracy: float) -> str:
    """Return what the new choice has to gain, or may lose, to be worth its price."""
    least, left = gain.break_even_gain, 1.0 - accuracy
    if least is None:
        return "no gain is needed" if (gain.worth_usd_per_answer or 0.0) >= 0.0 else "no gain makes it good"
    if least <= 0.0 == accuracy:
        return "no gain is needed"
    if least > left + NOISE:
        return f"no gain makes it good: it has to gain {_points(least)}, and {_points(left)} are left"
    if least > NOISE:
        return f"it has to gain {_points(least)}"
    if least >= -NOISE:
        return "it need not gain, and may not lose"
    return f"it may lose {_points(-least)}" if least > -accuracy else "it may lose every point"


def _points(share: float) -> str:
    points = 100.0 * share
    return f"{points:.4g} point" + ("" if round(points, 9) == 1.0 else "s")


def _proof(inputs: Inputs, found: Quality) -> list[str]:
    proof = found.evaluation
    if proof is None:
        return []
    told = f"{100 * inputs['confidence']:g} % confidence, {100 * inputs['power']:g} % power"
    lines = [
        f"To prove {_points(abs(proof.gain))}, each of two arms needs {counted(proof.items_per_arm, 'item')} ({told})."
    ]
    if proof.paired_items is not None:
        differ, both = percent(inputs["differ_share"]), counted(proof.paired_items, "item")
        lines.append(f"Where both are asked the same, and just one of them is right on {differ}, {both} prove it.")
    if proof.power is None:
        return lines
    asked, chance = counted(round(inputs["eval_items"]), "item"), f"a chance of {percent(proof.power)}"
    if proof.margin is None or proof.least_gain is None:
        unsure = f"At an accuracy of {inputs['accuracy']:g} the normal approximation gives no margin"
        return [*lines, f"{asked} of each arm show this gain with {chance}. {unsure}."]
    told = f"tell an accuracy to within {_points(proof.margin)}, prove a gain from {_points(proof.least_gain)} on"
    paired = "" if proof.paired_power is None else f", of {percent(proof.paired_power)} where both are asked the same"
    return [*lines, f"{asked} {told}, and show this one with {chance}{paired}."]


def _devices(inputs: Inputs, found: Quality) -> list[str]:
    hosting = found.hosting
    if hosting is None:
        return []
    more, after = hosting.new_devices - hosting.devices, counted(hosting.new_devices, "device")
    told = f"{after} instead of {hosting.devices:,}" if more else f"{after}, as today"
    each = (
        f": {figure(hosting.devices_per_point)} more for each point" if more > 0 and hosting.devices_per_point else ""
    )
    return [f"At {figure(inputs['answers_per_s'])} answers/s it takes {told}{each}."]


def _changes(inputs: Inputs, found: Quality) -> list[str]:
    names = {one.choice for one in found.choices}
    return [line for name in CHANGES if name in names and name in _TOLD for line in _TOLD[name](inputs)]


def _drafting(inputs: Inputs) -> Iterable[str]:
    tokens = tokens_per_step(inputs["drafting_acceptance"], round(inputs["drafting_tokens"]))
    yield f"drafting: {figure(tokens)} tokens per step, of at most {inputs['drafting_tokens'] + 1:g}."


def _caching(inputs: Inputs) -> Iterable[str]:
    hit = inputs["caching_hit"]
    if "caching_input_tokens" in inputs:
        tokens = inputs["caching_input_tokens"]
        yield f"caching: {figure(tokens * (1.0 - hit))} of {figure(tokens)} input tokens are computed."
    saved = inputs.get("usd_per_answer", 0.0) * inputs["caching_share"]
    if inputs.get("caching_tier_usd") and saved:
        least = inputs["caching_tier_usd"] / saved
        when = f"from a hit rate of {figure(least)} on" if least <= 1.0 else "at no hit rate"
        yield f"caching: storing and fetching is paid for {when}."


_TOLD: Final[dict[str, Callable[[Inputs], Iterable[str]]]] = {"drafting": _drafting, "caching": _caching}
