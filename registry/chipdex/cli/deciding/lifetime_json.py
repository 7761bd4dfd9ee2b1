"""The answers on a model's life as plain rows: what JSON, CSV and the tables of the page are made of."""

import datetime as dt
import math
from collections.abc import Iterator
from typing import Any

from chipdex.economics.inputs import Inputs
from chipdex.economics.lives.lengths import Length
from chipdex.economics.lives.lifetime import NEEDS, Lifetime
from chipdex.economics.lives.sizes import Size, Sizes
from chipdex.economics.lives.spending import Ledger, Passing

Row = dict[str, Any]


def body(inputs: Inputs, found: Lifetime, day: dt.date) -> Row:
    """Return the answers as JSON; a question that was not answered is null, and `unanswered` says what it needs."""
    tuning = found.tuning
    return {
        "training": None if found.money is None else _ledger_json(inputs, found.money, day),
        "energy": None if found.energy is None else _ledger_json(inputs, found.energy, day),
        "size": None
        if found.size is None
        else {
            "loss": found.size.loss,
            "serve_tokens": found.size.model.served_tokens,
            "models": size_rows(found.size),
        },
        "tuning": None
        if tuning is None
        else {
            "tune_usd": tuning.tune_usd,
            "saved_usd_per_request": tuning.usd_per_request,
            "saved_usd": tuning.saved_usd,
            **_passing_json(inputs, tuning.pays, day),
        },
        "length": None if found.length is None else [length_row(one) for one in found.length],
        "unanswered": [{"answer": question, "needs": NEEDS[question]} for question in found.unanswered],
    }


def _ledger_json(inputs: Inputs, ledger: Ledger, day: dt.date) -> Row:
    return {
        "unit": ledger.unit,
        "training": ledger.train,
        "tuning": ledger.tune,
        "serving": ledger.serving,
        "total": ledger.total,
        "shares": {row["what"]: row["share"] for row in shares(ledger)},
        "crossing": None if ledger.crossing is None else _passing_json(inputs, ledger.crossing, day),
    }


def _passing_json(inputs: Inputs, passed: Passing, day: dt.date) -> Row:
    on = None if passed.days is None else day_after(day, passed.days)
    return {
        "requests": passed.requests,
        "tokens": tokens_of(inputs, passed),
        "days": passed.days,
        "date": None if on is None else on.isoformat(),
        "never": passed.never,
    }


def flat(inputs: Inputs, found: Lifetime) -> list[Row]:
    """Return a row per figure: of which answer, of what, the value and its unit."""
    return [
        {"answer": answer, "what": what, "value": value, "unit": unit}
        for answer, what, value, unit in _figures(inputs, found)
        if value is not None and math.isfinite(value)
    ]


def _figures(inputs: Inputs, found: Lifetime) -> Iterator[tuple[str, str, float | None, str]]:
    for answer, ledger in (("training", found.money), ("energy", found.energy)):
        if ledger is not None:
            for row in shares(ledger):
                yield answer, row["what"], row["amount"], ledger.unit
            yield from _passed(answer, inputs, ledger.crossing)
    for row in [] if found.size is None else size_rows(found.size):
        for key, unit in (("params_b", "1e9"), ("train_tokens_b", "1e9"), ("flop", "FLOP"), ("usd", "USD")):
            yield "size", f"{row['which']}: {key}", row[key], unit
    if found.tuning is not None:
        yield "tuning", "saved per request", found.tuning.usd_per_request, "USD"
        yield "tuning", "saved over the life", found.tuning.saved_usd, "USD"
        yield from _passed("tuning", inputs, found.tuning.pays)
    for one in found.length or ():
        for what, value, unit in (("USD", one.usd_per_request, "USD"), ("energy", one.kwh_per_request, "kWh")):
            yield "length", f"request of {one.output_tokens:.10g} output tokens: {what}", value, unit


def _passed(answer: str, inputs: Inputs, passed: Passing | None) -> Iterator[tuple[str, str, float | None, str]]:
    if passed is not None:
        yield answer, "passed after", passed.days, "days"
        yield answer, "passed after", passed.requests, "requests"
        yield answer, "passed after", tokens_of(inputs, passed), "tokens"


def tokens_of(inputs: Inputs, passed: Passing | None) -> float | None:
    """Return the tokens of the requests after which something comes to pass."""
    if passed is None or passed.requests is None or "input_tokens" not in inputs or "output_tokens" not in inputs:
        return None
    return passed.requests * (inputs["input_tokens"] + inputs["output_tokens"])


def shares(ledger: Ledger) -> list[Row]:
    """Return what each part of a life comes to, and its share of all; what is nothing, or not known, is left out."""
    parts = {"training": ledger.train, "tuning": ledger.tune or None, "serving": ledger.serving}
    return [
        {"what": what, "amount": amount, "share": None if ledger.total is None else amount / ledger.total}
        for what, amount in parts.items()
        if amount is not None
    ]


def size_rows(found: Sizes) -> list[Row]:
    """Return the models of one loss, each with what it comes to, and what it saves of the one asked of."""
    return [_size_row(which, one, found.model) for which, one in found.named.items()]


def _size_row(which: str, size: Size, model: Size) -> Row:
    saved, saved_usd = size.saves(model)
    return {
        "which": which,
        "params_b": size.params / 1e9,
        "train_tokens_b": size.tokens / 1e9,
        "train_flop": size.train_flop,
        "serve_flop": size.serve_flop,
        "flop": size.flop,
        "saved_flop": model.flop - size.flop,
        "saved_share": saved,
        "usd": size.usd,
        "usd_saved_share": saved_usd,
    }


def length_row(one: Length) -> Row:
    """Return what a request of a length costs."""
    return {
        "factor": one.factor,
        "output_tokens": one.output_tokens,
        "usd_per_request": one.usd_per_request,
        "kwh_per_request": one.kwh_per_request,
        "times": one.times,
    }


def day_after(day: dt.date, days: float) -> dt.date | None:
    """Return the day `days` later; None where no calendar reaches it."""
    try:
        return day + dt.timedelta(days=days)
    except OverflowError:
        return None
