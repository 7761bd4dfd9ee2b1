"""The import script writes each published row once, in a form that reads back, and says what is not up to date."""

import csv
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
sys.path.insert(0, str(REPOSITORY / "tools"))

from measurement_import import cells, llm, mlperf  # noqa: E402 - tools/ is no package of the project
from measurement_import.names import Names, image_size  # noqa: E402 - likewise
from measurement_import.writing import MeasurementFile  # noqa: E402 - likewise

from chipdex.codec import read_file, structure  # noqa: E402 - likewise

SOURCE = {"title": "Results", "url": "https://example.com", "retrieved": cells.day("2026-11"), "kind": "benchmark"}
MLPERF = {
    "round": "v5.1",
    "id": "5.1-0001",
    "submitter": "Acme",
    "system": "Acme box",
    "accelerator": "nvidia/h100-sxm-80gb",
    "device_id": "nvidia/h100-sxm",
    "accelerators_total": "8",
    "model": "llama2-70b",
    "scenario": "Server",
    "compute_dtype": "fp8",
    "result": "100",
    "units": "Tokens/s",
    "metric": "throughput",
    "tokens_per_s": "100",
    "tokens_per_sample": "290.5",
    "power_w": "5000",
    "energy_j_per_query": "",
    "energy_j_per_unit": "50",
    "software": "vLLM",
    "tuned": "1",
    "ttft_mean_ms": "",
    "ttft_p99_ms": "785",
    "tpot_mean_ms": "150",
    "tpot_p99_ms": "190",
}
LLM = {
    "source": "acme-bench",
    "source_ref": "github:acme/bench@abc123:README.md",
    "date": "2024-11",
    "accelerator": "H100-SXM5-80GB",
    "accelerators_total": "1",
    "model": "Llama-2-7B",
    "weight_dtype": "fp16",
    "kv_dtype": "fp16",
    "framework": "vLLM",
    "tp": "1",
    "pp": "1",
    "ep": "",
    "input_tokens": "128",
    "output_tokens": "128",
    "batch_or_concurrency": "16",
    "load_kind": "closed_loop",
    "metric": "decode_tok_s_per_user",
    "value": "40",
    "stat": "mean",
    "power_scope": "",
    "licence": "MIT",
}


@pytest.fixture(scope="module")
def names() -> Names:
    return Names(REPOSITORY)


def write_csv(path: Path, *rows: dict[str, str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def read_back(file: MeasurementFile, folder: Path) -> list[dict[str, object]]:
    path = folder / file.place
    path.write_text(file.text(), encoding="utf-8")
    rows = [plain.data for plain in read_file(path, "measurements")]
    assert all(structure(plain) for plain in read_file(path, "measurements"))
    return rows


def test_a_result_becomes_a_row_per_figure(tmp_path: Path, names: Names) -> None:
    write_csv(tmp_path / "mlperf_inference.csv", MLPERF)
    (file,) = mlperf.files(tmp_path, REPOSITORY, names)
    rows = read_back(file, tmp_path)
    figures = {(row["metric"], row.get("percentile")): row["value"] for row in rows}
    assert figures == {
        ("output_tokens_per_s", None): 100,
        ("ttft_ms", 99): 785,
        ("tpot_ms", 99): 190,
        ("tpot_ms", None): 150,
        ("power_w", None): 5000,
    }
    assert {row["accelerator"] for row in rows} == {"nvidia/h100-sxm"}
    assert {(row["model"], row["result"], row["output_tokens"]) for row in rows} == {
        ("meta/llama-2-70b", "5.1-0001", 290.5)
    }


def test_untuned_runs_go_into_a_file_of_their_own(tmp_path: Path, names: Names) -> None:
    write_csv(tmp_path / "mlperf_inference.csv", MLPERF, {**MLPERF, "tuned": "0"})
    files = {file.place: read_back(file, tmp_path) for file in mlperf.files(tmp_path, REPOSITORY, names)}
    assert set(files) == {"mlperf-inference-v5.1.toml", "untuned-mlperf-inference-v5.1.toml"}
    assert all(row["tuned"] is False for row in files["untuned-mlperf-inference-v5.1.toml"])


def test_the_order_of_rows_changes_nothing(tmp_path: Path, names: Names) -> None:
    texts = []
    for rows in ([MLPERF, {**MLPERF, "result": "7"}], [{**MLPERF, "result": "7"}, MLPERF]):
        write_csv(tmp_path / "mlperf_inference.csv", *rows)
        texts += [file.text() for file in mlperf.files(tmp_path, REPOSITORY, names)]
    assert texts[0] == texts[1]


def test_a_source_without_a_licence_is_counted_and_not_written(tmp_path: Path, names: Names) -> None:
    write_csv(tmp_path / "llm_measured.csv", LLM, {**LLM, "source": "other", "licence": ""})
    skipped: Counter[str] = Counter()
    (file,) = llm.files(tmp_path, names, skipped)
    assert file.place == "llm-acme-bench.toml"
    assert skipped == {"other: no licence": 1}


def test_the_speed_of_one_user_is_turned_over(tmp_path: Path, names: Names) -> None:
    write_csv(tmp_path / "llm_measured.csv", LLM)
    (file,) = llm.files(tmp_path, names, Counter())
    (row,) = read_back(file, tmp_path)
    assert (row["metric"], row["value"], row["concurrency"]) == ("tpot_ms", 25, 16)
    assert row["provenance"]["value"] == ["s1-tpot"]
    assert row["sources"]["s1"]["url"] == "https://github.com/acme/bench/blob/abc123/README.md"


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("640x640x3", (640, 640)),
        ("[1, 3, 320, 640]", (320, 640)),
        ("512", (512, 512)),
        ("224 x 224 image", (224, 224)),
        ("seq384", None),
        ("1x384", None),
        ("80x3000 (30 seconds audio)", None),
        ("", None),
    ],
)
def test_image_sizes_are_read_however_they_are_written(text: str, size: tuple[int, int] | None) -> None:
    assert image_size(text) == size


@pytest.mark.parametrize(
    ("text", "day"), [("2024-11", (2024, 11)), ("2025", (2025, 1)), ("2025-2026", None), ("Neuron 2.20.0", None)]
)
def test_a_date_is_the_first_day_of_what_is_stated(text: str, day: tuple[int, int] | None) -> None:
    found = cells.day(text)
    assert (found and (found.year, found.month, found.day)) == (day and (*day, 1))


def test_a_folder_without_the_tables_is_refused_by_name(tmp_path: Path) -> None:
    command = [sys.executable, "tools/import_measurements.py", str(tmp_path), "--check"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "mlperf_inference.csv" in done.stderr
