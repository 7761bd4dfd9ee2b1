"""`chipdex queue`: how long requests wait in front of servers."""

from pathlib import Path
from typing import Any, Final

import click

from chipdex.cli import streams
from chipdex.cli.deciding.options import Weighed, decision_options, inputs_section, stated, swing_json, swings_section
from chipdex.cli.pictures import ready, save
from chipdex.cli.render import Column, Table, counted
from chipdex.cli.report import Report, Section
from chipdex.cli.session import Session
from chipdex.cli.words import figure
from chipdex.cli.words import stated as written
from chipdex.economics.inputs import Inputs, settled
from chipdex.economics.queueing import Queue, least_servers, square_root_staffing
from chipdex.economics.staffing import PARAMETERS, UNCERTAIN, least_servers_for_wait, queue_of, verdict

MARGIN: Final = "servers beyond the fewest that hold what is asked"

_COLUMNS: Final = (Column(key="what", shrink=True), Column(key="value", right=True))
_FULL: Final = 0.9995


@click.command()
@decision_options(PARAMETERS)
@click.pass_obj
def queue(
    session: Session,
    /,
    inputs: Path | None,
    sensitivity: bool,
    plot: Path | None,
    output: str,
    **options: Any,
) -> None:
    """Say how long requests wait in front of --servers at --offered-load; times are in units of the service time.

    Exact for M/M/c and D/D/c, and in the mean for M/G/1; else the approximation of Allen and Cunneen. Exit status 1:
    the servers do not hold the load.
    """
    ready(plot)
    (weighing,) = weighed(session, inputs=inputs, **options)
    used = weighing.inputs
    found = queue_of(used)
    moved = weighing.swings() if sensitivity or plot is not None else []
    if plot is not None:
        from chipdex.cli.deciding.queue_picture import queue_chart  # noqa: PLC0415 - an extra, imported where it is used

        save(queue_chart(used, found, moved, MARGIN), plot)
        streams.say(f"Drew {plot}.")
    body = _body(used, found)
    rows = [{"what": what, "value": value} for what, value in _page(body)]
    offered = f"{written(found.offered_load)} erlangs offered to {counted(found.servers, 'server')}"
    Report(
        schema="queue@1",
        body=body | {"inputs": used.as_rows()} | ({"sensitivity": [*map(swing_json, moved)]} if sensitivity else {}),
        keys=list(body),
        rows=[body],
        sections=(
            Section(lines=(f"{found.model}: {offered}.",), table=Table(columns=_COLUMNS, rows=rows)),
            inputs_section(used),
            *((swings_section(moved, MARGIN),) if sensitivity else ()),
        ),
    ).publish(session, output)


def weighed(_: Session, /, *, inputs: Path | None, **options: Any) -> tuple[Weighed, ...]:
    """Return what the options ask, for a sensitivity: whether the servers are enough."""
    used = settled(PARAMETERS, *stated(PARAMETERS, options, inputs))
    return (Weighed(inputs=used, judge=verdict, margin=MARGIN, keys=UNCERTAIN),)


def _body(inputs: Inputs, found: Queue) -> dict[str, Any]:
    percentile = inputs["percentile"]
    body: dict[str, Any] = {
        "model": found.model,
        "exact": found.exact,
        "servers": found.servers,
        "offered_load": found.offered_load,
        "scv_arrival": found.scv_arrival,
        "scv_service": found.scv_service,
        "service_time": found.service_time,
        "utilisation": found.utilisation,
        "wait_probability": found.wait_probability,
        "mean_wait": found.mean_wait,
        "mean_wait_if_waiting": found.mean_wait_if_waiting,
        "mean_response": found.mean_response,
        "mean_queue": found.mean_queue,
        "percentile": percentile,
        "wait_percentile": found.wait_percentile(percentile),
        "verdict": verdict(inputs).winner,
    }
    if "longer_than" in inputs:
        body |= {"longer_than": inputs["longer_than"], "tail": found.tail(inputs["longer_than"])}
    if "most_waiting" in inputs:
        load, most = found.offered_load, inputs["most_waiting"]
        body |= {
            "most_waiting": most,
            "least_servers": least_servers(load, most_waiting=most),
            "square_root_servers": square_root_staffing(load, most_waiting=most),
        }
    if "most_wait" in inputs:
        body |= {"most_wait": inputs["most_wait"], "least_servers_for_wait": least_servers_for_wait(inputs)}
    return body


def _page(body: dict[str, Any]) -> list[tuple[str, str]]:
    told = body["mean_wait_if_waiting"]
    lines = [
        ("utilisation", _share(body["utilisation"])),
        ("share that waits", _share(body["wait_probability"])),
        ("mean wait", figure(body["mean_wait"])),
        ("mean wait of those that wait", "nobody waits" if told is None else figure(told)),
        (f"p{body['percentile']:g} wait", figure(body["wait_percentile"])),
        ("mean wait and service", figure(body["mean_response"])),
        ("mean number waiting", figure(body["mean_queue"])),
    ]
    if "tail" in body:
        lines.append((f"share that waits longer than {written(body['longer_than'])}", _share(body["tail"])))
    if "least_servers" in body:
        lines += [
            (
                f"fewest servers of M/M/c at which at most {written(body['most_waiting'])} wait",
                f"{body['least_servers']:,}",
            ),
            ("by the square-root rule", figure(body["square_root_servers"])),
        ]
    if "least_servers_for_wait" in body:
        longest = f"p{body['percentile']:g} wait of at most {written(body['most_wait'])}"
        lines.append((f"fewest servers for a {longest}", f"{body['least_servers_for_wait']:,}"))
    return lines


def _share(value: float) -> str:
    """Return a share; one that is not the whole is not rounded up to it."""
    return "above 0.999" if _FULL <= value < 1.0 else figure(value)
