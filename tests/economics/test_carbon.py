"""Carbon agrees with published footprints, with hand calculations, and with itself."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipdex.economics.footprints.carbon import (
    MEASURED,
    carbon,
    embodied_g,
    energy_wh,
    entering,
    operational_g,
    verdict,
)
from chipdex.economics.footprints.embodied import EMBODIED_KG
from chipdex.economics.footprints.footprint import Accounting, Boundary, Emitted, compare
from chipdex.economics.footprints.hours import Intensities, places, read_intensities
from chipdex.economics.footprints.inputs import PARAMETERS
from chipdex.economics.inputs import Given, Inputs, settled
from chipdex.economics.sensitivity import swings
from chipdex.errors import InfeasibleError, OptionError, StorageError

ACCELERATORS, NODE, FACILITY = MEASURED
GEMINI = {"wh_per_request": 0.14, "host_ratio": 0.20 / 0.14, "idle_share": 0.02 / 0.20, "pue": 0.24 / 0.22}
"""The median text prompt of arXiv 2508.15734: 0.14 + 0.06 + 0.02 + 0.02 Wh."""


def inputs(**figures: float) -> Inputs:
    return settled(PARAMETERS, {key: Given(value, "test") for key, value in figures.items()})


def _gemini(what: str) -> float | None:
    found = carbon(boundary=ACCELERATORS, **GEMINI, g_per_kwh=345.0, wue_on_site_l_per_kwh=1.15)
    site, chips = found.of(FACILITY), found.of(ACCELERATORS)
    times = site.wh / chips.wh if site.wh is not None and chips.wh is not None else None
    return {"Wh": site.wh, "times": times, "g": site.g_by_location, "mL": found.water.on_site_ml}[what]


@pytest.mark.parametrize(
    ("what", "published", "tolerance"),
    [
        ("Wh", 0.24, 1e-12),
        ("times", 0.24 / 0.14, 1e-9),
        ("times", 1.72, 0.02),
        ("g", 0.0828, 1e-9),
        ("g", 0.083, 0.002),
        ("mL", 0.253, 1e-9),
        ("mL", 0.26, 0.01),
    ],
)
def test_a_median_gemini_prompt_comes_out(what: str, published: float, tolerance: float) -> None:
    """Google, arXiv 2508.15734: 345 g/kWh by location, 1.15 L/kWh on the energy of the computers."""
    assert _gemini(what) == pytest.approx(published, abs=tolerance)


@pytest.mark.parametrize(("accounting", "percent"), [("market", 24.4), ("location", 10.7)])
def test_the_life_of_a_tpu_is_a_quarter_making_by_market_and_a_tenth_by_location(
    accounting: str, percent: float
) -> None:
    """Schneider et al., arXiv 2502.01671, TPU v6e over six years.

    692 kg of making, 2,141 kg of electricity by market and 5,759 kg by location.
    """
    life_s = 6.0 * 8760.0 * 3600.0
    figures = {"wh_per_request": 1e6, "embodied_kg": 692.0, "seconds_per_request": life_s, "life_years": 6.0}
    found = carbon(boundary=FACILITY, **figures, g_per_kwh=5759.0, market_g_per_kwh=2141.0)
    share = {"market": found.embodied_share_by_market, "location": found.embodied_share_by_location}[accounting]
    assert share is not None
    assert 100.0 * share == pytest.approx(percent, abs=0.5)
    assert found.of(Boundary.LIFE_CYCLE).g_by_location == pytest.approx((692.0 + 5759.0) * 1000.0)


def test_the_worked_example_of_the_sci_comes_out() -> None:
    """Software Carbon Intensity specification 1.1: 1,000 kg, four years, an hour, all of it, 28.5 g."""
    found = carbon(embodied_kg=1000.0, seconds_per_request=3600.0, life_years=4.0)
    made = found.of(Boundary.EMBODIED).g_by_location
    assert made == pytest.approx(28.5, abs=0.1)
    assert made == pytest.approx(1e6 / (4 * 365 * 24))
    assert found.headline is not None
    assert found.headline[0] == "g CO2e per request, embodied"


def test_the_training_of_llama_implies_its_grid() -> None:
    """Model card of Llama 3.1: 39.3 million hours of 700 W, 11,390 t by location; 414 g/kWh."""
    per_g_per_kwh = operational_g(energy_wh(700.0, 39.3e6 * 3600.0), 1.0)
    assert 11_390e6 / per_g_per_kwh == pytest.approx(414.0, rel=0.01)


def test_the_training_of_bloom_comes_out() -> None:
    """Luccioni et al., arXiv 2211.02001: 433 MWh at 57 g/kWh, 24.7 t."""
    assert operational_g(433e6, 57.0) / 1e6 == pytest.approx(24.7, abs=0.1)


@pytest.mark.parametrize(
    ("watts", "per_s", "per_j", "tolerance"),
    [
        (30_000.0, 3.0 * 28.0 / 0.0028, 1.0, 0.01),  # NorthPole rack, DeBole et al., arXiv 2511.15950: tokens
        (0.07019, 1.0, 14.2, 0.1),  # 8B model on an H100 at batch 512, ML.ENERGY leaderboard: tokens
        (2_600.0, 20_000.0, 7.69, 0.1),  # Hala Point, Intel's announcement of April 2024: tera-operations
    ],
)
def test_work_per_joule_is_rate_over_power(watts: float, per_s: float, per_j: float, tolerance: float) -> None:
    joules = carbon(boundary=ACCELERATORS, power_w=watts, requests_per_s=per_s).of(ACCELERATORS).j
    assert joules is not None
    assert 1.0 / joules == pytest.approx(per_j, abs=tolerance)


def test_reasoning_costs_what_its_joules_say() -> None:
    """ML.ENERGY leaderboard, Qwen3-32B on one B200: 7,088 tokens for 3,312 J against 631 for 197 J, 16.8 times."""
    long, short = (
        carbon(boundary=ACCELERATORS, wh_per_request=joules / 3600.0, g_per_kwh=400.0).emitted(
            ACCELERATORS, Accounting.LOCATION
        )
        for joules in (3312.0, 197.0)
    )
    assert long is not None
    assert short is not None
    assert compare(short, long).times == pytest.approx(16.8, abs=0.1)


AMOUNT = st.floats(1e-3, 1e6)


@given(AMOUNT, AMOUNT, st.floats(1.0, 1e3))
def test_energy_is_power_times_time(power: float, seconds: float, batch: float) -> None:
    alone = carbon(boundary=NODE, power_w=power, seconds_per_request=seconds).of(NODE)
    assert alone.j == pytest.approx(power * seconds)
    shared = carbon(boundary=NODE, power_w=power, seconds_per_request=seconds, batch=batch).of(NODE)
    by_rate = carbon(boundary=NODE, power_w=power, requests_per_s=batch / seconds).of(NODE)
    assert shared.j == pytest.approx(power * seconds / batch)
    assert by_rate.j == pytest.approx(shared.j)


@given(AMOUNT, st.floats(1.0, 3.0), st.floats(0.0, 1.0), st.floats(1.0, 2.0), AMOUNT)
def test_a_wider_boundary_never_emits_less(wh: float, host: float, idle: float, pue: float, made: float) -> None:
    asked = {"host_ratio": host, "idle_share": idle, "pue": pue, "embodied_kg": made, "requests_per_s": 1.0}
    found = carbon(boundary=ACCELERATORS, wh_per_request=wh, **asked, g_per_kwh=100.0)
    grams = [found.of(one).g_by_location for one in (*MEASURED, Boundary.LIFE_CYCLE)]
    known = [one for one in grams if one is not None]
    assert len(known) == 4
    assert known == sorted(known)
    assert found.sci_g_per_unit == known[-1]


@given(AMOUNT, st.integers(1, 64))
def test_a_share_of_a_node_is_charged_its_share_of_the_making(made: float, devices: int) -> None:
    found = carbon(embodied_kg=made, embodied_devices=64.0, requests_per_s=2.0, devices=float(devices))
    part = found.of(Boundary.EMBODIED).g_by_market
    assert part == pytest.approx(embodied_g(made, seconds=0.5, life_years=4.0, share=devices / 64.0))


def test_hardware_that_serves_half_its_life_charges_twice_the_making() -> None:
    half, full = (
        carbon(embodied_kg=10.0, requests_per_s=1.0, utilisation=one).of(Boundary.EMBODIED).g_by_location
        for one in (0.5, 1.0)
    )
    assert full is not None
    assert half == pytest.approx(2.0 * full)


def test_water_of_power_plants_is_by_the_energy_of_the_site() -> None:
    found = carbon(
        boundary=FACILITY, wh_per_request=2.0, pue=2.0, wue_on_site_l_per_kwh=3.0, wue_off_site_l_per_kwh=5.0
    )
    assert (found.water.on_site_ml, found.water.off_site_ml, found.water.ml) == (3.0, 10.0, 13.0)


def test_what_is_unknown_stays_unknown() -> None:
    found = carbon(boundary=FACILITY, wh_per_request=1.0)
    assert found.of(FACILITY).g_by_location is None
    assert found.of(ACCELERATORS).wh is None
    assert found.of(Boundary.LIFE_CYCLE).g_by_location is None
    assert (found.sci_g_per_unit, found.water.ml, found.embodied_share_by_location) == (None, None, None)
    with_grid = carbon(boundary=FACILITY, wh_per_request=1.0, g_per_kwh=100.0)
    assert with_grid.of(Boundary.LIFE_CYCLE).g_by_location is None
    assert "google/tpu-v5e" not in EMBODIED_KG


def test_energy_that_does_not_say_what_it_counts_is_refused() -> None:
    with pytest.raises(OptionError, match=r"--boundary: accelerators, node or facility"):
        carbon(wh_per_request=1.0)
    with pytest.raises(OptionError, match="both say the energy"):
        carbon(boundary=NODE, wh_per_request=1.0, power_w=1.0)


def test_sums_beyond_numbers_are_refused() -> None:
    with pytest.raises(InfeasibleError, match="beyond what numbers hold"):
        carbon(boundary=NODE, power_w=1e15, requests_per_s=1e-300)


def test_figures_of_two_boundaries_are_not_compared() -> None:
    """Mistral's 1.14 g of a 400-token answer over its life cycle is not the 0.013 g of its inference alone."""
    whole = Emitted(g=1.14, boundary=Boundary.LIFE_CYCLE)
    with pytest.raises(OptionError, match="of the boundary life-cycle, the other's of accelerators"):
        compare(whole, Emitted(g=0.013, boundary=ACCELERATORS))
    with pytest.raises(OptionError, match="location-based, the other's market-based"):
        compare(whole, Emitted(g=1.0, boundary=Boundary.LIFE_CYCLE, accounting=Accounting.MARKET))


