"""From CUDO's machine types to offers: components of a price summed for the smallest machine around the GPUs."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from chipdex.api import DateBasis, FetchContext, Offer, OfferState, Source, SourceKind, Term, offer_id
from chipdex_prices_cudo.answer import need, need_kind, number
from chipdex_prices_cudo.names import exact
from chipdex_prices_cudo.size import Size, sizes

_COMPONENTS: Final = ("gpuPriceHr", "vcpuPriceHr", "memoryGibPriceHr")
# "A40 (compute mode)" is an A40: the mode is the driver's.
_MODE: Final = re.compile(r"\s*\((?:compute|graphics) mode\)", re.IGNORECASE)


def fetch(context: FetchContext) -> Iterator[Offer]:
    """Yield the offers of every machine type with GPUs, in its data centre."""
    context.progress("CUDO: machine types")
    key = context.settings.get("CUDO_API_KEY")
    answer = context.session.json(
        f"{context.urls['cudo'].rstrip('/')}/vms/machine-types",
        headers={"Authorization": f"Bearer {key}"} if key else {},
    )
    for row in need_kind(need(answer, "machineTypes", "the answer"), list, '"machineTypes" of the answer'):
        yield from _offers(row, context)


def _offers(row: Any, context: FetchContext) -> Iterator[Offer]:
    machine = str(need(row, "machineType", "a machine type"))
    model = str(need(row, "gpuModel", machine) or "")
    if not model:
        return
    place = str(need(row, "dataCenterId", machine))
    found = sizes(row, machine)
    prices = {key: _price(need(row, key, machine), key, machine) for key in _COMPONENTS}
    wrong = [fault for _, fault in prices.values() if fault]
    if wrong:
        context.refuse(row, wrong[0])
        return
    name, memory_gb = _MODE.sub("", model), number(row.get("gpuMemoryGib")) or None
    device = context.accelerator(exact().get((name.lower(), memory_gb), name), memory_gb)
    if device is None:
        return
    gpu, vcpu, gib = (price for price, _ in prices.values())
    instance = f"{machine}_{row['gpuModelId']}" if row.get("gpuModelId") else machine
    for size in found:
        usd = size.gpus * gpu + size.vcpus * vcpu + size.memory_gib * gib
        yield _offer(instance, device, size, place, usd, context)


def _price(component: Any, key: str, machine: str) -> tuple[float, str]:
    """Return a component's price per hour, and what is wrong with it, if anything is."""
    written = need(component, "value", f'"{key}" of {machine}')
    price = number(written)
    currency = str(component.get("currency") or "USD") if isinstance(component, Mapping) else "USD"
    if price is None or price <= 0:
        return 0.0, f"{key} is {written!r}, and a price is a number above 0"
    if currency.upper() != "USD":
        return 0.0, f"{key} is in {currency}, and prices here are in US dollars"
    return price, ""


def _offer(instance: str, device: str, size: Size, place: str, usd: float, context: FetchContext) -> Offer:
    now = context.clock()
    name = instance if size.gpus == 1 else f"{instance}_x{size.gpus}"
    source = Source(
        title="CUDO Compute API, machine types",
        kind=SourceKind.VENDOR_DOCS,
        retrieved=now.date(),
        url=context.urls["cudo"],
    )
    return Offer(
        id=offer_id(provider="cudo", instance=name, region=place, term=Term.ON_DEMAND, accelerator=device),
        provider="cudo",
        instance=name,
        accelerator=device,
        count=size.gpus,
        region=place,
        term=Term.ON_DEMAND,
        usd_per_hour=round(usd, 9),
        as_of=now.date(),
        date_basis=DateBasis.READ_ON,
        fetched_at=now,
        state=OfferState.OK,
        host_included=True,
        note=f"GPUs, {size.vcpus} vCPU and {size.memory_gib} GiB summed, the least there is; disk and address excluded",
        sources={"api": source},
        provenance={"": ("api",)},
    )
