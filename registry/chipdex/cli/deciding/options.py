"""What the verbs of economics share: an option per input, a file of inputs, and how inputs and swings are printed."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs
import click

from chipdex.cli.options import format_options
from chipdex.cli.render import Column, Table
from chipdex.cli.report import Section
from chipdex.cli.waiting import meanwhile
from chipdex.cli.words import figure
from chipdex.economics.inputs import Given, Inputs, Parameter, read_inputs
from chipdex.economics.sensitivity import NOBODY, Judge, Swing, swings
from chipdex.values import Value

Callback = Callable[..., Any]


def _margin(value: float | None) -> str:
    return "no verdict" if value is None else figure(value)


_INPUTS: Final = (
    Column(key="key", header="input"),
    Column(key="value", right=True, show=figure),
    Column(key="meaning", shrink=True, importance=1),
    Column(key="source", shrink=True),
)
_SWINGS: Final = (
    Column(key="key", header="input"),
    Column(key="value", right=True, show=figure, importance=1),
    Column(key="low", right=True, show=figure, importance=3),
    Column(key="high", right=True, show=figure, importance=3),
    Column(key="margin_at_low", header="margin at low", right=True, show=_margin, importance=2),
    Column(key="margin_at_high", header="at high", right=True, show=_margin, importance=2),
    Column(key="flip", header="winner changes"),
)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Weighed(Value):
    """A verdict that a sensitivity weighs: its inputs, who judges them, and what the margin is, with its unit.

    `question` names it where a verb gives several. `keys` are the inputs that may turn out otherwise, None all of
    them; `tiers` the names that keys of `split` begin with. A `one_sided` verdict has nothing to win against, a `slow`
    one solves a program each time.
    """

    inputs: Inputs
    judge: Judge
    margin: str
    question: str = ""
    keys: tuple[str, ...] | None = None
    tiers: tuple[str, ...] = ()
    one_sided: bool = False
    slow: bool = False

    def swings(self, *, flips: bool = True) -> list[Swing]:
        """Return what each input does, and, unless each verdict takes long, at which value the winner changes."""
        with meanwhile() as heard:
            return swings(self.judge, self.inputs, keys=self.keys, flips=flips and not self.slow, heard=heard)


class _Figure(click.ParamType):  # type: ignore[type-arg] # generic in click's later versions only
    """A number that an input can be."""

    name = "number"

    def __init__(self, parameter: Parameter) -> None:
        self.parameter = parameter

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            number = float(value)
        except (ValueError, OverflowError):
            number = float("nan")
        if not self.parameter.holds(number):
            self.fail(f"{value!r} is not {self.parameter.words}.", param, ctx)
        return number


_ALIKE: Final[tuple[Callable[[Callback], Callback], ...]] = (
    click.option("--plot", type=click.Path(path_type=Path), metavar="FILE", help="Draw it: .png, .svg or .html."),
    click.option("--sensitivity", is_flag=True, help="What each input does to the verdict, and where it flips."),
    click.option("--inputs", type=click.Path(path_type=Path), metavar="FILE", help="Read inputs from a TOML file."),
)


def decision_options(parameters: Sequence[Parameter]) -> Callable[[Callback], Callback]:
    """Add an option per input, `--inputs`, `--sensitivity`, `--plot` and the formats."""

    def decorate(command: Callback) -> Callback:
        decorated = format_options(command)
        for option in (*_ALIKE, *map(figure_option, reversed(parameters))):
            decorated = option(decorated)
        return decorated

    return decorate


def figure_option(parameter: Parameter) -> Callable[[Callback], Callback]:
    """Return the option that gives a figure."""
    told = "" if parameter.default is None else f"  [default: {parameter.default:g}]"
    meaning = parameter.meaning[:1].upper() + parameter.meaning[1:]
    return click.option(parameter.option, type=_Figure(parameter), metavar="X", help=f"{meaning}.{told}")


def stated(
    parameters: Sequence[Parameter], options: Mapping[str, Any], file: Path | None
) -> tuple[Mapping[str, Given], Mapping[str, Given]]:
    """Return what options and what the file of inputs say, in the order in which they count."""
    given = {
        one.key: Given(options[one.key], f"given: {one.option}")
        for one in parameters
        if options.get(one.key) is not None
    }
    return given, {} if file is None else read_inputs(file, parameters)


def inputs_section(inputs: Inputs) -> Section:
    """Return the figures that a verdict rests on, each with who said it; a default of nothing says nothing."""
    rows = [row for row in inputs.as_rows() if row["value"] != 0.0 or not row["source"].startswith("default")]
    return Section(heading="Inputs", table=Table(columns=_INPUTS, rows=rows))


def swings_section(swings: Sequence[Swing], margin: str) -> Section:
    """Return what each input does; `margin` says what the margin is, with its unit."""
    told = f"Margin: {margin}. Each input is moved alone; those that move the verdict most come first."
    rows = [{**swing_json(one), "flip": _flip(one)} for one in swings if one.matters]
    return Section(heading="What the verdict hangs on", lines=(told,), table=Table(columns=_SWINGS, rows=rows))


def swing_json(swing: Swing) -> dict[str, Any]:
    """Return a swing as JSON carries it."""
    return {field.name: getattr(swing, field.name) for field in attrs.fields(Swing)}


def _flip(swing: Swing) -> str:
    flips = [
        f"to {winner} {side} {figure(at)}"
        for side, at, winner in (
            ("below", swing.flips_below, swing.winner_below),
            ("above", swing.flips_above, swing.winner_above),
        )
        if at is not None
    ]
    ends = [
        f"{'no verdict' if winner == NOBODY else f'to {winner}'} at {figure(at)}"
        for at, winner in ((swing.low, swing.winner_at_low), (swing.high, swing.winner_at_high))
        if winner is not None
    ]
    return ", ".join(flips or ends) or "no"
