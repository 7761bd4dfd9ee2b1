"""What `chipdex sensitivity` prints: what a verdict hangs on, how sure it is, and how long it holds."""

from collections.abc import Sequence
from typing import Any, Final

import attrs

from chipdex.cli.deciding.options import Weighed, inputs_section, swing_json, swings_section
from chipdex.cli.render import Column, Table, counted
from chipdex.cli.report import Section
from chipdex.cli.session import Warned
from chipdex.cli.words import figure, percent
from chipdex.economics.horizons.forecast import DISTRIBUTION, LEVELS, Drawn, Holding, MonteCarlo
from chipdex.economics.horizons.trends import DEMAND_GROWTH, trends_of
from chipdex.economics.inputs import Inputs
from chipdex.economics.sensitivity import Outcome, Swing
from chipdex.values import Value

_PERCENT: Final = 100.0

_SHARES: Final = (Column(key="winner"), Column(key="share", header="share of draws", right=True))
_DRAWN: Final = (
    Column(key="key", header="input"),
    Column(key="low", right=True, show=figure, importance=1),
    Column(key="value", header="peak", right=True, show=figure, importance=2),
    Column(key="high", right=True, show=figure, importance=1),
    Column(key="told", header="rank correlation", right=True),
)
_MONTHS: Final = (
    Column(key="month", header="in months", right=True),
    Column(key="holds", header="verdict holds in", right=True),
    Column(key="others", header="else"),
)
_RATES: Final = (
    Column(key="key", header="rate a year"),
    Column(key="low", right=True, show=figure),
    Column(key="value", header="peak", right=True, show=figure),
    Column(key="high", right=True, show=figure),
    Column(key="moves", shrink=True),
    Column(key="source", shrink=True),
)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Forecast(Value):
    """All that is known of one verdict; `holding` is None where it has nothing to win against."""

    verb: str
    asked: Weighed
    today: Outcome
    swings: Sequence[Swing]
    drawn: MonteCarlo
    holding: Holding | None
    rates: Inputs
    others: tuple[str, ...] = ()

    @property
    def telling(self) -> list[Drawn]:
        """The inputs whose correlation is more than chance, the strongest first."""
        known = [one for one in self.drawn.inputs if abs(one.correlation or 0.0) > self.drawn.chance]
        return sorted(known, key=lambda one: -abs(one.correlation or 0.0))

    @property
    def followed(self) -> dict[str, list[str]]:
        """Rate a year -> the inputs that follow it."""
        found: dict[str, list[str]] = {}
        for one in () if self.holding is None else self.holding.moving:
            found.setdefault(one.rate, []).append(one.key)
        return found


def body(told: Forecast) -> dict[str, Any]:
    """Return the answer as JSON carries it."""
    drawn, holding = told.drawn, told.holding
    return {
        "verb": told.verb,
        "question": told.asked.question or None,
        "verdict": None if told.asked.one_sided else told.today.winner,
        "margin": told.today.margin,
        "margin_is": told.asked.margin,
        "sensitivity": [*map(swing_json, told.swings)],
        "monte_carlo": {
            "draws": drawn.draws,
            "seed": drawn.seed,
            "distribution": DISTRIBUTION,
            "shares": {} if told.asked.one_sided else dict(drawn.shares),
            "unanswered": drawn.unanswered,
            "why_unanswered": drawn.why,
            "margin": {f"p{percent}": value for percent, value in drawn.percentiles.items()},
            "inputs": [attrs.asdict(one) for one in drawn.inputs],
        },
        "holds": None if holding is None else _holding_json(told, holding),
        "inputs": told.asked.inputs.as_rows(),
    }


def rows(told: Forecast) -> list[dict[str, Any]]:
    """Return a flat record per input: what it does alone, and its correlation with the margin among the draws."""
    correlations = {one.key: one.correlation for one in told.drawn.inputs}
    return [{**swing_json(one), "rank_correlation": correlations.get(one.key)} for one in told.swings]


def _holding_json(told: Forecast, holding: Holding) -> dict[str, Any]:
    return {
        "winner": holding.winner,
        "by_month": [attrs.asdict(one) for one in holding.by_month],
        **{f"months_above_{_PERCENT * level:.0f}_percent": months for level, months in holding.until.items()},
        "rates": _rate_rows(told),
    }


def sections(told: Forecast) -> tuple[Section, ...]:
    """Return the page: the verdict, what it hangs on, how sure it is, how long it holds, and its inputs."""
    parts = [
        Section(lines=_lines(told)),
        swings_section(told.swings, told.asked.margin),
        _drawn_section(told),
        *([] if told.holding is None else _holding_sections(told, told.holding)),
        inputs_section(told.asked.inputs),
    ]
    return tuple(parts)


