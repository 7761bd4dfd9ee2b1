"""Rows of MLPerf Inference: one file per round, untuned community runs in files of their own."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from chipdex.codec import read_folder
from measurement_import.cells import CsvRow, number, precision, read_csv
from measurement_import.names import Names
from measurement_import.writing import MeasurementFile, Row

RETRIEVED: Final = dt.date(2026, 11, 23)
TRADEMARK: Final = (
    "Result verified by MLCommons Association. The MLPerf name and logo are registered and unregistered trademarks of "
    "MLCommons Association in the United States and other countries. All rights reserved. Unauthorized use strictly "
    "prohibited. See www.mlcommons.org for more information."
)
_DEADLINES: Final = {
    "v2.0": dt.date(2022, 2, 25), "v2.1": dt.date(2022, 8, 5), "v3.0": dt.date(2023, 3, 3),
    "v3.1": dt.date(2023, 8, 18), "v4.0": dt.date(2024, 2, 23), "v4.1": dt.date(2024, 7, 26),
    "v5.0": dt.date(2025, 2, 28), "v5.1": dt.date(2025, 8, 1), "v6.0": dt.date(2026, 2, 13),
}  # fmt: skip
"""Round -> the day by which results were submitted, as the README of mlcommons/inference has it."""

_SCENARIOS: Final = {
    "Offline": ("offline", None), "Server": ("server", None), "Interactive": ("interactive", None),
    "SingleStream": ("single-stream", 90), "MultiStream": ("multi-stream", 99),
}  # fmt: skip
"""Scenario -> chipdex's name, and the percentile of the latency that it reports."""

_WITH_FP8: Final = ("h100", "h200", "gh200", "l4", "l40", "l40s", "4090", "ada")
"""Words of Hopper and Ada devices, on which "fp16 (fp8 on Hopper/Ada)" ran in fp8."""

_LENGTHS: Final = {"llama2-70b": 294.45, "gptj-6b": 69.0}
"""Benchmark -> tokens that one sample counts for where tokens per second follow from samples per second."""


def files(folder: Path, repository: Path, names: Names) -> Iterator[MeasurementFile]:
    """Yield the measurement files of every round."""
    lengths = _input_lengths(repository)
    by_file: dict[tuple[str, bool], list[Row]] = defaultdict(list)
    for row in read_csv(folder / "mlperf_inference.csv"):
        tuned = row["tuned"] == "1"
        by_file[row["round"], tuned].extend(_rows(row, names, lengths))
    for (round_name, tuned), rows in sorted(by_file.items()):
        kind = "" if tuned else "untuned-"
        note = "" if tuned else "; community runs that nobody tuned, up to 180 times slower"
        yield MeasurementFile(
            place=f"{kind}mlperf-inference-{round_name}.toml",
            about=f"MLPerf® Inference {round_name}, closed division{note}.",
            sources=_sources(round_name, lengths),
            origin="results",
            rows=rows,
        )


