"""`chipdex sensitivity`: what a decision hangs on, how sure it is, how long it holds, what a new chip must reach."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import attrs
import click
from click.core import ParameterSource

from chipdex.cli import streams
from chipdex.cli.deciding import sensitivity_page
from chipdex.cli.deciding.options import Weighed, figure_option, stated
from chipdex.cli.deciding.sensitivity_page import Forecast
from chipdex.cli.numbers import COUNT, LARGEST, Number
from chipdex.cli.options import Callback, format_options, number_option
from chipdex.cli.pictures import ready, save
from chipdex.cli.report import Report
from chipdex.cli.session import Session
from chipdex.cli.verbs import VERBS
from chipdex.cli.waiting import meanwhile
from chipdex.economics.horizons.forecast import Drawing, holds, monte_carlo, ranged
from chipdex.economics.horizons.trends import RATES
from chipdex.economics.inputs import Inputs, settled, suggestion
from chipdex.economics.sensitivity import Swing
from chipdex.errors import OptionError

WEIGHED: Final = ("plan", "simulate", "own", "queue", "split", "quality", "lockin", "carbon", "lifetime")
"""Verbs whose verdict can be weighed: the module of each has a function `weighed`."""

BEST: Final = "best"
"""The verb that is asked what an announced chip must reach."""

_DRAWS: Final = 2000
_SLOW_DRAWS: Final = 100
_HORIZON: Final = 36
_POINTS: Final = 6
_SLOW_POINTS: Final = 3
_SEED: Final = Number(low=0, high=LARGEST, whole=True)
_MONTHS: Final = Number(low=1, high=120, whole=True)
_OF_ITS_OWN: Final = frozenset({"sensitivity", "plot", "output", "as_json", "no_plugins"})
"""Options of a decision that mean another thing here, or nothing."""

_DRAWING: Final[tuple[Callable[[Callback], Callback], ...]] = (
    number_option(
        "--draws", COUNT, "N", f"Draws of the inputs.  [default: {_DRAWS:,}; {_SLOW_DRAWS} for plan, simulate]"
    ),
    number_option("--seed", _SEED, "N", "Another seed draws others.  [default: 0]"),
    click.option("--vary", multiple=True, metavar="KEY=LOW..HIGH", help="Range of an input; may be repeated."),
    click.option("--hold", multiple=True, metavar="KEY", help="Draw this input not at all; may be repeated."),
    number_option("--horizon-months", _MONTHS, "M", f"How far to look ahead.  [default: {_HORIZON}]"),
    *map(figure_option, RATES),
    click.option("--answer", metavar="Q", help="Which verdict to weigh, of a verb that gives several."),
    click.option("--plot", type=click.Path(path_type=Path), metavar="FILE", help="Draw it: .png, .svg or .html."),
)


def drawing_options(command: Callback) -> Callback:
    """Add what every sensitivity takes."""
    decorated = format_options(command)
    for option in reversed(_DRAWING):
        decorated = option(decorated)
    return decorated


class _Verbs(click.Group):
    """The verbs that can be asked: each takes its own options, and those of a sensitivity."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the verbs with a verdict, and the one that announced chips are held against."""
        return [*WEIGHED, BEST]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - likewise
        """Return the command that weighs a verb, made from the verb's own options."""
        if cmd_name == BEST:
            from chipdex.cli.commands.announced import announced  # noqa: PLC0415 - numpy comes with it

            return announced
        return _weighing(cmd_name) if cmd_name in WEIGHED else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb. Raise OptionError, with those that can be asked, where there is no verdict to weigh."""
        name, known = args[0], ", ".join(self.list_commands(ctx))
        command = self.get_command(ctx, name)
        if command is not None:
            return name, command, args[1:]
        if name in VERBS:
            raise OptionError(f"`chipdex {name}` gives no verdict to weigh.", fix=f"Those that do: {known}.")
        near = get_close_matches(name, self.list_commands(ctx), n=1)
        fix = f"Did you mean {near[0]}?" if near else f"Those with a verdict are {known}."
        raise OptionError(f"There is no decision {name!r}.", fix=fix)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs from the table alone."""
        with formatter.section("Verbs"):
            formatter.write_dl([(name, VERBS[name].help) for name in self.list_commands(ctx)])


@click.group("sensitivity", cls=_Verbs, subcommand_metavar="VERB ARGS...")
@drawing_options
@click.pass_context
def sensitivity(ctx: click.Context, /, **_: Any) -> None:
    """Say what a verdict hangs on, how sure it is, and how long it is likely to hold.

    VERB is asked with its own arguments and options, as it is alone; the options here may stand on either side of it.
    `sensitivity best MODEL --device D` says what an announced chip must reach to be the cheapest.
    """
    given = {key: value for key, value in ctx.params.items() if _is_given(ctx, key)}
    ctx.default_map = {str(ctx.invoked_subcommand): given}
    if ctx.invoked_subcommand == BEST:
        from chipdex.cli.commands.announced import announced  # noqa: PLC0415 - likewise

        _check_known(given, announced)


def _is_given(ctx: click.Context, key: str) -> bool:
    return ctx.get_parameter_source(key) is ParameterSource.COMMANDLINE


def _check_known(given: Mapping[str, Any], command: click.Command) -> None:
    known = {parameter.name for parameter in command.params}
    for key in (key for key in given if key not in known):
        option = "--" + key.replace("_", "-")
        raise OptionError(f"{option} means nothing to `sensitivity {BEST}`.", fix="Leave it out: nothing is drawn.")


