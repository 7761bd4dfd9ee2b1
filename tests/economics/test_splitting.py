"""Where requests and layers run: hand calculations, published intensities, and what must hold whatever the figures."""

import math
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipdex.economics.inputs import Given, Inputs, settled
from chipdex.economics.places.cost import link_j
from chipdex.economics.places.layers import cheapest, curve, fastest, leanest, placed
from chipdex.economics.places.scenarios import read_scene
from chipdex.economics.places.splitting import Split, margin_of, split
from chipdex.economics.places.tiers import TWO_TIERS, Layer, Scene, Tier
from chipdex.economics.sensitivity import swings
from chipdex.errors import InfeasibleError, OptionError

THREE = Scene(
    tiers=(
        Tier(name="phone", kind="device", region="de"),
        Tier(name="fog", kind="site", region="eu-central"),
        Tier(name="cloud", kind="cloud", region="us-east-1"),
    )
)


def inputs(scene: Scene = TWO_TIERS, **figures: float) -> Inputs:
    return settled(scene.parameters, {key: Given(value, "test") for key, value in figures.items()})


def split_of(scene: Scene = TWO_TIERS, **figures: float) -> Split:
    return split(scene, inputs(scene, **figures))


def way(found: Split, name: str) -> Any:
    return next(one for one in (*found.ways, *found.rejected) if one.name == name)


def test_a_device_of_ones_own_costs_its_life_and_its_electricity() -> None:
    asked = {"edge_capex_usd": 480.0, "edge_life_years": 4.0, "edge_ops_usd_per_year": 12.0, "edge_power_kw": 0.01}
    found = way(split_of(**asked, edge_usd_per_kwh=0.2, edge_j_per_request=3.6e6), "edge")
    assert found.fixed_usd_per_month == pytest.approx(480 / 48 + 12 / 12 + 0.01 * 730 * 0.2)
    assert found.marginal_usd == pytest.approx(0.2)


def test_the_flip_is_the_fixed_cost_over_what_a_request_saves() -> None:
    found = split_of(edge_capex_usd=480.0, edge_j_per_request=3.6e5, edge_usd_per_kwh=0.1, cloud_usd_per_request=0.05)
    assert [one.way for one in found.flips] == ["cloud", "edge"]
    assert found.flips[1].requests_per_month == pytest.approx(10.0 / (0.05 - 0.01))


def test_local_first_costs_the_edge_and_for_those_passed_on_the_cloud_and_the_wait() -> None:
    found = split_of(
        edge_capex_usd=0.0,
        edge_j_per_request=3.6e6,
        edge_usd_per_kwh=0.001,
        edge_compute_ms=20.0,
        edge_escalation_share=0.2,
        edge_escalation_ms=50.0,
        cloud_usd_per_request=0.01,
        cloud_compute_ms=30.0,
        cloud_rtt_ms=40.0,
        usd_per_waiting_s=0.1,
    )
    both, cloud = way(found, "edge, then cloud"), way(found, "cloud")
    assert cloud.marginal_usd == pytest.approx(0.01 + 0.1 * 0.07)
    assert both.marginal_usd == pytest.approx(0.001 + 0.1 * 0.02 + 0.2 * (cloud.marginal_usd + 0.1 * 0.05))
    assert (both.latency_ms, both.longest_ms) == pytest.approx((20 + 0.2 * (50 + 70), 20 + 50 + 70))
    assert [one.name for one in found.ways if one.tiers == ("edge",)] == []


def test_a_cloud_is_paid_by_tokens_hours_and_what_it_sends_back() -> None:
    asked = {"input_tokens": 1000.0, "output_tokens": 100.0, "response_kb": 1e6, "cloud_egress_usd_per_gb": 0.05}
    prices = {"cloud_usd_per_million_input_tokens": 2.0, "cloud_usd_per_million_output_tokens": 10.0}
    busy = {"cloud_usd_per_busy_hour": 36.0, "cloud_busy_requests_per_s": 0.5, "cloud_utilisation": 0.25}
    assert way(split_of(**asked, **prices), "cloud").marginal_usd == pytest.approx(0.002 + 0.001 + 0.05)
    assert way(split_of(**asked, **busy), "cloud").marginal_usd == pytest.approx(36 / 3600 / 0.5 / 0.25 + 0.05)