def warnings(told: Forecast) -> list[Warned]:
    """Return what a reader must know of the draws."""
    sentences = {}
    drawn = told.drawn
    if drawn.unanswered:
        why = f" {drawn.why}" if drawn.why else ""
        sentences["unanswered"] = (
            f"{counted(drawn.unanswered, 'draw')} of {drawn.draws:,} had no verdict and won nothing.{why}"
        )
    if told.asked.slow:
        sentences["few_draws"] = (
            "Every draw takes as long as the verb itself, so that few are drawn; --draws asks for more."
        )
    if told.others:
        sentences["other_questions"] = f"Also answered: {' and '.join(told.others)}; --answer weighs another."
    idle = [
        one for one in told.rates if one not in told.followed and told.rates.figures[one].source.startswith("given")
    ]
    if idle:
        options = ", ".join(told.rates.parameters[one].option for one in idle)
        sentences["without_effect"] = f"No input of this verdict follows {options}, or it follows a rate of its own."
    if _is_demand_open(told):
        sentences["demand_stays"] = "Demand is taken to stay as it is: --demand-growth says otherwise."
    return [{"code": code, "sentence": sentence} for code, sentence in sentences.items()]


def _is_demand_open(told: Forecast) -> bool:
    """Return whether an input would follow the growth of demand, and nobody says that."""
    if told.holding is None or any(one.rate == DEMAND_GROWTH for one in told.holding.moving):
        return False
    keys = told.asked.inputs if told.asked.keys is None else told.asked.keys
    follows = (trend for key in keys for trend in trends_of(key, told.asked.tiers))
    return any(trend.rate == DEMAND_GROWTH for trend in follows)


def _lines(told: Forecast) -> list[str]:
    drawn, holding = told.drawn, told.holding
    what = f" ({told.asked.question})" if told.asked.question else ""
    if told.asked.one_sided:
        lines = [f"Nothing is given that `chipdex {told.verb}`{what} could win against: what follows is of its margin."]
    else:
        best = drawn.shares.get(told.today.winner, 0.0)
        others = [f"{name} {percent(share)}" for name, share in drawn.shares.items() if name != told.today.winner]
        wins = ", ".join([f"it wins {percent(best)} of {counted(drawn.draws, 'draw')}", *others])
        lines = [f"Today's verdict of `chipdex {told.verb}`{what}: {told.today.winner}; {wins}."]
    lines.append(f"Margin: {told.asked.margin}: {figure(told.today.margin)} as given" + _spread(drawn))
    return lines if holding is None else [*lines, *_until_lines(holding)]


def _spread(drawn: MonteCarlo) -> str:
    if not drawn.percentiles:
        return "; no draw has one."
    low, middle, high = (figure(drawn.percentiles[percent]) for percent in (5, 50, 95))
    return f"; half of the draws are above {middle}, nine in ten between {low} and {high}."


def _until_lines(holding: Holding) -> list[str]:
    last = holding.by_month[-1].month
    told = []
    for level in LEVELS:
        months = holding.until[level]
        if months is None:
            told.append(f"above {percent(level)} for {counted(last, 'month')} and more")
        elif months == 0.0:
            told.append(f"below {percent(level)} today")
        else:
            told.append(f"above {percent(level)} for {figure(months)} months")
    return [f"Draws in which it stays the verdict: {', '.join(told)}."]


def _drawn_section(told: Forecast) -> Section:
    drawn, telling = told.drawn, told.telling
    shape = "from a triangle between low and high, its peak at the figure given"
    lines = [f"{counted(drawn.draws, 'draw')}, seed {drawn.seed}; each input on its own {shape}."]
    silent = len(drawn.inputs) - len(telling)
    if silent:
        lines.append(f"{counted(silent, 'input')} drawn besides: no correlation beyond chance.")
    table = [{**attrs.asdict(one), "told": f"{one.correlation:+.2f}"} for one in telling]
    return Section(heading="How sure it is", lines=lines, table=Table(columns=_DRAWN, rows=table) if table else None)


def _holding_sections(told: Forecast, holding: Holding) -> list[Section]:
    heading = "How long it holds"
    if not holding.moving:
        return [Section(heading=heading, lines=("No input of this verdict is one that time is known to move.",))]
    table = [
        {
            "month": one.month,
            "holds": percent(one.share),
            "others": ", ".join(
                f"{name} {percent(share)}" for name, share in one.shares.items() if name != holding.winner
            ),
        }
        for one in holding.by_month
    ]
    line = "Share of draws in which the same decision, made so many months from today, has the same winner."
    return [
        Section(heading=heading, lines=(line,), table=Table(columns=_MONTHS, rows=table)),
        Section(heading="What time moves", table=Table(columns=_RATES, rows=_rate_rows(told))),
    ]


def _rate_rows(told: Forecast) -> list[dict[str, Any]]:
    """Return each rate that something follows, with its range, what follows it and who said it."""
    own = {one.rate for one in told.holding.moving if one.own} if told.holding is not None else set()
    found = []
    for rate, keys in told.followed.items():
        inputs = told.asked.inputs if rate in own else told.rates
        low, high = inputs.parameters[rate].varied(inputs[rate])
        given = inputs.figures[rate]
        found.append(
            {"key": rate, "value": given.value, "low": low, "high": high, "moves": keys, "source": given.source}
        )
    return found
