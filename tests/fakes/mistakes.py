"""The mistakes people make when they copy figures into a profile, each applied to a good record.

They are taken from what data sheets and other collections get wrong, not from what the rules look for. A mistake
returns the records it makes of a good one, none where the record has nothing to get wrong.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, Final

import attrs

from chipdex.domain import Accelerator, Link, Measurement, MemoryTier, Model, Offer, Peaks, Record
from chipdex.plausibility.peers import stem_of
from chipdex.plausibility.view import View

GIB: Final = 2**30 / 1e9
MATRIX: Final = (
    "tf32_tflops",
    "fp16_tflops",
    "bf16_tflops",
    "fp8_tflops",
    "fp6_tflops",
    "fp4_tflops",
    "int8_tops",
    "int4_tops",
)
SPARSE_SINCE: Final = {"nvidia": 2020, "amd": 2023, "aws": 2024, "meta": 2024}
"""Vendors whose data sheets print peaks with sparsity, and since when."""

Mistake = Callable[[Any, View], Iterator[Record]]


def changed(record: Any, path: str, value: Any) -> Any:
    """Return a record with another value at a key path."""
    name, _, rest = path.partition(".")
    if not rest:
        return attrs.evolve(record, **{name: value})
    return attrs.evolve(record, **{name: changed(getattr(record, name), rest, value)})


def peaks(device: Accelerator) -> dict[str, float]:
    """Return the dense peaks that a device has."""
    found = {field.name: getattr(device.compute.dense, field.name) for field in attrs.fields(Peaks)}
    return {name: value for name, value in found.items() if value}


def scaled(device: Accelerator, factor: float, names: tuple[str, ...] | None = None) -> Accelerator:
    """Return a device with its dense peaks, or those named, multiplied."""
    own = {name: value * factor for name, value in peaks(device).items() if names is None or name in names}
    return changed(device, "compute.dense", attrs.evolve(device.compute.dense, **own))  # type: ignore[no-any-return]


def in_a_node(device: Accelerator) -> int:
    """Return how many of a device a node has, as its own profile says, or eight."""
    sold = max((node.count for node in device.node), default=0)
    return sold if sold > 1 else max(device.topology.devices_per_host or 8, 2)


def sparse_as_dense_throughout(device: Accelerator, _: View) -> Iterator[Record]:
    matrix = tuple(name for name in peaks(device) if name in MATRIX)
    since = SPARSE_SINCE.get(device.vendor)
    if matrix and since and device.released and device.released.year >= since:
        yield scaled(device, 2, matrix)


def sparse_as_dense_in_one_format(device: Accelerator, _: View) -> Iterator[Record]:
    matrix = [name for name in peaks(device) if name in MATRIX]
    since = SPARSE_SINCE.get(device.vendor)
    if len(matrix) > 1 and since and device.released and device.released.year >= since:
        for name in matrix:
            yield scaled(device, 2, (name,))


def node_total_of_everything(device: Accelerator, _: View) -> Iterator[Record]:
    if device.memory.capacity_gb and device.memory.bandwidth_gb_per_s and peaks(device):
        count = in_a_node(device)
        whole = scaled(device, count)
        whole = changed(whole, "memory.capacity_gb", device.memory.capacity_gb * count)
        yield changed(whole, "memory.bandwidth_gb_per_s", device.memory.bandwidth_gb_per_s * count)


def node_total_of_memory(device: Accelerator, _: View) -> Iterator[Record]:
    if device.memory.capacity_gb:
        yield changed(device, "memory.capacity_gb", device.memory.capacity_gb * in_a_node(device))


def node_total_of_compute(device: Accelerator, _: View) -> Iterator[Record]:
    if peaks(device):
        yield scaled(device, in_a_node(device))


def gb_as_gib(device: Accelerator, _: View) -> Iterator[Record]:
    if device.memory.capacity_gb and device.memory.capacity_gb >= 4:
        yield changed(device, "memory.capacity_gb", round(device.memory.capacity_gb * GIB, 2))
        yield changed(device, "memory.capacity_gb", round(device.memory.capacity_gb / GIB, 1))


def both_directions_of_the_link(device: Accelerator, _: View) -> Iterator[Record]:
    for place in ("scale_up", "host"):
        link: Link = getattr(device.link, place)
        if link.bandwidth_gb_per_s:
            yield changed(device, f"link.{place}.bandwidth_gb_per_s", link.bandwidth_gb_per_s * 2)


def bits_for_bytes(device: Accelerator, _: View) -> Iterator[Record]:
    if device.memory.bandwidth_gb_per_s:
        yield changed(device, "memory.bandwidth_gb_per_s", device.memory.bandwidth_gb_per_s * 8)
    if device.link.scale_up.bandwidth_gb_per_s:
        yield changed(device, "link.scale_up.bandwidth_gb_per_s", device.link.scale_up.bandwidth_gb_per_s * 8)


def bandwidth_of_another_variant(device: Accelerator, view: View) -> Iterator[Record]:
    own = device.memory.bandwidth_gb_per_s
    for other in view.accelerators.values():
        theirs = other.memory.bandwidth_gb_per_s
        if (
            own
            and theirs
            and other.id != device.id
            and stem_of(other) == stem_of(device)
            and abs(own - theirs) > 0.03 * own
        ):
            yield changed(device, "memory.bandwidth_gb_per_s", theirs)
            return


def power_of_the_node(device: Accelerator, _: View) -> Iterator[Record]:
    if device.power.tdp_w:
        of_node = next((node.power_w for node in device.node if node.power_w and node.count > 1), None)
        yield changed(device, "power.tdp_w", of_node or device.power.tdp_w * in_a_node(device) * 1.3)


def operations_counted_twice(device: Accelerator, _: View) -> Iterator[Record]:
    own = peaks(device)
    if len(own) > 1:
        for name in ("int8_tops", "fp16_tflops"):
            if name in own:
                yield scaled(device, 2, (name,))


def multiply_accumulates_as_operations(device: Accelerator, _: View) -> Iterator[Record]:
    own = peaks(device)
    if len(own) > 1:
        for name in ("int8_tops", "bf16_tflops"):
            if name in own:
                yield scaled(device, 0.5, (name,))


def megabytes_as_gigabytes(device: Accelerator, _: View) -> Iterator[Record]:
    if device.memory.capacity_gb:
        yield changed(device, "memory.capacity_gb", device.memory.capacity_gb * 1000)
    if device.memory_tier and device.memory_tier[0].capacity_mb:
        first: MemoryTier = device.memory_tier[0]
        wrong = attrs.evolve(first, capacity_mb=(first.capacity_mb or 0) * 1000)
        yield attrs.evolve(device, memory_tier=(wrong, *device.memory_tier[1:]))


def thousandfold_peaks(device: Accelerator, _: View) -> Iterator[Record]:
    if peaks(device):
        yield scaled(device, 0.001)
        yield scaled(device, 1000)


def format_in_the_wrong_key(device: Accelerator, _: View) -> Iterator[Record]:
    own = peaks(device)
    for wide, narrow in (("bf16_tflops", "int8_tops"), ("fp16_tflops", "fp8_tflops"), ("fp8_tflops", "fp4_tflops")):
        if wide in own and narrow in own and own[wide] != own[narrow]:
            yield changed(device, f"compute.dense.{wide}", own[narrow])


def year_of_release_slipped(device: Accelerator, _: View) -> Iterator[Record]:
    if device.released and (device.released.month, device.released.day) != (2, 29):
        for years in (-10, -3, 3, 10):
            yield attrs.evolve(device, released=device.released.replace(year=device.released.year + years))


def source_read_next_year(device: Accelerator, _: View) -> Iterator[Record]:
    for key, source in device.sources.items():
        retrieved = source.retrieved + dt.timedelta(days=365)
        yield attrs.evolve(device, sources={**device.sources, key: attrs.evolve(source, retrieved=retrieved)})
        return


def alias_of_another(device: Accelerator, view: View) -> Iterator[Record]:
    ids = list(view.accelerators)
    other = view.accelerators[ids[ids.index(device.id) - 1]]
    name = other.aliases[0] if other.aliases else other.name
    yield attrs.evolve(device, aliases=(*device.aliases, name))


def copied_and_renamed(device: Accelerator, _: View) -> Iterator[Record]:
    numbers = len(peaks(device)) + sum(value is not None for value in attrs.astuple(device.memory, recurse=False))
    if numbers >= 5:
        yield attrs.evolve(device, id=f"{device.id}-new", name=f"{device.name} New", aliases=())


def price_of_the_node(device: Accelerator, _: View) -> Iterator[Record]:
    if device.price.list_usd:
        yield changed(device, "price.list_usd", device.price.list_usd * in_a_node(device))


def impossible_number(device: Accelerator, _: View) -> Iterator[Record]:
    if device.memory.bandwidth_gb_per_s:
        yield changed(device, "memory.bandwidth_gb_per_s", 1e300)
    if device.power.tdp_w:
        yield changed(device, "power.tdp_w", 1e9)
    if device.memory.capacity_gb and not device.memory_tier:
        yield attrs.evolve(changed(device, "memory.capacity_gb", 0.0))


def price_of_the_instance_for_one(offer: Offer, _: View) -> Iterator[Record]:
    if offer.count > 1:
        yield attrs.evolve(offer, count=1)


def price_of_one_for_the_instance(offer: Offer, _: View) -> Iterator[Record]:
    if offer.count > 1:
        yield attrs.evolve(offer, usd_per_hour=offer.usd_per_hour / offer.count)


def price_of_a_month(offer: Offer, _: View) -> Iterator[Record]:
    yield attrs.evolve(offer, usd_per_hour=offer.usd_per_hour * 730)


def offer_of_next_year(offer: Offer, _: View) -> Iterator[Record]:
    yield attrs.evolve(offer, as_of=offer.as_of + dt.timedelta(days=365))


def misspelt_device(row: Offer | Measurement, view: View) -> Iterator[Record]:
    maker, _, name = row.accelerator.partition("/")
    if row.accelerator not in view.accelerators:
        return
    for at, (first, second) in enumerate(pairwise(name)):
        if first != second and first.isalnum() and second.isalnum():
            yield attrs.evolve(row, accelerator=f"{maker}/{name[:at]}{second}{first}{name[at + 2 :]}")
            return


def count_left_at_one(row: Measurement, _: View) -> Iterator[Record]:
    if row.count >= 8 and row.metric.endswith("_per_s"):
        yield attrs.evolve(row, count=1)


def seconds_for_milliseconds(row: Measurement, view: View) -> Iterator[Record]:
    if row.metric.endswith("_ms") and row.model in view.models and row.accelerator in view.accelerators:
        yield attrs.evolve(row, value=row.value / 1000)


def thousands_for_ones(row: Measurement, view: View) -> Iterator[Record]:
    if row.metric.endswith("_per_s") and row.model in view.models and row.accelerator in view.accelerators:
        yield attrs.evolve(row, value=row.value * 1000)


def measured_in_ten_years(row: Measurement, _: View) -> Iterator[Record]:
    if row.date:
        yield attrs.evolve(row, date=row.date.replace(year=row.date.year + 10, day=1))


def below_zero(row: Measurement, _: View) -> Iterator[Record]:
    yield attrs.evolve(row, value=-row.value if row.value else -1.0)


def billions_left_out(model: Model, _: View) -> Iterator[Record]:
    if model.decoder or model.stage:
        yield attrs.evolve(model, params=model.params / 1e9)


def layers_halved(model: Model, _: View) -> Iterator[Record]:
    if model.decoder:
        blocks = tuple(attrs.evolve(block, count=max(block.count // 2, 1)) for block in model.decoder.block)
        if blocks != model.decoder.block:
            yield attrs.evolve(model, decoder=attrs.evolve(model.decoder, block=blocks))


def active_and_all_params_swapped(model: Model, _: View) -> Iterator[Record]:
    if model.active_params and model.active_params < model.params * 0.9:
        yield attrs.evolve(model, params=model.active_params, active_params=model.params)


OF_DEVICES: Final[tuple[Mistake, ...]] = (
    sparse_as_dense_throughout, sparse_as_dense_in_one_format, node_total_of_everything, node_total_of_memory,
    node_total_of_compute, gb_as_gib, both_directions_of_the_link, bits_for_bytes, bandwidth_of_another_variant,
    power_of_the_node, operations_counted_twice, multiply_accumulates_as_operations, megabytes_as_gigabytes,
    thousandfold_peaks, format_in_the_wrong_key, year_of_release_slipped, source_read_next_year, alias_of_another,
    copied_and_renamed, price_of_the_node, impossible_number,
)  # fmt: skip
OF_OFFERS: Final[tuple[Mistake, ...]] = (
    price_of_the_instance_for_one, price_of_one_for_the_instance, price_of_a_month, offer_of_next_year, misspelt_device,
)  # fmt: skip
OF_MEASUREMENTS: Final[tuple[Mistake, ...]] = (
    count_left_at_one, seconds_for_milliseconds, thousands_for_ones, measured_in_ten_years, below_zero, misspelt_device,
)  # fmt: skip
OF_MODELS: Final[tuple[Mistake, ...]] = (billions_left_out, layers_halved, active_and_all_params_swapped)
