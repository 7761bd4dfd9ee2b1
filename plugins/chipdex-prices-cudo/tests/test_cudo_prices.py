"""What is read of CUDO's machine types, and what is not."""

import pytest

from chipdex.api import DateBasis, FetchError, OfferState, Term


@pytest.fixture
def a100(cudo):
    return cudo.machine_type("epyc-genoa-a100-pcie", "A100 80GB PCIe", "1.50", "0.0025", "0.0038")


def test_a_price_is_the_sum_of_gpu_vcpus_and_memory(cudo, refresh, a100):
    cudo.types = [a100]
    (offer,) = refresh.offers()
    # 1.50 + 4 x 0.0025 + 16 x 0.0038
    assert offer.usd_per_hour == pytest.approx(1.5708)
    assert offer.id == (
        "cudo/epyc-genoa-a100-pcie-nvidia-a100-80gb-pcie/no-kristiansand-1/on-demand/nvidia/a100-pcie-80"
    )
    assert (offer.count, offer.host_included, offer.term) == (1, True, Term.ON_DEMAND)
    assert offer.note == "GPUs, 4 vCPU and 16 GiB summed, the least there is; disk and address excluded"
    assert (offer.state, offer.date_basis) == (OfferState.OK, DateBasis.READ_ON)
    assert offer.fetched_at == refresh.context.clock()


def test_machines_of_several_gpus_are_as_large_as_a_machine_can_be(cudo, refresh, a100):
    cudo.types = [{**a100, "maxGpuFree": 5}]
    prices = {offer.count: offer.usd_per_hour for offer in refresh.offers()}
    assert prices == {1: pytest.approx(1.5708), 2: pytest.approx(3.0708), 4: pytest.approx(6.0708)}


def test_ratios_of_a_machine_type_enlarge_its_host(cudo, refresh, a100):
    # 8 GPUs want 6 vCPUs each, and a vCPU 2 GiB at least: 48 vCPUs, 96 GiB
    cudo.types = [{**a100, "maxGpuPerVm": 8, "minVcpuPerGpu": 6, "maxVcpuPerMemoryGib": 0.5}]
    largest = refresh.offers()[-1]
    assert (largest.count, largest.instance) == (8, "epyc-genoa-a100-pcie_nvidia-a100-80gb-pcie_x8")
    assert largest.usd_per_hour == pytest.approx(8 * 1.5 + 48 * 0.0025 + 96 * 0.0038)


def test_memory_wants_its_vcpus(cudo, refresh, a100):
    # 64 GiB want a quarter of a vCPU each
    cudo.types = [{**a100, "minMemoryGib": 64, "minVcpuPerMemoryGib": 0.25}]
    (offer,) = refresh.offers()
    assert offer.usd_per_hour == pytest.approx(1.5 + 16 * 0.0025 + 64 * 0.0038)


def test_a_machine_type_without_free_gpus_keeps_its_price(cudo, refresh, a100):
    cudo.types = [{**a100, "maxGpuFree": 0, "totalGpuFree": 0}]
    assert [offer.count for offer in refresh.offers()] == [1]


def test_the_fewest_gpus_of_a_machine_are_kept(cudo, refresh, a100):
    cudo.types = [{**a100, "minGpuPerVm": 8, "maxGpuPerVm": 8}]
    assert [offer.count for offer in refresh.offers()] == [8]


def test_machine_types_without_gpus_are_left_out(cudo, refresh):
    bare = cudo.machine_type("epyc-rome", "", "0", "0.0025", "0.0038")
    del bare["gpuPriceHr"]
    cudo.types = [bare]
    assert refresh.offers() == []
    assert refresh.refused == []


@pytest.mark.parametrize(
    ("model", "memory_gb", "device"),
    [
        ("A100 80GB PCIe", None, "nvidia/a100-pcie-80"),
        ("H100 SXM", None, "nvidia/h100-sxm"),
        ("H100 NVL", None, "nvidia/h100-nvl"),
        ("H100", 94, "nvidia/h100-nvl"),
        ("NVIDIA H100 80GB HBM3", 80, "nvidia/h100-sxm"),
        ("L40S (compute mode)", None, "nvidia/l40s"),
        ("L40S (graphics mode)", 48, "nvidia/l40s"),
        ("A40 (compute mode)", None, "nvidia/a40"),
        ("A40 (graphics mode)", None, "nvidia/a40"),
        ("RTX A5000", None, "nvidia/rtx-a5000"),
        ("RTX A6000", 48, "nvidia/rtx-a6000"),
    ],
)
def test_every_name_is_a_device_of_the_registry(cudo, refresh, model, memory_gb, device):
    more = {} if memory_gb is None else {"gpuMemoryGib": memory_gb}
    cudo.types = [cudo.machine_type("machine", model, "1", "0.1", "0.1", **more)]
    assert [offer.accelerator for offer in refresh.offers()] == [device]


def test_a_name_that_several_devices_have_is_counted(cudo, refresh):
    cudo.types = [cudo.machine_type("intel-broadwell-v100", "V100", "0.19", "0.002", "0.003", gpuMemoryGib=16)]
    assert refresh.offers() == []
    assert refresh.unknown == {"V100 (16 GB)": 1}


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "on request", None])
@pytest.mark.parametrize("key", ["gpuPriceHr", "vcpuPriceHr", "memoryGibPriceHr"])
def test_a_component_that_cannot_be_is_refused(cudo, refresh, a100, key, price):
    cudo.types = [{**a100, key: {"value": price}}]
    assert refresh.offers() == []
    assert [reason for _, reason in refresh.refused] == [f"{key} is {price!r}, and a price is a number above 0"]


def test_another_currency_is_refused(cudo, refresh, a100):
    cudo.types = [{**a100, "gpuPriceHr": {"value": "1.50", "currency": "GBP"}}]
    assert refresh.offers() == []
    assert [reason for _, reason in refresh.refused] == ["gpuPriceHr is in GBP, and prices here are in US dollars"]


@pytest.mark.parametrize(
    "key",
    [
        "machineType",
        "gpuModel",
        "dataCenterId",
        "minVcpu",
        "minMemoryGib",
        "gpuPriceHr",
        "vcpuPriceHr",
        "memoryGibPriceHr",
    ],
)
def test_a_renamed_key_is_an_error_that_names_it(cudo, refresh, a100, key):
    a100[f"{key}V2"] = a100.pop(key)
    cudo.types = [a100]
    with pytest.raises(FetchError, match=f'has no key "{key}"'):
        refresh.offers()


def test_a_component_that_is_no_object_is_an_error(cudo, refresh, a100):
    cudo.types = [{**a100, "gpuPriceHr": "1.50"}]
    with pytest.raises(FetchError, match='"gpuPriceHr" of epyc-genoa-a100-pcie has no key "value"'):
        refresh.offers()


def test_a_key_is_sent_where_there_is_one(cudo, refresh, a100):
    cudo.types = [a100]
    refresh.offers()
    refresh.having(settings={"CUDO_API_KEY": "the-key-of-cudo"})
    refresh.offers()
    assert cudo.tokens == [None, "Bearer the-key-of-cudo"]
