"""The rows are the published ones, each with its source and licence, and untuned runs are kept apart."""

from pathlib import Path

import pytest

from chipdex.codec import read_file, structure
from chipdex.domain import Measurement
from chipdex.ids import is_id
from chipdex.testing import PluginContract, installed

README = Path(__file__).parents[1] / "README.md"
FILES = [file.path for file in installed("chipdex_benchmarks").files]
ROWS = {path.stem: [structure(plain) for plain in read_file(path, "measurements")] for path in FILES}
EVERY = [row for rows in ROWS.values() for row in rows if isinstance(row, Measurement)]
LEAST = {"measurements": 11000}
COUNTS = {
    "llm-argonne-llm-inference-bench": 2406,
    "llm-tensorrt-llm-perf-overview": 946,
    "llm-openvino-llm-benchmarks": 132,
    "llm-geerlingguy-ai-benchmarks": 92,
    "llm-optimum-habana-baselines": 78,
    "other-qualcomm-ai-hub-models": 3374,
    "other-qualcomm-cloud-ai-sdk": 816,
    "other-hailo-model-zoo": 628,
    "other-nvidia-deeplearningexamples": 192,
    "untuned-other-nvidia-deeplearningexamples": 422,
    "other-rockchip-rknn-model-zoo": 212,
    "kernels-aiconfigurator": 1891,
    "kernels-power-aiconfigurator": 97,
    "neuromorphic-papers": 32,
}


class TestBenchmarks(PluginContract):
    package = "chipdex_benchmarks"
    least = LEAST


def find(name: str, **wanted: object) -> list[Measurement]:
    """The rows of a file whose fields are as wanted."""
    return [row for row in ROWS[name] if all(getattr(row, key) == value for key, value in wanted.items())]


def test_files_hold_as_many_rows_as_were_published() -> None:
    assert {name: len(ROWS[name]) for name in COUNTS} == COUNTS
    assert sum(len(rows) for name, rows in ROWS.items() if name.startswith("llm-")) == 4008


def test_a_static_batch_is_as_argonne_published_it() -> None:
    batch = {"batch": 16, "input_tokens": 128, "output_tokens": 128, "software": "DeepSpeed-MII", "tensor": 1}
    (row,) = find("llm-argonne-llm-inference-bench", accelerator="nvidia/a100-sxm-40", model="meta/llama-2-7b", **batch)
    assert (row.metric, row.value, row.precision, row.kv_precision) == ("total_tokens_per_s", 1580.1, "fp16", "fp16")
    assert (str(row.load), row.count) == ("static", 1)


def test_an_open_load_states_its_rate() -> None:
    rows = find("llm-tensorrt-llm-perf-overview", load="open")
    assert {row.rate_per_s for row in rows} == {2, 4, 8, 16, 32}
    (row,) = find(
        "llm-tensorrt-llm-perf-overview", model="meta/llama-3.1-70b", rate_per_s=2, input_tokens=467,
        metric="ttft_ms", accelerator="nvidia/h100-sxm", precision="bf16", output_tokens=256, count=4,
    )  # fmt: skip
    assert row.value == 62


def test_the_speed_of_one_user_becomes_a_time_per_token_that_says_so() -> None:
    rows = [row for row in EVERY if row.metric == "tpot_ms" and "value" in row.provenance]
    assert len(rows) == 186
    for row in rows:
        (key,) = row.provenance["value"]
        assert row.sources[key].kind == "derived"
        assert "1000 / " in (row.sources[key].rule or "")


def test_wall_power_is_no_accelerator_power() -> None:
    assert {str(row.power_scope) for row in find("llm-geerlingguy-ai-benchmarks", metric="power_w")} == {"node"}
    assert {str(row.power_scope) for row in find("llm-argonne-llm-inference-bench", metric="power_w")} == {
        "accelerators"
    }


def test_untuned_runs_stand_in_files_of_their_own() -> None:
    assert {row.tuned for name, rows in ROWS.items() if name.startswith("untuned-") for row in rows} == {False}
    assert {row.tuned for name, rows in ROWS.items() if not name.startswith("untuned-") for row in rows} == {True}


def test_every_row_names_a_source_with_a_licence() -> None:
    for row in EVERY:
        assert any(source.licence for source in row.sources.values())


def test_the_readme_says_what_was_decided_of_each_source() -> None:
    text = README.read_text(encoding="utf-8")
    names = {name.partition("-")[2] if not name.startswith("untuned-") else name.split("-", 2)[2] for name in ROWS}
    assert [name for name in names if name not in text and "aiconfigurator" not in name and name != "papers"] == []


@pytest.mark.parametrize(
    ("kernel", "precision", "metric", "value"),
    [
        ("kernel/gemm", "bf16", "gemm_share_of_peak", 0.783),
        ("kernel/gemm", "bf16", "weights_share_of_bandwidth", 0.84),
        ("kernel/gemm", "bf16", "kernel_start_us", 3.89),
        ("kernel/gemm", "fp8", "gemm_share_of_peak", 0.758),
        ("kernel/gemm-block", "fp8", "gemm_share_of_peak", 0.662),
    ],
)
def test_constants_of_h100_kernels_are_those_of_the_fit(kernel: str, precision: str, metric: str, value: float) -> None:
    software = "trtllm 1.3.0rc20"
    fitted = {"accelerator": "nvidia/h100-sxm", "model": kernel, "precision": precision, "software": software}
    (row,) = find("kernels-aiconfigurator", metric=metric, **fitted)
    assert row.value == value
    assert row.sources[next(iter(row.provenance.values()))[0]].kind == "derived"


def test_energy_per_operation_is_of_the_boards() -> None:
    (row,) = find(
        "kernels-power-aiconfigurator", accelerator="nvidia/h200-sxm", metric="gemm_pj_per_flop", precision="bf16",
        model="kernel/gemm",
    )  # fmt: skip
    assert (row.value, row.unit, str(row.power_scope)) == (0.997, "pJ/FLOP", "accelerators")


def test_all_reduces_are_by_count() -> None:
    rows = find("kernels-aiconfigurator", accelerator="nvidia/a100-sxm-80", metric="all_reduce_share_of_link", count=2)
    assert {row.value for row in rows if row.software == "nccl 2.27.3"} == {0.53}


def test_a_model_of_another_size_is_not_taken_for_the_profile_s() -> None:
    coral = find("other-ultralytics-docs", accelerator="google/coral-edge-tpu")
    assert coral
    assert all(row.model.endswith(("-320x320", "-512x512")) for row in coral)


def test_devices_and_models_are_ids() -> None:
    assert all(is_id(row.accelerator) and is_id(row.model) for row in EVERY)
