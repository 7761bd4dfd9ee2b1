"""Models made of stages do the work, hold the weights and meet the limits that their publishers state."""

from collections.abc import Iterable
from functools import cache

import pytest

from chipdex.domain import PRECISIONS, BenchmarkWorkload, Family, Limits, Model, Scenario, Stage, StageKind
from chipdex.ids import normal_form
from chipdex.testing import installed

PLUGIN = installed("chipdex_profiles")


@cache
def networks() -> dict[str, Model]:
    return {model.id: model for model in PLUGIN.models.values() if model.stage}


@cache
def workloads() -> dict[str, BenchmarkWorkload]:
    return dict(PLUGIN.registry.workloads)


def work(stages: Iterable[Stage]) -> float:
    """Return the multiply-accumulates of one inference."""
    return sum(stage.macs * stage.runs * stage.items for stage in stages)


# 10^9 multiply-accumulates and 10^6 parameters as torchvision's weights state them (`_ops`, `num_params`).
TORCHVISION = {
    "microsoft/resnet-18": (1.814, 11.69),
    "microsoft/resnet-34": (3.664, 21.80),
    "microsoft/resnet-50-v1.5": (4.089, 25.56),
    "microsoft/resnet-101": (7.801, 44.55),
    "microsoft/resnet-152": (11.514, 60.19),
    "meta/resnext-50-32x4d": (4.23, 25.03),
    "meta/resnext-101-32x8d": (16.414, 88.79),
    "meta/wide-resnet-50-2": (11.398, 68.88),
    "meta/densenet-121": (2.834, 7.98),
    "google/inception-v1": (1.498, 6.62),
    "oxford/vgg-16": (15.47, 138.36),
    "deepscale/squeezenet-1.1": (0.349, 1.235),
    "google/mobilenet-v2": (0.301, 3.50),
    "google/mobilenet-v3-large": (0.217, 5.48),
    "google/efficientnet-b0": (0.386, 5.29),
    "google/efficientnet-b4": (4.394, 19.34),
    "google/efficientnet-b7": (37.746, 66.35),
    "google/efficientnet-v2-s": (8.366, 21.46),
    "meta/convnext-tiny": (4.456, 28.59),
    "google/vit-base-16": (17.564, 86.57),
    "google/vit-large-16": (61.555, 304.33),
    "microsoft/swin-tiny": (4.491, 28.29),
    "meta/regnetx-3.2gf": (3.177, 15.30),
}

# 10^9 operations (twice the multiply-accumulates) and 10^6 parameters in the tables of the Ultralytics, YOLOv7,
# YOLOv9 and YOLOv10 READMEs and the Hailo model zoo.
DETECTORS = {
    "ultralytics/yolov5n": (4.5, 1.9),
    "ultralytics/yolov5s": (16.5, 7.2),
    "ultralytics/yolov5x": (205.7, 86.7),
    "ultralytics/yolov8n": (8.7, 3.2),
    "ultralytics/yolov8x": (257.8, 68.2),
    "ultralytics/yolo11n": (6.5, 2.6),
    "ultralytics/yolo11m": (68.0, 20.1),
    "ultralytics/yolo11l": (86.9, 25.3),
    "ultralytics/yolo11x": (194.9, 56.9),
    "ultralytics/yolov8s-seg": (40.1, 11.8),
    "wongkinyiu/yolov7": (104.7, 36.9),
    "wongkinyiu/yolov7-tiny": (13.8, 6.2),
    "wongkinyiu/yolov9c": (102.1, 25.3),
    "tsinghua/yolov10x": (160.4, 29.5),
    "mlcommons/ssd-resnet34": (433.4, 20.06),
}

# 10^6 parameters as the publisher's page states them.
SIZES = {
    "openai/whisper-tiny": 39,
    "openai/whisper-base": 74,
    "openai/whisper-small": 244,
    "openai/whisper-medium": 769,
    "openai/whisper-large-v3": 1550,
    "openai/whisper-large-v3-turbo": 809,
    "google/flan-t5-small": 77,
    "google/flan-t5-base": 248,
    "google/flan-t5-large": 783,
    "google/flan-t5-xl": 2850,
    "google/flan-t5-xxl": 11_300,
    "google/bert-large": 340,
    "google/bert-base": 110,
    "meta/roberta-large": 355,
    "huggingface/distilbert-base": 66,
    "mlcommons/rnnt": 45.3,
    "mlcommons/3d-unet-kits19": 31.2,
}


