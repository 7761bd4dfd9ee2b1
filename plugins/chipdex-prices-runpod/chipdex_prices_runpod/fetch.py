"""RunPod's GraphQL: one query for every GPU type, its price per GPU in two markets, and whether there is stock."""

import math
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import NoneType
from typing import Any, Final

from chipdex.api import DateBasis, FetchContext, FetchError, Offer, OfferState, Source, SourceKind, Term, offer_id

PROVIDER: Final = "runpod"
REGION: Final = "unspecified"
KEY: Final = "RUNPOD_API_KEY"
URLS: Final = {"runpod": "https://api.runpod.io/graphql"}
MARKETS: Final = ("secure", "community")
QUERY: Final = """query {
  gpuTypes {
    id displayName manufacturer memoryInGb maxGpuCount
    secureCloud communityCloud securePrice communityPrice secureSpotPrice communitySpotPrice
    lowestPrice(input: {gpuCount: 1}) { minimumBidPrice uninterruptablePrice minVcpu minMemory stockStatus }
  }
}"""
_SLICE: Final = " MIG "
_CHANGED: Final = "The source has changed: look for a newer chipdex-prices-runpod."

Row = Mapping[str, Any]


def fetch(context: FetchContext) -> Iterator[Offer]:
    """Yield offers of 1, 2, 4, ... GPUs of each type in stock: on-demand and spot, per market it is sold in.

    RunPod's prices are per GPU; an offer's is that of all its GPUs. Raises FetchError where the answer is an error,
    holds no GPU type, or lacks a key.
    """
    context.progress("asking RunPod for its GPU types")
    for gpu in _gpu_types(context):
        if _SLICE in f"{_value(gpu, 'id')} ":
            context.progress(f"leaving out {gpu['id']}, which is a slice of a GPU")
        elif _in_stock(gpu):
            yield from _offers(context, gpu)


def _gpu_types(context: FetchContext) -> list[Row]:
    key = context.settings.get(KEY)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    body = {"query": QUERY, "variables": {}}
    answer = context.session.json(context.urls["runpod"], json=body, headers=headers, reads=True)
    if not isinstance(answer, Mapping):
        raise FetchError("RunPod answered something that is no GraphQL answer.", fix=_CHANGED)
    if answer.get("errors"):
        raise FetchError(f"RunPod answered with the error {_told(answer['errors'], key)}.", fix="Refresh again later.")
    data = answer.get("data")
    types = data.get("gpuTypes") if isinstance(data, Mapping) else None
    if not isinstance(types, list):
        raise FetchError('RunPod\'s answer has no "data.gpuTypes".', fix=_CHANGED)
    if not types:
        raise FetchError("RunPod lists no GPU type.", fix="Refresh again later.")
    return types


def _told(errors: Any, key: str | None) -> str:
    """Return what GraphQL's errors say, in one line and without the key."""
    first = errors[0] if isinstance(errors, list) and errors else errors
    text = str(first.get("message", first) if isinstance(first, Mapping) else first)
    text = " ".join(text.split())[:200]
    return f'"{text.replace(key, "...") if key else text}"'


def _in_stock(gpu: Row) -> bool:
    """Return whether any of a type can be rented: without stock RunPod still names prices."""
    lowest = _value(gpu, "lowestPrice", Mapping, NoneType)
    return lowest is not None and _value(lowest, "stockStatus") is not None


def _offers(context: FetchContext, gpu: Row) -> Iterator[Offer]:
    called, memory_gb = _value(gpu, "id", str), _value(gpu, "memoryInGb", int, float, NoneType)
    known = aliases().get(called)
    accelerator = context.accelerator(known or called, None if known else memory_gb)
    if accelerator is None:
        return
    most = _value(gpu, "maxGpuCount")
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        context.refuse(gpu, f"maxGpuCount is {most!r}: a number of GPUs is needed")
        return
    for market, term, per_gpu in _prices(context, gpu):
        for count in counts(most):
            yield _offer(context, f"{count}x {_value(gpu, 'displayName')} {market}", accelerator, count, term, per_gpu)


def _prices(context: FetchContext, gpu: Row) -> Iterator[tuple[str, Term, float]]:
    """Yield market, term and USD per GPU-hour; a price in a market that a type is not sold in is none."""
    spot = False
    for market in MARKETS:
        if _value(gpu, f"{market}Cloud") is not True:
            continue
        for term, key in ((Term.ON_DEMAND, f"{market}Price"), (Term.SPOT, f"{market}SpotPrice")):
            per_gpu = _value(gpu, key) if term is Term.ON_DEMAND else gpu.get(key)
            if per_gpu is not None and _is_price(context, gpu, key, per_gpu):
                spot = spot or term is Term.SPOT
                yield market, term, per_gpu
    bid = _value(gpu, "lowestPrice").get("minimumBidPrice")
    sold = any(gpu[f"{market}Cloud"] is True for market in MARKETS)
    if not spot and sold and bid is not None and _is_price(context, gpu, "minimumBidPrice", bid):
        yield "bid", Term.SPOT, bid


def _is_price(context: FetchContext, gpu: Row, key: str, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        context.refuse(gpu, f"{key} is {value!r}: a number above 0 is needed")
        return False
    return True


def counts(most: int) -> tuple[int, ...]:
    """Return the numbers of GPUs that are offered: powers of two up to `most`, and `most`."""
    powers = {2**power for power in range(most.bit_length()) if 2**power <= most}
    return tuple(sorted(powers | {most}))


def _offer(
    context: FetchContext, instance: str, accelerator: str, count: int, term: Term, usd_per_gpu_hour: float
) -> Offer:
    now = context.clock()
    source = Source(
        title="RunPod GraphQL API, gpuTypes",
        kind=SourceKind.VENDOR_DOCS,
        retrieved=now.date(),
        url=URLS["runpod"],
    )
    bid = instance.endswith(" bid")
    return Offer(
        id=offer_id(provider=PROVIDER, instance=instance, region=REGION, term=term, accelerator=accelerator),
        provider=PROVIDER,
        instance=instance,
        accelerator=accelerator,
        count=count,
        region=REGION,
        term=term,
        usd_per_hour=usd_per_gpu_hour * count,
        as_of=now.date(),
        date_basis=DateBasis.READ_ON,
        fetched_at=now,
        state=OfferState.OK,
        host_included=True,
        bid=bid,
        note=f"{count} x {usd_per_gpu_hour:g} USD per GPU-hour",
        sources={"api": source},
        provenance={"": ("api",)},
    )


@cache
def aliases() -> Mapping[str, str]:
    """Return the ids of GPUs whose name at RunPod leaves two devices open."""
    table = tomllib.loads(files(__package__).joinpath("accelerators.toml").read_text(encoding="utf-8"))
    return {row["name"]: row["id"] for row in table["accelerator"]}


def _value(row: Any, key: str, *kinds: type) -> Any:
    """Return what a GPU type has under a key; raises FetchError where it has none, or none of these kinds."""
    if not isinstance(row, Mapping) or key not in row:
        raise FetchError(f'A GPU type in RunPod\'s answer has no "{key}".', fix=_CHANGED)
    if kinds and not isinstance(row[key], kinds):
        raise FetchError(f'A GPU type in RunPod\'s answer has {row[key]!r} for "{key}".', fix=_CHANGED)
    return row[key]
