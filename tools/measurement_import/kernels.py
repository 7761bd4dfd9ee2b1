"""Constants of kernels, fitted to tables of timings, and watts by regime, as measurements of models `kernel/...`."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from measurement_import.cells import CsvRow, kv_precision, number, precision, read_csv
from measurement_import.names import Names
from measurement_import.sources import RETRIEVED
from measurement_import.writing import MeasurementFile, Row

_SOURCES: Final[dict[str, dict[str, Any]]] = {
    "tables": {
        "title": "ai-dynamo/aiconfigurator, tables of kernel latency and power, repository state of 2026-08-21",
        "url": "https://github.com/ai-dynamo/aiconfigurator",
        "retrieved": RETRIEVED,
        "kind": "benchmark",
        "licence": "Apache-2.0",
    },
    "fit": {
        "title": "Constants fitted to the kernel tables of ai-dynamo/aiconfigurator",
        "kind": "derived",
        "retrieved": RETRIEVED,
        "rule": "least relative error of t = t0 + time of arithmetic and traffic over all timed shapes; shares are of "
        "the dense datasheet peak, the memory bandwidth, and the link bandwidth per direction",
        "of": ["tables"],
    },
}
_OPERATIONS: Final = {
    "gemm": ("gemm", ("gemm_share_of_peak", "weights_share_of_bandwidth", "kernel_start_us")),
    "gemm_simple": ("gemm-simple", ("gemm_share_of_peak", "weights_share_of_bandwidth", "kernel_start_us")),
    "attention_prefill": (
        "attention-prefill", ("attention_share_of_peak", "cache_share_of_bandwidth", "attention_start_us"),
    ),
    "attention_prefill_pnorm": (
        "attention-prefill-pnorm", ("attention_share_of_peak", "cache_share_of_bandwidth", "attention_start_us"),
    ),
    "attention_decode": ("attention-decode", (None, "cache_share_of_bandwidth", "attention_start_us")),
    "moe": ("experts", ("gemm_share_of_peak", "weights_share_of_bandwidth", "expert_start_us")),
    "comm_all_reduce": ("all-reduce", ("all_reduce_share_of_link", None, "all_reduce_start_us")),
}  # fmt: skip
"""Operation -> the kernel's name, and the metrics of its share of peak or link, of bandwidth, and of its start."""

_UNITS: Final = {"us": "us", "peak": "1", "bandwidth": "1", "link": "1"}
_ROUTING: Final = {"routing=balanced": "-balanced", "routing=power_law_1.2": "-power-law"}
_REGIMES: Final = {
    "prefill": "attention-prefill", "decode": "attention-decode", "compute-bound": "gemm",
    "weight-streaming": "gemm-weight-streaming", "tiny": "gemm-launch-bound", "<=64": "experts-few-tokens",
    ">=4096": "experts-many-tokens",
}  # fmt: skip
"""A word of a power regime -> the kernel's name."""


def files(folder: Path, names: Names, skipped: Counter[str]) -> Iterator[MeasurementFile]:
    """Yield the fitted constants, those that the fit itself calls artefacts, and energies."""
    fits: dict[bool, list[Row]] = {True: [], False: []}
    for row in read_csv(folder / "efficiency_fits.csv"):
        if row["op"] in _OPERATIONS:
            fits["artefact" not in row["note"]].extend(_constants(row, names))
        else:
            skipped[f"efficiency_fits: operation {row['op']}"] += 1
    energies = [row for regime in read_csv(folder / "power_regimes.csv") for row in _energies(regime, names)]
    together = ("model", "metric", "unit", "power_scope")
    about = "Constants of kernels, fitted to the tables of ai-dynamo/aiconfigurator"
    for place, more, rows in (
        ("kernels-aiconfigurator.toml", ".", fits[True]),
        ("untuned-kernels-aiconfigurator.toml", "; eager launches, artefacts of how they were timed.", fits[False]),
        ("kernels-power-aiconfigurator.toml", "; power and energy by regime.", energies),
    ):
        yield MeasurementFile(
            place=place, about=about + more, sources=_SOURCES, origin="fit", rows=rows, together=together
        )


def _constants(row: CsvRow, names: Names) -> Iterator[Row]:
    kernel, metrics = _OPERATIONS[row["op"]]
    kernel += _ROUTING.get(row["note"], "") + ("-block" if row["dtype"] == "fp8_block" else "")
    base: Row = {
        "accelerator": names.device(row["system"]),
        "count": int(row["gpus"]),
        "model": f"kernel/{kernel}",
        "software": f"{row['framework']} {row['version']}",
        **_formats(row["dtype"]),
    }
    if "artefact" in row["note"]:
        base["tuned"] = False
    share = row["frac_of_link"] if kernel == "all-reduce" else row["eF"]
    for metric, text in zip(metrics, (share, row["eB"], row["t0_us"]), strict=True):
        value = number(text)
        if metric is not None and value is not None:
            yield base | {"metric": metric, "value": value, "unit": _UNITS[metric.rpartition("_")[2]]}


def _formats(text: str) -> Row:
    """Return the formats of `fp8`, `2-byte` or `attn=bfloat16,kv=fp8`."""
    parts = dict(part.partition("=")[::2] for part in text.split(",")) if "=" in text else {"attn": text}
    found = {"precision": precision(parts["attn"]), "kv_precision": kv_precision(parts.get("kv", ""))}
    return {key: value for key, value in found.items() if value}


def _energies(row: CsvRow, names: Names) -> Iterator[Row]:
    words = row["regime"].split()
    kernel = next(name for word, name in _REGIMES.items() if word in words)
    formats = [word.removeprefix("kv=") for word in words[1:3]]
    found = next((known for word in formats if (known := precision(word))), None)
    role = "kv_precision" if kernel == "attention-decode" else "precision"
    block = "-block" if "fp8_block" in words else ""
    base: Row = {
        "accelerator": names.device(row["system"]),
        "count": 1,
        "model": f"kernel/{kernel}{block}",
        "software": f"{row['framework']} {row['version']}",
        "power_scope": "accelerators",
        **({role: found} if found else {}),
    }
    yield base | {"metric": "power_w", "value": float(row["median_W"]), "unit": "W", "from": "tables"}
    if value := number(row["pJ_per_flop"]):
        yield base | {"metric": "gemm_pj_per_flop", "value": value, "unit": "pJ/FLOP"}
