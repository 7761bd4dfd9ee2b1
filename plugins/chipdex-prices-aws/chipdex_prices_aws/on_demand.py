"""The source `aws`: what an hour costs on demand, from the small documents behind the pricing page."""

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from chipdex.api import FetchContext, FetchError, Offer, PricingSource, Term
from chipdex_prices_aws import asked
from chipdex_prices_aws.answers import UnusableRowError, date_of, needed, price, table
from chipdex_prices_aws.instances import Held
from chipdex_prices_aws.offering import Offering

PRICES: Final = "https://b0.p.awsstatic.com/pricing/2.0/meteredUnitMaps/ec2/USD/current/ec2-ondemand-without-sec-sel"
LOCATIONS: Final = "https://b0.p.awsstatic.com/locations/1.0/aws/current/locations.json"

_TITLE: Final = "AWS, EC2 on-demand pricing page (Linux)"
_NOT_FOUND: Final = 404


def fetch(context: FetchContext) -> Iterator[Offer]:
    """Yield the offers of every region that has a document; raises FetchError."""
    names = _names(context)
    held, offered = Held(context), 0
    for code in asked.regions(context, names):
        for offer in _region(context, held, code, names[code]):
            offered += 1
            yield offer
    if not offered:
        raise FetchError(
            "AWS's pricing page holds no price of an instance with accelerators.",
            fix="If it stays so, look for a newer chipdex-prices-aws.",
        )


SOURCE: Final = PricingSource(
    name="aws",
    fetch=fetch,
    max_age=dt.timedelta(days=7),
    urls={"prices": PRICES, "locations": LOCATIONS},
    may_use_env=(asked.VARIABLE,),
    frozen_after=dt.timedelta(days=60),
    terms="Public list prices of the AWS pricing page, no key; undocumented documents.",
)


def _names(context: FetchContext) -> dict[str, str]:
    """Return the display name of each region by its code; local and wavelength zones are no regions."""
    places = table(context.session.json(context.urls["locations"]), "list of locations")
    return {
        needed(place, "code", "a location"): name
        for name, place in places.items()
        if needed(place, "type", "a location") == "AWS Region"
    }


def _region(context: FetchContext, held: Held, code: str, name: str) -> Iterator[Offer]:
    url = f"{context.urls['prices']}/{quote(name, safe='()')}/Linux/index.json"
    context.progress(f"AWS on demand: {code}")
    try:
        document = context.session.json(url)
    except FetchError as error:
        if error.status != _NOT_FOUND:
            raise
        context.progress(f"AWS on demand: {code} has no document")
        return
    manifest = document.get("manifest") if isinstance(document, dict) else None
    stated = date_of(manifest.get("hawkFilePublicationDate")) if isinstance(manifest, dict) else None
    offering = Offering(context, _TITLE, url, stated)
    rows = table(needed(table(needed(document, "regions", url), "'regions'"), name, f"'regions' of {url}"), name)
    standing = dict[str, float]()
    for row in rows.values():
        instance = held.by(needed(row, "Instance Type", "a price"))
        if instance is None:
            continue
        try:
            hourly = _price(row, standing.get(instance.type))
        except UnusableRowError as error:
            context.refuse(row, str(error))
            continue
        if standing.setdefault(instance.type, hourly) is hourly:
            yield offering.offer(instance, code, Term.ON_DEMAND, hourly)


def _price(row: dict[str, Any], standing: float | None) -> float:
    hourly = price(needed(row, "price", "a price"))
    if standing is not None and hourly != standing:
        raise UnusableRowError(f"is a second price, {hourly:g}, where {standing:g} stands")
    return hourly if standing is None else standing
