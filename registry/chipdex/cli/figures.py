"""A record as figures for readers: one row per figure, unknown ones included where a reader would look for them."""

import datetime as dt
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Final

import attrs

from chipdex.cli.render import text_of
from chipdex.domain import Peaks, Record, Source
from chipdex.units import SUFFIXES, unit_of

APART: Final = frozenset({"id", "sources", "provenance", "disputed", "accepted"})
GATHERED: Final = "community"


def figures(record: Record) -> Iterator[tuple[str, Any]]:
    """Yield the dotted key path and the value of each figure of `record`; None is unknown.

    Parts that a device of its kind does not have, and number formats nobody states a peak for, are left out.
    """
    for field in attrs.fields(type(record)):
        if field.name not in APART:
            yield from _walk(field.name, getattr(record, field.name))


def _walk(path: str, value: Any, *, unknown: bool = True) -> Iterator[tuple[str, Any]]:
    if attrs.has(type(value)):
        for field in attrs.fields(type(value)):
            # A chip has a handful of the twenty formats; listing the others as unknown would bury it.
            yield from _walk(f"{path}.{field.name}", getattr(value, field.name), unknown=not isinstance(value, Peaks))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _walk(f"{path}.{key}", inner)
    elif isinstance(value, tuple) and any(attrs.has(type(inner)) for inner in value):
        for position, inner in enumerate(value):
            yield from _walk(f"{path}.{position}", inner)
    elif value is None:
        if unknown and path not in {"neuromorphic", "photonic"}:
            yield path, None
    elif not isinstance(value, tuple) or value:
        yield path, plain_value(value)


def plain_value(value: Any) -> Any:
    """Return a figure's value as JSON has it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    return [plain_value(inner) for inner in value] if isinstance(value, tuple) else value


def unit_text(path: str, value: Any) -> str:
    """Return what a number under `path` counts; nothing for texts."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return ""
    return unit_of(path) or ""


SYMBOLS: Final[Mapping[str, str]] = {
    "_gb_per_s": "GB/s",
    "_tb_per_s": "TB/s",
    "_gb": "GB",
    "_mb": "MB",
    "_kb": "KB",
    "_bytes": "B",
    "_bits": "bit",
    "_tflops": "TFLOPS",
    "_tops": "TOPS",
    "_flops": "FLOP",
    "_macs": "MAC",
    "_w": "W",
    "_v": "V",
    "_pj": "pJ",
    "_uj": "uJ",
    "_j": "J",
    "_nm": "nm",
    "_mhz": "MHz",
    "_us": "us",
    "_ms": "ms",
    "_s": "s",
    "_per_s": "/s",
    "_usd_per_hour": "USD/h",
    "usd_per_hour": "USD/h",
    **{
        f"usd_per_million_{part}_tokens": "USD/M tokens"
        for part in ("input", "output", "cache_read", "cache_write", "batch_input", "batch_output")
    },
    "_usd_per_kwh": "USD/kWh",
    "usd_per_kwh": "USD/kWh",
    "_usd": "USD",
    "_to_usd": "USD",
    "g_per_kwh": "g/kWh",
    "_tokens": "tokens",
    "_fraction": "",
}
"""Suffix of a key -> the unit's symbol, as a page prints it behind the number."""


def suffix_of(key: str) -> str:
    """Return the unit's suffix of a key's last part, empty where it has none."""
    name = key.rsplit(".", maxsplit=1)[-1]
    return max((suffix for suffix in SUFFIXES if name.endswith(suffix)), key=len, default="")


def value_text(path: str, value: Any) -> str:
    """Return a figure's value with its unit's symbol, as a page prints it."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return text_of(value)
    symbol = SYMBOLS[suffix] if (suffix := suffix_of(path)) else ""
    number = text_of(value)
    return f"{number}{'' if symbol.startswith('/') else ' '}{symbol}".strip()


def source_keys(record: Record, path: str) -> tuple[str, ...]:
    """Return the keys of the sources that give the figure: those of the nearest table that names any."""
    parts = path.split(".")
    for end in range(len(parts), -1, -1):
        keys = record.provenance.get(".".join(parts[:end]))
        if keys:
            return tuple(keys)
    return ()


def kind_text(record: Record, keys: tuple[str, ...]) -> str:
    """Return how strong a figure's source is; one gathered from several sources is the community's."""
    if len(keys) != 1:
        return GATHERED if keys else ""
    source = record.sources.get(keys[0])
    return source.kind.value if source is not None else ""


def source_line(key: str, source: Source) -> str:
    """Return one source: what it is, of which kind, when it was read and where it is."""
    where = source.url or f"{source.rule or 'no rule'} (from {', '.join(source.of) or 'nothing'})"
    return f"{key}: {source.title} ({source.kind.value}, read {source.retrieved.isoformat()}) {where}"
