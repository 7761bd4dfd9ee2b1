"""Reading cells: numbers, dates, formats; what is empty is unknown."""

import csv
import datetime as dt
import re
from pathlib import Path
from typing import Final

from chipdex.domain.formats import KV_BITS, PRECISION_ALIASES, PRECISIONS

CsvRow = dict[str, str]


def read_csv(path: Path) -> list[CsvRow]:
    """Return the rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def number(text: str) -> float | None:
    """Return a number, or None for an empty cell."""
    return float(text) if text.strip() else None


def whole(text: str) -> int | None:
    """Return a whole number, or None for an empty cell."""
    value = number(text)
    return None if value is None else int(value)


def day(text: str) -> dt.date | None:
    """Return the first day of a month or year as published (2024-11, 2025); None where no date is stated."""
    found = re.match(r"(20\d\d)(?:-(\d\d)(?!\d))?(?!-?\d)", text)
    return dt.date(int(found[1]), int(found[2] or 1), 1) if found else None


_KNOWN: Final = {
    "float": "fp32", "q4_k_m": "w4a16", "int4-mixed": "w4a16", "awq-int4": "w4a16", "gptq-int4": "w4a16",
    "q4f16_1": "w4a16", "q4f16_ft": "w4a16", "mlx-q4": "w4a16", "mlx-q4-g32": "w4a16", "mlx-q8": "w8a16",
    "mlx-bf16": "bf16", "bfloat16": "bf16", "fp8_block": "fp8", "w4a16_mxfp4": "mxfp4",
    "int8 (some layers 4/16 bit)": "int8", "int8 per-channel": "int8", "int8 per-tensor": "int8",
    "fp16-amp": "fp16", "Matmult-BF16": "bf16", "bf16/bfp8 mix": "bf16", "w16a16": "fp16",
    "w6a16 palettized": None, "w4.04a16 palettized": "w4a16", "w8a8_mixed_int16": "int8",
    "w8a16_mixed_int16": "w8a16", "w8a16_mixed_fp16": "w8a16",
}  # fmt: skip
"""Formats as sources write them -> chipdex's name of the nearest format."""


def precision(text: str) -> str | None:
    """Return chipdex's name of a format; None where the source gives none, or one that has no counterpart."""
    name = text.split(",", maxsplit=1)[0].strip()
    known = _KNOWN.get(name, PRECISION_ALIASES.get(name, name))
    return known if known in PRECISIONS else None


def kv_precision(text: str) -> str | None:
    """Return chipdex's name of a KV cache format."""
    name = PRECISION_ALIASES.get(text, text)
    return name if name in KV_BITS else None
