"""From the rates of the billing catalogue to offers: GPUs with their host, GPUs alone, and TPUs."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from chipdex.api import DateBasis, FetchContext, Offer, OfferState, Source, SourceKind, Term, offer_id
from chipdex_prices_gcp.catalogue import CLOUD_TPU, COMPUTE_ENGINE, skus
from chipdex_prices_gcp.rates import Rate, read
from chipdex_prices_gcp.tables import Device, Machine, gpus, tpus

_TPU: Final = re.compile(r"TPU[- ]?(v?\d+[a-z]*)\b(?:.*\b(pod)\b)?", re.IGNORECASE)
_MEMORY: Final = re.compile(r"\b(\d+) ?GB\b", re.IGNORECASE)
_SLICE: Final = "(1 gpu slice)"
_ATTACHED: Final = "gpu-attach"
_ALONE: Final = "GPU alone: the host's CPU and memory are billed on top"

Rates = Mapping[tuple[str, Term, str], Rate]
"""Rates by what is priced, in lower case, the term, and the region; hosts are "a3 core" and "a3 ram"."""
Resolve = Callable[[str, float | None], str | None]


class _Priced(NamedTuple):
    """An offer before it has a region, a date and a source."""

    device: str
    machine: Machine
    usd_per_hour: float
    host_included: bool
    note: str


def fetch(context: FetchContext) -> Iterator[Offer]:
    """Yield an offer for each machine, term and region; the whole catalogue is read before the first one."""
    rates = _rates(context)
    for (_, term, region), rate in rates.items():
        if rate.group == "GPU":
            priced = _gpu(rate, term, region, rates, context.accelerator)
        elif rate.group == "TPU":
            priced = _tpu(rate, context)
        else:
            continue
        for one in priced:
            yield _offer(one, rate, region, context)


def _rates(context: FetchContext) -> Rates:
    rates: dict[tuple[str, Term, str], Rate] = {}
    for service in (COMPUTE_ENGINE, CLOUD_TPU):
        for sku in skus(context, service):
            rate = read(sku, context)
            if rate is None:
                continue
            for region in rate.regions:
                first = rates.setdefault((rate.name.lower(), rate.term, region), rate)
                if first.usd_per_hour != rate.usd_per_hour:
                    context.refuse(sku, f"is a second price in {region}, beside {first.usd_per_hour:g} US dollars")
    return rates


def _gpu(rate: Rate, term: Term, region: str, rates: Rates, resolve: Resolve) -> Iterator[_Priced]:
    """Yield the machines with a GPU; of one that no machine type is known for, the GPU alone."""
    known = gpus().get(rate.name.lower())
    memory = _MEMORY.search(rate.name)
    whole = _SLICE in rate.name.lower()
    name = known.id if known else rate.name.replace(_SLICE, "").strip().removesuffix(" GPU")
    device = resolve(name, float(memory[1]) if memory and not known else None)
    if device is None:
        return
    if known is None or not known.machines:
        yield _Priced(device, Machine(_ATTACHED, 1), rate.usd_per_hour, whole, "" if whole else _ALONE)
        return
    for machine in known.machines:
        if term is Term.SPOT or not machine.spot_only:
            yield _whole(rate, device, known, machine, _host_usd(known, machine, term, region, rates))


def _host_usd(device: Device, machine: Machine, term: Term, region: str, rates: Rates) -> float | None:
    """Return what a machine's vCPUs and memory cost per hour, None where the catalogue has no rate of them."""
    if not device.host:
        return 0.0
    core = rates.get((f"{device.host} core".lower(), term, region))
    ram = rates.get((f"{device.host} ram".lower(), term, region))
    if core is None or ram is None:
        return None
    return machine.vcpus * core.usd_per_hour + machine.memory_gib * ram.usd_per_hour


def _whole(rate: Rate, device: str, known: Device, machine: Machine, host_usd: float | None) -> _Priced:
    usd = machine.size * rate.usd_per_hour + (host_usd or 0.0)
    if host_usd is None:
        note = f"GPUs alone: the catalogue has no rate of the {known.host} host's CPU and memory here"
    elif known.host:
        note = f"GPUs, {machine.vcpus} vCPU and {machine.memory_gib} GiB summed; boot disk and local SSD excluded"
    else:
        note = "boot disk excluded"
    if known.note and rate.term is Term.ON_DEMAND:
        note = f"{note}; {known.note}"
    return _Priced(device, machine, usd, host_usd is not None, note)


def _tpu(rate: Rate, context: FetchContext) -> Iterator[_Priced]:
    """Yield the smallest slices of a generation; their hosts are in the price."""
    written = _TPU.match(rate.name)
    generation = written[1].lower() if written else rate.name
    known = tpus().get((generation, bool(written and written[2])))
    device = context.accelerator(known.id if known else f"TPU {generation}", None)
    if device is None:
        return
    if known is None:
        row = {"description": rate.name, "usd_per_hour": rate.usd_per_hour}
        context.refuse(row, "is of TPUs of which it is not known how many chips one price is for")
        return
    for machine in known.machines:
        yield _Priced(device, machine, machine.size / known.unit_chips * rate.usd_per_hour, True, "")


def _offer(priced: _Priced, rate: Rate, region: str, context: FetchContext) -> Offer:
    now = context.clock()
    source = Source(
        title="Google Cloud Billing Catalog",
        kind=SourceKind.VENDOR_DOCS,
        retrieved=now.date(),
        url=context.urls["gcp"],
    )
    name = priced.machine.name
    return Offer(
        id=offer_id(provider="gcp", instance=name, region=region, term=rate.term, accelerator=priced.device),
        provider="gcp",
        instance=name,
        accelerator=priced.device,
        count=priced.machine.size,
        region=region,
        term=rate.term,
        usd_per_hour=round(priced.usd_per_hour, 9),
        as_of=rate.effective or now.date(),
        date_basis=DateBasis.STATED if rate.effective else DateBasis.READ_ON,
        fetched_at=now,
        state=OfferState.OK,
        host_included=priced.host_included,
        note=priced.note or None,
        sources={"api": source},
        provenance={"": ("api",)},
    )
