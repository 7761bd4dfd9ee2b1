"""Advice about unknown keys: the same figure in another unit, in another table, or spelt another way."""

import difflib
from collections.abc import Iterable
from functools import cache
from typing import Final

from chipdex.codec.annotations import key_paths
from chipdex.domain import Source
from chipdex.units import SUFFIXES, unit_of

_CONVERSIONS: Final[dict[str, dict[str, str]]] = {
    "_gib": {"_gb": "multiply by 1.073741824", "_mb": "multiply by 1073.741824"},
    "_mib": {"_mb": "multiply by 1.048576", "_gb": "multiply by 0.001048576"},
    "_kib": {"_mb": "multiply by 0.001024"},
    "_tib": {"_gb": "multiply by 1099.511627776"},
    "_tb": {"_gb": "multiply by 1000"},
    "_gb": {"_mb": "multiply by 1000"},
    "_mb": {"_gb": "divide by 1000"},
    "_kb": {"_mb": "divide by 1000", "_gb": "divide by 1000000"},
    "_bytes": {"_gb": "divide by 10^9", "_mb": "divide by 10^6"},
    "_gb_s": {"_gb_per_s": ""},
    "_gbs": {"_gb_per_s": ""},
    "_tb_s": {"_gb_per_s": "multiply by 1000"},
    "_tbs": {"_gb_per_s": "multiply by 1000"},
    "_tb_per_s": {"_gb_per_s": "multiply by 1000"},
    "_tbps": {"_gb_per_s": "multiply TB/s by 1000, or Tbit/s by 125"},
    "_mb_s": {"_gb_per_s": "divide by 1000"},
    "_mb_per_s": {"_gb_per_s": "divide by 1000"},
    "_gib_s": {"_gb_per_s": "multiply by 1.073741824"},
    "_gib_per_s": {"_gb_per_s": "multiply by 1.073741824"},
    "_gbps": {"_gb_per_s": "divide Gbit/s by 8"},
    "_gbit_s": {"_gb_per_s": "divide by 8"},
    "_gbit_per_s": {"_gb_per_s": "divide by 8"},
    "_watts": {"_w": ""},
    "_watt": {"_w": ""},
    "_kw": {"_w": "multiply by 1000"},
    "_mw": {"_w": "divide milliwatts by 1000"},
    "_pflops": {"_tflops": "multiply by 1000"},
    "_gflops": {"_tflops": "divide by 1000"},
    "_flops": {"_tflops": "divide by 10^12"},
    "_tflops": {"_tops": ""},
    "_tops": {"_tflops": ""},
    "_pops": {"_tops": "multiply by 1000"},
    "_gops": {"_tops": "divide by 1000"},
    "_ghz": {"_mhz": "multiply by 1000"},
    "_hz": {"_mhz": "divide by 10^6"},
    "_seconds": {"_ms": "multiply by 1000"},
    "_s": {"_ms": "multiply by 1000"},
    "_us": {"_ms": "divide by 1000"},
    "_nj": {"_pj": "multiply by 1000"},
    "_fj": {"_pj": "divide by 1000"},
    "_j": {"_pj": "multiply by 10^12"},
    "_mv": {"_v": "divide by 1000"},
    "_um": {"_nm": "multiply by 1000"},
    "_percent": {"_fraction": "divide by 100"},
    "_pct": {"_fraction": "divide by 100"},
    "_dollars": {"_usd": ""},
}
"""Suffix as people write it -> suffix of the vocabulary -> how to convert the figure."""

_LONGEST_WORD: Final = 100  # letters; what is longer is no misspelt key
_PLURALS: Final = {"sources": "source", "provenance": "from"}
_SPELLINGS: Final = sorted({*_CONVERSIONS, *SUFFIXES}, key=len, reverse=True)


@cache
def advice_for_unknown_key(key: str, *, table: tuple[str, ...], table_class: type, record_class: type) -> str:
    """Return the sentence that says what to write instead of `key` in `table` of a record; rows repeat a mistake."""
    if key in _PLURALS and not table:
        return f"Sources are [source.KEY] tables, and `from` names them: write `{_PLURALS[key]}`."
    if table_class is Source and key == "from":
        return "A `from` below a [source.KEY] header belongs to that source: move it above the header."
    here = [path[0] for path in key_paths(table_class) if len(path) == 1]
    paths = list(key_paths(record_class))
    return (
        _in_another_unit(key, table, [(*table, name) for name in here] + paths)
        or _in_another_table(key, table, paths)
        or _spelt_otherwise(key, here, paths)
        or f"Remove it; the keys here are {', '.join(sorted(here))}."
    )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the question that names the known word closest to `word`, or nothing when none is close."""
    close = difflib.get_close_matches(word[:_LONGEST_WORD], list(known), n=1)
    return f"Did you mean `{close[0]}`?" if close else ""


def _in_another_unit(key: str, table: tuple[str, ...], paths: list[tuple[str, ...]]) -> str:
    for spelling in (spelling for spelling in _SPELLINGS if key.endswith(spelling)):
        stem = "_".join((*table, key.removesuffix(spelling)))
        for suffix, conversion in {spelling: "", **_CONVERSIONS.get(spelling, {})}.items():
            for path in paths:
                joined = "_".join(path)
                named_like_it = joined == stem + suffix
                part_of_it = joined.startswith(f"{stem}_") and joined.endswith(suffix) and len(path) == len(table) + 2
                if (named_like_it or part_of_it) and path != (*table, key):
                    return _write(path, table, conversion)
    return ""


def _in_another_table(key: str, table: tuple[str, ...], paths: list[tuple[str, ...]]) -> str:
    for path in paths:
        if path[-1] == key and path[:-1] != table:
            return _write(path, table, "")
    return ""


def _spelt_otherwise(key: str, here: list[str], paths: list[tuple[str, ...]]) -> str:
    joined = {"_".join(path): ".".join(path) for path in paths}
    close = difflib.get_close_matches(key[:_LONGEST_WORD], joined, n=1, cutoff=0.75)
    return did_you_mean(key, here) or (f"Did you mean `{joined[close[0]]}`?" if close else "")


def _write(path: tuple[str, ...], table: tuple[str, ...], conversion: str) -> str:
    place = "" if path[:-1] == table else f" in [{'.'.join(path[:-1])}]" if path[:-1] else " at the top of the file"
    unit = unit_of(path[-1])
    meaning = f" ({unit})" if unit and unit != "count" else ""
    return f"Write `{path[-1]}`{place}{meaning}{f': {conversion}' if conversion else ''}."