@given(AMOUNT, AMOUNT, AMOUNT, AMOUNT)
def test_a_tonne_avoided_costs_the_same_from_either_side(g: float, other: float, usd: float, spent: float) -> None:
    one = Emitted(g=g, boundary=FACILITY, usd=usd)
    two = Emitted(g=other, boundary=FACILITY, usd=spent)
    forth, back = compare(one, two), compare(two, one)
    assert forth.usd_per_tonne == back.usd_per_tonne
    assert forth.g_avoided == -back.g_avoided


def test_a_tonne_avoided_costs_the_difference() -> None:
    clean, dirty = Emitted(g=1.0, boundary=FACILITY, usd=0.003), Emitted(g=11.0, boundary=FACILITY, usd=0.001)
    assert compare(clean, dirty).usd_per_tonne == pytest.approx(200.0)
    assert compare(clean, Emitted(g=11.0, boundary=FACILITY)).usd_per_tonne is None
    assert compare(clean, Emitted(g=1.0, boundary=FACILITY, usd=9.0)).usd_per_tonne is None


def test_the_flip_is_where_the_other_option_emits_as_much() -> None:
    asked = inputs(wh_per_request=1.0, g_per_kwh=300.0, other_g_per_request=0.6)
    against = (FACILITY, Accounting.LOCATION)
    found = {one.key: one for one in swings(lambda one: verdict(one, FACILITY, against), asked)}
    assert found["g_per_kwh"].flips_above == pytest.approx(600.0)
    assert found["other_g_per_request"].flips_below == pytest.approx(0.3)
    assert not found["pue"].matters


