"""What is read of a billing catalogue, and what is not."""

import attrs
import pytest

from chipdex.api import DateBasis, OfferState, Term
from chipdex_prices_gcp.catalogue import CLOUD_TPU as TPU
from chipdex_prices_gcp.catalogue import COMPUTE_ENGINE as COMPUTE

SPOT = " attached to Spot Preemptible VMs running in Iowa"


def a3(catalogue, *, spot=False):
    before, usage = ("Spot Preemptible ", "Preemptible") if spot else ("", "OnDemand")
    return [
        catalogue.core(f"{before}A3", 11_000_000 if spot else 29_000_000, usage=usage),
        catalogue.ram(f"{before}A3", 1_000_000 if spot else 2_500_000, usage=usage),
    ]


def test_a_machine_costs_its_gpus_its_vcpus_and_its_memory(catalogue, refresh):
    catalogue.skus[COMPUTE] = [catalogue.sku("Nvidia H100 80GB GPU running in Iowa", "9", 796_550_569), *a3(catalogue)]
    (offer,) = refresh.offers()
    assert offer.id == "gcp/a3-highgpu-8g/us-central1/on-demand/nvidia/h100-sxm"
    # 8 x 9.796550569 + 208 x 0.029 + 1872 x 0.0025
    assert offer.usd_per_hour == pytest.approx(78.372404552 + 6.032 + 4.68)
    assert (offer.count, offer.host_included, offer.term) == (8, True, Term.ON_DEMAND)
    assert offer.note == "GPUs, 208 vCPU and 1872 GiB summed; boot disk and local SSD excluded"
    assert (offer.state, offer.fetched_at, offer.currency) == (OfferState.OK, refresh.context.clock(), "USD")


def test_the_date_is_the_one_since_which_the_price_holds(catalogue, refresh):
    catalogue.skus[COMPUTE] = [
        catalogue.sku("Nvidia Tesla T4 GPU running in Iowa", "0", 350_000_000, effective="2026-10-01T05:00:00Z")
    ]
    (offer,) = refresh.offers()
    assert (offer.as_of.isoformat(), offer.date_basis) == ("2026-10-01", DateBasis.STATED)


def test_the_latest_of_several_prices_counts(catalogue, refresh):
    new = catalogue.sku("Nvidia Tesla T4 GPU running in Iowa", "0", 350_000_000, effective="2026-11-01T00:00:00Z")
    old = catalogue.sku("Nvidia Tesla T4 GPU running in Iowa", "0", 950_000_000, effective="2024-01-01T00:00:00Z")
    new["pricingInfo"] += old["pricingInfo"]
    catalogue.skus[COMPUTE] = [new]
    assert list(refresh.prices().values()) == [0.35]


@pytest.mark.parametrize(
    ("units", "nanos", "usd"), [("0", 560_040_000, 0.56004), (None, 560_040_000, 0.56004), ("2", None, 2.0)]
)
def test_units_and_nanos_make_a_price_and_either_may_be_absent(catalogue, refresh, units, nanos, usd):
    catalogue.skus[COMPUTE] = [catalogue.sku("Nvidia Tesla T4 GPU running in Iowa", units, nanos)]
    assert list(refresh.prices().values()) == [usd]


def test_small_h100_machines_are_offered_as_spot_only(catalogue, refresh):
    catalogue.skus[COMPUTE] = [
        catalogue.sku("Nvidia H100 80GB GPU running in Iowa", "9", 796_550_569),
        catalogue.sku(f"Nvidia H100 80GB GPU{SPOT}", "2", 0, usage="Preemptible"),
        *a3(catalogue),
        *a3(catalogue, spot=True),
    ]
    prices = {(offer.instance, offer.term): offer.usd_per_hour for offer in refresh.offers()}
    assert {instance for instance, term in prices if term is Term.SPOT} == {
        "a3-highgpu-1g",
        "a3-highgpu-2g",
        "a3-highgpu-4g",
        "a3-highgpu-8g",
    }
    assert prices["a3-highgpu-1g", Term.SPOT] == pytest.approx(2 + 26 * 0.011 + 234 * 0.001)
    assert {instance for instance, term in prices if term is Term.ON_DEMAND} == {"a3-highgpu-8g"}


@pytest.mark.parametrize("name", ["H100 80GB Mega GPU", "H100 Mega 80GB GPU", "H100 80GB Plus GPU"])
def test_a3_mega_has_three_names_and_a_host_of_its_own(catalogue, refresh, name):
    plus = [catalogue.core("A3Plus", 30_000_000), catalogue.ram("A3Plus", 2_000_000)]
    catalogue.skus[COMPUTE] = [catalogue.sku(f"Nvidia {name} running in Iowa", "10", 0), *a3(catalogue), *plus]
    (offer,) = refresh.offers()
    assert offer.id == "gcp/a3-megagpu-8g/us-central1/on-demand/nvidia/h100-sxm"
    assert offer.usd_per_hour == pytest.approx(80 + 208 * 0.03 + 1872 * 0.002)