def test_an_answer_comes_back_over_the_downlink() -> None:
    asked = {"cloud_compute_ms": 1.0, "cloud_rtt_ms": 10.0, "response_kb": 100.0}
    assert way(split_of(**asked), "cloud").latency_ms is None
    both = {"cloud_uplink_mbit_per_s": 8.0, "cloud_downlink_mbit_per_s": 80.0}
    assert way(split_of(**asked, cloud_uplink_mbit_per_s=8.0), "cloud").latency_ms == pytest.approx(1 + 10 + 100)
    assert way(split_of(**asked, **both, request_kb=5.0), "cloud").latency_ms == pytest.approx(1 + 10 + 5 + 10)


def test_energy_counts_the_site_the_idle_draw_and_the_networks_on_the_way() -> None:
    sizes = {"request_kb": 2e3, "response_kb": 1e3, "requests_per_month": 1e6}
    site = {"fog_j_per_request": 2.0, "fog_power_kw": 0.1, "fog_pue": 1.5, "cloud_j_per_request": 2.0, "cloud_pue": 1.2}
    found, network = split_of(THREE, **sizes, **site), 3e-3 * 0.059 * 3.6e6
    assert way(found, "fog").j_per_request == pytest.approx(1.5 * (2.0 + 0.1 * 730 * 3.6e6 / 1e6) + network)
    assert way(found, "cloud").j_per_request == pytest.approx(1.2 * 2.0 + 2 * network)


def test_the_third_tier_gets_what_both_before_it_pass_on() -> None:
    shares = {"phone_escalation_share": 0.5, "fog_escalation_share": 0.2}
    prices = {"phone_usd_per_request": 1.0, "fog_usd_per_request": 10.0, "cloud_usd_per_request": 100.0}
    held = {"phone_requests_per_s": 50.0, "fog_requests_per_s": 40.0, "cloud_requests_per_s": 1.0}
    found = way(split_of(THREE, **shares, **prices, **held), "phone, then fog, then cloud")
    assert found.marginal_usd == pytest.approx(1 + 0.5 * (10 + 0.2 * 100))
    assert found.holds_per_month == pytest.approx(730 * 3600 / 0.1)


def test_what_a_way_holds_is_unknown_where_nobody_says_it_of_one_of_its_tiers() -> None:
    asked = {"edge_capex_usd": 1.0, "edge_escalation_share": 0.1, "cloud_usd_per_request": 1.0}
    both = way(split_of(**asked, cloud_requests_per_s=1.0), "edge, then cloud")
    assert (both.holds_per_month, both.capacity_unknown) == (None, ("edge",))
    assert way(split_of(**asked, edge_requests_per_s=2.0), "edge, then cloud").holds_per_month == 730 * 3600 * 2
    elastic = way(split_of(**asked), "cloud")
    assert (elastic.holds_per_month, elastic.capacity_unknown) == (None, ())
    assert way(split_of(cloud_usd_per_hour=1.0), "cloud").capacity_unknown == ("cloud",)


def test_too_many_for_a_tier_are_too_many_whatever_the_others_hold() -> None:
    asked = {"edge_capex_usd": 1.0, "edge_escalation_share": 0.5, "cloud_usd_per_request": 1.0}
    with pytest.raises(InfeasibleError) as raised:
        split_of(**asked, cloud_requests_per_s=1.0, requests_per_month=730 * 3600 * 2.01)
    told = "edge, then cloud: it holds 5,256,000 requests a month, and 5,282,280 come."
    assert raised.value.fix == f"Nearest is {told}"
    assert told in raised.value.message


