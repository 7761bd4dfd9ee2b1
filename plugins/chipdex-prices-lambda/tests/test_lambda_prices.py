"""What is read of Lambda's instance types, and what is not."""

import pytest

from chipdex.api import DateBasis, FetchError, OfferState, Term


@pytest.fixture
def h100(lambda_cloud):
    return lambda_cloud.instance_type("gpu_8x_h100_sxm5", 8, "H100 (80 GB SXM5)", 2392, "us-east-1", "us-west-3")


def test_a_price_is_in_cents_and_of_the_whole_instance(lambda_cloud, refresh, h100):
    lambda_cloud.types = [h100]
    offer, other = refresh.offers()
    assert offer.id == "lambda/gpu-8x-h100-sxm5/us-east-1/on-demand/nvidia/h100-sxm"
    assert (offer.usd_per_hour, offer.count, offer.host_included, offer.note) == (23.92, 8, True, None)
    assert (offer.state, offer.date_basis, offer.term) == (OfferState.OK, DateBasis.READ_ON, Term.ON_DEMAND)
    assert offer.fetched_at == refresh.context.clock()
    assert (other.region, other.usd_per_hour) == ("us-west-3", 23.92)


def test_a_type_without_capacity_keeps_its_price(lambda_cloud, refresh):
    lambda_cloud.types = [lambda_cloud.instance_type("gpu_1x_gh200", 1, "GH200 (96 GB)", 229)]
    (offer,) = refresh.offers()
    assert (offer.region, offer.usd_per_hour) == ("unspecified", 2.29)
    assert offer.note == "nowhere available at the moment"


def test_spot_is_a_type_of_its_own(lambda_cloud, refresh):
    lambda_cloud.types = [lambda_cloud.instance_type("gpu_8x_h100_spot", 8, "H100 (80 GB SXM5)", 1200)]
    assert [offer.term for offer in refresh.offers()] == [Term.SPOT]


def test_types_without_gpus_are_left_out(lambda_cloud, refresh):
    lambda_cloud.types = [lambda_cloud.instance_type("cpu_4x_general", 0, "CPU General (16 GiB)", 20, "us-east-1")]
    assert refresh.offers() == []
    assert not refresh.unknown


@pytest.mark.parametrize(
    ("described", "device"),
    [
        ("H100 (80 GB SXM5)", "nvidia/h100-sxm"),
        ("H100 (80 GB PCIe)", "nvidia/h100-pcie"),
        ("A100 (40 GB SXM4)", "nvidia/a100-sxm-40"),
        ("A100 (80 GB SXM4)", "nvidia/a100-sxm-80"),
        ("A100 (40 GB PCIe)", "nvidia/a100-pcie-40"),
        ("A10 (24 GB PCIe)", "nvidia/a10"),
        ("A6000 (48 GB)", "nvidia/rtx-a6000"),
        ("RTX 6000 (24 GB)", "nvidia/quadro-rtx-6000"),
        ("Quadro RTX 6000 (24 GB)", "nvidia/quadro-rtx-6000"),
        ("GH200 (96 GB)", "nvidia/gh200-96"),
        ("GH200 (480 GB)", "nvidia/gh200-96"),
        ("B200 (180 GB SXM6)", "nvidia/b200-sxm"),
    ],
)
def test_every_name_is_a_device_of_the_registry(lambda_cloud, refresh, described, device):
    lambda_cloud.types = [lambda_cloud.instance_type("gpu_1x", 1, described, 100)]
    assert [offer.accelerator for offer in refresh.offers()] == [device]


def test_a_name_that_several_devices_have_is_counted(lambda_cloud, refresh):
    lambda_cloud.types = [lambda_cloud.instance_type("gpu_8x_v100", 8, "Tesla V100 (16 GB)", 632)]
    assert refresh.offers() == []
    assert refresh.unknown == {"Tesla V100 (16 GB)": 1}


def test_a_description_of_another_form_is_looked_up_as_it_is(lambda_cloud, refresh):
    lambda_cloud.types = [lambda_cloud.instance_type("gpu_1x_x900", 1, "X900 Ultra", 100)]
    assert refresh.offers() == []
    assert refresh.unknown == {"X900 Ultra": 1}


@pytest.mark.parametrize("cents", [0, -5, 23.92, "2392", None, True, float("nan")])
def test_a_price_that_is_no_whole_number_of_cents_is_refused(lambda_cloud, refresh, cents):
    lambda_cloud.types = [lambda_cloud.instance_type("gpu_1x_a10", 1, "A10 (24 GB PCIe)", cents)]
    assert refresh.offers() == []
    assert "whole number of cents" in refresh.refused[0][1]


def test_specs_that_contradict_the_description_are_refused(lambda_cloud, refresh, h100):
    h100["instance_type"]["specs"]["gpus"] = 4
    lambda_cloud.types = [h100]
    assert refresh.offers() == []
    assert [reason for _, reason in refresh.refused] == ["has 4 GPUs by its specs and 8 by its description"]


def test_a_request_too_soon_is_made_again(lambda_cloud, refresh, h100):
    lambda_cloud.types, lambda_cloud.too_fast = [h100], 2
    assert len(refresh.offers()) == 2
    assert lambda_cloud.asked == 3


def test_one_request_is_enough(lambda_cloud, refresh, h100):
    lambda_cloud.types = [h100]
    refresh.offers()
    assert lambda_cloud.asked == 1


def test_a_wrong_key_is_an_error_without_it(lambda_cloud, refresh, h100):
    lambda_cloud.types = [h100]
    refresh.having(settings={"LAMBDA_API_KEY": "the-wrong-key"})
    with pytest.raises(FetchError, match="answered 401") as raised:
        refresh.offers()
    assert "the-wrong-key" not in str(raised.value)


@pytest.mark.parametrize("key", ["name", "description", "price_cents_per_hour", "specs"])
def test_a_renamed_key_is_an_error_that_names_it(lambda_cloud, refresh, h100, key):
    held = h100["instance_type"]
    held[f"{key}_v2"] = held.pop(key)
    lambda_cloud.types = [h100]
    with pytest.raises(FetchError, match=f'has no key "{key}"'):
        refresh.offers()


@pytest.mark.parametrize("key", ["instance_type", "regions_with_capacity_available"])
def test_a_renamed_key_around_a_type_is_one_too(lambda_cloud, refresh, h100, key):
    h100[f"{key}_v2"] = h100.pop(key)
    lambda_cloud.types = [h100]
    with pytest.raises(FetchError, match=f'has no key "{key}"'):
        refresh.offers()


def test_an_answer_without_data_is_an_error(lambda_cloud, refresh):
    lambda_cloud.server.clear()
    lambda_cloud.server.expect_request("/lambda/instance-types").respond_with_json({"types": []})
    with pytest.raises(FetchError, match='has no key "data"; it holds types'):
        refresh.offers()