def test_without_a_rate_of_the_host_the_price_is_of_the_gpus_alone(catalogue, refresh):
    catalogue.skus[COMPUTE] = [
        catalogue.sku("H200 141GB GPU running in Iowa", "9", 0),
        catalogue.core("A3Ultra", 30_000_000),
    ]
    (offer,) = refresh.offers()
    assert (offer.instance, offer.usd_per_hour, offer.host_included) == ("a3-ultragpu-8g", 72.0, False)
    assert "no rate of the A3Ultra host" in str(offer.note)


def test_a_slice_of_b200_is_all_in(catalogue, refresh):
    catalogue.skus[COMPUTE] = [catalogue.sku("A4 Nvidia B200 (1 gpu slice) running in Iowa", "16", 110_000_000)]
    (offer,) = refresh.offers()
    assert (offer.instance, offer.count, offer.host_included) == ("a4-highgpu-8g", 8, True)
    assert offer.usd_per_hour == pytest.approx(128.88)


def test_spot_that_is_labelled_on_demand_is_spot(catalogue, refresh):
    catalogue.skus[COMPUTE] = [
        catalogue.sku("A4 Nvidia B200 (1 gpu slice) running in Iowa", "16", 110_000_000),
        catalogue.sku(
            "Spot Preemptible A4 Nvidia B200 (1 gpu slice) running in Iowa", "4", 954_200_000, usage="OnDemand"
        ),
    ]
    catalogue.skus[TPU] = [
        catalogue.sku("Preemptible TPU-v2 Accelerator USA", "1", 350_000_000, group="TPU", usage="OnDemand")
    ]
    assert refresh.prices() == {
        "gcp/a4-highgpu-8g/us-central1/on-demand/nvidia/b200-sxm": pytest.approx(128.88),
        "gcp/a4-highgpu-8g/us-central1/spot/nvidia/b200-sxm": pytest.approx(39.6336),
        "gcp/tpu-v2-8/us-central1/spot/google/tpu-v2": 1.35,
    }
    assert refresh.refused == []


@pytest.mark.parametrize(
    "description",
    [
        "Nvidia H100 80GB GPU attached to DWS Defined Duration VMs running in Iowa",
        "DWS Calendar Mode A4 Nvidia B200 (1 gpu slice) running in Iowa",
        "Reserved Nvidia H100 80GB Mega GPU in Iowa in Calendar Mode",
        "Reserved TpuV5p in Delhi in Calendar Mode",
        "Commitment v1: Nvidia L4 GPU running in Iowa for 1 Year",
        "Commitment - dollar based v1: GCE for 3 Years",
        "Nvidia Tesla T4 GPU attached to Sole Tenancy VMs running in Iowa",
        "Nvidia L4 vGPU running in Iowa",
        "Nvidia L4 Virtual Workstation GPU running in Iowa",
        "Custom Nvidia L4 GPU running in Iowa",
    ],
)
def test_other_ways_to_buy_are_left_out(catalogue, refresh, description):
    catalogue.skus[COMPUTE] = [catalogue.sku(description, "1", 0, group="TPU" if "Tpu" in description else "GPU")]
    assert refresh.offers() == []
    assert refresh.refused == []
    assert not refresh.unknown


def test_commitments_are_terms_of_one_and_three_years(catalogue, refresh):
    catalogue.skus[COMPUTE] = [
        catalogue.sku("Commitment v1: Nvidia L4 GPU running in Iowa for 1 Year", "0", 350_000_000, usage="Commit1Yr"),
        catalogue.sku("Commitment v1: G2 Cpu in Iowa for 1 Year", "0", 15_000_000, group="CPU", usage="Commit1Yr"),
        catalogue.sku("Commitment v1: G2 Ram in Iowa for 1 Year", "0", 2_000_000, group="RAM", usage="Commit1Yr"),
        catalogue.sku(
            "Commitment v1: TpuV5p running in Iowa for 3 Years", "1", 911_000_000, group="TPU", usage="Commit3Yr"
        ),
    ]
    prices = refresh.prices()
    assert prices["gcp/g2-standard-4/us-central1/reserved-1y/nvidia/l4"] == pytest.approx(0.35 + 4 * 0.015 + 16 * 0.002)
    assert prices["gcp/tpu-v5p-8/us-central1/reserved-3y/google/tpu-v5p"] == pytest.approx(7.644)
    assert len(prices) == 9