@pytest.mark.parametrize(
    ("figures", "first"),
    [
        ({}, "cloud"),
        ({"edge_requests_per_s": 1.0}, "edge"),
        ({"edge_requests_per_s": 1.0, "edge_compute_ms": 2.0, "cloud_compute_ms": 1.0, "cloud_rtt_ms": 0.0}, "cloud"),
        (
            {
                "edge_requests_per_s": 1.0,
                "edge_j_per_request": 0.0,
                "edge_usd_per_kwh": 0.0,
                "cloud_j_per_request": 9.0,
            },
            "edge",
        ),
    ],
)
@pytest.mark.parametrize("volume", [{}, {"requests_per_month": 1e5}])
def test_ways_that_cost_the_same_tie_and_the_order_says_why(
    figures: dict[str, float], first: str, volume: dict[str, float]
) -> None:
    found = split_of(edge_usd_per_request=0.1 + 0.2, cloud_usd_per_request=0.3, **figures, **volume)
    assert found.winner is not None
    assert (found.winner.name, len(found.ties)) == (first, 1)
    assert [flip.way for flip in found.flips] == [first]


def test_the_firm_verdict_is_of_a_way_that_is_known_to_hold_what_comes() -> None:
    found = split_of(edge_capex_usd=480.0, cloud_usd_per_request=0.0001, requests_per_month=2e5)
    assert found.winner is not None
    assert found.firm is not None
    assert (found.winner.name, found.firm.name) == ("edge", "cloud")


def test_money_and_energy_name_what_they_lack() -> None:
    (edge, cloud) = split_of(edge_capex_usd=9.0, edge_j_per_request=1.0, cloud_usd_per_request=1.0).tiers
    assert (edge.usd_left_out, edge.j_left_out) == (("edge_ops_usd_per_year", "edge_power_kw"), ("edge_power_kw",))
    assert (cloud.usd_left_out, cloud.j_left_out, cloud.ms_left_out) == (("response_kb",), (), ())
    sized = split_of(cloud_compute_ms=1.0, cloud_rtt_ms=1.0, cloud_j_per_request=1.0).tiers[1]
    assert sized.ms_left_out == sized.j_left_out == ("request_kb", "response_kb")
    of_tokens = split_of(cloud_usd_per_million_input_tokens=1.0, input_tokens=5.0, response_kb=1.0).tiers[1]
    assert of_tokens.usd_left_out == ("cloud_usd_per_million_output_tokens",)


def test_what_nobody_says_is_unknown() -> None:
    found = split_of(edge_capex_usd=480.0, cloud_usd_per_million_input_tokens=1.0)
    edge, cloud = way(found, "edge"), way(found, "cloud")
    assert (edge.usd_per_request, edge.latency_ms, edge.j_per_request) == (None, None, None)
    assert (cloud.marginal_usd, cloud.latency_ms) == (None, None)
    left = {key for one in found.tiers for key in one.usd_left_out}
    assert left == {"edge_ops_usd_per_year", "edge_power_kw", "edge_j_per_request", "input_tokens"}


@pytest.mark.parametrize(
    ("kwh_per_gb", "tolerance"),
    [
        pytest.param(0.059, 1e-12, id="Sustainable Web Design Model 4, networks in operation: 0.059 kWh/GB"),
        pytest.param(0.06, 0.02, id="Aslan et al., doi 10.1111/jiec.12630, fixed networks of 2015: 0.06 kWh/GB"),
    ],
)
def test_the_network_takes_what_was_published(kwh_per_gb: float, tolerance: float) -> None:
    used = inputs(edge_j_per_request=1.0, cloud_j_per_request=0.0, request_kb=1e6)
    assert used["cloud_link_kwh_per_gb"] == pytest.approx(kwh_per_gb, rel=tolerance)
    assert way(split(TWO_TIERS, used), "cloud").j_per_request == pytest.approx(kwh_per_gb * 3.6e6, rel=tolerance)
    assert link_j(1e6, 1.0) == 3.6e6


