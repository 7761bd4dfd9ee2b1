"""What the catalogue does not say: which device a SKU is of, and what stands around it in a machine."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple


class Machine(NamedTuple):
    """A machine type: how many GPUs or chips it has, and what of its host is billed apart."""

    name: str
    size: int
    vcpus: int = 0
    memory_gib: int = 0
    spot_only: bool = False


class Device(NamedTuple):
    """A device, the machines it comes in, and the family whose vCPUs and memory they have.

    `unit_chips` is how many chips one unit of the price is. Without machines the device is attached to any host,
    without a host the price is all there is.
    """

    id: str
    machines: tuple[Machine, ...]
    host: str = ""
    unit_chips: int = 1
    note: str = ""


@cache
def gpus() -> Mapping[str, Device]:
    """Return the GPUs by what SKUs call them, in lower case."""
    return {name.lower(): _device(row) for row in _tables()["gpu"] for name in row["sku"]}


@cache
def tpus() -> Mapping[tuple[str, bool], Device]:
    """Return the TPUs by generation, and by whether the SKU is of a pod."""
    return {(row["generation"], row.get("pod", False)): _device(row) for row in _tables()["tpu"]}


@cache
def hosts() -> frozenset[str]:
    """Return the families whose vCPUs and memory are in machines with accelerators, in lower case."""
    return frozenset(device.host.lower() for device in gpus().values() if device.host)


def _device(row: Mapping[str, Any]) -> Device:
    machines = tuple(Machine(**machine) for machine in row.get("machine", ()))
    return Device(row["id"], machines, row.get("host", ""), row.get("unit_chips", 1), row.get("note", ""))


@cache
def _tables() -> Mapping[str, Any]:
    return tomllib.loads(files("chipdex_prices_gcp").joinpath("machines.toml").read_text(encoding="utf-8"))
