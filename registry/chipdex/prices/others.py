"""What sources bring besides offers, in the same store: prices of tokens and grids, one transaction per fetch."""

import datetime as dt
from collections.abc import Mapping, Sequence

from chipdex.domain import Grid, TokenPrice
from chipdex.hooks.validation import faults_of
from chipdex.prices.database import connect, transaction
from chipdex.prices.drafts import Drafts
from chipdex.prices.gates import RefusedRow, Sifted
from chipdex.prices.grid_store import create_grid_tables, keep_grids, refusal_of
from chipdex.prices.keeping import Fetch, write
from chipdex.prices.records import Kept
from chipdex.prices.soundness import row_of
from chipdex.prices.store import PriceStore
from chipdex.prices.token_store import create_token_tables, keep_token_prices

Other = TokenPrice | Grid


def sift_others(records: Sequence[Other], now: dt.datetime) -> Sifted:
    """Return the records whose figures can be, and the others with the reason each."""
    kept: dict[str, Other] = {}
    refused: list[RefusedRow] = []
    for record in records:
        reason = refusal_of(record, now) if isinstance(record, Grid) else ""
        reason = reason or next(iter(faults_of(record, type(record))), "")
        if not reason and kept.get(record.id, record) != record:
            reason = f"{record.id} is there twice, with different figures"
        if reason:
            refused.append((row_of(record), reason))
        else:
            kept.setdefault(record.id, record)
    return Sifted(records=tuple(kept.values()), refused=tuple(refused))


def keep_others(
    store: PriceStore, fetch: Fetch, records: Sequence[Other], refused: Sequence[RefusedRow], unknown: Mapping[str, int]
) -> Kept:
    """Keep what one fetch of a source brought, all of it or nothing; its standing is written as that of any source."""
    database = connect(store.path)
    try:
        with transaction(database, store.path):
            kept = write(database, fetch, Drafts([], {}, []), refused, unknown)
            changed, gone = 0, 0
            tokens = [record for record in records if isinstance(record, TokenPrice)]
            grids = [record for record in records if isinstance(record, Grid)]
            create_token_tables(database)
            create_grid_tables(database)
            for result in (
                keep_token_prices(database, fetch.source, tokens, fetched_at=fetch.at, max_age=fetch.max_age),
                keep_grids(database, fetch.source, grids, fetched_at=fetch.at, max_age=fetch.max_age),
            ):
                changed, gone = changed + result.changed, gone + result.gone
            moved = int(fetch.at.timestamp()) if changed or gone else None
            database.execute(
                "UPDATE source SET offers = ?, unchanged_since_s = coalesce(?, unchanged_since_s) WHERE name = ?",
                (len(records), moved, fetch.source),
            )
    finally:
        database.close()
    return Kept(
        source=fetch.source,
        rows=len(records),
        changed=changed,
        gone=gone,
        refused=kept.refused,
        unknown=kept.unknown,
    )
