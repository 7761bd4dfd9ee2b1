"""Rows of public benchmarks of vision, speech, text-encoder and diffusion models: one file per source."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from measurement_import.cells import CsvRow, day, number, precision, read_csv
from measurement_import.names import Names
from measurement_import.sources import sources_of
from measurement_import.writing import MeasurementFile, Row

_METRICS: Final = {
    "fps": ("inferences_per_s", "1/s", 1.0), "latency_ms": ("latency_ms", "ms", 1.0),
    "s_per_item": ("latency_ms", "ms", 1e3), "power_w": ("power_w", "W", 1.0),
    "energy_mj_per_inference": ("j_per_inference", "J", 1e-3),
}  # fmt: skip
_PERCENTILES: Final = {"p50": 50, "median": 50, "min-of-profile (AI Hub reports inference time)": 0}
_MAX_LOAD: Final = frozenset(
    {"hailo-model-zoo", "axelera-voyager-sdk", "openvino-benchmarks", "openvino-model-server-docs"}
)
"""Sources whose throughput is of as many inferences in flight as the device takes."""

_SCOPES: Final = {
    "chip (on-board INA sensor)": "accelerators", "MCU average": "accelerators",
    "end-to-end incl. data load": "accelerators",
}  # fmt: skip
_EAGER: Final = "PyTorch eager"
_INSTANCES: Final = re.compile(r"(\d+) instances x \d+ cores, set_size (\d+)")


def files(folder: Path, names: Names, skipped: Counter[str]) -> Iterator[MeasurementFile]:
    """Yield a file per source, and one more for runs that nobody tuned; count what no metric or licence fits."""
    by_source: dict[tuple[str, bool], list[CsvRow]] = defaultdict(list)
    for row in read_csv(folder / "other_measured.csv"):
        if not row["licence"]:
            skipped[f"{row['source']}: no licence"] += 1
        elif row["metric"] in _METRICS:
            by_source[row["source"], not row["framework"].startswith(_EAGER)].append(row)
        else:
            skipped[f"{row['source']}: metric {row['metric']}"] += 1
    for (source, tuned), rows in sorted(by_source.items()):
        sources, keys = sources_of(rows, derived={})
        note = "" if tuned else "; eager execution, bound by launches"
        yield MeasurementFile(
            place=f"{'' if tuned else 'untuned-'}other-{source}.toml",
            about=f"{source}: {rows[0]['licence']}{note}.",
            sources=sources,
            origin=keys[rows[0]["source_ref"]],
            rows=[_row(row, names, keys[row["source_ref"]], tuned=tuned) for row in rows],
            together=("metric", "unit", "load", "percentile", "power_scope"),
        )


def _row(row: CsvRow, names: Names, key: str, *, tuned: bool) -> Row:
    metric, unit, factor = _METRICS[row["metric"]]
    batch = int(row["batch"])
    name = f"{row['model']} unet step" if row["task"].startswith("unet step") else row["model"]
    base: Row = {
        "accelerator": names.device(row["device"]),
        "count": int(row["devices_total"]),
        "model": names.model_of_shape(name, row["input_shape"], row["source"]),
        "precision": precision(row["precision"]),
        "load": "single" if batch == 1 else "static",
        "input_tokens": _tokens(row["input_shape"]),
        "batch": batch,
        "metric": metric,
        "value": float(f"{float(row['value']) * factor:.9g}"),
        "unit": unit,
        "percentile": _PERCENTILES.get(row["stat"]) if metric == "latency_ms" else None,
        "power_scope": _SCOPES.get(row["power_scope"]),
        "software": row["framework"],
        "date": day(row["date"]),
        "from": key,
    }
    if not tuned:
        base["tuned"] = False
    if row["source"] in _MAX_LOAD and metric == "inferences_per_s":
        base["load"] = "max"
    if instances := _INSTANCES.match(row["notes"]):
        base |= {"load": "closed", "concurrency": int(instances[1]) * int(instances[2]) * batch}
    return {name: cell for name, cell in base.items() if cell not in (None, "")}


def _tokens(shape: str) -> float | None:
    """Return the sequence length of a text model (seq128, 1x384, 256 tokens)."""
    found = re.fullmatch(r"seq(\d+)|1x(\d+)|(\d+) tokens.*", shape)
    return number(next(size for size in found.groups() if size)) if found else None
