"""The source `aws-spot`: prices of spare capacity by region, and how often it is taken back."""

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from chipdex.api import FetchContext, FetchError, Offer, PricingSource, Term
from chipdex_prices_aws import asked
from chipdex_prices_aws.answers import CHANGED, UnusableRowError, needed, price, sequence, table
from chipdex_prices_aws.instances import Held
from chipdex_prices_aws.offering import Offering

PRICES: Final = "https://website.spot.ec2.aws.a2z.com/spot.json"
SCRIPT: Final = "https://website.spot.ec2.aws.a2z.com/spot.js"
ADVISOR: Final = "https://spot-bid-advisor.s3.amazonaws.com/spot-advisor-data.json"

_TITLE: Final = "AWS, EC2 Spot pricing page (Linux, one price per region)"
_LEGACY: Final = {
    "us-east": "us-east-1",
    "us-west": "us-west-1",
    "eu-ireland": "eu-west-1",
    "apac-sin": "ap-southeast-1",
    "apac-syd": "ap-southeast-2",
    "apac-tokyo": "ap-northeast-1",
}
_REGION: Final = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d+(?:-[a-z]+-\d+)?")
_CALL: Final = re.compile(r"\s*(?:/\*.*?\*/\s*)?\w+\((.*)\)\s*;?\s*", re.DOTALL)
_NONE: Final = "N/A"


def fetch(context: FetchContext) -> Iterator[Offer]:
    """Yield the offers of every region; raises FetchError. Without the advisor they have no interruption rate."""
    context.progress("AWS spot: prices")
    url, feed = _feed(context)
    taken_back = _advisor(context)
    offering, held, offered = Offering(context, _TITLE, url), Held(context), 0
    for region, row in _rows(context, feed):
        instance = held.by(needed(row, "size", "a size"))
        if instance is None:
            continue
        try:
            hourly = _linux(row)
        except UnusableRowError as error:
            context.refuse(row, f"{region}: {error}")
            continue
        if hourly is not None:
            frequency = taken_back.get((region, instance.type), _UNKNOWN)
            offered += 1
            yield offering.offer(
                instance, region, Term.SPOT, hourly, interruption=frequency.rate, note=frequency.note
            )  # fmt: skip
    if not offered:
        raise FetchError(
            "AWS's spot prices hold no price of an instance with accelerators.",
            fix="If it stays so, look for a newer chipdex-prices-aws.",
        )


SOURCE: Final = PricingSource(
    name="aws-spot",
    fetch=fetch,
    max_age=dt.timedelta(days=1),
    urls={"prices": PRICES, "script": SCRIPT, "advisor": ADVISOR},
    frozen_after=dt.timedelta(days=3),
    terms="Public spot prices of the AWS pricing page, no key; undocumented documents.",
)


@attrs.frozen
class _Frequency:
    """How often capacity is taken back in a month: the upper end of AWS's band, as a share, and the band."""

    rate: float | None
    note: str


_UNKNOWN: Final = _Frequency(None, "interruption rate unknown")


def _feed(context: FetchContext) -> tuple[str, Any]:
    """Return the prices and their address: the plain document, else the same inside a call of a script."""
    try:
        return context.urls["prices"], context.session.json(context.urls["prices"])
    except FetchError as error:
        context.progress(f"AWS spot: {error.message} Reading the script instead.")
        try:
            text = context.session.text(context.urls["script"])
            called = _CALL.fullmatch(text)
            return context.urls["script"], json.loads(called[1] if called else text)
        except (FetchError, ValueError):
            raise error from None


def _advisor(context: FetchContext) -> Mapping[tuple[str, str], _Frequency]:
    """Return how often each type is interrupted in each region; nothing, and that is said, where that is not known."""
    try:
        document = context.session.json(context.urls["advisor"])
    except FetchError as error:
        context.refuse({"feed": context.urls["advisor"]}, f"no interruption rates: {error.message}")
        return {}
    bands = {
        needed(band, "index", "'ranges'"): _band(str(needed(band, "label", "'ranges'")))
        for band in sequence(needed(document, "ranges", "the spot advisor"), "'ranges'")
    }
    found = {}
    for region, systems in table(needed(document, "spot_advisor", "the spot advisor"), "'spot_advisor'").items():
        for kind, row in table(systems.get("Linux") or {}, "'Linux'").items():
            index = needed(row, "r", "the spot advisor's row")
            if index in bands:
                found[region, kind] = bands[index]
    return found


def _band(label: str) -> _Frequency:
    """Return the upper end of "<5%" or "5-10%"; of ">20%", which has none, the lower."""
    figures = [int(figure) for figure in re.findall(r"\d+", label)]
    if not figures:
        return _UNKNOWN
    end = "at least" if label.startswith(">") else "upper end of"
    return _Frequency(figures[-1] / 100, f"interruption: {end} {label} a month")


def _rows(context: FetchContext, feed: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the code of a region and one of its sizes."""
    places = sequence(needed(needed(feed, "config", "the spot prices"), "regions", "'config'"), "'regions'")
    for place in places:
        name = str(needed(place, "region", "a region"))
        code = _LEGACY.get(name, name)
        if code.startswith(asked.GOVERNMENT):
            continue
        if not _REGION.fullmatch(code):
            context.refuse({"region": name}, f"the region {name!r} is none that is known")
            continue
        for kind in sequence(needed(place, "instanceTypes", f"the region {name}"), "'instanceTypes'"):
            for size in sequence(needed(kind, "sizes", f"an instance type of {name}"), "'sizes'"):
                yield code, size


def _linux(row: dict[str, Any]) -> float | None:
    """Return the price of Linux per hour, None where it is not offered."""
    for column in sequence(needed(row, "valueColumns", "a size"), "'valueColumns'"):
        if needed(column, "name", "'valueColumns'") == "linux":
            text = needed(needed(column, "prices", "'valueColumns'"), "USD", "'prices'")
            return None if str(text).startswith(_NONE) else price(text)
    raise FetchError("AWS has no column 'linux' in its spot prices.", fix=CHANGED)