def test_a_commitment_whose_years_disagree_is_refused(catalogue, refresh):
    catalogue.skus[COMPUTE] = [
        catalogue.sku("Commitment v1: Nvidia L4 GPU running in Iowa for 1 Year", "0", 350_000_000, usage="Commit3Yr")
    ]
    assert refresh.offers() == []
    assert [reason for _, reason in refresh.refused] == [
        "is committed for 1 years by its description and 3 by its usageType"
    ]


def test_a_gpu_for_n1_hosts_is_priced_alone(catalogue, refresh):
    catalogue.skus[COMPUTE] = [
        catalogue.sku(
            "Nvidia Tesla V100 GPU running in Iowa", "2", 480_000_000, regions=("us-central1", "europe-west4")
        )
    ]
    offers = refresh.offers()
    assert [offer.id for offer in offers] == [
        "gcp/gpu-attach/us-central1/on-demand/nvidia/v100-sxm-16",
        "gcp/gpu-attach/europe-west4/on-demand/nvidia/v100-sxm-16",
    ]
    assert {(offer.count, offer.usd_per_hour, offer.host_included) for offer in offers} == {(1, 2.48, False)}


@pytest.mark.parametrize(
    ("service", "description", "usd", "expected"),
    [
        (TPU, "TPU-v2 Accelerator USA", "4.5", {"tpu-v2-8": (4, 4.5)}),
        (TPU, "TPU-v3 Accelerator USA", "8", {"tpu-v3-8": (4, 8.0)}),
        (TPU, "Tpu-v3 Pod Accelerator USA", "8", {"tpu-v3-32": (16, 32.0)}),
        (TPU, "Tpu-v4 Pod Accelerator USA", "12.88", {"tpu-v4-8": (4, 12.88)}),
        (
            COMPUTE,
            "TpuV5e running in Iowa",
            "1.2",
            {"tpu-v5litepod-1": (1, 1.2), "tpu-v5litepod-4": (4, 4.8), "tpu-v5litepod-8": (8, 9.6)},
        ),
        (COMPUTE, "TpuV5p running in Iowa", "4.2", {"tpu-v5p-8": (4, 16.8)}),
        (
            COMPUTE,
            "TpuV6e running in Iowa",
            "2.7",
            {"tpu-v6e-1": (1, 2.7), "tpu-v6e-4": (4, 10.8), "tpu-v6e-8": (8, 21.6)},
        ),
        (COMPUTE, "TPU7x running in Iowa", "12", {"tpu7x-standard-4t": (4, 48.0)}),
    ],
)
def test_prices_of_tpus_are_per_chip_or_per_eight_cores(catalogue, refresh, service, description, usd, expected):
    units, _, rest = usd.partition(".")
    catalogue.skus[service] = [catalogue.sku(description, units, int((rest or "0").ljust(9, "0")), group="TPU")]
    offers = refresh.offers()
    assert {offer.instance: (offer.count, pytest.approx(offer.usd_per_hour)) for offer in offers} == expected
    assert all(offer.host_included for offer in offers)


def test_a_region_without_a_price_of_v6e_has_no_offer(catalogue, refresh):
    catalogue.skus[COMPUTE] = [
        catalogue.sku("TpuV6e running in Dallas", "2", 700_000_000, group="TPU", regions=("us-south1",))
    ]
    assert {offer.region for offer in refresh.offers()} == {"us-south1"}


def test_a_tpu_that_nobody_knows_is_counted(catalogue, refresh):
    catalogue.skus[COMPUTE] = [catalogue.sku("TpuV99z running in Iowa", "2", 0, group="TPU")]
    assert refresh.offers() == []
    assert refresh.unknown == {"TPU v99z": 1}


def test_a_gpu_that_nobody_knows_is_counted(catalogue, refresh):
    catalogue.skus[COMPUTE] = [
        catalogue.sku("Nvidia Tesla K80 GPU running in Iowa", "0", 450_000_000, regions=("us-central1", "us-east1"))
    ]
    assert refresh.offers() == []
    assert refresh.unknown == {"Nvidia Tesla K80": 2}


def test_a_gpu_without_a_machine_type_is_priced_alone(catalogue, refresh):
    catalogue.skus[COMPUTE] = [catalogue.sku("Nvidia L40S GPU running in Iowa", "1", 0)]
    (offer,) = refresh.offers()
    assert (offer.id, offer.host_included) == ("gcp/gpu-attach/us-central1/on-demand/nvidia/l40s", False)


@pytest.mark.parametrize(
    ("units", "nanos", "unit", "reason"),
    [
        ("0", 0, "h", "costs 0 US dollars"),
        ("-1", 0, "h", "costs -1 US dollars"),
        ("1", "much", "h", "has units '1' and nanos 'much' for a price"),
        ("NaN", 0, "h", "has units 'NaN' and nanos 0 for a price"),
        ("1", 0.5, "h", "has units '1' and nanos 0.5, which should be whole"),
        ("1", 0, "mo", 'is priced per "mo", not per "h"'),
    ],
)
def test_a_price_that_cannot_be_is_refused(catalogue, refresh, units, nanos, unit, reason):
    catalogue.skus[COMPUTE] = [catalogue.sku("Nvidia Tesla T4 GPU running in Iowa", units, nanos, unit=unit)]
    assert refresh.offers() == []
    assert [why for _, why in refresh.refused] == [reason]


