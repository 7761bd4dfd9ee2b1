"""`chipdex carbon`: energy, carbon and water of a request, and where and when to run it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from chipdex.cli import streams
from chipdex.cli.deciding.carbon_idle import idle
from chipdex.cli.deciding.carbon_levers import Told, choices
from chipdex.cli.deciding.carbon_page import Answered, body, margin_told, rows, sections, warnings
from chipdex.cli.deciding.carbon_records import Named, of_grid, of_hardware
from chipdex.cli.deciding.options import Callback, Weighed, decision_options, stated
from chipdex.cli.numbers import AMOUNT, COUNT
from chipdex.cli.pictures import ready, save
from chipdex.cli.report import Report
from chipdex.cli.session import Session
from chipdex.economics.footprints.carbon import MEASURED, Carbon, carbon, entering, verdict
from chipdex.economics.footprints.footprint import Accounting, Boundary, Comparison, Emitted, compare
from chipdex.economics.footprints.hours import Intensities, Place, places, read_intensities
from chipdex.economics.footprints.inputs import COUNTED, PARAMETERS
from chipdex.economics.footprints.levers import Levers, levers, spent_usd
from chipdex.economics.inputs import Inputs
from chipdex.economics.sensitivity import Swing
from chipdex.errors import InfeasibleError, OptionError

_NOTHING: Final = (
    "Give --boundary with --wh-per-request, or with --power-w and --requests-per-s; MODEL --device D --count N; "
    "--embodied-kg with --requests-per-s or --seconds-per-request; or --intensities."
)
_LEVER: Final = "Weigh a change: an input, or device, count, precision, grid. May be repeated."


def _one_of(name: str, values: Sequence[str], what: str) -> Callable[[Callback], Callback]:
    listed = [str(one) for one in values]
    return click.option(name, type=click.Choice(listed), metavar="B", help=f"{what}: {', '.join(listed)}.")


@click.command("carbon")
@click.argument("model", required=False)
@click.option("--device", metavar="D", help="Take draw and making from the registry: the accelerator, by any name.")
@click.option("--count", type=COUNT, metavar="N", help="Accelerators altogether.")
@click.option("--precision", metavar="P", help="Format of MODEL's weights.")
@click.option("--grid", metavar="G", help="Where it runs: a grid's id, a region, or a country's code such as FR.")
@_one_of("--boundary", MEASURED, "What the energy counts")
@_one_of("--other-boundary", list(Boundary), "What --other-g-per-request counts")
@_one_of("--other-accounting", list(Accounting), "By what electricity it counts (location unless said)")
@_one_of("--accounting", list(Accounting), "By what electricity levers are weighed (location unless said)")
@click.option("--lever", multiple=True, metavar="NAME:KEY=X,...", help=_LEVER)
@click.option("--all-devices", is_flag=True, help="Weigh the best deployment of MODEL on every device as well.")
@click.option("--intensities", type=click.Path(path_type=Path), metavar="FILE", help="Hourly g/kWh of places, as CSV.")
@click.option("--run-hours", type=COUNT, metavar="N", help="Hours on end that it runs.  [default: 1]")
@click.option("--deadline-hours", type=COUNT, metavar="N", help="Hours by whose end it must be done.")
@click.option("--latency-limit-ms", type=AMOUNT, metavar="X", help="Leave out places farther away.")
@decision_options(PARAMETERS)
@click.pass_obj
def carbon_command(
    session: Session,
    /,
    sensitivity: bool,
    plot: Path | None,
    output: str,
    **options: Any,
) -> int:
    """Say what a request costs in energy, carbon and water, and where and when it costs least.

    Figures are given by options or a file, or taken from the registry for MODEL on --count of --device. What is given
    decides what is answered; what is not answered is said. Exit status 1: no region holds the run, or no batch of
    MODEL meets the limits, and the figures are those of the nearest miss.
    """
    ready(plot)
    levered = bool(options["lever"]) or options["all_devices"]
    told = _asked(session, options, priced=levered)
    used, inside = told.settled(), told.boundary
    found = carbon(used, boundary=inside)
    hours, at = _placed(options)
    if not found.footprints and not at:
        raise OptionError("There is nothing to answer: no energy, making or intensities are known.", fix=_NOTHING)
    against = _against(options, used)
    if options["accounting"] is not None and not levered:
        raise OptionError("--accounting was given without --lever or --all-devices.", fix="Give one of those as well.")
    compared = None if against is None else _compared(found, used, *against)
    moved: list[Swing] = []
    if (sensitivity or plot is not None) and found.headline is not None:
        moved = _weighed(used, inside, found, against, compared).swings()
    answered = Answered(
        inputs=entering(used, inside),
        found=found,
        compared=compared,
        levers=_levers(session, told, options) if levered else None,
        places=at,
        swings=moved if sensitivity else None,
        estimated=told.estimated,
        feasible=told.feasible,
    )
    if plot is not None:
        from chipdex.cli.deciding.carbon_picture import carbon_chart  # noqa: PLC0415 - an extra, imported where it is used

        save(carbon_chart(answered, moved, hours), plot)
        streams.say(f"Drew {plot}.")
    table = rows(answered)
    Report(
        schema="carbon@1",
        body=body(answered),
        keys=list(table[0]),
        rows=table,
        sections=sections(answered),
        warnings=[*warnings(answered), *idle(told, answered, options["lever"])],
    ).publish(session, output)
    return 0 if told.feasible else InfeasibleError.exit_code


def weighed(session: Session, /, **options: Any) -> tuple[Weighed, ...]:
    """Return what the options ask, for a sensitivity: whether this option emits less than the other.

    Raises OptionError where nothing is known of what a request takes.
    """
    told = _asked(session, options, priced=False)
    used, inside = told.settled(), told.boundary
    found = carbon(used, boundary=inside)
    if found.headline is None:
        raise OptionError("There is nothing to weigh: no energy or making of a request is known.", fix=_NOTHING)
    against = _against(options, used)
    compared = None if against is None else _compared(found, used, *against)
    return (_weighed(used, inside, found, against, compared),)


def _weighed(
    used: Inputs,
    inside: Boundary | None,
    found: Carbon,
    against: tuple[Boundary, Accounting] | None,
    compared: Comparison | None,
) -> Weighed:
    return Weighed(
        inputs=used,
        judge=lambda one: verdict(one, inside, against),
        margin=margin_told(found, compared),
        keys=tuple(key for key in entering(used, inside) if key not in COUNTED),
        one_sided=against is None,
    )


def _asked(session: Session, options: Mapping[str, Any], *, priced: bool) -> Told:
    """Return what the user and the registry say, the registry's energy replaced by the user's own."""
    given, filed = stated(PARAMETERS, options, options["inputs"])
    said, boundary, model = {**filed, **given}, options["boundary"], options["model"]
    named = Named(model=model, **{key: options[key] for key in ("device", "count", "precision", "grid")})
    named.check()
    stated_energy = bool({"wh_per_request", "power_w"} & set(said))
    if boundary is not None and not stated_energy:
        fix = "Leave it out: an estimate says itself what it counts." if model else "Give the energy as well."
        raise OptionError("--boundary was given without --wh-per-request or --power-w.", fix=fix)
    known = of_hardware(session, named, priced=priced)
    hardware = {key: one for key, one in known.inputs.items() if not stated_energy or key != "power_w"}
    counted = Boundary.ACCELERATORS if "power_w" in hardware else None
    return Told(
        named=named,
        said=said,
        hardware=hardware,
        grid=of_grid(session, named.grid),
        boundary=counted if boundary is None else Boundary(boundary),
        estimated=known.estimated,
        feasible=known.feasible,
    )


def _levers(session: Session, told: Told, options: Mapping[str, Any]) -> Levers:
    """Return what every lever avoids against the request as it is, and what a tonne of that costs."""
    base, *others = choices(session, told, options["lever"], all_devices=options["all_devices"])
    return levers(base, others, Accounting(options["accounting"] or Accounting.LOCATION))


def _placed(options: Mapping[str, Any]) -> tuple[Intensities | None, tuple[Place, ...]]:
    """Return the hourly intensities and the best start of each place; nothing where no file was named."""
    limits = {key: options[key] for key in ("run_hours", "deadline_hours", "latency_limit_ms")}
    if options["intensities"] is None:
        for key, value in limits.items():
            if value is not None:
                option = "--" + key.replace("_", "-")
                raise OptionError(f"{option} was given without --intensities.", fix="Name a CSV file of hourly g/kWh.")
        return None, ()
    hours = read_intensities(options["intensities"])
    return hours, places(hours, **{**limits, "run_hours": limits["run_hours"] or 1})


def _against(options: Mapping[str, Any], inputs: Inputs) -> tuple[Boundary, Accounting] | None:
    """Return what the other option's figure counts; None where there is no other."""
    boundary, accounting = options["other_boundary"], options["other_accounting"]
    if "other_g_per_request" not in inputs:
        for name, value in {
            "--other-boundary": boundary,
            "--other-accounting": accounting,
            "--other-usd-per-request": inputs.get("other_usd_per_request"),
        }.items():
            if value is not None:
                raise OptionError(f"{name} was given without --other-g-per-request.", fix="Give that as well.")
        return None
    if boundary is None:
        fix = f"Give --other-boundary: {', '.join(Boundary)}."
        raise OptionError("--other-g-per-request does not say what it counts.", fix=fix)
    return Boundary(boundary), Accounting(accounting or Accounting.LOCATION)


def _compared(found: Carbon, inputs: Inputs, boundary: Boundary, accounting: Accounting) -> Comparison:
    """Return this option against the other. Raises OptionError where the two do not count the same."""
    this = found.emitted(boundary, accounting, spent_usd(inputs, found))
    if this is None:
        raise OptionError(
            f"This option's {accounting}-based carbon is unknown, so that it is not compared.",
            fix="Give the energy of a request, and --g-per-kwh, --market-g-per-kwh or --grid.",
        )
    return compare(
        this,
        Emitted(
            g=inputs["other_g_per_request"],
            boundary=boundary,
            accounting=accounting,
            usd=inputs.get("other_usd_per_request"),
        ),
    )