def _sources(round_name: str, lengths: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    repository = f"https://github.com/mlcommons/inference_results_{round_name}"
    sources: dict[str, dict[str, Any]] = {
        "results": {
            "title": f"MLPerf® Inference {round_name} Closed. Retrieved from {repository} 23 November 2026, "
            f"entry: the row's `result`. {TRADEMARK}",
            "url": repository,
            "retrieved": RETRIEVED,
            "kind": "benchmark",
            "licence": "Apache-2.0; use of the MLPerf name by MLCommons' results messaging guidelines",
        },
        "schedule": {
            "title": "MLPerf® Inference Benchmark Suite, README: submission deadline of each round",
            "url": "https://github.com/mlcommons/inference/blob/master/README.md",
            "retrieved": RETRIEVED,
            "kind": "benchmark",
        },
    }
    for benchmark, tokens in _LENGTHS.items():
        sources[f"tokens-{benchmark}"] = {
            "title": f"Tokens per second of {benchmark}, from its samples per second",
            "kind": "derived",
            "retrieved": RETRIEVED,
            "rule": f"samples or queries per second x {tokens:g}, the output tokens of one sample",
            "of": ["results"],
        }
    return sources | {key: source for _, key, source in lengths.values()}


def _rows(row: CsvRow, names: Names, lengths: Mapping[str, Any]) -> Iterator[Row]:
    scenario, percentile = _SCENARIOS[row["scenario"]]
    base: Row = {
        "accelerator": names.device(row["accelerator"], row["device_id"]),
        "count": int(row["accelerators_total"]),
        "model": names.model(f"mlperf:{row['model']}", row["model"]),
        "precision": _precision(row),
        "scenario": scenario,
        "result": row["id"],
        "submitter": row["submitter"],
        "system": row["system"],
        "round": row["round"],
        "software": row["software"],
        "date": _DEADLINES[row["round"]],
    }
    if row["tuned"] != "1":
        base["tuned"] = False
    said: dict[str, Any] = {"date": "schedule"}
    if row["model"] in lengths and row["tokens_per_s"]:
        base["input_tokens"], said["input_tokens"], _ = lengths[row["model"]]
    base["output_tokens"] = number(row["tokens_per_sample"])
    for metric, value, unit, more, figures in _figures(row, percentile):
        yield _known(base | {"metric": metric, "value": value, "unit": unit, "from": said | figures} | more)


def _known(row: Row) -> Row:
    return {key: value for key, value in row.items() if value not in (None, "")}


def _figures(row: CsvRow, percentile: int | None) -> Iterator[tuple[str, float, str, Row, Row]]:
    """Yield metric, value, unit, further fields, and the sources of figures that are not the round's own."""
    result = float(row["result"])
    if row["metric"] == "latency":
        yield (
            "latency_ms",
            result * (1000 if row["units"] == "Latency (s)" else 1),
            "ms",
            {"percentile": percentile},
            {},
        )
    elif row["units"] == "Tokens/s":
        yield "output_tokens_per_s", result, "tokens/s", {}, {}
    elif row["tokens_per_s"]:
        derived = {"value": f"tokens-{row['model']}"}
        yield "output_tokens_per_s", float(row["tokens_per_s"]), "tokens/s", {}, derived
    else:
        yield "inferences_per_s", result, "1/s", {}, {}
    for kind in ("ttft", "tpot"):
        for statistic, at in (("p99", 99), ("mean", None)):
            if value := number(row[f"{kind}_{statistic}_ms"]):
                yield f"{kind}_ms", value, "ms", {"percentile": at}, {}
    if value := number(row["power_w"]):
        yield "power_w", value, "W", {"power_scope": "node"}, {}
    if row["energy_j_per_query"] and (value := number(row["energy_j_per_unit"])):
        yield "j_per_inference", value, "J", {"power_scope": "node"}, {}


def _precision(row: CsvRow) -> str | None:
    text = row["compute_dtype"]
    if text == "fp16 (fp8 on Hopper/Ada)":
        words = set(row["accelerator"].partition("/")[2].split("-"))
        return "fp8" if words & set(_WITH_FP8) else "fp16"
    return precision(text)


def _input_lengths(repository: Path) -> dict[str, tuple[float, str, dict[str, Any]]]:
    """Return benchmark -> its mean input length, the key of its source, and the source, from the workload profiles."""
    lengths: dict[str, tuple[float, str, dict[str, Any]]] = {}
    for plain in read_folder(repository / "profiles" / "chipdex_profiles", cache_dir=None).records:
        keys = plain.data["provenance"].get("input_tokens") if plain.folder == "workloads" else None
        if keys:
            benchmark = plain.id.removeprefix("mlperf/").rpartition("-")[0]
            source = dict(plain.data["sources"][keys[0]])
            source["retrieved"] = dt.date.fromisoformat(source["retrieved"])
            lengths[benchmark] = (plain.data["input_tokens"], f"lengths-{benchmark}", source)
    return lengths
