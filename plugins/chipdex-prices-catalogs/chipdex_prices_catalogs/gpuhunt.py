"""gpuhunt's buckets: a text that names the newest version, and an archive with a CSV per cloud."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from typing import Final

from chipdex.api import DateBasis, FetchContext, FetchError, Offer, Source, SourceKind, Term
from chipdex_prices_catalogs.archive import lines_of
from chipdex_prices_catalogs.clouds import Cloud
from chipdex_prices_catalogs.columns import Row, is_broken, rows_of
from chipdex_prices_catalogs.listing import Catalogue, Listed, NotAnOfferError, count, offers, price, tpu_of

URLS: Final = {
    "v3": "https://dstack-gpu-pricing.s3.eu-west-1.amazonaws.com/v3",
    "v2": "https://dstack-gpu-pricing.s3.eu-west-1.amazonaws.com/v2",
}
NEEDED: Final = ("instance_name", "location", "price", "gpu_count", "gpu_name", "gpu_memory", "spot")
OLDEST: Final = dt.timedelta(days=14)
_VERSION: Final = re.compile(r"(\d{4})(\d{2})(\d{2})-\d+")


def fetch(cloud: Cloud, context: FetchContext) -> Iterator[Offer]:
    """Yield the offers of one cloud, from its own archive or, where there is none, from the bundle of all.

    Raises FetchError where neither can be read, has changed, or is older than two weeks: they are written every hour.
    """
    context.progress(f"reading gpuhunt's catalogue of {cloud.folder}")
    which, path = "v3", f"/{cloud.folder}"
    try:
        version, packed = _newest(context, f"{context.urls[which]}{path}")
    except FetchError as error:
        which, path = "v2", ""
        try:
            version, packed = _newest(context, context.urls[which])
        except FetchError:
            raise error from None
    base = f"{context.urls[which]}{path}"
    now = context.clock()
    as_of = _date(version, base)
    if now.date() - as_of > OLDEST:
        raise FetchError(f"{base} is of {as_of}, and is not refreshed any more.", fix="Use the cloud's own source.")
    catalogue = Catalogue(
        cloud=cloud,
        source=Source(
            title=f"gpuhunt's catalogue of {cloud.folder}, version {version}",
            kind=SourceKind.COMMUNITY,
            retrieved=now.date(),
            url=f"{URLS[which]}{path}/{version}/catalog.zip",
        ),
        as_of=as_of,
        date_basis=DateBasis.SNAPSHOT,
        fetched_at=now,
        note="from gpuhunt's catalogue",
    )
    name = f"{cloud.folder}.csv"
    rows = rows_of(lines_of(packed, name, f"{base}/{version}/catalog.zip"), f"gpuhunt's {name}", NEEDED)
    yield from offers(context, catalogue, _listed(context, rows))


def _newest(context: FetchContext, base: str) -> tuple[str, bytes]:
    """Return the newest version of a catalogue, and its archive: read by version, so that it is not another's."""
    version = context.session.text(f"{base}/version").strip()
    _date(version, base)
    return version, context.session.body(f"{base}/{version}/catalog.zip")


def _date(version: str, base: str) -> dt.date:
    found = _VERSION.fullmatch(version)
    try:
        return dt.date(*map(int, found.groups())) if found else dt.date.fromisoformat("")
    except ValueError:
        shown = version if len(version) <= 40 else f"{version[:40]}..."  # noqa: PLR2004 - a sentence stays a line
        raise FetchError(
            f"{base}/version is {shown!r}: a date and a run such as 20261120-3 are needed.", fix=_CHANGED
        ) from None


def _listed(context: FetchContext, rows: Iterable[Row]) -> Iterator[Listed]:
    for row in rows:
        try:
            if is_broken(row):
                raise NotAnOfferError("has another number of fields than the header")  # noqa: TRY301 - refused below
            number = count(row["gpu_count"], "gpu_count")
            if not number:
                continue  # an instance without accelerators
            usd = price(row["price"], "price")
            if usd is None:
                raise NotAnOfferError("has no price")  # noqa: TRY301 - likewise
            yield Listed(
                instance=row["instance_name"],
                name=_name(row),
                number=number,
                memory_gb=count(row["gpu_memory"], "gpu_memory") or None,
                location=row["location"],
                term=_term(row["spot"]),
                usd_per_hour=usd,
                row=row,
            )
        except NotAnOfferError as error:
            context.refuse(row, str(error))


def _name(row: Row) -> str:
    """Return what a row calls its accelerator; a TPU's slice is named by its instance, its version by the name."""
    instance = row["instance_name"]
    return instance if tpu_of(instance) else row["gpu_name"]


def _term(text: str) -> Term:
    spot = {"true": True, "false": False}.get(text.strip().lower())
    if spot is None:
        raise NotAnOfferError(f"spot is {text!r}: True or False is needed")
    return Term.SPOT if spot else Term.ON_DEMAND


_CHANGED: Final = "The source has changed: look for a newer chipdex-prices-catalogs."
