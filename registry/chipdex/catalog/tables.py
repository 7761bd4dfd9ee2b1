"""The columns of the registry's tables, and how each is read from a record. Unknown is NULL, none is 0."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Any, Final

import attrs

from chipdex.domain import Accelerator, Model, Offer, Record
from chipdex.domain.formats import TABLE_FORMATS, peak_of
from chipdex.domain.kv_cache import kv_bytes_per_token
from chipdex.values import Value

Cell = str | float | int | None
Read = Callable[[Any], Any]

_OFF_CHIP: Final = ("hbm", "ddr", "dram", "host", "flash", "nvme", "ssd")
_WHOLE_RECORD: Final = "*"
"""What the `sources` table calls the figure where a source stands for every figure of a row."""


@attrs.frozen(eq=False, repr=False)
class Column(Value):
    """A column of a table: its SQL type, and how it is read; None is for what only the registry knows."""

    type: str
    read: Read | None


def _text(read: Read | None) -> Column:
    return Column("TEXT", read)


def _real(read: Read) -> Column:
    return Column("REAL", read)


def _whole(read: Read) -> Column:
    return Column("INTEGER", read)


def _field(name: str) -> Read:
    return lambda record: getattr(record, name)


def _peak(formats: tuple[str, ...]) -> Read:
    return lambda device: peak_of(device.compute.dense, formats)


def _sram_mb(device: Accelerator) -> float | None:
    """Return the capacity of the largest memory on the chip itself."""
    sizes = [
        tier.capacity_mb
        for tier in device.memory_tier
        if tier.capacity_mb is not None and not any(word in tier.name.lower() for word in _OFF_CHIP)
    ]
    return max(sizes, default=None)


def _neuromorphic(name: str) -> Read:
    return lambda device: getattr(device.neuromorphic, name, None)


def _pj_per_sop(device: Accelerator) -> float | None:
    """Return the energy per synaptic operation at the first operating point stated."""
    points = device.neuromorphic.operating_point if device.neuromorphic else ()
    return points[0].energy_per_synaptic_operation_pj if points else None


def _layers(model: Model) -> int | None:
    return model.decoder.layers if model.decoder else None


def source_titles(record: Record) -> str | None:
    """Return the titles of a record's sources, joined by semicolons."""
    return "; ".join(dict.fromkeys(source.title for source in record.sources.values())) or None


def _texts(names: str) -> dict[str, Column]:
    """Return text columns that are fields of the record."""
    return {name: _text(_field(name)) for name in names.split()}


def _reals(names: str) -> dict[str, Column]:
    """Return columns of real numbers that are fields of the record."""
    return {name: _real(_field(name)) for name in names.split()}


def _wholes(names: str) -> dict[str, Column]:
    """Return columns of whole numbers that are fields of the record."""
    return {name: _whole(_field(name)) for name in names.split()}


_DISTRIBUTION: Final = {"distribution": _text(None)}
_SOURCE: Final = {"source": _text(source_titles)}

COLUMNS: Final[Mapping[str, Mapping[str, Column]]] = {
    "accelerators": {
        **_texts("id name vendor kind architecture status released form_factor"),
        "memory_gb": _real(lambda device: device.memory.capacity_gb),
        "memory_bandwidth_gb_per_s": _real(lambda device: device.memory.bandwidth_gb_per_s),
        "sram_mb": _real(_sram_mb),
        **{name: _real(_peak(formats)) for name, formats in TABLE_FORMATS.items()},
        "scale_up_gb_per_s": _real(lambda device: device.link.scale_up.bandwidth_gb_per_s),
        "scale_up_domain": _whole(lambda device: device.topology.scale_up_domain),
        "tdp_w": _real(lambda device: device.power.tdp_w),
        "list_price_usd": _real(lambda device: device.price.list_usd),
        "neurons": _real(_neuromorphic("neurons")),
        "synapses": _real(_neuromorphic("synapses")),
        "pj_per_sop": _real(_pj_per_sop),
        **_DISTRIBUTION,
    },
    "models": {
        **_texts("id name family"),
        **_reals("params active_params"),
        "layers": _whole(_layers),
        "kv_bytes_per_token": _real(kv_bytes_per_token),
        **_wholes("context_tokens"),
        **_DISTRIBUTION,
    },
    "measurements": {
        **_texts("id accelerator"),
        **_wholes("count"),
        **_texts("model precision kv_precision scenario load"),
        **_reals("input_tokens output_tokens"),
        **_wholes("batch"),
        **_reals("concurrency"),
        **_wholes("tensor"),
        **_texts("metric"),
        **_reals("value"),
        **_texts("unit power_scope software date"),
        **_SOURCE,
        **_DISTRIBUTION,
        **_reals("percentile rate_per_s"),
        **_wholes("pipeline expert tuned"),
        **_texts("result submitter system round"),
    },
    "offers": {
        **_texts("id provider instance accelerator"),
        **_wholes("count"),
        **_texts("region term"),
        **_reals("usd_per_hour"),
        **_texts("currency"),
        **_reals("rate_to_usd"),
        **_wholes("host_included"),
        **_reals("interruption"),
        **_texts("as_of fetched_at"),
        **_SOURCE,
        **_texts("state"),
        **_wholes("bid"),
    },
    "grids": {
        **_texts("id provider region"),
        **_wholes("year"),
        **_reals("g_per_kwh"),
        **_texts("kind"),
        **_reals("usd_per_kwh"),
        **_SOURCE,
        **_texts("emissions at"),
        **_wholes("estimated"),
    },
    "facts": {
        **_texts("id topic statement setting published"),
        **_reals("value"),
        **_texts("unit"),
        **_reals("tolerance tolerance_fraction"),
        **_texts("evidence quantity needs"),
        **_SOURCE,
        **_DISTRIBUTION,
    },
    "sources": {name: _text(None) for name in ("record", "figure", "source", "title", "url", "retrieved", "kind")},
}
"""Table -> its columns, in order."""


def row_of(table: str, record: Record, distribution: str) -> tuple[Cell, ...]:
    """Return a record as a row of its table."""
    return tuple(
        distribution if column.read is None else cell_of(column.read(record)) for column in COLUMNS[table].values()
    )


def offer_row(data: Mapping[str, Any], accelerator: str) -> tuple[Cell, ...]:
    """Return an offer's plain data as the row that `row_of` gives of the record, which would take longer to make."""
    titles = dict.fromkeys(source["title"] for source in data.get("sources", {}).values())
    cells = {**_offer_defaults(), **data, "accelerator": accelerator, "source": "; ".join(titles) or None}
    return tuple([cells[name] for name in COLUMNS["offers"]])


@cache
def _offer_defaults() -> dict[str, Cell]:
    return {field.name: cell_of(field.default) for field in attrs.fields(Offer) if field.default is not attrs.NOTHING}


def cell_of(value: Any) -> Cell:
    """Return a record's value as SQLite holds it: vocabulary and dates as text, truth as 1 or 0."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, dt.date):
        return value.isoformat()
    return int(value) if isinstance(value, bool) else value


def source_rows(record_id: str, data: Mapping[str, Any]) -> Iterator[tuple[Cell, ...]]:
    """Yield a row per figure of a record and source of it; a source of a whole row has the figure `*`."""
    sources = data.get("sources", {})
    for figure, keys in data.get("provenance", {}).items():
        for key in keys:
            if key in sources:
                source = sources[key]
                about = (source["title"], source.get("url"), source["retrieved"], source["kind"])
                yield (record_id, figure or _WHOLE_RECORD, key, *about)
