"""SkyPilot's catalogue: a CSV per cloud in a directory per schema, of which only the newest are refreshed."""

import ast
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from chipdex.api import DateBasis, FetchContext, FetchError, Offer, Source, SourceKind, Term
from chipdex_prices_catalogs.clouds import Cloud
from chipdex_prices_catalogs.columns import Row, is_broken, rows_of
from chipdex_prices_catalogs.listing import Catalogue, Listed, NotAnOfferError, count, offers, price, tpu_of

URLS: Final = {
    "mirror": "https://skypilot-catalog.s3.us-east-1.amazonaws.com/catalogs",
    "github": "https://raw.githubusercontent.com/skypilot-org/skypilot-catalog/master/catalogs",
}
SCHEMAS: Final = ("v11", "v10", "v9", "v8")
"""Newest first. Those before v8 stay online and are not refreshed: they ask prices of years ago."""

NEEDED: Final = ("InstanceType", "AcceleratorName", "AcceleratorCount", "GpuInfo", "Price", "SpotPrice", "Region")
MOST_BYTES: Final = 64_000_000
_LONGEST_INFO: Final = 2000
_GB_PER_MIB: Final = 1.048576e-3


def fetch(cloud: Cloud, context: FetchContext) -> Iterator[Offer]:
    """Yield the offers of one cloud from the newest directory that has it.

    Raises FetchError where only directories that are not refreshed any more have it, or the file has changed.
    """
    context.progress(f"reading SkyPilot's catalogue of {cloud.folder}")
    where, schema, lines = _newest(context, cloud)
    now = context.clock()
    path = f"{schema}/{cloud.folder}/vms.csv"
    catalogue = Catalogue(
        cloud=cloud,
        source=Source(
            title=f"SkyPilot's catalogue of {cloud.folder}, schema {schema}",
            kind=SourceKind.COMMUNITY,
            retrieved=now.date(),
            url=f"{URLS[where]}/{path}",
        ),
        as_of=now.date(),
        date_basis=DateBasis.UPPER_BOUND,
        fetched_at=now,
        note="from SkyPilot's catalogue",
    )
    rows = rows_of(lines, f"SkyPilot's {path}", NEEDED)
    yield from offers(context, catalogue, _listed(context, rows))


def _newest(context: FetchContext, cloud: Cloud) -> tuple[str, str, Iterator[str]]:
    """Return which address and schema have a cloud, and the lines of its file; the mirror goes before GitHub."""
    first: FetchError | None = None
    for where in ("mirror", "github"):
        try:
            for schema in SCHEMAS:
                url = f"{context.urls[where]}/{schema}/{cloud.folder}/vms.csv"
                lines = context.session.lines(url, most_bytes=MOST_BYTES)
                try:
                    return where, schema, chain([next(lines, "")], lines)
                except FetchError as error:
                    if " answered 404" not in error.message:
                        raise
        except FetchError as error:
            first = first or error
    raise first or FetchError(
        f"SkyPilot's catalogue has no {cloud.folder} in {', '.join(SCHEMAS)} (each answered 404); older directories "
        "are not refreshed.",
        fix="Look for a newer chipdex-prices-catalogs, or use the cloud's own source.",
    )


def _listed(context: FetchContext, rows: Iterable[Row]) -> Iterator[Listed]:
    hostless: Counter[tuple[str, str]] = Counter()
    example: dict[tuple[str, str], Row] = {}
    for row in rows:
        try:
            if is_broken(row):
                raise NotAnOfferError("has another number of fields than the header")  # noqa: TRY301 - refused below
            name, number = row["AcceleratorName"], count(row["AcceleratorCount"], "AcceleratorCount")
            if not name or not number:
                continue  # an instance without accelerators
            if not row["InstanceType"] and not tpu_of(name):
                key = (name, row["AcceleratorCount"])
                hostless[key] += 1
                example.setdefault(key, row)
                continue
            yield from _priced(row, name, number)
        except NotAnOfferError as error:
            context.refuse(row, str(error))
    for key, rows_of_it in hostless.items():
        context.refuse(
            {**example[key], "rows": rows_of_it}, "prices the accelerators without the instance that they need"
        )


def _priced(row: Row, name: str, number: float) -> Iterator[Listed]:
    """Yield a row once for each of its two prices; either may be empty."""
    for column, term in (("Price", Term.ON_DEMAND), ("SpotPrice", Term.SPOT)):
        usd = price(row[column], column)
        if usd is not None:
            yield Listed(
                instance=row["InstanceType"],
                name=name,
                number=number,
                memory_gb=memory_gb(row["GpuInfo"]),
                location=row["Region"],
                term=term,
                usd_per_hour=usd,
                row={**row, "term": term.value},
            )


@lru_cache(maxsize=1024)
def memory_gb(info: str) -> float | None:
    """Return the memory of one accelerator in 10^9 bytes, None where `GpuInfo` does not say it.

    The text is JSON, or a literal of Python. `TotalGpuMemoryInMiB` is never read: it is the memory of one accelerator
    at Lambda, and that of all of them at Nebius.
    """
    if len(info) > _LONGEST_INFO:
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            return _memory_gb(read(info))
        except (ValueError, SyntaxError, TypeError, LookupError, RecursionError, MemoryError):
            continue
    return None


def _memory_gb(said: Any) -> float | None:
    (gpus,) = (said["Gpus"],)
    mib = gpus[0]["MemoryInfo"]["SizeInMiB"]
    return float(mib) * _GB_PER_MIB if 0 < float(mib) < 1e9 else None  # noqa: PLR2004 - more is no memory