def test_there_is_a_model_of_every_family() -> None:
    assert {model.family for model in networks().values()} == set(Family) - {Family.DECODER}


@pytest.mark.parametrize("key", TORCHVISION)
def test_an_image_network_does_the_work_that_torchvision_states(key: str) -> None:
    giga, mega = TORCHVISION[key]

    assert work(networks()[key].stage) / 1e9 == pytest.approx(giga, rel=0.002)
    assert networks()[key].params / 1e6 == pytest.approx(mega, rel=0.002)


@pytest.mark.parametrize("key", DETECTORS)
def test_a_detector_does_the_work_that_its_publisher_states(key: str) -> None:
    giga, mega = DETECTORS[key]

    assert 2 * work(networks()[key].stage) / 1e9 == pytest.approx(giga, rel=0.012)
    assert networks()[key].params / 1e6 == pytest.approx(mega, rel=0.02)


@pytest.mark.parametrize("key", SIZES)
def test_a_network_is_as_large_as_published(key: str) -> None:
    # Publishers round, and some count the positions or the pooler that inference leaves out.
    assert networks()[key].params / 1e6 == pytest.approx(SIZES[key], rel=0.035)


@pytest.mark.parametrize(
    ("key", "macs", "weights"),
    [
        ("mlcommons/tiny-ad", 264_192, 264_192),
        ("mlcommons/tiny-ic", 12_501_632, 77_360),
        ("mlcommons/tiny-kws", 2_656_768, 22_016),
        ("mlcommons/tiny-vww", 7_489_664, 208_112),
    ],
)
def test_a_tiny_network_does_the_work_that_its_submitters_state(key: str, macs: int, weights: int) -> None:
    model = networks()[key]

    assert work(model.stage) == macs
    assert model.params == pytest.approx(weights, rel=0.03)  # submitters leave biases and batch norms out


def test_an_image_of_stable_diffusion_xl_is_forty_evaluations() -> None:
    model = networks()["stability/stable-diffusion-xl"]
    unet = [stage for stage in model.stage if stage.name.startswith("UNet")]

    assert {(stage.runs, stage.items) for stage in unet} == {(20, 2)}
    # 3.381 T an evaluation, 5.235 T for the decoder, 0.056 T for each of two prompts: 140.6 T in all
    assert sum(stage.macs for stage in unet) / 1e12 == pytest.approx(3.381, rel=1e-3)
    assert work(model.stage) / 1e12 == pytest.approx(140.6, rel=1e-3)
    assert sum(stage.params for stage in unet) / 1e6 == pytest.approx(2567, rel=1e-3)


def test_half_a_minute_of_speech_is_encoded_once_and_decoded_token_by_token() -> None:
    model = networks()["openai/whisper-large-v3"]
    encoder, cross, decoder = model.stage

    assert encoder.macs / 1e12 == pytest.approx(1.137, rel=1e-3)
    assert (encoder.runs, decoder.runs, model.outputs_per_inference) == (1, 64, 64)
    assert work((cross, decoder)) / 1e12 == pytest.approx(0.217, rel=0.01)
    # keys and values of 1,500 frames and 32 tokens on average in each of 32 layers of width 1,280
    assert decoder.values_moved == pytest.approx(32 * 2 * 1280 * 1532, rel=0.02)


def test_a_recommendation_gathers_what_the_benchmarks_lookups_weigh() -> None:
    tables, network = networks()["meta/dlrm-v2"].stage

    assert tables.params * 4 / 1e9 == pytest.approx(104.5, rel=1e-3)  # GB in fp32
    assert tables.gathered_values == 214 * 128
    assert tables.gathered_values * tables.items * 4 / 1e6 == pytest.approx(29.6, rel=1e-3)  # MB of a query
    assert network.macs == 16_030_464
    assert {tables.items, network.items} == {270}


def test_a_volume_is_cut_into_windows_that_are_items_of_one_run() -> None:
    (windows,) = networks()["mlcommons/3d-unet-kits19"].stage

    assert windows.macs / 1e9 == pytest.approx(477.3, rel=1e-3)
    # the cube of 32,944,795 voxels has edges of 320.6, and 4.0089 windows of 128 with a stride of 64 along each
    assert windows.items == pytest.approx(4.0089**3, rel=1e-3)
    assert windows.runs == 1