def test_defaults_that_nothing_rests_on_are_left_out() -> None:
    assert set(entering(inputs(wh_per_request=1.0), FACILITY)) == {"wh_per_request"}
    assert {"host_ratio", "idle_share", "pue"} <= set(entering(inputs(wh_per_request=1.0), ACCELERATORS))
    assert "batch" in entering(inputs(embodied_kg=1.0, seconds_per_request=1.0), None)


HOURS = {"near": {0: 500.0, 1: 400.0, 2: 300.0, 3: 50.0}, "far": {0: 90.0, 1: 10.0, 3: 10.0}}
GRID = Intensities(by_region=HOURS, labels={hour: str(hour) for hour in range(4)}, latency_ms={"near": 5.0})


def test_the_place_and_the_hour_of_least_carbon_are_found() -> None:
    best = places(GRID)[0]
    assert (best.region, best.start, best.g_per_kwh, best.now_g_per_kwh) == ("far", "1", 10.0, 90.0)


def test_a_longer_run_needs_hours_on_end() -> None:
    found = places(GRID, run_hours=3)
    assert [(one.region, one.start_hour, one.g_per_kwh) for one in found] == [("near", 1, 250.0)]
    assert places(GRID, run_hours=2)[0].g_per_kwh == 50.0


def test_a_deadline_and_a_latency_keep_places_out() -> None:
    assert places(GRID, latency_limit_ms=10.0)[0].g_per_kwh == 50.0
    assert places(GRID, latency_limit_ms=10.0, deadline_hours=2)[0].start_hour == 1
    with pytest.raises(InfeasibleError, match="the nearest, near, is at 5 ms"):
        places(GRID, latency_limit_ms=1.0)
    with pytest.raises(InfeasibleError, match="within the deadline of 2 hours: the earliest run ends after 3"):
        places(GRID, run_hours=3, deadline_hours=2)
    with pytest.raises(InfeasibleError, match="for 5 hours on end: the longest stretch is of 4"):
        places(GRID, run_hours=5)
    unknown = Intensities(by_region=HOURS, labels=GRID.labels, latency_ms={})
    with pytest.raises(OptionError, match="column latency_ms"):
        places(unknown, latency_limit_ms=1.0)