def _weighing(verb: str) -> click.Command:
    """Return the command that weighs a verb: it takes the verb's own options, and those of a sensitivity."""
    path, _, attribute = VERBS[verb].target.partition(":")
    module = import_module(path)
    own = [one for one in getattr(module, attribute).params if one.name not in _OF_ITS_OWN]
    names = {one.name for one in own}

    @click.command(verb, help=f"Weigh the verdict of `chipdex {verb}`, asked with its own options.")
    @drawing_options
    @click.pass_obj
    def weigh(session: Session, /, **options: Any) -> None:
        ready(options["plot"])
        verdicts = module.weighed(session, **{key: options[key] for key in names})
        drawing = {key: value for key, value in options.items() if key not in names}
        told = _told(verb, verdicts, drawing)
        _publish(session, told, options["plot"], options["output"])

    weigh.params = [*own, *(one for one in weigh.params if one.name not in names)]
    return weigh


def _told(verb: str, verdicts: Sequence[Weighed], options: Mapping[str, Any]) -> Forecast:
    """Return all that is known of the verdict that was asked about."""
    asked, rates = _ranged(_chosen(verdicts, options["answer"]), options)
    moved = asked.swings()
    draws, points = (_SLOW_DRAWS, _SLOW_POINTS) if asked.slow else (_DRAWS, _POINTS)
    with meanwhile() as heard:
        drawing = Drawing(
            draws=options["draws"] or draws,
            seed=options["seed"] or 0,
            keys=asked.keys,
            tiers=asked.tiers,
            heard=heard,
        )
        drawn = monte_carlo(asked.judge, asked.inputs, drawing)
        holding = None
        if not asked.one_sided:
            months = options["horizon_months"] or _HORIZON
            holding = holds(asked.judge, asked.inputs, rates, drawing, months=months, points=points)
    return Forecast(
        verb=verb,
        asked=asked,
        today=asked.judge(asked.inputs),
        swings=moved,
        drawn=drawn,
        holding=holding,
        rates=rates,
        others=tuple(one.question for one in verdicts if one.question != asked.question),
    )


def _publish(session: Session, told: Forecast, plot: Path | None, output: str) -> None:
    if plot is not None:
        from chipdex.cli.deciding.sensitivity_picture import forecast_chart  # noqa: PLC0415 - an extra, imported where it is used

        save(forecast_chart(told), plot)
        streams.say(f"Drew {plot}.")
    table = sensitivity_page.rows(told)
    Report(
        schema="sensitivity@1",
        body=sensitivity_page.body(told),
        keys=[*(field.name for field in attrs.fields(Swing)), "rank_correlation"],
        rows=table,
        sections=sensitivity_page.sections(told),
        warnings=sensitivity_page.warnings(told),
    ).publish(session, output)


def _chosen(verdicts: Sequence[Weighed], question: str | None) -> Weighed:
    """Return the verdict that is asked about, the first unless said. Raises OptionError for one that is none."""
    if question is None:
        return verdicts[0]
    known = [one.question for one in verdicts if one.question]
    if question not in known:
        fix = f"Here it can be {', '.join(known)}." if known else "This verb gives one verdict: leave it out."
        raise OptionError(f"--answer {question!r} is no verdict of it.", fix=fix)
    return next(one for one in verdicts if one.question == question)


def _ranged(asked: Weighed, options: Mapping[str, Any]) -> tuple[Weighed, Inputs]:
    """Return the verdict and the rates a year with the ranges of `--vary` and `--hold`."""
    given, _ = stated(RATES, options, None)
    rates = settled(RATES, given)
    ranges: dict[str, tuple[float, float]] = {}
    for key, ends in _ranges(options["vary"], options["hold"], asked.inputs, rates):
        if key in ranges:
            raise OptionError(f"The range of {key} is given twice.", fix="Give --vary or --hold of it, once.")
        ranges[key] = ends
    own = {key: ends for key, ends in ranges.items() if key in asked.inputs}
    keys = asked.keys if asked.keys is None else (*dict.fromkeys((*asked.keys, *own)),)
    weighed = attrs.evolve(asked, inputs=ranged(asked.inputs, own), keys=keys)
    return weighed, ranged(rates, {key: ends for key, ends in ranges.items() if key not in own})


def _ranges(
    vary: Sequence[str], hold: Sequence[str], inputs: Inputs, rates: Inputs
) -> Iterator[tuple[str, tuple[float, float]]]:
    for text in vary:
        name, _, rest = text.partition("=")
        low, dots, high = rest.partition("..")
        try:
            ends = float(low), float(high)
        except ValueError:
            ends = None
        if ends is None or not dots:
            raise OptionError(f"--vary {text!r} is no range.", fix="Write KEY=LOW..HIGH, as in utilisation=0.3..0.6.")
        key, _ = _figure(name, "--vary", inputs, rates)
        yield key, ends
    for name in hold:
        key, value = _figure(name, "--hold", inputs, rates)
        yield key, (value, value)


def _figure(name: str, option: str, inputs: Inputs, rates: Inputs) -> tuple[str, float]:
    """Return the key and the figure of an input or a rate, named by its key or its option."""
    key = name.strip().lstrip("-").replace("-", "_")
    for known in (inputs, rates):
        if key in known:
            return key, known[key]
    every = {**rates.parameters, **inputs.parameters}
    if key in every:
        raise OptionError(f"{option} {name}: nobody says what it is.", fix=f"Give {every[key].option} as well.")
    raise OptionError(f"{option} {name}: there is no such input.", fix=suggestion(key, [*inputs, *rates]))
