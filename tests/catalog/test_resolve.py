"""Names: what people, drivers, benchmarks and clouds call a device or a model, and the id it means."""

import pytest

from chipdex.catalog.resolve import Description, Entry, Resolver, device_resolver, model_resolver
from chipdex.errors import AmbiguousNameError, UnknownIdError


def gpu(device_id: str, name: str, memory: float, technology: str, form: str, *aliases: str, more: str = "") -> Entry:
    description = Description(texts=(technology, form, "gpu", *([more] if more else [])), memory_gb=(memory,))
    return Entry(id=device_id, names=(name, *aliases), describe=lambda: description)


def tpu(device_id: str, name: str, *aliases: str) -> Entry:
    description = Description(texts=("tpu",), memory_gb=(16,), slices=True)
    return Entry(id=device_id, names=(name, *aliases), describe=lambda: description)


DEVICES = (
    gpu("nvidia/h100-sxm", "NVIDIA H100 SXM5 80GB", 80, "HBM3", "SXM5", more="Hopper"),
    gpu("nvidia/h100-pcie", "NVIDIA H100 PCIe 80GB", 80, "HBM2e", "PCIe", more="Hopper"),
    gpu("nvidia/h100-nvl", "NVIDIA H100 NVL 94GB", 94, "HBM3", "PCIe", more="Hopper"),
    gpu("nvidia/h200-sxm", "NVIDIA H200 SXM", 141, "HBM3e", "SXM5"),
    gpu("nvidia/a100-sxm-40", "NVIDIA A100 SXM 40GB", 40, "HBM2", "SXM4", more="Ampere"),
    gpu("nvidia/a100-sxm-80", "NVIDIA A100 SXM 80GB", 80, "HBM2e", "SXM4", more="Ampere"),
    gpu("nvidia/a100-pcie-40", "NVIDIA A100 PCIe 40GB", 40, "HBM2", "PCIe", more="Ampere"),
    gpu("nvidia/a100-pcie-80", "NVIDIA A100 PCIe 80GB", 80, "HBM2e", "PCIe", more="Ampere"),
    gpu("nvidia/b200-sxm", "NVIDIA B200 SXM", 192, "HBM3e", "SXM6"),
    gpu("nvidia/gb200", "NVIDIA GB200", 186, "HBM3e", "superchip"),
    gpu("nvidia/gh200-96", "NVIDIA GH200 Grace Hopper 96GB", 96, "HBM3", "superchip"),
    gpu("nvidia/gh200-144", "NVIDIA GH200 Grace Hopper 144GB", 144, "HBM3e", "superchip"),
    gpu("nvidia/l4", "NVIDIA L4", 24, "GDDR6", "PCIe"),
    gpu("nvidia/l40", "NVIDIA L40", 48, "GDDR6", "PCIe"),
    gpu("nvidia/l40s", "NVIDIA L40S", 48, "GDDR6", "PCIe"),
    gpu("nvidia/v100-sxm-16", "NVIDIA V100 SXM2 16GB", 16, "HBM2", "SXM2"),
    gpu("nvidia/v100-sxm-32", "NVIDIA V100 SXM2 32GB", 32, "HBM2", "SXM2"),
    gpu("nvidia/geforce-rtx-4090", "NVIDIA GeForce RTX 4090", 24, "GDDR6X", "PCIe", more="Ada Lovelace"),
    gpu("nvidia/geforce-rtx-4090-d", "NVIDIA GeForce RTX 4090 D", 24, "GDDR6X", "PCIe", more="Ada Lovelace"),
    gpu("nvidia/quadro-rtx-6000", "Quadro RTX 6000", 24, "GDDR6", "PCIe"),
    gpu("nvidia/rtx-6000-ada", "NVIDIA RTX 6000 Ada Generation", 48, "GDDR6", "PCIe"),
    gpu("amd/mi300x", "AMD Instinct MI300X", 192, "HBM3", "OAM", more="CDNA 3"),
    gpu("amd/mi325x", "AMD Instinct MI325X", 256, "HBM3E", "OAM", more="CDNA 3"),
    tpu("google/tpu-v5e", "Google TPU v5e", "v5litepod", "TPU v5 lite"),
    tpu("google/tpu-v5p", "Google TPU v5p"),
    tpu("google/tpu-v6e", "Google TPU v6e", "Trillium"),
)


def model(model_id: str, name: str, *aliases: str) -> Entry:
    return Entry(id=model_id, names=(name, *aliases))


MODELS = (
    model("meta/llama-2-70b", "Llama 2 70B", "llama2-70b"),
    model("meta/llama-3-70b", "Llama 3 70B"),
    model("meta/llama-3.1-8b", "Llama 3.1 8B"),
    model("meta/llama-3.1-70b", "Llama 3.1 70B"),
    model("eleutherai/gpt-j-6b", "GPT-J 6B"),
    model("qwen/qwen3-32b", "Qwen3 32B"),
    model("qwen/qwen3-vl-32b", "Qwen3-VL 32B"),
    model("deepseek/deepseek-r1", "DeepSeek R1"),
    model("mistral/mixtral-8x7b", "Mixtral 8x7B"),
)


