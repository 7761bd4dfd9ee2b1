"""The MLPerf rows are the published ones, cited as the rules ask, with untuned runs kept apart."""

from collections import Counter
from pathlib import Path

import pytest

from chipdex.codec import read_file, structure
from chipdex.domain import Measurement
from chipdex.ids import is_id
from chipdex.testing import PluginContract, installed

README = Path(__file__).parents[1] / "README.md"
FILES = [file.path for file in installed("chipdex_mlperf").files]
ROWS = {path.stem: [structure(plain) for plain in read_file(path, "measurements")] for path in FILES}
EVERY = [row for rows in ROWS.values() for row in rows if isinstance(row, Measurement)]
LEAST = {"measurements": 5000}
COUNTS = {
    "mlperf-inference-v2.0": 310,
    "mlperf-inference-v2.1": 565,
    "mlperf-inference-v3.0": 706,
    "mlperf-inference-v3.1": 608,
    "mlperf-inference-v4.0": 356,
    "mlperf-inference-v4.1": 678,
    "mlperf-inference-v5.0": 416,
    "mlperf-inference-v5.1": 548,
    "mlperf-inference-v6.0": 423,
    "mlperf-tiny-closed": 311,
    "mlperf-tiny-open": 12,
    "untuned-mlperf-inference-v2.0": 18,
    "untuned-mlperf-inference-v2.1": 30,
    "untuned-mlperf-inference-v3.0": 89,
    "untuned-mlperf-inference-v3.1": 256,
    "untuned-mlperf-inference-v4.0": 84,
    "untuned-mlperf-inference-v5.0": 38,
    "untuned-mlperf-inference-v5.1": 19,
    "untuned-mlperf-inference-v6.0": 4,
}
TRADEMARK = (
    "Result verified by MLCommons Association. The MLPerf name and logo are registered and unregistered trademarks of "
    "MLCommons Association in the United States and other countries. All rights reserved. Unauthorized use strictly "
    "prohibited. See www.mlcommons.org for more information."
)
LATENCY_PERCENTILES = {"single-stream": 90, "multi-stream": 99}


class TestMlperf(PluginContract):
    package = "chipdex_mlperf"
    least = LEAST


def only(**wanted: object) -> Measurement:
    """The one row whose fields are as wanted."""
    (row,) = (row for row in EVERY if all(getattr(row, name) == value for name, value in wanted.items()))
    return row


def test_every_file_holds_as_many_rows_as_were_published() -> None:
    assert {name: len(rows) for name, rows in ROWS.items()} == COUNTS


@pytest.mark.parametrize(("round_name", "tokens_per_s"), [("v4.0", 21805.8), ("v4.1", 24524.9), ("v5.0", 31306.8)])
def test_a_year_of_llama_2_on_eight_h100_is_as_published(round_name: str, tokens_per_s: float) -> None:
    row = only(
        round=round_name,
        submitter="NVIDIA",
        system="NVIDIA DGX H100 (8x H100-SXM-80GB, TensorRT)",
        model="meta/llama-2-70b",
        scenario="offline",
        metric="output_tokens_per_s",
    )
    assert (row.value, row.accelerator, row.count, row.precision) == (tokens_per_s, "nvidia/h100-sxm", 8, "fp8")


def test_a_server_result_has_its_latencies_beside_it() -> None:
    entry = {"result": "v4.1-0001", "scenario": "server", "model": "meta/llama-2-70b"}
    assert only(**entry, metric="output_tokens_per_s").value == 2520.27
    assert only(**entry, metric="ttft_ms", percentile=99).value == 785.2659
    assert only(**entry, metric="tpot_ms", percentile=99).value == 190.2987
    assert only(**entry, metric="tpot_ms", percentile=None).value == 153.3778
    assert only(**entry, metric="output_tokens_per_s").output_tokens == 293.396


def test_a_latency_names_the_percentile_of_its_scenario() -> None:
    latencies = [row for row in EVERY if row.metric == "latency_ms" and row.scenario]
    assert len(latencies) == 617
    assert all(row.percentile == LATENCY_PERCENTILES[str(row.scenario)] for row in latencies)


def test_untuned_runs_stand_in_files_of_their_own() -> None:
    assert {row.tuned for name, rows in ROWS.items() if name.startswith("untuned-") for row in rows} == {False}
    assert {row.tuned for name, rows in ROWS.items() if not name.startswith("untuned-") for row in rows} == {True}


def test_every_row_is_cited_as_the_rules_ask() -> None:
    for row in EVERY:
        (source,) = (source for source in row.sources.values() if "verified by MLCommons" in source.title)
        suite = "Inference" if "inference" in row.id else "Tiny"
        assert source.title.startswith(f"MLPerf® {suite} {row.round} ")
        assert f"Retrieved from {source.url} 23 November 2026" in source.title
        assert source.title.endswith(TRADEMARK)
        assert row.submitter
        assert row.system
        assert row.result or suite == "Tiny"


def test_the_readme_holds_the_attribution() -> None:
    text = " ".join(README.read_text(encoding="utf-8").split())
    assert TRADEMARK in text


def test_power_is_of_the_whole_system() -> None:
    powers = [row for row in EVERY if row.metric == "power_w" and row.scenario]
    assert len(powers) == 114
    assert {row.power_scope for row in powers} == {"node"}
    assert {str(row.power_scope) for row in EVERY if row.metric == "j_per_inference"} == {"node", "accelerators"}


def test_a_value_that_follows_from_samples_says_so() -> None:
    row = only(result="cm-a8d6f0bda7b346cb", metric="output_tokens_per_s")
    assert row.value == 321.673  # 4.66193 samples per second x 69 tokens
    (key,) = row.provenance["value"]
    assert row.sources[key].kind == "derived"
    assert "69" in (row.sources[key].rule or "")


def test_energy_of_a_microcontroller_is_per_inference() -> None:
    rows = [row for row in ROWS["mlperf-tiny-closed"] if row.metric == "j_per_inference"]
    assert len(rows) == 58
    assert min(row.value for row in rows) > 1e-5
    assert max(row.value for row in rows) < 0.1


def test_devices_and_models_are_ids() -> None:
    assert all(is_id(row.accelerator) and is_id(row.model) for row in EVERY)
    assert Counter(row.model for row in EVERY).most_common(1)[0][0] == "google/bert-large"