def test_data_that_stays_on_site_goes_to_no_cloud() -> None:
    prices = {"phone_usd_per_hour": 1.0, "fog_usd_per_hour": 0.1, "cloud_usd_per_request": 0.0}
    found = split_of(attrs.evolve(THREE, data_stays="site"), **prices, requests_per_month=1.0)
    assert found.winner is not None
    assert found.winner.name == "fog"
    assert [one.constraint for one in way(found, "cloud").rejected] == ["privacy"]


@pytest.mark.parametrize(
    ("residency", "left"),
    [(("eu",), ["fog"]), (("EU", "de"), ["fog", "phone"]), (("us-east-1",), ["cloud"]), (("us-east",), ["cloud"])],
)
def test_a_region_is_of_the_places_that_it_begins_with(residency: tuple[str, ...], left: list[str]) -> None:
    prices = {f"{tier.name}_usd_per_request": 0.01 for tier in THREE.tiers}
    found = split_of(attrs.evolve(THREE, residency=residency), **prices)
    assert sorted(one.name for one in found.ways) == sorted(left)


def test_a_place_that_nobody_names_is_not_allowed() -> None:
    with pytest.raises(InfeasibleError, match="edge: nobody says where it is, and the data must stay in eu"):
        split_of(attrs.evolve(TWO_TIERS, residency=("eu",)), edge_capex_usd=1.0)


def test_an_infeasible_limit_names_the_way_that_misses_by_least() -> None:
    with pytest.raises(InfeasibleError) as raised:
        split_of(max_latency_ms=10.0, edge_compute_ms=20.0, cloud_compute_ms=5.0, cloud_rtt_ms=8.0)
    assert "edge: it takes up to 20 ms, and 10 ms is the limit" in str(raised.value)
    assert "Nearest is cloud: it takes up to 13 ms" in raised.value.fix


@pytest.mark.parametrize(
    ("figures", "constraint"),
    [
        ({"model_gb": 5.0, "edge_memory_gb": 4.0}, "memory"),
        ({"min_availability": 0.99, "edge_availability": 0.9, "cloud_availability": 0.999}, "availability"),
        ({"requests_per_month": 1e9, "edge_requests_per_s": 1.0}, "capacity"),
        ({"max_latency_ms": 10.0, "edge_compute_ms": 11.0, "cloud_compute_ms": 1.0, "cloud_rtt_ms": 1.0}, "latency"),
    ],
)
def test_a_rule_bars_the_cheapest(figures: dict[str, float], constraint: str) -> None:
    found = split_of(edge_capex_usd=0.0, cloud_usd_per_request=9.0, **figures)
    assert [(one.name, one.rejected[0].constraint) for one in found.rejected] == [("edge", constraint)]
    assert found.winner is not None
    assert found.winner.name == "cloud"


COST = st.floats(1e-6, 1e3)


@given(st.lists(st.tuples(COST, COST), min_size=3, max_size=3))
def test_at_a_flip_both_ways_cost_the_same_and_none_costs_less(tiers: list[tuple[float, float]]) -> None:
    figures = {}
    for tier, (hourly, each) in zip(THREE.tiers, tiers, strict=True):
        figures |= {f"{tier.name}_usd_per_hour": hourly, f"{tier.name}_usd_per_request": each}
    found = split_of(THREE, **figures)
    for before, flip in zip(found.flips, found.flips[1:], strict=False):
        costs = {one.name: one.usd_per_month(flip.requests_per_month) for one in found.ways}
        assert costs[before.way] == pytest.approx(costs[flip.way], rel=1e-9)
        assert min(costs.values()) == pytest.approx(costs[flip.way], rel=1e-9)


