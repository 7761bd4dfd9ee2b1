"""The price book keeps the contract, and its prices are dated, sourced, per whole instance and believable."""

import datetime as dt
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from chipdex.codec import read_file
from chipdex.domain import DateBasis, Offer, OfferState, SourceKind, Term
from chipdex.ids import is_id
from chipdex.testing import PluginContract, installed

README = Path(__file__).parents[1] / "README.md"
FILES = [file.path for file in installed("chipdex_pricebook").files]

BANDS: dict[str, tuple[float, float]] = {
    "amd/mi300x": (1.5, 7.5),
    "amd/mi355x": (5, 11),
    "aws/inferentia": (0.2, 0.5),
    "aws/inferentia2": (0.6, 3.5),
    "aws/trainium1": (1.1, 1.9),
    "google/tpu-v2": (1, 1.6),
    "google/tpu-v3": (1.7, 2.6),
    "google/tpu-v4": (2.7, 4),
    "google/tpu-v5e": (1, 1.9),
    "google/tpu-v5p": (3.5, 5.8),
    "google/tpu-v6e": (2.2, 4),
    "intel/gaudi": (1.3, 2),
    "intel/gaudi2": (1, 2),
    "nvidia/a10": (0.8, 5.5),
    "nvidia/a100-pcie-40": (0.9, 3),
    "nvidia/a100-pcie-80": (1, 6),
    "nvidia/a100-sxm-40": (1.6, 4),
    "nvidia/a100-sxm-80": (1.1, 7),
    "nvidia/a10g": (0.8, 1.8),
    "nvidia/a16": (0.4, 0.6),
    "nvidia/a30": (0.3, 1),
    "nvidia/a40": (0.18, 2.2),
    "nvidia/b200-sxm": (2.5, 17),
    "nvidia/b300-sxm": (5.5, 18),
    "nvidia/gb200": (9, 30),
    "nvidia/gb300": (12, 30),
    "nvidia/geforce-rtx-3090": (0.15, 0.5),
    "nvidia/geforce-rtx-3090-ti": (0.15, 0.5),
    "nvidia/geforce-rtx-4090": (0.2, 1),
    "nvidia/geforce-rtx-5090": (0.4, 1.2),
    "nvidia/gh200-96": (1.6, 4),
    "nvidia/h100-nvl": (1.7, 12),
    "nvidia/h100-pcie": (1.4, 4.5),
    "nvidia/h100-sxm": (1.1, 20),
    "nvidia/h200-nvl": (2.5, 6),
    "nvidia/h200-sxm": (2.5, 16),
    "nvidia/l4": (0.35, 2.8),
    "nvidia/l40": (0.7, 1.7),
    "nvidia/l40s": (0.45, 6.5),
    "nvidia/p100-pcie": (1, 2),
    "nvidia/quadro-rtx-6000": (0.5, 2),
    "nvidia/rtx-4000-ada": (0.4, 1.8),
    "nvidia/rtx-6000-ada": (0.6, 1.4),
    "nvidia/rtx-a4000": (0.1, 0.5),
    "nvidia/rtx-a5000": (0.25, 0.6),
    "nvidia/rtx-a6000": (0.4, 1.4),
    "nvidia/rtx-pro-6000-blackwell-server": (1.3, 5.5),
    "nvidia/t4": (0.15, 1.2),
    "nvidia/v100-sxm-16": (0.12, 3.8),
    "qualcomm/cloud-ai-100-standard": (0.8, 1.5),
}
"""Believable US dollars per accelerator-hour, on-demand to five years reserved, cheapest to dearest region and host.

A band is some 20 % wider than the sources it was drawn from, so a price per GPU filed as an instance's,
an instance's as a GPU's, or the total of a term as an hour's mostly falls outside.
"""

LEAST = {"offers": 300}
SPOT_FLOOR = 0.25
"""Spot and accelerator-only prices may go down to this share of the band's bottom."""


class TestPricebook(PluginContract):
    package = "chipdex_pricebook"
    least = LEAST


@pytest.fixture(scope="module")
def book() -> list[Offer]:
    return list(installed("chipdex_pricebook").registry.offers)


