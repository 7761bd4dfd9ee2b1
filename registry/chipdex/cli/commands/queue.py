"""`chipdex queue`: how long requests wait in front of servers."""

from typing import Any, Final

import click

from chipdex.cli.numbers import PERCENTILE, Number
from chipdex.cli.options import format_options, number_option
from chipdex.cli.render import Column, Table, counted
from chipdex.cli.report import Report, Section
from chipdex.cli.session import Session
from chipdex.cli.words import figure, stated
from chipdex.economics.queueing import MOST_SERVERS, Queue, least_servers, square_root_staffing

_SERVERS: Final = Number(low=1, high=MOST_SERVERS, whole=True)
_LOAD: Final = Number(low=0, high=MOST_SERVERS)
_VARIATION: Final = Number(low=0, high=1e6)
_TIME: Final = Number(low=0, high=1e9)
_SHARE: Final = Number(above=0, high=1)
_COLUMNS: Final = (Column(key="what", shrink=True), Column(key="value", right=True))
_FULL: Final = 0.9995


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

    Exact for M/M/c and D/D/c, and in the mean for M/G/1; else the approximation of Allen and Cunneen. Exit status 1:
    the servers do not hold the load.
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
    rows = [{"what": what, "value": value} for what, value in _page(body)]
    offered = f"{stated(found.offered_load)} erlangs offered to {counted(found.servers, 'server')}"
    Report(
        schema="queue@1",
        body=body,
        keys=list(body),
        rows=[body],
        sections=(Section(lines=(f"{found.model}: {offered}.",), table=Table(columns=_COLUMNS, rows=rows)),),
    ).publish(session, output)


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
        lines.append((f"share that waits longer than {stated(body['longer_than'])}", _share(body["tail"])))
    if "least_servers" in body:
        lines += [
            (
                f"fewest servers of M/M/c at which at most {stated(body['most_waiting'])} wait",
                f"{body['least_servers']:,}",
            ),
            ("by the square-root rule", figure(body["square_root_servers"])),
        ]
    return lines


def _share(value: float) -> str:
    """Return a share; one that is not the whole is not rounded up to it."""
    return "above 0.999" if _FULL <= value < 1.0 else figure(value)
