"""Which input a verdict hangs on: what each does to the margin, and at which value the winner changes."""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import attrs

from chipdex.economics.inputs import Inputs, Parameter
from chipdex.economics.roots import crossing
from chipdex.errors import ChipdexError
from chipdex.progress import Heard, unheard
from chipdex.values import Value

REACH: Final = 20.0
"""How many times its value, up and down, an input is followed to where the winner changes."""

_POINTS: Final = 60
_NOISE: Final = 1e-9


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Outcome(Value):
    """Who wins, and by how much: `margin` is above zero exactly where the first named option wins."""

    winner: str
    margin: float


NOBODY: Final = "none"
"""The winner where there is no verdict."""

_NO_VERDICT: Final = Outcome(winner=NOBODY, margin=math.nan)

Judge = Callable[[Inputs], Outcome]
"""Who wins, and by how much, with other inputs."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Swing(Value):
    """What one input does: its range, the margin at either end, and the values nearest to its own that flip.

    Below `flips_below`, and above `flips_above`, another one wins; of a whole number it is the last that does not flip.
    `winner_at_low` and `winner_at_high` are None where today's winner stays. Without a verdict a margin is None, and
    the winner NOBODY.
    """

    key: str
    value: float
    low: float
    high: float
    margin_at_low: float | None
    margin_at_high: float | None
    winner_at_low: str | None
    winner_at_high: str | None
    flips_below: float | None
    flips_above: float | None
    winner_below: str | None
    winner_above: str | None

    @property
    def width(self) -> float:
        """How far the margin moves, infinite where an end has none."""
        if self.margin_at_low is None or self.margin_at_high is None:
            return math.inf
        return abs(self.margin_at_high - self.margin_at_low)

    @property
    def matters(self) -> bool:
        """Whether the input moves the margin by more than the last digits of the sums, or flips the verdict."""
        moved = self.width > _NOISE * max(abs(self.margin_at_low or 0.0), abs(self.margin_at_high or 0.0))
        flips = (self.flips_below, self.flips_above, self.winner_at_low, self.winner_at_high)
        return moved or any(one is not None for one in flips)


def swings(
    judge: Judge,
    inputs: Inputs,
    *,
    keys: Iterable[str] | None = None,
    flips: bool = True,
    heard: Heard = unheard,
) -> list[Swing]:
    """Return what each input, or each of `keys`, does to the margin that `judge` finds, widest first.

    An input is moved alone: over what it may turn out to be for the margin, and twentyfold up and down, or to the
    end of its range, for the flip. One of nothing is followed upwards only where its range has an end. Without `flips`
    no flip is looked for: each takes dozens of verdicts. That a figure of nothing flips the verdict is no news. Where
    moved inputs have no verdict nobody wins; raises what `judge` raises where the inputs as they are have none.
    """
    winner = judge(inputs).winner
    moved = tuple(inputs if keys is None else keys)
    found = []
    for number, key in enumerate(moved):
        heard("Inputs moved", number, len(moved))
        found.append(_swing(judge, inputs, inputs.parameters[key], winner, flips=flips))
    return sorted(found, key=lambda one: one.width, reverse=True)


def _swing(judge: Judge, inputs: Inputs, parameter: Parameter, winner: str, *, flips: bool) -> Swing:
    key, value = parameter.key, inputs[parameter.key]

    def at(one: float) -> Outcome:
        try:
            return judge(inputs.replaced(**{key: one}))
        except ChipdexError:
            return _NO_VERDICT

    low, high = parameter.varied(value)
    below = _flip(at, parameter, list(_downwards(parameter, value)), (value, winner)) if flips else None
    below = None if below is not None and abs(below) <= _NOISE * value else below
    above = _flip(at, parameter, list(_upwards(parameter, value)), (value, winner)) if flips else None
    beyond = 1.0 if parameter.whole else 0.0
    at_low, at_high = at(low), at(high)
    return Swing(
        key=key,
        value=value,
        low=low,
        high=high,
        margin_at_low=_known(at_low),
        margin_at_high=_known(at_high),
        winner_at_low=None if at_low.winner == winner else at_low.winner,
        winner_at_high=None if at_high.winner == winner else at_high.winner,
        flips_below=below,
        flips_above=above,
        winner_below=None if below is None else at(below - beyond).winner,
        winner_above=None if above is None else at(above + beyond).winner,
    )


def _known(outcome: Outcome) -> float | None:
    return outcome.margin if math.isfinite(outcome.margin) else None


def _flip(
    at: Callable[[float], Outcome], parameter: Parameter, path: list[float], today: tuple[float, str]
) -> float | None:
    """Return the value nearest to today's on a path away from it at which another one wins."""
    nearer, winner = today
    for one in path:
        if at(one).winner != winner:
            found = crossing(lambda x: 1.0 if at(x).winner != winner else -1.0, nearer, one)
            return _last(at, found, winner) if parameter.whole else found
        nearer = one
    return None


def _last(at: Callable[[float], Outcome], found: float, winner: str) -> float:
    """Return the whole number beside a flip at which `winner` still wins."""
    least = math.floor(found)
    return float(least if at(least).winner == winner else least + 1)


def _downwards(parameter: Parameter, value: float) -> Iterator[float]:
    far = 1.0 / REACH if value > 0.0 else REACH
    for step in range(1, _POINTS + 1):
        lower = _rounded(parameter, value * far ** (step / _POINTS))
        if not parameter.holds(lower):
            break
        yield lower
    if parameter.holds(parameter.low):
        yield parameter.low


def _upwards(parameter: Parameter, value: float) -> Iterator[float]:
    if value < 0.0:
        yield from (value * REACH ** (-step / _POINTS) for step in range(1, _POINTS + 1))
        value = 0.0
        yield value
    bounded = parameter.high < 1e6  # noqa: PLR2004 - a share, a number of years: its end is within reach
    start = value if value > 0.0 else parameter.high / 1e3
    if value == 0.0 and not bounded:
        return
    for step in range(0 if value == 0.0 else 1, _POINTS + 1):
        upper = start * (parameter.high / start if bounded else REACH) ** (step / _POINTS)
        yield _rounded(parameter, _within(parameter, upper))


def _rounded(parameter: Parameter, value: float) -> float:
    return float(round(value)) if parameter.whole else value


def _within(parameter: Parameter, value: float) -> float:
    return min(max(value, parameter.low), parameter.high)