@pytest.mark.parametrize("key", ["google/mobilenet-v1", "google/efficientnet-b0", "megvii/shufflenet-v2-1.0"])
def test_networks_of_depthwise_convolutions_say_so(key: str) -> None:
    assert {stage.kind for stage in networks()[key].stage} == {StageKind.DEPTHWISE}


def test_what_is_read_is_no_more_than_what_is_stored() -> None:
    for model in networks().values():
        assert sum(stage.params for stage in model.stage) <= model.params * (1 + 1e-9), model.id


def test_a_spiking_network_counts_synaptic_operations_and_nothing_else_does() -> None:
    for model in networks().values():
        events = sum(stage.synaptic_operations for stage in model.stage)
        assert (events > 0) == (model.family is Family.SPIKING), model.id
        assert (work(model.stage) > 0) == (model.family is not Family.SPIKING), model.id


def test_every_network_says_what_an_inference_is_and_ships_in_known_formats() -> None:
    for model in networks().values():
        assert model.inference, model.id
        assert set(model.precisions) <= set(PRECISIONS), model.id


@pytest.mark.parametrize(
    ("name", "expected"),
    {
        "resnet": "microsoft/resnet-50-v1.5",
        "resnet50": "microsoft/resnet-50-v1.5",
        "retinanet": "mlcommons/retinanet-resnext50",
        "3d-unet-99": "mlcommons/3d-unet-kits19",
        "bert-99.9": "google/bert-large",
        "dlrm-v2-99.9": "meta/dlrm-v2",
        "rnnt": "mlcommons/rnnt",
        "whisper": "openai/whisper-large-v3",
        "stable-diffusion-xl": "stability/stable-diffusion-xl",
        "wan-2.2-t2v-a14b": "alibaba/wan-2.2-t2v-a14b",
        "rgat": "mlcommons/rgat",
        "pointpainting": "mlcommons/pointpainting",
        "keyword-spotting": "mlcommons/tiny-kws",
        "visual-wake-words": "mlcommons/tiny-vww",
        "yolov8_det": "ultralytics/yolov8n",
    }.items(),
)
def test_a_network_answers_to_what_benchmarks_call_it(name: str, expected: str) -> None:
    model = networks()[expected]

    assert normal_form(name) in {normal_form(text) for text in (model.name, model.id.partition("/")[2], *model.aliases)}


def test_server_scenarios_have_the_benchmarks_limits() -> None:
    limits = {
        "resnet50": 15, "retinanet": 100, "bert-large": 130, "dlrm-v1": 30, "dlrm-v2": 60, "dlrm-v3": 80,
        "rnnt": 1000, "stable-diffusion-xl": 20_000, "ssd-mobilenet": 10, "ssd-resnet34": 100,
    }  # fmt: skip

    for name, latency_ms in limits.items():
        workload = workloads()[f"mlperf/{name}-server"]
        assert workload.limits == Limits(latency_ms=latency_ms, percentile=99), name
        assert networks()[workload.model].limits == {Scenario.SERVER: workload.limits}, name


def test_streams_are_judged_at_the_benchmarks_percentile() -> None:
    percentiles = {name: workload.limits.percentile for name, workload in workloads().items()}

    assert percentiles["mlperf/resnet50-single-stream"] == 90
    assert percentiles["mlperf/resnet50-multi-stream"] == 99
    assert percentiles["mlperf/pointpainting-single-stream"] == 99.9


def test_a_text_network_names_the_tokens_that_it_is_counted_for() -> None:
    texts = [model for model in networks().values() if model.family in {Family.ENCODER, Family.ENCODER_DECODER}]
    without = [model.id for model in texts if model.input_tokens is None]

    assert networks()["google/bert-large"].input_tokens == 384
    assert networks()["google/bert-large-128"].input_tokens == 128
    assert {model_id.rpartition("/")[2].partition("-")[0] for model_id in without} == {"clip"}


def test_the_work_of_a_transformer_grows_faster_than_its_tokens() -> None:
    short, long = networks()["google/bert-large-128"], networks()["google/bert-large"]

    # 24 layers of 12 x 1,024^2 weights per token, and two products of tokens x tokens x 1,024 per layer
    for model, tokens in ((short, 128), (long, 384)):
        by_hand = tokens * 24 * 12 * 1024**2 + 24 * 2 * tokens**2 * 1024
        assert work(model.stage) == by_hand