@pytest.fixture(scope="module")
def by_id(book: list[Offer]) -> dict[str, Offer]:
    return {offer.id: offer for offer in book}


def per_accelerator(offer: Offer) -> float:
    return offer.usd_per_hour / offer.count


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_reads_and_holds_one_provider_named_like_the_file(path: Path) -> None:
    assert {plain.data["provider"] for plain in read_file(path, "offers")} == {path.stem}


def test_the_book_is_as_large_as_the_readme_says(book: list[Offer]) -> None:
    readme = README.read_text(encoding="utf-8")
    providers = len({offer.provider for offer in book})
    assert f"{len(book)} offers of {providers} providers" in readme
    for basis, number in Counter(offer.date_basis for offer in book).items():
        assert any(f"| `{basis}` |" in line and line.endswith(f"| {number} |") for line in readme.splitlines())


def test_there_are_at_least_20_providers(book: list[Offer]) -> None:
    assert len({offer.provider for offer in book}) >= 20


def test_ids_are_unique(book: list[Offer]) -> None:
    assert [name for name, times in Counter(offer.id for offer in book).items() if times > 1] == []


def test_every_price_is_positive_and_for_at_least_one_accelerator(book: list[Offer]) -> None:
    assert all(offer.usd_per_hour > 0 and offer.count >= 1 for offer in book)


def test_every_offer_is_a_list_price_in_us_dollars(book: list[Offer]) -> None:
    assert {(offer.state, offer.currency, offer.rate_to_usd) for offer in book} == {(OfferState.LIST, "USD", 1.0)}


def test_every_offer_names_an_exact_device_that_has_a_band(book: list[Offer]) -> None:
    assert all(is_id(offer.accelerator) for offer in book)
    assert {offer.accelerator for offer in book} == set(BANDS)


def test_every_offer_is_dated_and_not_after_its_source_was_read(book: list[Offer]) -> None:
    for offer in book:
        read = max(source.retrieved for source in offer.sources.values())
        assert dt.date(2026, 1, 1) <= offer.as_of <= read, offer.id
        if offer.date_basis is DateBasis.READ_ON:
            assert offer.as_of == read, offer.id


def test_every_offer_names_its_sources(book: list[Offer]) -> None:
    assert [offer.id for offer in book if not any(offer.provenance.values())] == []


def test_an_address_stands_behind_every_source_that_is_not_derived(book: list[Offer]) -> None:
    for offer in book:
        for source in offer.sources.values():
            assert (source.kind is SourceKind.DERIVED) == (source.url is None), source.title


def test_list_prices_per_accelerator_stay_in_the_device_s_band(book: list[Offer]) -> None:
    outside = []
    for offer in book:
        low, high = BANDS[offer.accelerator]
        whole = offer.term is not Term.SPOT and offer.host_included is not False
        if whole and not low <= per_accelerator(offer) <= high:
            outside.append((offer.id, round(per_accelerator(offer), 3)))
    assert outside == []


def test_spot_and_accelerator_only_prices_stay_within_reach_of_the_band(book: list[Offer]) -> None:
    outside = []
    for offer in book:
        low, high = BANDS[offer.accelerator]
        part = offer.term is Term.SPOT or offer.host_included is False
        if part and not SPOT_FLOOR * low <= per_accelerator(offer) <= high:
            outside.append((offer.id, round(per_accelerator(offer), 3)))
    assert outside == []


def test_sizes_of_one_provider_cost_alike_per_accelerator(book: list[Offer]) -> None:
    groups: dict[tuple[object, ...], list[float]] = defaultdict(list)
    for offer in book:
        key = (offer.provider, offer.accelerator, offer.region, offer.term, offer.host_included)
        groups[key].append(per_accelerator(offer))
    assert {key: prices for key, prices in groups.items() if max(prices) > 3 * min(prices)} == {}


def on_demand_twin(offer: Offer, by_id: dict[str, Offer]) -> Offer | None:
    return by_id.get(offer.id.replace(f"/{offer.term}/", "/on-demand/"))


