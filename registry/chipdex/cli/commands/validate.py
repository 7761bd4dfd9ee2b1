"""`chipdex validate`: predicted against measured, held out, and published facts against computed, for all to see."""

from pathlib import Path

import click

from chipdex.cli import streams
from chipdex.cli.options import format_options
from chipdex.cli.session import Session
from chipdex.cli.waiting import meanwhile
from chipdex.errors import EmptyRegistryError, OptionError


@click.command()
@click.option("--table", is_flag=True, help="Only the summary, as it stands in the README.")
@click.option("--facts", is_flag=True, help="Compute published facts instead, each with its own error.")
@click.option("--check", is_flag=True, help="With --facts: status 1 where a quantity is not within, or disputed.")
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE", help="Draw it: .png, .svg or .html.")
@format_options
@click.pass_obj
def validate(session: Session, table: bool, facts: bool, check: bool, plot: Path | None, output: str) -> int:
    """Compare predictions with published measurements that were held out.

    A device that is held out takes everything of it along: its rows, its kernel tables, its effects. Errors are
    |ln(predicted / measured)|, medians over cells with each device weighing the same.

    With --facts, published figures that plugins bring are computed with the functions of the other commands: prices,
    queues, energy, carbon, quality. A row that needs data which are not here says so.
    """
    if facts:
        return _facts(session, table=table, check=check, plot=plot, output=output)
    if check:
        raise OptionError("--check is about facts.", fix="Add --facts.")
    return _errors(session, table=table, plot=plot, output=output)


def _errors(session: Session, *, table: bool, plot: Path | None, output: str) -> int:
    from chipdex.calibrate.calibrating import evidence  # noqa: PLC0415 - facts need no estimate
    from chipdex.calibrate.knowing import FILE, own_table  # noqa: PLC0415 - likewise
    from chipdex.calibrate.validating import validate as run_validation  # noqa: PLC0415 - likewise
    from chipdex.cli.validation_page import validation_report  # noqa: PLC0415 - likewise
    from chipdex.estimate.calibration import shipped  # noqa: PLC0415 - likewise

    if plot is not None:
        from chipdex.cli.pictures import altair, check_target  # noqa: PLC0415 - an extra, asked for before the work

        altair()
        check_target(plot)
    session.need("measurements")
    known = own_table(session.settings.data_dir / FILE) or shipped()
    streams.say("Comparing predictions with measurements ...")
    found = evidence(session.registry)
    if not found.cells:
        raise EmptyRegistryError(
            "No measurement in the registry can be compared with a prediction.",
            fix="Run `chipdex install chipdex-mlperf`.",
        )
    result = run_validation(found, known.variances, session.registry.offers)
    if plot is not None:
        from chipdex.cli.pictures import draw_validation  # noqa: PLC0415 - an extra, imported where it is used

        draw_validation(result, plot)
        streams.say(f"Drew {plot}.")
    validation_report(result, short=table).publish(session, output)
    return 0


def _facts(session: Session, *, table: bool, check: bool, plot: Path | None, output: str) -> int:
    if table or plot is not None:
        raise OptionError("Facts have no summary and no picture.", fix="Leave --table and --plot out.")
    from chipdex.cli.facts_page import bringer, facts_report  # noqa: PLC0415 - economics is for facts only
    from chipdex.economics.proofs.facts import check_facts  # noqa: PLC0415 - likewise

    disputed = session.registry.disputes("facts")
    if not disputed:
        session.need("facts")
    agreed = (fact for fact in session.registry.facts if fact.id not in disputed)
    with meanwhile() as heard:
        checked = check_facts(agreed, session.registry, lambda fact: bringer(fact, session.registry) or "", heard)
    facts_report(checked, disputed, session.registry).publish(session, output)
    return int(check and (any(one.unheld for one in checked) or bool(disputed)))
