"""How sure a verdict is, and for how long: inputs drawn at random, today and by the month.

Each input is drawn on its own from a triangle between the least and the most that it may turn out to be, with its peak
at the figure that the verdict rests on (`Parameter.varied`). A draw is seeded by the seed and the input's key, so that
holding one input leaves the draws of the others as they were.
"""

import math
import random
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

import attrs

from chipdex.economics.horizons.trends import Moving, moved, movings
from chipdex.economics.inputs import Inputs, Parameter
from chipdex.economics.sensitivity import Judge, Outcome
from chipdex.errors import ChipdexError, OptionError
from chipdex.progress import Heard, unheard
from chipdex.values import Value

DISTRIBUTION: Final = "triangular"
LEVELS: Final = (0.9, 0.5)
"""Shares of draws of which a forecast says how long the verdict keeps them."""

MONTHS_PER_YEAR: Final = 12.0

_EVERY: Final = 100


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Drawing(Value):
    """How inputs are drawn: how often, by which seed, and `keys` of those that are, None all that have a range.

    `tiers` are the names that keys may begin with, and `heard` is told how far it is.
    """

    draws: int = 2000
    seed: int = 0
    keys: tuple[str, ...] | None = None
    tiers: tuple[str, ...] = ()
    heard: Heard = unheard

    def columns(self, inputs: Inputs, keys: Iterable[str]) -> dict[str, "array[float]"]:
        """Return the draws of each of `keys` that has a range."""
        found = {}
        for key in keys:
            parameter, value = inputs.parameters[key], inputs[key]
            low, high = parameter.varied(value)
            if low < high:
                source = random.Random(f"{self.seed}/{key}")  # noqa: S311 - a sample, no secret
                column = array("d", (source.triangular(low, high, value) for _ in range(self.draws)))
                found[key] = array("d", map(round, column)) if parameter.whole else column
        return found

    def each(self, inputs: Inputs, what: str) -> Iterator[Inputs]:
        """Yield the inputs of each draw; `what` is what is told of it meanwhile."""
        columns = self.columns(inputs, inputs if self.keys is None else self.keys)
        for draw in range(self.draws):
            if draw % _EVERY == 0:
                self.heard(what, draw, self.draws)
            yield inputs.replaced(**{key: column[draw] for key, column in columns.items()})


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Drawn(Value):
    """An input that is drawn: the figure of the verdict, the ends of its range, and what it does to the margin.

    `correlation` is Spearman's between its ranks and those of the margin; None where either never changes.
    """

    key: str
    value: float
    low: float
    high: float
    correlation: float | None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MonteCarlo(Value):
    """What draws of the inputs come to: who wins which share of them, and how the margin spreads.

    `unanswered` draws have no verdict, `why` is what most of them say. `percentiles` are of the margins of the others,
    by per cent, empty where there are none. `margins` and `winners` hold one of each draw that is answered.
    """

    draws: int
    seed: int
    shares: Mapping[str, float]
    unanswered: int
    why: str | None
    percentiles: Mapping[int, float]
    inputs: tuple[Drawn, ...]
    margins: Sequence[float]
    winners: Sequence[str]

    @property
    def chance(self) -> float:
        """The largest correlation that inputs without any effect are likely to show: three standard errors."""
        return 3.0 / math.sqrt(max(len(self.margins) - 1, 1))


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Month(Value):
    """A month from today: the share of draws that today's winner still wins, and those of all winners."""

    month: int
    share: float
    shares: Mapping[str, float]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Holding(Value):
    """How long a verdict holds: by month, and until when the share of draws stays above each of `LEVELS`.

    `until` is 0 where today's share is below already, None where the horizon ends first. `moving` are the inputs that
    time moves.
    """

    winner: str
    by_month: tuple[Month, ...]
    until: Mapping[float, float | None]
    moving: tuple[Moving, ...]


def ranged(inputs: Inputs, ranges: Mapping[str, tuple[float, float]]) -> Inputs:
    """Return the inputs with other ranges for some keys; two equal ends hold an input.

    Raises OptionError for a range that leaves out the input's own figure, or an end that it cannot be.
    """
    parameters = [
        attrs.evolve(one, usual=_checked(one, inputs[key], ranges[key])) if key in ranges else one
        for key, one in inputs.parameters.items()
    ]
    return Inputs(parameters, inputs.figures)


def _checked(parameter: Parameter, value: float, ends: tuple[float, float]) -> tuple[float, float]:
    low, high = ends
    for end in ends:
        if not parameter.holds(end):
            raise OptionError(f"{parameter.key} may not be {end:g}.", fix=f"Give {parameter.words}.")
    if low > high:
        fix = f"Write the lower end first: {parameter.key}={high:g}..{low:g}."
        raise OptionError(f"The range {low:g}..{high:g} of {parameter.key} ends below its start.", fix=fix)
    if not low <= value <= high:
        raise OptionError(
            f"The range {low:g}..{high:g} of {parameter.key} leaves out {value:g}, which the verdict rests on.",
            fix=f"Give a range that holds it, or another {parameter.option}.",
        )
    return ends