@given(st.lists(st.floats(0.0, 1e3), min_size=1, max_size=48), st.integers(1, 48))
def test_waiting_longer_never_emits_more(grams: list[float], deadline: int) -> None:
    day = Intensities(
        by_region={"here": dict(enumerate(grams))}, labels={one: str(one) for one in range(len(grams))}, latency_ms={}
    )
    soon, late = (places(day, deadline_hours=one)[0].g_per_kwh for one in (deadline, deadline + 1))
    assert late <= soon <= grams[0]


def test_hours_are_numbers_or_times(tmp_path: Path) -> None:
    file = tmp_path / "grid.csv"
    file.write_text(
        "region,hour,g_per_kwh,latency_ms\nx,2026-11-02T14:00,300,8\nx,2026-11-02T16:00+01:00,200,\n", encoding="utf-8"
    )
    read = read_intensities(file)
    best = places(read, latency_limit_ms=9.0)[0]
    assert (best.start, best.start_hour, best.latency_ms) == ("2026-11-02T16:00+01:00", 1, 8.0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hour,region\n1,x\n", "has no column g_per_kwh"),
        ("", "has no column hour"),
        ("hour,region,g_per_kwh\n", "holds no hour"),
        ("hour,region,g_per_kwh\nnoon,x,3\n", "csv:2: hour is 'noon'"),
        ("hour,region,g_per_kwh\n2026-01-01T10:30,x,3\n", "hour is '2026-01-01T10:30'"),
        ("hour,region,g_per_kwh\n1,,3\n", "region is empty"),
        ("hour,region,g_per_kwh\n1,x,nan\n", "g_per_kwh is 'nan'"),
        ("hour,region,g_per_kwh\n1,x\n", "g_per_kwh is None"),
        ("hour,region,g_per_kwh\n1,x,3\n1,x,4\n", "csv:3: x has the hour 1 twice"),
        ("hour,region,g_per_kwh\n1,x,3\n2026-11-02T14:00,x,4\n", "csv:3: .* numbers and times mixed"),
        (f"hour,region,g_per_kwh\n{10**22},x,3\n", f"csv:2: hour is '{10**22}'"),
        ("hour,region,g_per_kwh,latency_ms\n1,x,3,5\n2,x,3,9\n", "csv:3: latency_ms of x is 9, and 5 before"),
    ],
)
def test_what_is_no_intensity_is_refused_by_line(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "grid.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(OptionError, match=told):
        read_intensities(file)


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="is a folder"):
        read_intensities(tmp_path)
    with pytest.raises(StorageError, match="is a device or a pipe"):
        read_intensities(Path("/dev/zero"))
    (tmp_path / "grid.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(OptionError, match="UTF-8"):
        read_intensities(tmp_path / "grid.csv")
