"""How the answers on a model's life are printed for readers."""

import datetime as dt
from typing import Final

from chipdex.cli.deciding.lifetime_json import Row, day_after, length_row, shares, size_rows, tokens_of
from chipdex.cli.render import Column, Table, usd
from chipdex.cli.report import Section
from chipdex.cli.session import Warned
from chipdex.cli.words import figure, percent
from chipdex.economics.inputs import Inputs
from chipdex.economics.lives.inputs import LEFT_OUT
from chipdex.economics.lives.lengths import Length
from chipdex.economics.lives.lifetime import NEEDS, Lifetime, Tuning, asked
from chipdex.economics.lives.sizes import Size, Sizes
from chipdex.economics.lives.spending import Ledger, Passing

_EXTRAPOLATED: Final = (
    "Beyond what the fit was made from (0.07 to 16 billion parameters, 5 to 500 billion tokens), where such fits "
    "overestimate what more tokens bring"
)


def _power(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _percent(value: float | None) -> str:
    return "" if value is None else percent(value)


def _cost(value: float | None) -> str:
    return "" if value is None else usd(value)


_SPENT: Final = (
    Column(key="what"),
    Column(key="amount", right=True, show=figure),
    Column(key="share", right=True, show=_percent),
)
_SIZES: Final = (
    Column(key="which"),
    Column(key="params_b", header="params (1e9)", right=True, show=figure),
    Column(key="train_tokens_b", header="tokens (1e9)", right=True, show=figure, importance=3),
    Column(key="flop", header="FLOP in all", right=True, show=_power, importance=2),
    Column(key="saved_share", header="saved", right=True, show=_percent),
    Column(key="usd", header="USD in all", right=True, show=_cost, importance=1),
    Column(key="usd_saved_share", header="saved", right=True, show=_percent, importance=1),
)
_LENGTHS: Final = (
    Column(key="factor", header="times the tokens", right=True, show=figure, importance=2),
    Column(key="output_tokens", header="output tokens", right=True, show=figure),
    Column(key="usd_per_request", header="USD/request", right=True, show=_cost),
    Column(key="kwh_per_request", header="kWh/request", right=True, show=_power),
    Column(key="times", header="times the cost", right=True, show=figure, importance=1),
)


def sections(inputs: Inputs, found: Lifetime, day: dt.date) -> list[Section]:
    """Return a part of the page for each answer."""
    parts = [
        _ledger_section(inputs, one, heading, day)
        for one, heading in ((found.money, "Training and serving"), (found.energy, "Energy"))
        if one is not None
    ]
    if found.size is not None:
        parts.append(_size_section(inputs, found.size))
    if found.tuning is not None:
        parts.append(Section(heading="Tune or prompt", lines=_tuning_lines(inputs, found.tuning, day)))
    if found.length is not None:
        parts.append(_length_section(found.length))
    return parts


def _ledger_section(inputs: Inputs, ledger: Ledger, heading: str, day: dt.date) -> Section:
    once = f"Training comes to {figure(ledger.train)} {ledger.unit}" + (
        f", tuning to {figure(ledger.tune)}" if ledger.tune else ""
    )
    lines = [f"{once}. {_crossing(inputs, ledger, day)}".strip()]
    if ledger.total is not None:
        years = f"{inputs['life_years']:g} years"
        lines.append(f"Over {years} the model comes to {figure(ledger.total)} {ledger.unit}.")
    table = Table(columns=_columns(_SPENT, shares(ledger)), rows=shares(ledger))
    return Section(heading=f"{heading} ({ledger.unit})", lines=lines, table=table)


def _crossing(inputs: Inputs, ledger: Ledger, day: dt.date) -> str:
    passed = ledger.crossing
    if passed is None:
        return ""
    if passed.never is not None:
        return f"Serving never comes to as much: {passed.never}."
    said = f"Serving has come to as much after {_after(inputs, passed, day)}"
    if passed.days is None:
        return f"{said}, at what the first ones cost; --requests-per-day says when, and what share that is."
    return f"{said}."


def _after(inputs: Inputs, passed: Passing, day: dt.date) -> str:
    """Return after how many days, on which date, and after how many requests and tokens something comes to pass."""
    parts = []
    if passed.days is not None:
        on = day_after(day, passed.days)
        parts.append(f"{figure(passed.days)} days" + (f" ({on})" if on else ""))
    if passed.requests is not None:
        parts.append(f"{figure(passed.requests)} requests")
        tokens = tokens_of(inputs, passed)
        parts += [f"{_power(tokens)} tokens"] if tokens is not None else []
    return ", ".join(parts)


def _size_section(inputs: Inputs, found: Sizes) -> Section:
    best, saved = found.best, found.best.saves(found.model)[0]
    told = (
        f"At a loss of {found.loss:.4g} and {_power(found.model.served_tokens)} tokens served, "
        f"{_trained(best)} need the fewest operations: {_percent(saved)} fewer."
    )
    rows = size_rows(found)
    lines = [told]
    if "train_tokens_b" not in inputs:
        seen = f"{figure(found.model.tokens / 1e9)} billion tokens"
        lines.append(f"The model is taken to have seen {seen}, the cheapest for training alone; or --train-tokens-b.")
    if found.best_usd is not None:
        cheapest, share = found.best_usd, found.best_usd.saves(found.model)[1]
        lines.append(f"In USD, {_trained(cheapest)} are the cheapest: {_percent(share)} less.")
    return Section(heading="Smaller and longer", lines=lines, table=Table(columns=_columns(_SIZES, rows), rows=rows))


def _trained(size: Size) -> str:
    return f"{figure(size.params / 1e9)} billion parameters on {figure(size.tokens / 1e9)} billion tokens"


def _tuning_lines(inputs: Inputs, found: Tuning, day: dt.date) -> list[str]:
    if found.usd_per_request <= 0.0:
        return ["Tuning saves nothing on a request, and never pays."]
    each = f"Tuning saves {_cost(found.usd_per_request)} USD on each request"
    if found.pays.never is not None:
        return [f"{each}, and never pays: {found.pays.never}."]
    lines = [f"{each}: it has paid for its {figure(found.tune_usd)} USD after {_after(inputs, found.pays, day)}."]
    if found.saved_usd is not None:
        years, verdict = f"{inputs['life_years']:g} years", "Tune" if found.saved_usd > 0.0 else "Keep the prompt"
        gained = "saves" if found.saved_usd > 0.0 else "costs"
        lines.append(f"{verdict}: over {years}, tuning {gained} {figure(abs(found.saved_usd))} USD.")
    return lines


def _length_section(found: tuple[Length, ...]) -> Section:
    last, rows = found[-1], [length_row(one) for one in found]
    made = "costs" if last.usd_per_request is not None else "takes the energy of"
    told = (
        f"A request whose answer has {figure(last.factor)} times the tokens {made} {figure(last.times)} plain ones. "
        f"Per right answer that can pay only where plain ones are right less than {_percent(1.0 / last.times)} of the "
        f"time; elsewhere a right answer has to be worth the difference."
    )
    return Section(heading="Reasoning length", lines=(told,), table=Table(columns=_columns(_LENGTHS, rows), rows=rows))


def _columns(columns: tuple[Column, ...], rows: list[Row]) -> tuple[Column, ...]:
    """Return the columns of which any row has a figure."""
    return tuple(one for one in columns if any(row[one.key] is not None for row in rows))


def unanswered(inputs: Inputs, found: Lifetime) -> list[str]:
    """Return what was not answered: of what some input asks, the options that it takes, of all else its name."""
    half = asked(inputs, found)
    rest = [question for question in found.unanswered if question not in half]
    told = [f"Not answered: {question}; it takes {NEEDS[question]}." for question in half]
    return told + ([f"Not asked: {', '.join(rest)}; --help says what each takes."] if rest else [])


def _counting(found: Lifetime) -> set[str]:
    """Return the inputs, of those that are nothing unless they are given, that count for the answers."""
    keys: set[str] = set() if found.tuning is None else {"tuned_usd_per_request"}
    streams = (found.money, found.tuning)
    if any(one is not None and one.stream is not None for one in streams):
        keys |= {"demand_growth", "price_decline", "cost_of_capital"}
    if found.energy is not None and found.energy.stream is not None:
        keys |= {"demand_growth", "energy_decline"}
    return keys


def warnings(inputs: Inputs, found: Lifetime) -> list[Warned]:
    """Return what a reader of the answers has to know."""
    told = []
    silent = [key for key in _counting(found) if inputs.figures[key].source.startswith("default")]
    left = [name for key, name in LEFT_OUT.items() if key in silent]
    if left:
        told.append(("left_out", f"Left out, because no input says it: {', '.join(left)}."))
    for name, ledger in (("USD", found.money), ("kWh", found.energy)):
        days = None if ledger is None or ledger.crossing is None else ledger.crossing.days
        if ledger is not None and days is not None and days > ledger.life_days:
            told.append(("beyond_life", f"In {name}, serving passes training only after --life-years."))
    fitted = all(one.source.startswith("default") for key, one in inputs.figures.items() if key.startswith("fit_"))
    beyond = [] if found.size is None else [name for name, one in found.size.named.items() if not one.within_fit]
    if fitted and beyond:
        told.append(("extrapolated", f"{_EXTRAPOLATED}: {', '.join(beyond)}."))
    return [{"code": code, "sentence": sentence} for code, sentence in told]