@given(
    st.lists(st.tuples(COST, COST), min_size=3, max_size=3),
    st.floats(1.0, 1e9),
    st.floats(0.01, 0.9),
    st.sampled_from(["device", "site"]),
)
def test_forbidding_a_tier_never_lowers_the_price(
    tiers: list[tuple[float, float]], volume: float, passed_on: float, stays: str
) -> None:
    figures = {"requests_per_month": volume, "fog_escalation_share": passed_on}
    for tier, (hourly, each) in zip(THREE.tiers, tiers, strict=True):
        figures |= {f"{tier.name}_usd_per_hour": hourly, f"{tier.name}_usd_per_request": each}
    free, ruled = split_of(THREE, **figures), split_of(attrs.evolve(THREE, data_stays=stays), **figures)
    assert free.winner is not None
    assert ruled.winner is not None
    assert (free.winner.usd_per_request or 0.0) <= (ruled.winner.usd_per_request or 0.0)


def test_a_cut_takes_both_sides_the_transfer_and_a_round_trip() -> None:
    layers = (
        Layer(name="stem", ms={"edge": 10.0, "cloud": 1.0}, output_kb=10.0),
        Layer(name="body", ms={"edge": 90.0, "cloud": 9.0}, output_kb=1.0),
        Layer(name="head", ms={"edge": 1.0, "cloud": 1.0}),
    )
    used = inputs(request_kb=500.0, cloud_uplink_mbit_per_s=10.0, cloud_rtt_ms=5.0)
    assert curve(layers, TWO_TIERS, used, fastest(used)) == pytest.approx(
        [500 * 8 / 10 + 5 + 11, 10 + 8 + 5 + 10, 100 + 0.8 + 5 + 1, 101]
    )
    found = placed(layers, TWO_TIERS, used, fastest(used))
    assert found is not None
    assert [(one.tier, one.first, one.last) for one in found.stretches] == [("edge", 1, 1), ("cloud", 2, 3)]
    assert (found.total, found.alone) == (pytest.approx(33.0), pytest.approx({"edge": 101.0, "cloud": 416.0}))


def test_passes_cross_the_cut_each_time_and_the_state_once() -> None:
    layers = (
        Layer(name="first", ms={"edge": 1.0}, output_kb=8.0, kv_kb=1000.0),
        Layer(name="second", ms={"cloud": 2.0}),
    )
    used = inputs(cloud_uplink_mbit_per_s=8.0, cloud_rtt_ms=10.0)
    found = placed(layers, TWO_TIERS, used, fastest(used), passes=100.0)
    assert found is not None
    assert found.total == pytest.approx(100 * (1 + 2 + 8 + 10) + 1000)


def test_a_kv_cache_that_comes_down_pays_the_clouds_egress() -> None:
    phases = (
        Layer(name="prefill", ms={"cloud": 1.0}, j={"cloud": 1.0}, usd={"cloud": 1e-6}, output_kb=0.0, kv_kb=134_218.0),
        Layer(name="decode", ms={"edge": 50.0}, j={"edge": 0.0}),
    )
    used = inputs(request_kb=0.0, cloud_downlink_mbit_per_s=100.0, cloud_uplink_mbit_per_s=10.0, cloud_rtt_ms=20.0)
    found = placed(phases, TWO_TIERS, used, cheapest(used))
    assert found is not None
    assert [one.tier for one in found.stretches] == ["cloud", "edge"]
    assert found.takes["USD"] == pytest.approx(1e-6 + 0.134218 * used["cloud_egress_usd_per_gb"])
    assert found.takes["ms"] == pytest.approx(1 + 50 + 20 + 134_218 * 8 / 100)
    assert found.takes["J"] == pytest.approx(1.54 + 0.134218 * 0.059 * 3.6e6)


def test_layers_that_do_not_fit_go_on() -> None:
    layers = [Layer(name=str(n), ms={"edge": 1.0, "cloud": 5.0}, output_kb=0.0, gb=1.0) for n in range(4)]
    used = inputs(edge_memory_gb=2.5, cloud_rtt_ms=1.0, request_kb=0.0)
    found = placed(layers, TWO_TIERS, used, fastest(used))
    assert found is not None
    assert (found.stretches[0].last, found.total, found.alone["edge"]) == (2, 13.0, None)


