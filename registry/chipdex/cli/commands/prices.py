"""`chipdex prices`: fetch current prices, and look at what the price store holds."""

import datetime as dt
from collections.abc import Callable, Sequence
from functools import update_wrapper
from pathlib import Path
from typing import Any, Final

import click

from chipdex.cli import price_rows, streams
from chipdex.cli.numbers import COUNT
from chipdex.cli.options import DEFAULT_ROWS, format_options, no_plugins_option
from chipdex.cli.pictures import ready, save
from chipdex.cli.render import Column, Row, Table, counted
from chipdex.cli.report import Report, Section
from chipdex.cli.session import Session
from chipdex.domain import Term
from chipdex.errors import EmptyRegistryError, StorageError, UnknownIdError
from chipdex.prices.store import PriceStore

NOTHING_FETCHED: Final = 3
_SUCCEEDED: Final = frozenset({"ok", "frozen"})


@click.group()
def prices() -> None:
    """Fetch current prices, and look at what was fetched."""


def _rows_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--top` and `--all`; the command receives `most`, None for every row."""

    def cut(*args: Any, top: int, everything: bool, **rest: Any) -> Any:
        return command(*args, most=None if everything else top, **rest)

    decorated: Callable[..., Any] = update_wrapper(cut, command)
    for option in (
        click.option("--all", "everything", is_flag=True, help="Print every row."),
        click.option(
            "--top", type=COUNT, default=DEFAULT_ROWS, show_default=True, metavar="N", help="Print the first N rows."
        ),
    ):
        decorated = option(decorated)
    return decorated


@prices.command("refresh")
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--jobs", type=COUNT, default=8, show_default=True, metavar="N", help="Ask N sources at once.")
@format_options
@click.pass_obj
def refresh(session: Session, sources: Sequence[str], jobs: int, output: str) -> int:
    """Fetch the prices of SOURCE, of every source where none is named.

    Each source is stored as a whole or not at all, whatever the others do.
    Exit status 3: no source could be read.
    """
    from chipdex.cli.refreshing import shown  # noqa: PLC0415 - the network comes with it
    from chipdex.prices.refresh import choose  # noqa: PLC0415 - likewise
    from chipdex.prices.refresh import refresh as fetch  # noqa: PLC0415

    registry, host = session.registry, session.host
    chosen = choose(host.pricing_sources(), sources)
    if not chosen:
        raise EmptyRegistryError(
            "No plugin brings a source of prices.", fix="Run `chipdex install chipdex-prices-azure`, or another."
        )
    with shown(len(chosen)) as progress:
        results = fetch(host, registry, session.settings, sources, jobs=jobs, progress=progress)
    rows = [price_rows.result_row(result) for result in results]
    read = sum(row["state"] in _SUCCEEDED for row in rows)
    told = f"{read} of {counted(len(rows), 'source')} read, {counted(sum(_fresh(row) for row in rows), 'price')}."
    Report(
        schema="prices-refresh@1",
        body={"sources": rows, "read": read},
        keys=[column.key for column in price_rows.RESULTS],
        rows=rows,
        sections=(Section(table=Table(columns=price_rows.RESULTS, rows=rows)), Section(lines=(told,))),
    ).publish(session, output)
    return 0 if read else NOTHING_FETCHED


def _fresh(row: Row) -> int:
    return int(row["rows"]) if row["state"] in _SUCCEEDED else 0


@prices.command("list")
@click.option("--source", "sources", multiple=True, metavar="S", help="Only offers that this source brought.")
@click.option("--provider", "providers", multiple=True, metavar="P", help="Only offers of this provider.")
@click.option("--region", "regions", multiple=True, metavar="R", help="Only offers of this region.")
@click.option("--device", "devices", multiple=True, metavar="D", help="Only offers of this accelerator.")
@click.option("--term", "terms", multiple=True, type=click.Choice([*Term]), metavar="T", help="Only this term.")
@_rows_options
@format_options
@click.pass_obj
def list_(
    session: Session,
    output: str,
    most: int | None,
    sources: Sequence[str],
    providers: Sequence[str],
    regions: Sequence[str],
    devices: Sequence[str],
    terms: Sequence[str],
) -> None:
    """List the current offers of the price store; `chipdex offers` lists those of price books, too."""
    accelerators = tuple(session.registry.resolve("accelerators", name) for name in devices)
    with _store(session) as store:
        _know(store, sources)
        found = store.current(
            terms=terms, providers=providers, regions=regions, accelerators=accelerators, sources=sources
        )
        rows, total = _first(map(price_rows.offer_row, found), most)
    _publish(session, output, "offers", price_rows.OFFERS, rows, total)


@prices.command("history")
@click.argument("offer_id", metavar="ID")
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE", help="Draw it: .png, .svg or .html.")
@format_options
@click.pass_obj
def history(session: Session, offer_id: str, plot: Path | None, output: str) -> None:
    """Show every price that the offer ID has had; `chipdex prices list` prints ids."""
    ready(plot)
    with _store(session) as store:
        rows = [price_rows.observation_row(seen) for seen in store.history(offer_id)]
    if not rows:
        raise UnknownIdError(
            f'The price store has no offer "{offer_id}".',
            fix="`chipdex prices list --format csv` prints the ids there are.",
        )
    if plot is not None:
        from chipdex.cli.history_picture import history_chart  # noqa: PLC0415 - needs the extra `plot`

        save(history_chart(offer_id, rows), plot)
    _publish(session, output, "observations", price_rows.OBSERVATIONS, rows, len(rows), body={"id": offer_id})


@prices.command("status")
@format_options
@click.pass_obj
def status(session: Session, output: str) -> None:
    """Show how each source stands: ok, stale, frozen, error, needs key, or never fetched."""
    from chipdex.prices.refresh import missing_keys  # noqa: PLC0415 - the network comes with it

    now = dt.datetime.now(dt.UTC)
    with _store(session) as store:
        rows = [price_rows.standing_row(one, now) for one in store.sources()]
    known = {row["source"] for row in rows}
    for source, _ in session.host.pricing_sources():
        if source.name not in known:
            rows.append(price_rows.never_row(source.name, missing_keys(source)))
    _publish(session, output, "sources", price_rows.STANDINGS, sorted(rows, key=lambda row: row["source"]), len(rows))


@prices.command("rejected")
@click.argument("source", required=False)
@_rows_options
@format_options
@click.pass_obj
def rejected(session: Session, source: str | None, most: int | None, output: str) -> None:
    """List the rows that the newest fetch of each source, or of SOURCE, had to set aside, with the reason."""
    columns = (
        Column(key="source"),
        Column(key="reason", shrink=True),
        Column(key="since", importance=2),
        Column(key="row", importance=3, shrink=True),
    )
    with _store(session) as store:
        _know(store, (source,) if source else ())
        rows, total = _first(map(price_rows.refused_row, store.refused(source)), most)
    _publish(session, output, "rejected", columns, rows, total, noun="rejected row")


@prices.command("unknown")
@click.argument("source", required=False)
@_rows_options
@format_options
@click.pass_obj
def unknown(session: Session, source: str | None, most: int | None, output: str) -> None:
    """List the names that sources gave and no record is known as, with how many rows each."""
    columns = (Column(key="source"), Column(key="name"), Column(key="rows", right=True))
    with _store(session) as store:
        _know(store, (source,) if source else ())
        names = ({"source": one.source, "name": one.name, "rows": one.rows} for one in store.unknown(source))
        rows, total = _first(names, most)
    _publish(session, output, "unknown", columns, rows, total, noun="unknown name")


@prices.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@format_options
@click.pass_obj
def import_(session: Session, file: Path, output: str) -> int:
    """Keep the offers of the CSV FILE; a row that is no offer is told with its line, and the others are kept.

    Exit status 3: no row could be kept.
    """
    from chipdex.prices.importing import import_csv  # noqa: PLC0415 - the codec comes with it
    from chipdex.prices.names import KnownNames  # noqa: PLC0415 - likewise

    names = KnownNames(session.registry)
    with PriceStore(session.settings.prices_file) as store:
        found = import_csv(store, file, names.find, now=dt.datetime.now(dt.UTC))
    problems = [str(problem) for problem in found.problems]
    kept = {"rows": found.kept.rows, "new": found.kept.new, "changed": found.kept.changed, "refused": len(problems)}
    told = f"{counted(found.kept.rows, 'offer')} kept, {counted(len(problems), 'row')} refused."
    Report(
        schema="prices-import@1",
        body={"file": str(file), **kept, "problems": problems},
        keys=tuple(kept),
        rows=[kept],
        sections=(Section(lines=(told,)),),
        warnings=[{"code": "row", "sentence": problem} for problem in problems],
    ).publish(session, output)
    return 0 if found.kept.rows else NOTHING_FETCHED


@prices.command("export")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--force", is_flag=True, help="Replace the folder where there is one.")
@no_plugins_option
@click.pass_obj
def export(session: Session, folder: Path, force: bool) -> None:
    """Write every price there ever was to DIR, as Parquet partitioned by source and date."""
    from chipdex.prices.exporting import export_parquet  # noqa: PLC0415 - needs the extra that brings pyarrow

    with _store(session) as store:
        count = export_parquet(store, folder, force=force)
    streams.say(f"Wrote {folder}: {counted(count, 'observation')}.")


@prices.command("set-aside")
@no_plugins_option
@click.pass_obj
def set_aside(session: Session) -> None:
    """Move a price store that cannot be used away, whole, so that the next refresh starts a new one."""
    from chipdex.prices.database import has_offers  # noqa: PLC0415 - this command alone needs them
    from chipdex.prices.database import set_aside as move  # noqa: PLC0415

    file = session.settings.prices_file
    if not has_offers(file):
        raise StorageError(f"There is no price store {file}.", fix="`chipdex prices refresh` makes one.")
    streams.say(f"The price store is now {move(file, dt.datetime.now(dt.UTC))}.")


def _store(session: Session) -> PriceStore:
    return PriceStore(session.settings.prices_file, read_only=True)


def _know(store: PriceStore, sources: Sequence[str]) -> None:
    """Raise UnknownIdError for a source that the store has never heard of."""
    known = [status.name for status in store.sources()]
    for name in sources:
        if name not in known:
            there = f"It holds {', '.join(known)}." if known else "It is empty: run `chipdex prices refresh`."
            raise UnknownIdError(f"The price store has nothing of a source {name!r}.", fix=there)


def _first(rows: Any, most: int | None) -> tuple[list[dict[str, Any]], int]:
    """Return the first rows, and how many there are; the others are counted and not kept."""
    kept: list[dict[str, Any]] = []
    total = 0
    for row in rows:
        total += 1
        if most is None or total <= most:
            kept.append(row)
    return kept, total


def _publish(
    session: Session,
    output: str,
    name: str,
    columns: Sequence[Column],
    rows: Sequence[Row],
    total: int,
    *,
    noun: str = "",
    body: dict[str, Any] | None = None,
) -> None:
    """Print rows of the store, and how many there are."""
    of = f"{len(rows):,} of " if len(rows) < total else ""
    more = "; --all prints the rest." if of else "."
    told = f"{of}{counted(total, noun or name.removesuffix('s'))}{more}"
    if not total and name != "sources":
        told = f"{told} `chipdex prices refresh` fetches prices." if name == "offers" else told
    Report(
        schema=f"prices-{name}@1",
        body={**(body or {}), name: rows, "total": total},
        keys=[column.key for column in columns],
        rows=rows,
        sections=(
            *((Section(table=Table(columns=columns, rows=rows)),) if rows else ()),
            Section(lines=(told,)),
        ),
        notes=(told,) if of and output in {"jsonl", "csv"} else (),
    ).publish(session, output)
