"""`chipdex estimate`: one deployment, or a stream of them."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click

from chipdex.cli import streams
from chipdex.cli.answer import body_of, flat
from chipdex.cli.cases import answers, case_of
from chipdex.cli.deployment import estimate_sections
from chipdex.cli.numbers import COUNT
from chipdex.cli.options import choice_option, format_options, number_option
from chipdex.cli.pictures import ready, save
from chipdex.cli.questions import workload_of, workload_options
from chipdex.cli.report import Report
from chipdex.cli.serial import dumped, loss
from chipdex.cli.session import Session
from chipdex.cli.words import serving_conditions
from chipdex.errors import OptionError, StorageError
from chipdex.estimate.interval import Basis
from chipdex.search import Estimate
from chipdex.search import estimate as run_estimate
from chipdex.search.query import Case
from chipdex.search.single import INFEASIBLE

NONE_FEASIBLE: Final = 1


@click.command()
@click.argument("model", required=False)
@click.option("--device", metavar="D", help="The accelerator, by any of its names.")
@number_option("--count", COUNT, "N", "Accelerators altogether.")
@number_option("--nodes", COUNT, "N", "Nodes that they are spread over.")
@click.option("--precision", metavar="P", help="Format of the weights.  [default: the publisher's, or fp8]")
@click.option("--kv-precision", metavar="P", help="Format of the KV cache.  [default: the precision's own]")
@workload_options
@number_option("--batch", COUNT, "B", "Sequences in flight per replica.")
@number_option("--tensor", COUNT, "T", "Tensor parallelism.")
@number_option("--pipeline", COUNT, "P", "Pipeline parallelism.")
@number_option("--expert", COUNT, "E", "Expert parallelism.")
@click.option("--framework", metavar="F", help="Serving software.")
@click.option("--grid", metavar="G", help="Where it runs: a grid's id, a region, or a country's code such as FR.")
@click.option("--power-mode", metavar="M", help="Power mode of the device, such as 30W of a Jetson.")
@choice_option("--basis", Basis, "The strongest basis that may be used")
@click.option("--explain", is_flag=True, help="Show each term of the step time, and where each input comes from.")
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE", help="Draw it: .png, .svg or .html.")
@click.option("--cases", metavar="FILE", help="Read cases from FILE as JSON lines; - is standard input.")
@format_options
@click.pass_obj
def estimate(
    session: Session,
    /,
    model: str | None,
    cases: str | None,
    explain: bool,
    plot: Path | None,
    output: str,
    **options: Any,
) -> int:
    """Estimate MODEL on --count accelerators of --device.

    What is not given is searched for the best throughput within the scenario's limits. Exit status 1: nothing
    meets them, and the figures are the nearest miss. With --cases, each line of FILE is one case; each gets one
    line of JSON, in order, and an error is the answer of its case alone.
    """
    if cases is not None:
        stated = [name for name, value in {"model": model, "plot": plot, **options}.items() if value is not None]
        if stated:
            raise OptionError(f"--cases was given with {stated[0]}.", fix="Put everything into the cases.")
        _stream(session, cases)
        return 0
    for option, value in {"MODEL": model, "--device": options["device"], "--count": options["count"]}.items():
        if value is None:
            raise OptionError(f"{option} is missing.", fix="Say what to estimate: MODEL --device D --count N.")
    if plot is not None:
        ready(plot)
    case = case_of(session, {"model": model, **options})
    found = run_estimate(case, session.knowledge)
    document = found.as_json()
    conditions = serving_conditions(workload_of(options)) if case.model.decoder else ()
    if plot is not None:
        _draw(session, case, found, conditions, plot)
    feasible = all(warning["code"] != INFEASIBLE for warning in document["warnings"])
    Report(
        schema="estimate@1",
        body=body_of(document),
        keys=list(flat(body_of(document))),
        rows=[body_of(document)] if output == "jsonl" else [flat(body_of(document))],
        sections=estimate_sections(
            document,
            {"model": case.model.id, "workload": case.demand.as_json()},
            conditions=conditions,
            inference=case.model.inference,
            feasible=feasible,
            explain=explain,
        ),
        warnings=document["warnings"],
    ).publish(session, output)
    return 0 if feasible else NONE_FEASIBLE


def _draw(session: Session, case: Case, found: Estimate, conditions: Sequence[str], file: Path) -> None:
    from chipdex.cli.roofline_picture import roofline_chart  # noqa: PLC0415 - an extra, imported where it is used
    from chipdex.search.roofline import roofline  # noqa: PLC0415 - likewise

    save(roofline_chart(case, found, roofline(case, found, session.knowledge), conditions), file)
    streams.say(f"Drew {file}.")


def _answer(session: Session, case: Case) -> dict[str, Any]:
    return dict(run_estimate(case, session.knowledge).as_json())


def _stream(session: Session, file: str) -> None:
    session.need("accelerators")
    for line in answers(_lines(file), lambda case: _row(session, case)):
        text, lost = dumped(line)
        if lost:
            text, _ = dumped({**line, "warnings": [*line.get("warnings", ()), loss(lost)]})
        streams.write(f"{text}\n")
        streams.flush()  # so that a program on the other end may ask, wait for the answer, and ask again


def _row(session: Session, stated: dict[str, Any]) -> dict[str, Any]:
    """Return the answer of one case, with its own warnings: nothing else says that it misses its limits."""
    document = _answer(session, case_of(session, stated))
    return {**body_of(document), "warnings": document["warnings"]}


def _lines(file: str) -> Iterator[bytes]:
    if file == "-":
        if sys.stdin is None:
            raise StorageError("Standard input is closed.", fix="Pipe the cases in, or name their file.")
        yield from sys.stdin.buffer
        return
    try:
        with open(file, "rb") as stream:  # noqa: PTH123 - a stream, not a Path
            yield from stream
    except OSError as error:
        fix = "Name a file of JSON lines, or - for standard input."
        raise OptionError(f"--cases {file} cannot be read: {error.strerror}.", fix=fix) from error
