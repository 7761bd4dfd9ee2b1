"""A device that runs models: a record made of parts, so that no kind is forced into another's fields."""

import datetime as dt
from enum import StrEnum
from typing import Final

import attrs

from chipdex.domain.record import Record
from chipdex.ids import namespace
from chipdex.values import Value


class Kind(StrEnum):
    """The families of hardware that one ranking covers."""

    GPU = "gpu"
    TPU = "tpu"
    ASIC = "asic"
    NPU = "npu"
    EDGE = "edge"
    NEUROMORPHIC = "neuromorphic"
    PHOTONIC = "photonic"
    CPU = "cpu"


class Status(StrEnum):
    """Whether a device can be had."""

    ANNOUNCED = "announced"
    SHIPPING = "shipping"
    RETIRED = "retired"


class Scope(StrEnum):
    """What one `count` of the device is."""

    DIE = "die"
    PACKAGE = "package"
    CARD = "card"
    SUPERCHIP = "superchip"
    SERVER = "server"
    WAFER = "wafer"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Memory(Value):
    """The main memory an accelerator computes from.

    `capacity_gb = 0` is a chip that holds everything on the die; None is unknown. `usable_gb` is what
    the driver reports where that is known. `accelerator_fraction` is the share of a unified memory
    that the accelerator may claim.
    """

    capacity_gb: float | None = None
    usable_gb: float | None = None
    bandwidth_gb_per_s: float | None = None
    technology: str | None = None
    unified: bool | None = None
    accelerator_fraction: float | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MemoryTier(Value):
    """One level of the memory system, nearest to the arithmetic first."""

    name: str
    capacity_mb: float | None = None
    bandwidth_gb_per_s: float | None = None
    shared_by: str | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Peaks(Value):
    """Peak rates by number format, in 10^12 operations per second.

    The `fp8`, `fp6` and `fp4` keys are for formats whose exact flavour the source does not name.
    """

    fp64_tflops: float | None = None
    fp64_matrix_tflops: float | None = None
    fp32_tflops: float | None = None
    tf32_tflops: float | None = None
    fp16_tflops: float | None = None
    bf16_tflops: float | None = None
    abfp16_tflops: float | None = None
    fp8_tflops: float | None = None
    mxfp8_tflops: float | None = None
    blockfp8_tflops: float | None = None
    hif8_tflops: float | None = None
    fp6_tflops: float | None = None
    mxfp6_tflops: float | None = None
    fp4_tflops: float | None = None
    mxfp4_tflops: float | None = None
    nvfp4_tflops: float | None = None
    int16_tops: float | None = None
    int8_tops: float | None = None
    int4_tops: float | None = None
    int2_tops: float | None = None
    int1_tops: float | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Compute(Value):
    """Peak rates; dense and structured-sparse figures are never mixed."""

    dense: Peaks = Peaks()
    sparse: Peaks = Peaks()


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Link(Value):
    """An interconnect of one device; bandwidth is per direction, all its lanes together."""

    name: str | None = None
    bandwidth_gb_per_s: float | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Links(Value):
    """How a device reaches its neighbours, its host and other nodes."""

    scale_up: Link = Link()
    host: Link = Link()
    scale_out: Link = Link()


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Topology(Value):
    """How many devices one host holds, and how many one scale-up fabric joins (4 and 72 for GB200 NVL72).

    A device with `scale_up_domain = 1` has no fabric of its own and talks over the host link.
    """

    devices_per_host: int | None = None
    scale_up_domain: int | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PowerMode(Value):
    """A power setting the vendor documents, with the peaks and bandwidth that hold in it."""

    name: str
    power_w: float
    dense: Peaks = Peaks()
    bandwidth_gb_per_s: float | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Power(Value):
    """Board power: TDP, the range it can be set to, idle, and documented modes."""

    tdp_w: float | None = None
    minimum_w: float | None = None
    maximum_w: float | None = None
    idle_w: float | None = None
    mode: tuple[PowerMode, ...] = ()


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Price(Value):
    """The list price of one device on a date."""

    list_usd: float | None = None
    as_of: dt.date | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Partition(Value):
    """A way to split one device into `count` equal ones (MIG, SPX/CPX)."""

    name: str
    count: int
    capacity_gb: float | None = None
    compute_fraction: float | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Node(Value):
    """What the market sells with the device inside: a server, a rack or a slice of `count` devices.

    `power_w` is the whole node's maximum input power, `list_usd` the price of the whole with its host.
    """

    name: str
    count: int
    power_w: float | None = None
    host: str | None = None
    host_memory_gb: float | None = None
    list_usd: float | None = None
    as_of: dt.date | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class OperatingPoint(Value):
    """The conditions under which an energy per synaptic operation was stated."""

    name: str
    energy_per_synaptic_operation_pj: float
    static_power_w: float | None = None
    supply_v: float | None = None
    clock_mhz: float | None = None
    conditions: str | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Neuromorphic(Value):
    """Capacity and rate of a spiking or event-driven chip."""

    neurons: float | None = None
    synapses: float | None = None
    synaptic_operations_per_s: float | None = None
    operating_point: tuple[OperatingPoint, ...] = ()


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Photonic(Value):
    """A photonic chip's power by where it goes, and the precision its analogue path reaches."""

    optical_power_w: float | None = None
    electrical_power_w: float | None = None
    laser_power_w: float | None = None
    thermal_power_w: float | None = None
    effective_bits: float | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Accelerator(Record):
    """One device as its vendor sells it.

    The parts `neuromorphic` and `photonic` exist only on devices of that kind (`PARTS_OF_KIND`);
    a part that is None is one the device does not have or nobody has published.
    """

    name: str
    kind: Kind
    status: Status
    architecture: str | None = None
    released: dt.date | None = None
    form_factor: str | None = None
    scope: Scope | None = None
    process_nm: float | None = None
    software: tuple[str, ...] = ()
    memory: Memory = Memory()
    memory_tier: tuple[MemoryTier, ...] = ()
    compute: Compute = Compute()
    link: Links = Links()
    topology: Topology = Topology()
    power: Power = Power()
    price: Price = Price()
    partition: tuple[Partition, ...] = ()
    node: tuple[Node, ...] = ()
    neuromorphic: Neuromorphic | None = None
    photonic: Photonic | None = None

    @property
    def vendor(self) -> str:
        """The namespace of the id: who makes the device."""
        return namespace(self.id)

    @property
    def computes_in_events(self) -> bool:
        """Whether the device runs spiking networks only: no peak rate of multiply-accumulates is published for it."""
        return self.neuromorphic is not None and self.compute.dense == Peaks()


PARTS_OF_KIND: Final = {"neuromorphic": Kind.NEUROMORPHIC, "photonic": Kind.PHOTONIC}
"""Parts that only one kind of device may have."""
