"""Where a figure stands on a page: a group with a heading, and what it is called there."""

import re
from collections.abc import Mapping
from typing import Any, Final

import attrs

from chipdex.cli.figures import suffix_of
from chipdex.domain import Record
from chipdex.values import Value

_TITLES: Final[Mapping[str, str]] = {
    "compute.dense": "peak, dense",
    "compute.sparse": "peak, sparse",
    "link.scale_up": "scale-up link",
    "link.host": "host link",
    "link.scale_out": "scale-out link",
    "memory_tier": "memory tier",
    "power.mode": "power mode",
    "neuromorphic": "spiking",
    "neuromorphic.operating_point": "operating point",
    "photonic": "light",
    "decoder.block": "block",
}
_LABELS: Final[Mapping[str, str]] = {
    "tdp_w": "TDP",
    "process_nm": "process",
    "list_usd": "list price",
    "scale_up_domain": "scale-up domain",
    "energy_per_synaptic_operation_pj": "energy per operation",
    "usd_per_hour": "price",
    "rate_to_usd": "rate to USD",
    "ttft_ms": "TTFT",
    "tpot_ms": "TPOT",
    "params": "parameters",
    "active_params": "active parameters",
    "extra_params": "parameters outside the decoder",
}
_PEAK: Final = re.compile(r"_(tflops|tops)$")


@attrs.frozen(eq=False, repr=False)
class Place(Value):
    """The heading of a group, what its figures are called together, and a figure's own label.

    `element` is which of several alike parts (memory tiers, power modes) the figure belongs to, empty where it
    belongs to none; `part` is what all of these are called.
    """

    part: str
    element: str
    label: str

    @property
    def group(self) -> str:
        """The heading: the part, with the element's name."""
        return f"{self.part} {self.element}".strip()


def place_of(record: Record, path: str, whole: str, *, numbered: bool = False) -> Place:
    """Return where the figure at a key path stands; `whole` heads the figures of the record itself.

    `numbered` tells alike parts apart by number instead of by name, as where several records share the heading.
    """
    *tables, key = path.split(".")
    if not tables:
        return Place(whole, "", label_of(key))
    numbers = [position for position, part in enumerate(tables) if part.isdecimal()]
    if not numbers:
        return Place(_title(tables), "", label_of(key))
    last = numbers[-1]
    part = _title([one for one in tables[: last + 1] if not one.isdecimal()])
    below = " ".join(tables[last + 1 :]).replace("_", " ")
    element = str(int(tables[last]) + 1) if numbered else _name(record, tables[: last + 1])
    return Place(part, element, f"{below} {label_of(key)}".strip())


def label_of(key: str) -> str:
    """Return what a figure is called without its unit: `bandwidth_gb_per_s` is bandwidth."""
    if key in _LABELS:
        return _LABELS[key]
    if key.endswith("_fraction"):
        return f"{key.removesuffix('_fraction').replace('_', ' ')} share"
    bare = _PEAK.sub("", key) if _PEAK.search(key) else key.removesuffix(suffix_of(key))
    return (bare or key).strip("_").replace("_", " ")


def _title(tables: list[str]) -> str:
    path = ".".join(tables)
    return _TITLES.get(path, " ".join(tables).replace("_", " "))


def _name(record: Record, tables: list[str]) -> str:
    """Return the name of the element that a path leads to, or its number."""
    value: Any = record
    for part in tables:
        value = value[int(part)] if part.isdecimal() else _at(value, part)
    name = getattr(value, "name", None)
    return str(name) if name else str(int(tables[-1]) + 1)


def _at(value: Any, part: str) -> Any:
    return value[part] if isinstance(value, Mapping) else getattr(value, part)
