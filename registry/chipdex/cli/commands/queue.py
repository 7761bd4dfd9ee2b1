"""`chipdex queue`: how long requests wait in front of servers."""

from typing import Any, Final

import click

from chipdex.cli.numbers import PERCENTILE, Number
from chipdex.cli.options import format_options, number_option
from chipdex.cli.render import Column, Table
from chipdex.cli.report import Report, Section
from chipdex.cli.session import Session
from chipdex.cli.words import figure
from chipdex.economics.queueing import MOST_SERVERS, Queue, least_servers, square_root_staffing

_SERVERS: Final = Number(low=1, high=MOST_SERVERS, whole=True)
_LOAD: Final = Number(low=0, high=MOST_SERVERS)
_VARIATION: Final = Number(low=0, high=1e6)
_TIME: Final = Number(low=0, high=1e9)
_SHARE: Final = Number(above=0, high=1)
_COLUMNS: Final = (Column(key="what"), Column(key="value", right=True))


@click.command()
@number_option("--servers", _SERVERS, "C", "Requests that are served at a time.", required=True)
@number_option("--offered-load", _LOAD, "A", "Arrivals per second times seconds of service.", required=True)
@number_option(
    "--scv-arrival", _VARIATION, "X", "Variance of the gaps over their squared mean.", default=1, show_default=True
)
@number_option(
    "--scv-service", _VARIATION, "Y", "Variance of the services over their squared mean.", default=1, show_default=True
)
@number_option(
    "--service-time", Number(above=0, high=1e9), "S", "Mean service, in any unit.", default=1, show_default=True
)
@number_option("--percentile", PERCENTILE, "P", "Percentile of the wait.", default=99, show_default=True)
@number_option("--longer-than", _TIME, "T", "Also the share that waits longer than this.")
@number_option("--most-waiting", _SHARE, "X", "Also the fewest servers at which no larger share waits (M/M/c).")
@format_options
@click.pass_obj
def queue(
    session: Session,
    /,
    output: str,
    *,
    percentile: float,
    longer_than: float | None,
    most_waiting: float | None,
    **figures: Any,
) -> None:
    """Say how long requests wait in front of --servers at --offered-load; times are in units of the service time.

    Exact for M/M/c, and in the mean for M/G/1; else the approximation of Allen and Cunneen. Exit status 1: the
    servers do not hold the load.
    """
    found = Queue(**figures)
    body: dict[str, Any] = {
        "model": found.model,
        "exact": found.exact,
        **figures,
        "utilisation": found.utilisation,
        "wait_probability": found.wait_probability,
        "mean_wait": found.mean_wait,
        "mean_wait_if_waiting": found.mean_wait_if_waiting,
        "mean_response": found.mean_response,
        "mean_queue": found.mean_queue,
        "percentile": percentile,
        "wait_percentile": found.wait_percentile(percentile),
    }
    if longer_than is not None:
        body |= {"longer_than": longer_than, "tail": found.tail(longer_than)}
    if most_waiting is not None:
        load = found.offered_load
        body |= {
            "most_waiting": most_waiting,
            "least_servers": least_servers(load, most_waiting=most_waiting),
            "square_root_servers": square_root_staffing(load, most_waiting=most_waiting),
        }
    rows = [{"what": what, "value": figure(value)} for what, value in _page(body)]
    head = f"{found.model}: {figure(found.offered_load)} erlangs offered to {found.servers:,} servers."
    Report(
        schema="queue@1",
        body=body,
        keys=list(body),
        rows=[body],
        sections=(Section(lines=(head,), table=Table(columns=_COLUMNS, rows=rows)),),
    ).publish(session, output)


def _page(body: dict[str, Any]) -> list[tuple[str, float]]:
    lines = [
        ("utilisation", body["utilisation"]),
        ("share that waits", body["wait_probability"]),
        ("mean wait", body["mean_wait"]),
        ("mean wait of those that wait", body["mean_wait_if_waiting"]),
        (f"p{body['percentile']:g} wait", body["wait_percentile"]),
        ("mean wait and service", body["mean_response"]),
        ("mean number waiting", body["mean_queue"]),
    ]
    if "tail" in body:
        lines.append((f"share that waits longer than {body['longer_than']:g}", body["tail"]))
    if "least_servers" in body:
        share = f"servers at which no more than {body['most_waiting']:g} wait"
        lines += [(f"{share}, M/M/c", body["least_servers"]), ("by the square-root rule", body["square_root_servers"])]
    return lines