def test_no_layer_runs_where_data_may_not_be() -> None:
    layers = (Layer(name="all", ms={"edge": 100.0, "cloud": 1.0}),)
    used = inputs(request_kb=0.0, cloud_rtt_ms=1.0)
    free, ruled = (placed(layers, TWO_TIERS, used, fastest(used), barred=one) for one in ((), ("cloud",)))
    assert free is not None
    assert ruled is not None
    assert (free.total, ruled.total) == (2.0, 100.0)
    assert placed(layers, TWO_TIERS, used, leanest(used)) is None


AMOUNT = st.floats(0.0, 1e3)
ROW = st.tuples(AMOUNT, AMOUNT, AMOUNT, AMOUNT, AMOUNT)


def chain(rows: Sequence[tuple[float, ...]]) -> tuple[Layer, ...]:
    names = [tier.name for tier in THREE.tiers]
    return tuple(
        Layer(
            name=str(number),
            ms=dict(zip(names, row[:3], strict=True)),
            j=dict(zip(names, row[:3], strict=True)),
            usd=dict(zip(names, row[:3], strict=True)),
            output_kb=row[3],
            kv_kb=row[4],
        )
        for number, row in enumerate(rows)
    )


def linked(uplink: float, rtt: float) -> Inputs:
    links = {"uplink_mbit_per_s": uplink, "rtt_ms": rtt}
    return inputs(
        THREE,
        request_kb=50.0,
        response_kb=2.0,
        **{f"{tier}_{key}": value for tier in ("fog", "cloud") for key, value in links.items()},
    )


@given(st.lists(ROW, min_size=1, max_size=6), st.floats(0.1, 1e3), AMOUNT, st.floats(1.0, 50.0))
def test_the_best_cut_is_never_worse_than_all_on_one_tier(
    rows: list[tuple[float, ...]], uplink: float, rtt: float, passes: float
) -> None:
    used = linked(uplink, rtt)
    for measure in (fastest(used), cheapest(used), leanest(used)):
        found = placed(chain(rows), THREE, used, measure, passes=passes)
        assert found is not None
        assert all(one is not None and found.total <= one * (1 + 1e-12) for one in found.alone.values())
        assert found.takes[measure.unit] == found.total


@given(st.lists(ROW, min_size=1, max_size=5), st.floats(0.1, 1e3), AMOUNT)
def test_the_best_cut_is_the_least_of_all_cuts(rows: list[tuple[float, ...]], uplink: float, rtt: float) -> None:
    count, used = len(rows), linked(uplink, rtt)

    def takes(order: Sequence[int], ends: Sequence[int]) -> float:
        places = [tier for tier, end, start in zip(order, ends, [0, *ends], strict=False) for _ in range(end - start)]
        total = math.fsum(row[place] for row, place in zip(rows, places, strict=True))
        hops = [(0, places[0], 50.0), (places[-1], 0, 2.0)]
        hops += [(a, b, row[3] + row[4]) for a, b, row in zip(places, places[1:], rows, strict=False) if a != b]
        links = [(abs(start - end), size) for start, end, size in hops]
        return total + math.fsum(number * (rtt / 2 + size * 8 / uplink) for number, size in links)

    every = []
    for length in range(1, min(count, 3) + 1):
        for tiers in combinations(range(3), length):
            for inner in combinations(range(1, count), length - 1):
                # Without a second pass nothing goes back from the last stretch to the first.
                every += [takes(order, (*inner, count)) for order in (tiers, tiers[::-1])]
    found = placed(chain(rows), THREE, used, fastest(used))
    assert found is not None
    assert found.total == pytest.approx(min(every), rel=1e-9, abs=1e-9)