def test_a_host_for_nothing_does_not_make_a_machine_cheap(catalogue, refresh):
    catalogue.skus[COMPUTE] = [
        catalogue.sku("Nvidia H100 80GB GPU running in Iowa", "9", 0),
        catalogue.core("A3", 0),
        catalogue.ram("A3", 2_500_000),
    ]
    (offer,) = refresh.offers()
    assert offer.host_included is False
    assert [why for _, why in refresh.refused] == ["costs 0 US dollars"]


def test_another_currency_is_refused(catalogue, refresh):
    one = catalogue.sku("Nvidia Tesla T4 GPU running in Iowa", "0", 350_000_000)
    one["pricingInfo"][0]["pricingExpression"]["tieredRates"][0]["unitPrice"]["currencyCode"] = "EUR"
    catalogue.skus[COMPUTE] = [one]
    assert refresh.offers() == []
    assert [why for _, why in refresh.refused] == ["is priced in EUR, though US dollars were asked for"]


def test_a_second_price_of_the_same_is_refused(catalogue, refresh):
    catalogue.skus[COMPUTE] = [
        catalogue.sku("Nvidia Tesla T4 GPU running in Iowa", "0", 350_000_000),
        catalogue.sku("Nvidia Tesla T4 GPU running in Iowa", "0", 110_000_000),
    ]
    assert list(refresh.prices().values()) == [0.35]
    assert [why for _, why in refresh.refused] == ["is a second price in us-central1, beside 0.35 US dollars"]


def test_pages_follow_each_other_until_there_is_no_token(catalogue, refresh):
    catalogue.skus[COMPUTE] = [
        catalogue.sku("Nvidia H100 80GB GPU running in Iowa", "9", 0),
        *(catalogue.sku(f"E2 Instance Core running in {n}", "0", 1, group="CPU") for n in range(5)),
        *a3(catalogue),
    ]
    catalogue.page = 2
    (offer,) = refresh.offers()
    assert offer.host_included
    assert [asked.get("pageToken") for asked in catalogue.asked] == [None, "page-2", "page-4", "page-6", None]
    assert {(asked["pageSize"], asked["currencyCode"]) for asked in catalogue.asked} == {("5000", "USD")}


def test_other_skus_of_the_catalogue_are_left_out(catalogue, refresh):
    catalogue.skus[COMPUTE] = [
        catalogue.sku("N2 Instance Core running in Iowa", "0", 31_611_000, group="CPU"),
        catalogue.sku("N1 Predefined Instance Ram running in Iowa", "0", 4_237_000, group="N1Standard"),
        catalogue.sku("C4D Instance Ram running in Iowa", "0", 0, group="RAM", unit="GBy.h"),
        catalogue.sku("SSD backed Local Storage", "0", 80_000_000, group="LocalSSD", unit="GiBy.mo"),
    ]
    assert refresh.offers() == []
    assert refresh.refused == []


def test_the_key_is_in_no_offer(catalogue, refresh):
    catalogue.skus[COMPUTE] = [catalogue.sku("Nvidia Tesla T4 GPU running in Iowa", "0", 350_000_000)]
    assert refresh.context.settings["GCP_API_KEY"] not in str([attrs.asdict(offer) for offer in refresh.offers()])


def test_memory_may_be_priced_by_the_gb_as_well(catalogue, refresh):
    catalogue.skus[COMPUTE] = [
        catalogue.sku("RTX 6000 96GB running in Iowa", "4", 0),
        catalogue.core("G4", 10_000_000),
        catalogue.ram("G4", 1_000_000, unit="GBy.h"),
    ]
    prices = refresh.prices()
    # 180 GiB are 193.27 GB
    expected = pytest.approx(4 + 48 * 0.01 + 193.273528 * 0.001)
    assert prices["gcp/g4-standard-48/us-central1/on-demand/nvidia/rtx-pro-6000-blackwell-server"] == expected


def test_a_price_that_does_not_hold_yet_does_not_count(catalogue, refresh):
    later = catalogue.sku("Nvidia Tesla T4 GPU running in Iowa", "0", 950_000_000, effective="2027-01-01T00:00:00Z")
    now = catalogue.sku("Nvidia Tesla T4 GPU running in Iowa", "0", 350_000_000, effective="2026-11-01T00:00:00Z")
    now["pricingInfo"] += later["pricingInfo"]
    catalogue.skus[COMPUTE] = [now]
    assert list(refresh.prices().values()) == [0.35]
