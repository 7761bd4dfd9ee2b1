"""The record that is most like another: of the same vendor and architecture, else the nearest by its figures."""

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol, TypeVar

import attrs

from chipdex.catalog.ratios import format_name, main_format
from chipdex.domain import Accelerator, Model, Record
from chipdex.ids import namespace, normal_form
from chipdex.values import Value

_FEWEST: Final = 2
_UNKNOWN: Final = 1.0
"""Doublings that a figure only one of two records states counts for."""

R = TypeVar("R", bound=Record)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Sibling(Value):
    """The nearest record: what it shares, and how many times its value each compared figure is (name -> factor)."""

    id: str
    shared: str
    factors: Mapping[str, float]

    @property
    def reason(self) -> str:
        """Why it is the nearest, in words; each factor is the record's figure over the sibling's."""
        told = ", ".join(f"{name} (x{factor:.3g})" for name, factor in self.factors.items())
        return f"{self.shared} {told}" if told else self.shared


class _Figures(Protocol):
    def __call__(self, one: Any, other: Any, /) -> dict[str, tuple[float | None, float | None]]: ...


def nearest_device(device: Accelerator, others: Iterable[Accelerator]) -> Sibling | None:
    """Return the device most like `device`: of its vendor and architecture, else of its kind; None without any."""
    candidates = [one for one in others if one.id != device.id]
    kin = [one for one in candidates if _generation(one) is not None and _generation(one) == _generation(device)]
    if kin:
        shared = f"of {len(kin)} of the same vendor and architecture ({device.architecture}) the nearest in"
        return _nearest(device, kin, shared, _of_devices)
    same_kind = [one for one in candidates if one.kind is device.kind]
    shared = f"no other is of its vendor and architecture; of {len(same_kind)} of kind {device.kind} the nearest in"
    return _nearest(device, same_kind, shared, _of_devices)


def nearest_model(model: Model, others: Iterable[Model]) -> Sibling | None:
    """Return the model most like `model`: of its publisher and family, else of its family; None without any."""
    candidates = [one for one in others if one.id != model.id and one.family is model.family]
    kin = [one for one in candidates if namespace(one.id) == namespace(model.id)]
    if kin:
        shared = f"of {len(kin)} of the same publisher and family ({model.family}) the nearest in"
        return _nearest(model, kin, shared, _of_models)
    shared = f"no other is of its publisher and family; of {len(candidates)} of family {model.family} the nearest in"
    return _nearest(model, candidates, shared, _of_models)


def alike(one: Record, other: Record, shared: str) -> Sibling:
    """Return `other` as the sibling of `one`, whatever is nearer."""
    return Sibling(id=other.id, shared=shared, factors=factors(one, other))


def factors(one: Record, other: Record) -> dict[str, float]:
    """Return how many times the value of `other` each figure of `one` is, of those that tell records apart."""
    pairs: dict[str, tuple[float | None, float | None]] = {}
    if isinstance(one, Accelerator) and isinstance(other, Accelerator):
        pairs = _of_devices(one, other)
    elif isinstance(one, Model) and isinstance(other, Model):
        pairs = _of_models(one, other)
    return {name: a / b for name, (a, b) in pairs.items() if a is not None and b}


def _nearest(one: R, candidates: Iterable[R], shared: str, of: _Figures) -> Sibling | None:
    best = min(candidates, key=lambda other: (_distance(of(one, other)), other.id), default=None)
    return None if best is None else alike(one, best, shared)


def _distance(pairs: Mapping[str, tuple[float | None, float | None]]) -> float:
    """Return by how many doublings two records differ per figure; a figure that one of them lacks counts for one."""
    sizes = [
        abs(math.log2(a / b)) if a and b else _UNKNOWN
        for a, b in pairs.values()
        if not (a is None and b is None) and a != b
    ]
    known = sum(1 for a, b in pairs.values() if a is not None and b is not None)
    stated = sum(1 for a, b in pairs.values() if a is not None or b is not None)
    return math.inf if known < min(_FEWEST, stated) else sum(sizes) / max(1, stated)


def _generation(device: Accelerator) -> tuple[str, str, str] | None:
    """Return vendor, kind and architecture; an architecture's name goes up to a bracket, a plus or a comma."""
    name = (device.architecture or "").split(" (")[0].split(" + ")[0].split(",")[0]
    return (device.vendor, device.kind.value, normal_form(name)) if name.strip() else None


def _of_devices(one: Accelerator, other: Accelerator) -> dict[str, tuple[float | None, float | None]]:
    main = main_format(one, other)
    pairs = {
        "memory": (one.memory.capacity_gb, other.memory.capacity_gb),
        "memory bandwidth": (one.memory.bandwidth_gb_per_s, other.memory.bandwidth_gb_per_s),
        "TDP": (one.power.tdp_w, other.power.tdp_w),
    }
    if main is not None:
        peaks = (getattr(one.compute.dense, main), getattr(other.compute.dense, main))
        pairs[f"{format_name(main)} peak"] = peaks
    if one.neuromorphic is not None or other.neuromorphic is not None:
        pairs |= {
            name: (getattr(one.neuromorphic, name, None), getattr(other.neuromorphic, name, None))
            for name in ("neurons", "synapses")
        }
    return pairs


def _of_models(one: Model, other: Model) -> dict[str, tuple[float | None, float | None]]:
    return {
        "parameters": (one.params, other.params),
        "active parameters": (one.active_params, other.active_params),
        "layers": (_layers(one), _layers(other)),
    }


def _layers(model: Model) -> float | None:
    return None if model.decoder is None else float(model.decoder.layers)
