"""`chipdex estimate`: one deployment, or a stream of them."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import click

from chipdex.cli import streams
from chipdex.cli.answer import body_of, estimate_sections, flat
from chipdex.cli.cases import answers, case_of
from chipdex.cli.options import format_options
from chipdex.cli.questions import choice_option, workload_options
from chipdex.cli.report import Report
from chipdex.cli.session import Session
from chipdex.errors import OptionError, StorageError
from chipdex.estimate.interval import Basis
from chipdex.search import estimate as run_estimate


@click.command()
@click.argument("model", required=False)
@click.option("--device", metavar="D", help="The accelerator, by any of its names.")
@click.option("--count", type=click.IntRange(min=1), metavar="N", help="Accelerators altogether.")
@click.option("--nodes", type=click.IntRange(min=1), metavar="N", help="Nodes that they are spread over.")
@click.option("--precision", metavar="P", help="Format of the weights.  [default: the publisher's, or fp8]")
@click.option("--kv-precision", metavar="P", help="Format of the KV cache.  [default: the precision's own]")
@workload_options
@click.option("--percentile", type=float, metavar="P", help="Percentile of the latency limits.  [default: 99]")
@click.option("--batch", type=click.IntRange(min=1), metavar="B", help="Sequences in flight per replica.")
@click.option("--tensor", type=click.IntRange(min=1), metavar="T", help="Tensor parallelism.")
@click.option("--pipeline", type=click.IntRange(min=1), metavar="P", help="Pipeline parallelism.")
@click.option("--expert", type=click.IntRange(min=1), metavar="E", help="Expert parallelism.")
@click.option("--framework", metavar="F", help="Serving software.")
@choice_option("--basis", Basis, "The strongest basis that may be used")
@click.option("--explain", is_flag=True, help="Show each term of the step time, and where each input comes from.")
@click.option("--cases", metavar="FILE", help="Read cases from FILE as JSON lines; - is standard input.")
@format_options
@click.pass_obj
def estimate(
    session: Session, /, model: str | None, cases: str | None, explain: bool, output: str, **options: Any
) -> None:
    """Estimate MODEL on --count accelerators of --device.

    What is not given is searched for the best throughput within the scenario's limits. With --cases, each
    line of FILE is one case; each gets one line of JSON, in order, and an error is the answer of its case alone.
    """
    if cases is not None:
        stated = [name for name, value in {"model": model, **options}.items() if value is not None]
        if stated:
            raise OptionError(f"--cases was given with {stated[0]}.", fix="Put everything into the cases.")
        _stream(session, cases)
        return
    for option, value in {"MODEL": model, "--device": options["device"], "--count": options["count"]}.items():
        if value is None:
            raise OptionError(f"{option} is missing.", fix="Say what to estimate: MODEL --device D --count N.")
    document = _answer(session, {"model": model, "rate": options.pop("rate_per_s"), **options})
    Report(
        schema="estimate@1",
        body=body_of(document),
        keys=list(flat(body_of(document))),
        rows=[body_of(document)] if output == "jsonl" else [flat(body_of(document))],
        sections=estimate_sections(document, explain=explain),
        warnings=document.get("warnings", ()),
    ).publish(session, output)


def _answer(session: Session, case: dict[str, Any]) -> dict[str, Any]:
    return dict(run_estimate(case_of(session, case)).as_json())


def _stream(session: Session, file: str) -> None:
    session.need("accelerators")
    for line in answers(_lines(file), lambda case: body_of(_answer(session, case))):
        streams.write(json.dumps(line, ensure_ascii=False) + "\n")
        streams.flush()  # so that a program on the other end may ask, wait for the answer, and ask again


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