@pytest.fixture(scope="module")
def devices() -> Resolver:
    return device_resolver(DEVICES)


@pytest.fixture(scope="module")
def models() -> Resolver:
    return model_resolver(MODELS)


@pytest.mark.parametrize(
    ("name", "device_id"),
    [
        ("nvidia/h100-sxm", "nvidia/h100-sxm"),
        ("NVIDIA/H100-SXM", "nvidia/h100-sxm"),
        (" h100-sxm ", "nvidia/h100-sxm"),
        ("NVIDIA H100 80GB HBM3", "nvidia/h100-sxm"),
        ("NVIDIA H100-SXM-80GB", "nvidia/h100-sxm"),
        ("NVIDIA H100-SXM-80GB-02", "nvidia/h100-sxm"),
        ("Virtualized NVIDIA H100-SXM-80GB", "nvidia/h100-sxm"),
        ("gpu_8x_h100_sxm5", "nvidia/h100-sxm"),
        ("8 x H100 SXM5 80 GB", "nvidia/h100-sxm"),
        ("H100SXM5", "nvidia/h100-sxm"),
        ("NVIDIA H100 PCIe", "nvidia/h100-pcie"),
        ("H100-PCIe-NVLink", "nvidia/h100-pcie"),
        ("H100 NVL", "nvidia/h100-nvl"),
        ("NVIDIA H100-NVL-94GB", "nvidia/h100-nvl"),
        ("8x NVIDIA H200-SXM-141GB", "nvidia/h200-sxm"),
        ("NVIDIA H200-SXM-141GB-CTS", "nvidia/h200-sxm"),
        ("NVIDIA A100-SXM4-40GB", "nvidia/a100-sxm-40"),
        ("NVIDIA A100-SXM-80C", "nvidia/a100-sxm-80"),
        ("NVIDIA A100-PCIE-80GB", "nvidia/a100-pcie-80"),
        ("B200", "nvidia/b200-sxm"),
        ("NVIDIA GB200 NVL72", "nvidia/gb200"),
        ("NVIDIA GH200 Grace Hopper Superchip 144GB", "nvidia/gh200-144"),
        ("NVIDIA L4-PCIe-24GB", "nvidia/l4"),
        ("NVIDIA L40", "nvidia/l40"),
        ("L40Sx2", "nvidia/l40s"),
        ("Tesla V100-SXM2-16GB", "nvidia/v100-sxm-16"),
        ("NVIDIA GeForce RTX 4090 (Ada Lovelace)", "nvidia/geforce-rtx-4090"),
        ("RTX 4090", "nvidia/geforce-rtx-4090"),
        ("RTX6000ADA", "nvidia/rtx-6000-ada"),
        ("AMD Instinct MI300X-NPS1-SPX-192GB-750W", "amd/mi300x"),
        ("MI 300X", "amd/mi300x"),
        ("AMD Instinct MI325X 256GB HBM3e", "amd/mi325x"),
        ("AMD Instinct MI325X 256GB HBM3e (Power Cap 1000 W)", "amd/mi325x"),
        ("tpu-v5e-8", "google/tpu-v5e"),
        ("v5litepod-16", "google/tpu-v5e"),
        ("TPU v6e", "google/tpu-v6e"),
        ("TPU v5 lite", "google/tpu-v5e"),
    ],
)
def test_a_vendor_s_name_of_a_device_means_its_id(devices: Resolver, name: str, device_id: str) -> None:
    assert devices.resolve(name) == device_id


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("H100", ("nvidia/h100-nvl", "nvidia/h100-pcie", "nvidia/h100-sxm")),
        ("A100-80GB", ("nvidia/a100-pcie-80", "nvidia/a100-sxm-80")),
        ("NVIDIA HGX A100 SXM", ("nvidia/a100-sxm-40", "nvidia/a100-sxm-80")),
        ("NVIDIA GH200-GraceHopper-Superchip", ("nvidia/gh200-144", "nvidia/gh200-96")),
        ("V100", ("nvidia/v100-sxm-16", "nvidia/v100-sxm-32")),
        ("RTX 6000", ("nvidia/quadro-rtx-6000", "nvidia/rtx-6000-ada")),
    ],
)
def test_what_may_mean_several_devices_lists_them_all(devices: Resolver, name: str, ids: tuple[str, ...]) -> None:
    with pytest.raises(AmbiguousNameError) as raised:
        devices.resolve(name)
    assert raised.value.matches == devices.matches(name) == ids