def test_a_price_that_depends_on_an_unknown_volume_has_no_winner() -> None:
    asked = {"edge_capex_usd": 480.0, "cloud_usd_per_request": 0.05}
    assert split_of(**asked).winner is None
    dearer = split_of(**asked, cloud_usd_per_hour=1.0, edge_usd_per_request=0.01).winner
    assert dearer is not None
    assert dearer.name == "edge"


def test_a_sensitivity_finds_the_flip_volume() -> None:
    asked = inputs(edge_capex_usd=480.0, cloud_usd_per_request=0.05, requests_per_month=100.0)
    judged = margin_of(TWO_TIERS, asked)
    assert judged is not None
    home, judge = judged
    found = {one.key: one for one in swings(judge, asked)}
    assert (home, judge(asked).margin) == ("edge", pytest.approx(0.05 - 10.0 / 100.0))
    assert found["requests_per_month"].flips_above == pytest.approx(200.0)
    assert found["requests_per_month"].winner_above == "edge"


def test_one_way_alone_has_no_margin() -> None:
    assert margin_of(TWO_TIERS, inputs(edge_capex_usd=480.0, requests_per_month=1.0)) is None


SCENE = """
data_stays = "site"
residency = ["eu"]
request_kb = 3
[[tier]]
name = "phone"
kind = "device"
compute_ms = 5
[[tier]]
name = "fog"
kind = "site"
region = "eu-1"
accelerator = "l4"
count = 2
capex_usd = {value = 900, source = "quote"}
[[layer]]
ms = {phone = 1, fog = 2}
output_kb = 4
"""


def test_a_scenario_names_tiers_layers_and_rules(tmp_path: Path) -> None:
    file = tmp_path / "scene.toml"
    file.write_text(SCENE)
    scene = read_scene(file)
    assert [(tier.name, tier.region, tier.accelerator, tier.count) for tier in scene.tiers] == [
        ("phone", None, None, 1),
        ("fog", "eu-1", "l4", 2),
    ]
    assert (scene.data_stays, scene.residency) == ("site", ("eu",))
    assert scene.layers == (Layer(name="1", ms={"phone": 1.0, "fog": 2.0}, output_kb=4.0),)
    assert scene.figures["fog_capex_usd"] == Given(900, f"quote ({file})")
    assert set(scene.figures) == {"request_kb", "phone_compute_ms", "fog_capex_usd"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tier = 3", "tier is no list of tables"),
        ("[[tier]]\nkind = 'device'", "its name is None"),
        ("[[tier]]\nname = 'a'\nkind = 'moon'", "its kind is 'moon'. Write one of device, site, cloud."),
        ("[[tier]]\nname = 'a'\nkind = 'cloud'\n[[tier]]\nname = 'b'\nkind = 'site'", "not in order"),
        ("[[tier]]\nname = 'a'\nkind = 'site'\n[[tier]]\nname = 'a'\nkind = 'site'", "two tiers are called a"),
        ("[[tier]]\nname = 'a'\nkind = 'site'\ncount = 0", "its count is 0"),
        (
            "[[tier]]\nname = 'a'\nkind = 'site'\ncapex = 3",
            "a_capex: there is no such input. Did you mean a_capex_usd?",
        ),
        ("residency = 'eu'", "residency is 'eu'"),
        ("data_stays = 3", "data_stays is 3"),
        ("[[layer]]\nms = {mars = 1}", "there is no tier 'mars'. The tiers are edge, cloud."),
        ('[[tier]]\nname = "a"\nkind = "site"\nregion = " "', "tier 1, a: its region is ' '."),
        ("[[layer]]\nms = {edge = nan}", "layer 1: ms.edge is nan. Give a number from 0, up to 1e+15."),
        ("[[phase]]\nkb = 1", "phase 1: kb: there is no such key"),
        ("[[tier]]\nname = 'a'\nkind = 'site'\n" * 7, "there are 7 times"),
    ],
)
def test_a_scenario_is_refused_by_key(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(text)
    with pytest.raises(OptionError) as raised:
        read_scene(file)
    assert told in str(raised.value)
    assert str(file) in str(raised.value)
