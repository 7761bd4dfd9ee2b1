"""What is read of Akash's bids, and what is not."""

import pytest

from chipdex.api import DateBasis, FetchError, OfferState, Term


@pytest.fixture
def h100(akash):
    return akash.model("nvidia", "h100", "80Gi", "SXM5", 1.2)


def test_an_offer_is_the_lowest_bid_and_says_so(akash, refresh, h100):
    akash.models = [h100]
    (offer,) = refresh.offers()
    assert offer.id == "akash/h100-sxm5-min/global/on-demand/nvidia/h100-sxm"
    assert (offer.usd_per_hour, offer.count, offer.bid, offer.region) == (1.2, 1, True, "global")
    assert offer.note == "lowest bid of the last 31 days, not a quote; the median is 1.7"
    assert (offer.state, offer.date_basis, offer.term) == (OfferState.OK, DateBasis.READ_ON, Term.ON_DEMAND)
    assert offer.fetched_at == refresh.context.clock()


def test_a_model_that_nobody_bids_for_is_left_out(akash, refresh):
    akash.models = [akash.model("nvidia", "h200", "141Gi", "SXM5", None)]
    assert refresh.offers() == []
    assert refresh.refused == []


@pytest.mark.parametrize(
    ("name", "ram", "interface", "device"),
    [
        ("h100", "80Gi", "SXM5", "nvidia/h100-sxm"),
        ("h100", "80Gi", "PCIe", "nvidia/h100-pcie"),
        ("h200", "141Gi", "SXM5", "nvidia/h200-sxm"),
        ("a100", "80Gi", "SXM4", "nvidia/a100-sxm-80"),
        ("a100", "40Gi", "PCIe", "nvidia/a100-pcie-40"),
        ("rtx3090ti", "24Gi", "PCIe", "nvidia/geforce-rtx-3090-ti"),
        ("rtx4090", "24Gi", "PCIe", "nvidia/geforce-rtx-4090"),
        ("rtx5090", "32Gi", "PCIe", "nvidia/geforce-rtx-5090"),
        ("rtxa6000", "48Gi", "PCIe", "nvidia/rtx-a6000"),
        ("v100", "16Gi", "SXM2", "nvidia/v100-sxm-16"),
        ("l40s", "48Gi", "PCIe", "nvidia/l40s"),
        ("t4", "16Gi", "PCIe", "nvidia/t4"),
    ],
)
def test_every_name_is_a_device_of_the_registry(akash, refresh, name, ram, interface, device):
    akash.models = [akash.model("nvidia", name, ram, interface, 1.0)]
    assert [offer.accelerator for offer in refresh.offers()] == [device]


def test_a_model_that_nobody_knows_is_counted(akash, refresh):
    akash.models = [akash.model("nvidia", "x900", "512Gi", "SXM9", 1.0)]
    assert refresh.offers() == []
    assert refresh.unknown == {"x900 SXM9 (512 GB)": 1}


@pytest.mark.parametrize("price", [0, -1, float("nan"), "1.2", True])
def test_a_bid_that_cannot_be_is_refused(akash, refresh, price):
    akash.models = [akash.model("nvidia", "h100", "80Gi", "SXM5", price)]
    assert refresh.offers() == []
    assert [reason.partition(", and")[0] for _, reason in refresh.refused] == [f"the lowest bid is {price!r}"]


def test_another_currency_is_refused(akash, refresh, h100):
    h100["price"]["currency"] = "uakt"
    akash.models = [h100]
    assert refresh.offers() == []
    assert [reason for _, reason in refresh.refused] == ["is priced in uakt, and bids here are in US dollars"]


@pytest.mark.parametrize("key", ["model", "ram", "interface", "price"])
def test_a_renamed_key_is_an_error_that_names_it(akash, refresh, h100, key):
    h100[f"{key}_v2"] = h100.pop(key)
    akash.models = [h100]
    with pytest.raises(FetchError, match=f'has no key "{key}"'):
        refresh.offers()


@pytest.mark.parametrize("key", ["min", "med"])
def test_a_renamed_statistic_is_one_too(akash, refresh, h100, key):
    h100["price"][f"{key}_v2"] = h100["price"].pop(key)
    akash.models = [h100]
    with pytest.raises(FetchError, match=f'has no key "{key}"'):
        refresh.offers()
