"""Rows of MLPerf Tiny: latency of one inference on a microcontroller, and its energy where it was measured."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from measurement_import.cells import CsvRow, number, read_csv
from measurement_import.mlperf import RETRIEVED, TRADEMARK
from measurement_import.names import Names
from measurement_import.writing import MeasurementFile, Row

_MODELS: Final = {"ad": "tiny-ad", "ic": "tiny-ic", "kws": "tiny-kws", "vww": "tiny-vww", "sww": "tiny-sww"}
_REFERENCE: Final = ("", "None", *_MODELS)
"""What the column of the model says where the benchmark's own model ran."""


def files(folder: Path, names: Names) -> Iterator[MeasurementFile]:
    """Yield one file per division."""
    divisions: dict[str, list[Row]] = {"closed": [], "open": []}
    rounds = set()
    for row in read_csv(folder / "mlperf_tiny.csv"):
        rounds.add(row["round"])
        divisions["open" if row["open_flag"] == "1" else "closed"].extend(_rows(row, names))
    for division, rows in divisions.items():
        note = "" if division == "closed" else ": models that the submitters changed"
        yield MeasurementFile(
            place=f"mlperf-tiny-{division}.toml",
            about=f"MLPerf® Tiny, {division} division{note}.",
            sources={name: _source(name, division) for name in rounds},
            origin=max(rounds),
            rows=rows,
        )


def _source(round_name: str, division: str) -> dict[str, Any]:
    repository = f"https://github.com/mlcommons/tiny_results_{round_name}"
    return {
        "title": f"MLPerf® Tiny {round_name} {division.capitalize()}. Retrieved from {repository} 23 November 2026, "
        f"entry: the row's submitter and system. {TRADEMARK}",
        "url": repository,
        "retrieved": RETRIEVED,
        "kind": "benchmark",
        "licence": "Apache-2.0; use of the MLPerf name by MLCommons' results messaging guidelines",
    }


def _rows(row: CsvRow, names: Names) -> Iterator[Row]:
    benchmark, used = row["benchmark"], row["model_used"]
    own = row["open_flag"] == "1"
    model = f"{row['submitter']}/{used or benchmark}" if own else _MODELS[benchmark]
    base: Row = {
        "accelerator": names.device(row["device"]),
        "count": 1,
        "model": names.model(model) if own else names.model(f"tiny:{benchmark}", model),
        "precision": "int8" if row["system"].endswith("_int8") else None,
        "load": "single",
        "batch": 1,
        "submitter": row["submitter"],
        "system": f"{row['system']}, {row['mcu_freq']}" if row["mcu_freq"] else row["system"],
        "round": row["round"],
        "software": row["framework"].split(",")[0].split("=")[0],
        "from": row["round"],
    }
    figures: list[tuple[str, float | None, str, Row]] = [
        ("latency_ms", _scaled(row["latency_us"], 1e-3), "ms", {}),
    ]
    if row["energy_uj_scope"] == "per inference":
        scope: Row = {"power_scope": "accelerators"}
        figures.append(("j_per_inference", _scaled(row["energy_uj"], 1e-6), "J", scope))
        figures.append(("power_w", _scaled(row["avg_power_mw"], 1e-3), "W", scope))
    for metric, value, unit, more in figures:
        if value is not None:
            cells = base | {"metric": metric, "value": value, "unit": unit} | more
            yield {key: cell for key, cell in cells.items() if cell not in (None, "", "None")}


def _scaled(text: str, factor: float) -> float | None:
    value = number(text)
    return None if value is None else float(f"{value * factor:.9g}")