def test_spot_at_or_above_on_demand_carries_a_note(book: list[Offer], by_id: dict[str, Offer]) -> None:
    dear = [
        offer
        for offer in book
        if offer.term is Term.SPOT
        and (twin := on_demand_twin(offer, by_id)) is not None
        and offer.usd_per_hour >= twin.usd_per_hour
    ]
    assert dear, "Azure's H200 spot price equals its on-demand price"
    assert [offer.id for offer in dear if "spot equals on-demand" not in (offer.note or "")] == []


def test_a_reservation_is_cheaper_than_on_demand_and_a_longer_one_cheaper_still(
    book: list[Offer], by_id: dict[str, Offer]
) -> None:
    terms = [Term.ON_DEMAND, Term.RESERVED_1Y, Term.RESERVED_2Y, Term.RESERVED_3Y, Term.RESERVED_5Y]
    for offer in book:
        if offer.term is not Term.ON_DEMAND:
            continue
        named = [by_id.get(offer.id.replace("/on-demand/", f"/{term}/")) for term in terms]
        prices = [other.usd_per_hour for other in named if other is not None]
        assert prices == sorted(prices, reverse=True), offer.id
        assert len(set(prices)) == len(prices), offer.id


def test_bids_are_marked_and_only_akash_publishes_bids(book: list[Offer]) -> None:
    assert {offer.provider for offer in book if offer.bid} == {"akash"}
    assert all(offer.bid for offer in book if offer.provider == "akash")


def test_prices_of_the_accelerator_alone_are_marked(book: list[Offer]) -> None:
    alone = {(offer.provider, offer.host_included) for offer in book if offer.provider == "cudo"}
    assert alone == {("cudo", False)}
    assert all(offer.host_included is False for offer in book if offer.instance == "gpu-attach")
    assert all("alone" in (offer.note or "") for offer in book if offer.host_included is False)


@pytest.mark.parametrize(
    ("row", "count", "usd_per_hour"),
    [
        ("aws/p5.48xlarge/us-east-1/on-demand/nvidia/h100-sxm", 8, 55.04),
        ("aws/p5.4xlarge/us-east-1/on-demand/nvidia/h100-sxm", 1, 55.04 / 8),
        ("azure/standard-nc40ads-h100-v5/eastus/on-demand/nvidia/h100-nvl", 1, 6.98),
        ("azure/standard-nc40ads-h100-v5/eastus/reserved-1y/nvidia/h100-nvl", 1, 45859 / 8760),
        ("azure/standard-nd96isr-h100-v5/eastus/reserved-1y/nvidia/h100-sxm", 8, 551221 / 8760),
        ("azure/standard-nd96isr-h200-v5/eastus2/spot/nvidia/h200-sxm", 8, 84.80),
        ("gcp/tpu-v5p-8/us-central1/on-demand/google/tpu-v5p", 4, 16.80),
        ("gcp/tpu-v6e-8/us-central1/on-demand/google/tpu-v6e", 8, 8 * 2.70),
        ("oci/bm.gpu.mi355x.8/all-commercial/on-demand/amd/mi355x", 8, 8 * 8.60),
        ("oci/vm.gpu3.1/all-commercial/spot/nvidia/v100-sxm-16", 1, 2.95 / 2),
        ("crusoe/h100-80gb-sxm-ib.8x/unspecified/on-demand/nvidia/h100-sxm", 8, 8 * 3.90),
        ("coreweave/gb200-nvl72-4-gpu-tray/unspecified/on-demand/nvidia/gb200", 4, 42.00),
        ("denvr/gaudi2-node/unspecified/on-demand/intel/gaudi2", 8, 8 * 1.25),
        ("lambda/8x-h100-sxm/unspecified/on-demand/nvidia/h100-sxm", 8, 8 * 3.99),
    ],
)
def test_a_price_worked_out_by_hand_from_its_source(
    row: str, count: int, usd_per_hour: float, by_id: dict[str, Offer]
) -> None:
    assert by_id[row].count == count
    assert by_id[row].usd_per_hour == pytest.approx(usd_per_hour, abs=1e-5)