@pytest.mark.parametrize(
    "name",
    [
        "AMD H100",  # another vendor's name
        "H100 NVL 80GB",  # a memory size it does not have
        "A100 96GB",
        "A100 SXM 80GB MIG 1g.10gb",  # a part of a device
        "A10-4Q",
        "MI300X CPX",
        "NVIDIA H100 PCIe 80GB HBM3",  # a memory technology it does not have
        "H1000",
        "B200A",
        "L40SX",
        "RTX 4090 Ti",
        "Standard_ND96isr_H100_v5",  # an instance
        "NVIDIA",
        "GPU",
        "80GB",
        "",
        "-",
        "x" * 100_000,
        "h100" * 40,
    ],
)
def test_what_no_device_is_called_is_never_guessed(devices: Resolver, name: str) -> None:
    with pytest.raises(UnknownIdError):
        devices.resolve(name)


@pytest.mark.parametrize(
    ("name", "near"),
    [("h100 smx", "nvidia/h100-sxm"), ("AMD H100", "nvidia/h100-sxm"), ("MI325", "amd/mi325x"), ("triliun", "tpu-v6e")],
)
def test_a_near_miss_is_suggested(devices: Resolver, name: str, near: str) -> None:
    with pytest.raises(UnknownIdError, match=near):
        devices.resolve(name)


def test_without_a_near_miss_the_listing_is_named(devices: Resolver) -> None:
    with pytest.raises(UnknownIdError, match="chipdex devices"):
        devices.resolve("qqqq")


def test_an_alias_goes_before_a_short_name() -> None:
    resolver = device_resolver((Entry(id="acme/x1", names=("X1", "turbo")), Entry(id="other/turbo", names=("Other",))))
    assert resolver.resolve("Turbo") == "acme/x1"
    assert resolver.resolve("other/turbo") == "other/turbo"


def test_one_alias_of_two_devices_is_ambiguous() -> None:
    resolver = device_resolver((Entry(id="acme/x1", names=("Fast",)), Entry(id="acme/x2", names=("FAST",))))
    with pytest.raises(AmbiguousNameError):
        resolver.resolve("fast")


def test_only_the_board_may_be_left_unsaid_of_the_one_device_of_a_name() -> None:
    resolver = device_resolver((gpu("acme/x100-sxm-80", "Acme X100 SXM 80GB", 80, "HBM3", "SXM5"),))
    assert resolver.resolve("X100 80GB") == "acme/x100-sxm-80"
    with pytest.raises(UnknownIdError, match="acme/x100-sxm-80"):
        resolver.resolve("X100")


def test_every_name_of_every_device_means_it(devices: Resolver) -> None:
    for entry in DEVICES:
        for name in (entry.id, *entry.names):
            assert devices.resolve(name) == entry.id


@pytest.mark.parametrize(
    ("name", "model_id"),
    [
        ("llama-3.1-70b", "meta/llama-3.1-70b"),
        ("Llama 3.1 70B", "meta/llama-3.1-70b"),
        ("meta-llama/Llama-3.1-70B-Instruct", "meta/llama-3.1-70b"),
        ("meta-llama/Meta-Llama-3.1-70B", "meta/llama-3.1-70b"),
        ("someone/Llama-3.1-70B-Instruct-FP8", "meta/llama-3.1-70b"),
        ("llama2-70b-99.9", "meta/llama-2-70b"),
        ("meta-llama/Llama-2-70b-chat-hf", "meta/llama-2-70b"),
        ("llama3-70b", "meta/llama-3-70b"),
        ("gptj-6b", "eleutherai/gpt-j-6b"),
        ("Qwen/Qwen3-32B", "qwen/qwen3-32b"),
        ("mixtral-8x7b", "mistral/mixtral-8x7b"),
    ],
)
def test_a_publisher_s_name_of_a_model_means_its_id(models: Resolver, name: str, model_id: str) -> None:
    assert models.resolve(name) == model_id


@pytest.mark.parametrize(
    "name", ["deepseek-ai/DeepSeek-R1-Distill-Llama-70B", "llama-7b", "Llama-3.1-70B-Nemotron", "qwen3", "llama"]
)
def test_a_model_is_never_guessed(models: Resolver, name: str) -> None:
    assert len(models.matches(name)) != 1


def test_a_format_tells_a_publisher_s_own_copy_from_the_model() -> None:
    resolver = model_resolver((model("qwen/qwen3-32b", "Qwen3 32B"), model("qwen/qwen3-32b-fp8", "Qwen3 32B FP8")))
    assert resolver.resolve("someone/Qwen3-32B-FP8") == "qwen/qwen3-32b-fp8"
    assert resolver.resolve("someone/Qwen3-32B") == "qwen/qwen3-32b"
    assert resolver.matches("someone/Qwen3-32B-AWQ") == ("qwen/qwen3-32b", "qwen/qwen3-32b-fp8")


def test_many_matches_are_counted_and_not_all_printed() -> None:
    resolver = device_resolver(Entry(id=f"acme/x{number}-pro", names=(f"Acme X {number} Pro",)) for number in range(20))
    with pytest.raises(AmbiguousNameError, match="and 12 more") as raised:
        resolver.resolve("acme pro")
    assert len(raised.value.matches) == 20