def monte_carlo(judge: Judge, inputs: Inputs, drawing: Drawing = Drawing()) -> MonteCarlo:
    """Return what draws of the inputs come to: who wins, and how the margin spreads; the same for the same seed.

    A draw of which `judge` says that it is infeasible, or whose margin is no number, is counted and left out.
    """
    outcomes = [_judged(judge, one) for one in drawing.each(inputs, "Drawing")]
    answered = [index for index, one in enumerate(outcomes) if isinstance(one, Outcome)]
    known = [one for one in outcomes if isinstance(one, Outcome)]
    failed = Counter(one for one in outcomes if isinstance(one, str))
    margins = array("d", (one.margin for one in known))
    ranks = _ranks(margins)
    columns = drawing.columns(inputs, inputs if drawing.keys is None else drawing.keys)
    return MonteCarlo(
        draws=drawing.draws,
        seed=drawing.seed,
        shares=_shares((one.winner for one in known), drawing.draws),
        unanswered=drawing.draws - len(known),
        why=failed.most_common(1)[0][0] if failed else None,
        percentiles=_percentiles(margins, (5, 50, 95)),
        inputs=tuple(
            _drawn(inputs.parameters[key], inputs[key], [column[index] for index in answered], ranks)
            for key, column in columns.items()
        ),
        margins=margins,
        winners=tuple(one.winner for one in known),
    )


def holds(
    judge: Judge,
    inputs: Inputs,
    rates: Inputs,
    drawing: Drawing = Drawing(),
    *,
    months: int = 36,
    points: int = 6,
) -> Holding:
    """Return the share of draws in which today's winner still wins, at about `points` months from today to `months`.

    The verdict is passed again at each of them, with the inputs that time has moved (see `trends`) at
    rates drawn like inputs. Draws without a verdict count as lost.
    """
    moving = movings(inputs, rates, drawing.tiers)
    followed = dict.fromkeys(one.rate for one in moving if not one.own)
    columns = drawing.columns(rates, followed)
    winner, wins = judge(inputs).winner, {month: [""] * drawing.draws for month in _months(months, points)}
    for draw, drawn in enumerate(drawing.each(inputs, "Looking ahead")):
        speeds = {key: columns[key][draw] if key in columns else rates[key] for key in followed}
        for month, winners in wins.items():
            found = _judged(judge, moved(drawn, speeds, moving, month / MONTHS_PER_YEAR))
            winners[draw] = found.winner if isinstance(found, Outcome) else ""
    by_month = tuple(_month(month, winner, winners) for month, winners in wins.items())
    return Holding(
        winner=winner, by_month=by_month, until={level: _until(by_month, level) for level in LEVELS}, moving=moving
    )


def rank_correlation(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Return Spearman's rank correlation, from -1 to 1, equal values sharing a rank; None where either is constant.

    C. Spearman, The proof and measurement of association between two things, American Journal of Psychology 15 (1904).
    """
    return _correlated(_ranks(one), _ranks(other))


def _correlated(one: Sequence[float], other: Sequence[float]) -> float | None:
    middle = (len(one) - 1) / 2.0
    both = sum((x - middle) * (y - middle) for x, y in zip(one, other, strict=True))
    spread = math.sqrt(sum((x - middle) ** 2 for x in one) * sum((y - middle) ** 2 for y in other))
    return both / spread if spread else None


def _ranks(values: Sequence[float]) -> "array[float]":
    ranks, order = array("d", bytes(8 * len(values))), sorted(range(len(values)), key=values.__getitem__)
    first = 0
    while first < len(order):
        last = first
        while last + 1 < len(order) and values[order[last + 1]] == values[order[first]]:
            last += 1
        for index in order[first : last + 1]:
            ranks[index] = (first + last) / 2.0
        first = last + 1
    return ranks


def _judged(judge: Judge, inputs: Inputs) -> Outcome | str:
    """Return the verdict, or why there is none."""
    try:
        found = judge(inputs)
    except ChipdexError as error:
        return error.message
    except ArithmeticError:
        return _NO_NUMBER
    return found if math.isfinite(found.margin) else _NO_NUMBER


_NO_NUMBER: Final = "The margin is beyond what numbers hold."


def _shares(winners: Iterable[str], draws: int) -> dict[str, float]:
    """Return the share of draws of each winner, the most frequent first."""
    return {winner: number / draws for winner, number in Counter(winners).most_common() if winner}


def _percentiles(values: Sequence[float], percents: Iterable[int]) -> dict[int, float]:
    ordered = sorted(values)
    return {percent: _between(ordered, percent / 100.0 * (len(ordered) - 1)) for percent in percents if ordered}


def _between(ordered: Sequence[float], place: float) -> float:
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _drawn(parameter: Parameter, value: float, column: Sequence[float], ranks: Sequence[float]) -> Drawn:
    low, high = parameter.varied(value)
    return Drawn(key=parameter.key, value=value, low=low, high=high, correlation=_correlated(_ranks(column), ranks))


def _months(months: int, points: int) -> list[int]:
    """Return today and about `points` months up to the last one."""
    step = max(1, math.ceil(months / points))
    return [*range(0, months, step), months]


def _month(month: int, winner: str, winners: Sequence[str]) -> Month:
    shares = _shares(winners, len(winners))
    return Month(month=month, share=shares.get(winner, 0.0), shares=shares)


def _until(by_month: Sequence[Month], level: float) -> float | None:
    """Return the month at which the share falls below `level`, on a line between the months that are known."""
    if by_month[0].share < level:
        return 0.0
    for before, after in pairwise(by_month):
        if after.share < level:
            passed = (before.share - level) / (before.share - after.share)
            return before.month + passed * (after.month - before.month)
    return None
