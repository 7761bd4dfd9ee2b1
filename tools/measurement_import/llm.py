"""Rows of public benchmarks of language models: one file per source."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from measurement_import.cells import CsvRow, day, kv_precision, number, precision, read_csv, whole
from measurement_import.names import Names
from measurement_import.sources import sources_of
from measurement_import.writing import MeasurementFile, Row

_LOADS: Final = {
    "static_batch": "static", "max_throughput_offline": "max", "single_stream": "single",
    "open_loop_qps": "open", "closed_loop": "closed",
}  # fmt: skip
_METRICS: Final = {
    "total_tokens_per_s": ("total_tokens_per_s", "tokens/s"),
    "output_tokens_per_s": ("output_tokens_per_s", "tokens/s"),
    "ttft_ms": ("ttft_ms", "ms"), "tpot_ms": ("tpot_ms", "ms"), "power_w": ("power_w", "W"),
    "energy_j_per_token": ("j_per_output_token", "J/token"),
}  # fmt: skip
_SCOPES: Final = {"accelerator_boards_sum": "accelerators", "wall_whole_system_peak": "node"}
_PER_USER: Final = "decode_tok_s_per_user"


def files(folder: Path, names: Names, skipped: Counter[str]) -> Iterator[MeasurementFile]:
    """Yield a file per source that has a licence; count the rows of those that have none."""
    by_source: dict[str, list[CsvRow]] = defaultdict(list)
    for row in read_csv(folder / "llm_measured.csv"):
        if row["licence"]:
            by_source[row["source"]].append(row)
        else:
            skipped[f"{row['source']}: no licence"] += 1
    for source, rows in sorted(by_source.items()):
        sources, keys = sources_of(rows, derived={"tpot": "1000 / (tokens per second of one user's decoding)"})
        yield MeasurementFile(
            place=f"llm-{source}.toml",
            about=f"Language models, {source}: {rows[0]['licence']}.",
            sources=sources,
            origin=keys[rows[0]["source_ref"]],
            rows=[_row(row, names, keys[row["source_ref"]]) for row in rows],
        )


def _row(row: CsvRow, names: Names, key: str) -> Row:
    asked, load = row["batch_or_concurrency"], _LOADS[row["load_kind"]]
    base: Row = {
        "accelerator": names.device(row["accelerator"]),
        "count": int(row["accelerators_total"]),
        "model": names.model(row["model"]),
        "precision": precision(row["weight_dtype"]),
        "kv_precision": kv_precision(row["kv_dtype"]),
        "load": load,
        "input_tokens": number(row["input_tokens"]),
        "output_tokens": number(row["output_tokens"]),
        "tensor": whole(row["tp"]),
        "pipeline": whole(row["pp"]),
        "expert": whole(row["ep"]),
        "software": row["framework"],
        "date": day(row["date"]),
        "power_scope": _SCOPES.get(row["power_scope"]),
        "from": key,
    }
    if asked.isdecimal():
        base["concurrency" if load == "closed" else "batch"] = int(asked)
    elif asked.startswith("qps="):
        base["rate_per_s"] = float(asked.removeprefix("qps="))
    elif load == "open":
        base["load"] = "max"  # a rate of INF: everything is submitted at once
    value = float(row["value"])
    if row["metric"] == _PER_USER:
        base |= {"metric": "tpot_ms", "value": float(f"{1000 / value:.9g}"), "unit": "ms"}
        base["from"] = {name: key for name, cell in base.items() if isinstance(cell, (int, float, dt.date))}
        base["from"]["value"] = f"{key}-tpot"
    else:
        metric, unit = _METRICS[row["metric"]]
        base |= {"metric": metric, "value": value, "unit": unit}
    if row["stat"] == "median":
        base["percentile"] = 50
    return {name: cell for name, cell in base.items() if cell not in (None, "")}
