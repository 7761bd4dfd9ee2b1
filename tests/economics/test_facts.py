"""Whatever a plugin publishes is one row with its verdict; every quantity gives what a hand calculation gives."""

import builtins
import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipdex.catalog import Registry
from chipdex.domain import Accelerator, Compute, Fact, Kind, Measurement, Peaks, Power, Status
from chipdex.economics.proofs.facts import Checked, Verdict, check_fact, check_facts
from chipdex.economics.proofs.quantities import QUANTITIES, UNITS

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "publish-facts.md").read_text(encoding="utf-8")


@attrs.frozen
class Known:
    """What the quantities of records ask a registry for."""

    accelerators: Mapping[str, Accelerator] = MappingProxyType({})
    measurements: tuple[Measurement, ...] = ()


def device(name: str, bf16: float | None, tdp: float) -> Accelerator:
    return Accelerator(
        id=name,
        name=name,
        kind=Kind.TPU,
        status=Status.SHIPPING,
        compute=Compute(dense=Peaks(bf16_tflops=bf16)),
        power=Power(tdp_w=tdp),
    )


KNOWN: Any = Known(
    {"acme/v6": device("acme/v6", 918.0, 300.0), "acme/v5": device("acme/v5", 197.0, 200.0),
     "acme/v4": device("acme/v4", None, 200.0)},
    (Measurement(id="acme/run", accelerator="acme/v6", model="m", metric="power_w", value=250.0, unit="W", count=1),),
)  # fmt: skip


def fact(quantity: str | None = "quotient", value: float = 2.0, **figures: Any) -> Fact:
    stated = {"tolerance": 0.1, "inputs": {"over": 4.0, "per_under": 2.0}, **figures}
    unit = UNITS.get(quantity or "", ("x",))[0]
    return Fact(id="acme/one", topic="t", statement="s", unit=unit, value=value, quantity=quantity, **stated)


def check(one: Fact, known: Any = KNOWN) -> Checked:
    return check_fact(one, known)


def test_a_fact_within_its_tolerance_has_its_own_error() -> None:
    found = check(fact(value=2.05))
    assert (found.verdict, found.computed) == (Verdict.WITHIN, 2.0)
    assert found.error == pytest.approx(-0.05)
    assert found.error_fraction == pytest.approx(-0.05 / 2.05)


def test_a_fact_outside_its_tolerance_is_said_to_be() -> None:
    assert check(fact(value=2.2)).verdict is Verdict.OUTSIDE
    assert check(fact(value=2.2, tolerance=None, tolerance_fraction=0.1)).verdict is Verdict.WITHIN


def test_an_error_as_large_as_the_tolerance_is_within_it_whatever_binary_fractions_make_of_it() -> None:
    assert check(fact(value=0.3, inputs={"over": 0.1, "more": 4.0})).verdict is Verdict.WITHIN
    assert 0.4 - 0.3 > 0.1


def test_a_fact_that_nothing_can_compute_says_what_it_needs() -> None:
    found = check(fact(quantity=None, inputs={}, needs="the trace file"))
    assert (found.verdict, found.reason, found.computed, found.error) == (Verdict.NEEDS, "the trace file", None, None)


BROKEN = {
    "a quantity that is none": (fact("quotent"), "There is no quantity 'quotent'. Did you mean `quotient`?"),
    "no inputs": (fact(inputs={}), "It has no inputs."),
    "a division by zero": (fact(inputs={"over": 1.0, "per_under": 0.0}), "it divides by zero"),
    "an overflow": (fact(inputs={"over": 1e308, "more": 1e308}), "it comes to inf, which is no figure"),
    "nan": (fact(inputs={"over": float("nan")}), "it comes to nan, which is no figure"),
    "a text where a number goes": (fact(inputs={"over": "four"}), "over is 'four', where a number is needed."),
    "numbers where one goes": (fact(inputs={"over": (1.0, 2.0)}), "where a number is needed."),
    "a number where a name goes": (
        fact("perplexity_rise", inputs={"model": 3.0, "format": "q8_0"}),
        "model is 3.0, where a name is needed.",
    ),
    "a number where several go": (
        fact("fleet_usd_per_hour", inputs={"devices": 1.0, "usd_per_hour": (1.0,)}),
        "devices is 1.0, where a list of numbers is needed.",
    ),
    "lists of different lengths": (
        fact("fleet_usd_per_hour", inputs={"devices": (1.0,), "usd_per_hour": (1.0, 2.0)}),
        "There are 1 numbers of devices and 2 prices.",
    ),
    "a missing input": (fact("wait_probability", inputs={"servers": 2.0}), "The input offered_load is missing."),
    "an input that is none": (
        fact("wait_probability", inputs={"servers": 2.0, "offered_load": 1.0, "rate": 1.0}),
        "rate is no input of it. Those are servers, offered_load.",
    ),
    "the registry as an input": (
        fact("measured", inputs={"registry": "x", "measurement": "acme/run"}),
        "registry is no input of it.",
    ),
    "half a server": (
        fact("wait_probability", inputs={"servers": 1.5, "offered_load": 1.0}),
        "servers is 1.5, where a whole number is needed.",
    ),
    "a queue without end": (
        fact("wait_probability", inputs={"servers": 1.0, "offered_load": 2.0}),
        "the queue is unstable",
    ),
    "servers without number": (
        fact("wait_probability", inputs={"servers": float("inf"), "offered_load": 2.0}),
        "it is beyond what numbers hold",
    ),
    "a purchase that never pays": (
        fact("break_even_hours", inputs={"capex_usd": 1.0, "rent_usd_per_hour": 1.0, "own_usd_per_hour": 2.0}),
        "Buying never pays",
    ),
    "a format that nobody measured": (
        fact("perplexity_rise", inputs={"model": "llama-3-8b", "format": "q1"}),
        "was not measured",
    ),
    "a format that is none": (
        fact("peak_ratio", inputs={"device": "acme/v6", "other_device": "acme/v5", "precision": "bf17"}),
        "bf17 is no number format.",
    ),
    "no tolerance": (fact(tolerance=None), "it has no tolerance"),
    "neither a quantity nor needs": (fact(quantity=None), "names no quantity, and does not say what it needs"),
    "sizes by the thousand": (
        fact(
            "cheapest_mix_usd_per_hour",
            inputs={"usd_per_hour": (1.0,), "requests_per_s": (1.0,) * 2000, "mix": (1.0,) * 2000, "rate_per_s": 1.0},
        ),
        "at most 1,000 sizes",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_fact_is_a_row_with_its_reason(what: str) -> None:
    one, reason = BROKEN[what]
    found = check(one)
    assert found.verdict is Verdict.FAILED
    assert reason in (found.reason or "")


@pytest.mark.parametrize(
    ("quantity", "inputs", "missing"),
    [
        ("measured", {"measurement": "acme/other"}, "the measurement acme/other"),
        ("peak_ratio", {"device": "bolt/b1", "other_device": "acme/v5", "precision": "bf16"}, "the profile of bolt/b1"),
        ("peak_ratio", {"device": "acme/v6", "other_device": "acme/v4", "precision": "bf16"}, "a dense bf16 peak of"),
        (
            "device_figure_ratio",
            {"device": "acme/v6", "other_device": "acme/v5", "figure": "power.idle_w"},
            "power.idle_w",
        ),
        ("device_figure_ratio", {"device": "acme/v6", "other_device": "acme/v5", "figure": "name"}, "name of acme/v6"),
    ],
)
def test_records_that_are_not_here_are_needed(quantity: str, inputs: dict[str, Any], missing: str) -> None:
    found = check(fact(quantity, inputs=inputs))
    assert found.verdict is Verdict.NEEDS
    assert missing in (found.reason or "")
    assert "is not in the registry" in (found.reason or "")


def test_a_solver_that_is_not_installed_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_scipy(name: str, *arguments: Any, **keywords: Any) -> Any:
        if name.startswith("scipy"):
            raise ModuleNotFoundError("No module named 'scipy'", name="scipy")
        return real(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without_scipy)
    inputs = {"usd_per_hour": (1.0,), "requests_per_s": (2.0,), "mix": (1.0,), "rate_per_s": 3.0}
    found = check(fact("cheapest_mix_usd_per_hour", inputs=inputs))
    assert (found.verdict, found.reason) == (Verdict.NEEDS, "scipy: `pip install 'chipdex[economics]'`")


def test_facts_stand_by_topic_and_a_broken_one_takes_none_along() -> None:
    facts = [attrs.evolve(fact(), topic=topic) for topic in "ba"] + [attrs.evolve(fact("none"), topic="aa")]
    assert [one.fact.topic for one in check_facts(facts, KNOWN)] == ["a", "aa", "b"]
    assert [one.verdict for one in check_facts(facts, KNOWN)] == [Verdict.WITHIN, Verdict.FAILED, Verdict.WITHIN]


def test_a_plugin_whose_facts_take_too_long_loses_its_own_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chipdex.economics.proofs.facts.LONGEST_S", 0.0)
    facts = [
        attrs.evolve(fact(), id=f"{name}/one", topic=topic) for name, topic in (("a", "1"), ("a", "2"), ("b", "3"))
    ]
    facts.append(attrs.evolve(fact(None, inputs={}, needs="the trace"), id="a/two", topic="4"))
    found = check_facts(facts, KNOWN, lambda one: one.id.partition("/")[0])
    assert [one.verdict for one in found] == [Verdict.WITHIN, Verdict.FAILED, Verdict.WITHIN, Verdict.NEEDS]
    assert "no more of them are computed" in (found[1].reason or "")


@given(
    name=st.sampled_from(sorted(QUANTITIES)),
    data=st.data(),
)
def test_no_inputs_of_any_kind_make_a_check_raise(name: str, data: st.DataObject) -> None:
    numbers = st.floats() | st.sampled_from([0.0, 1.0, -1.0, 1e308, 1e-308])
    known = st.sampled_from([one for one in inspect.signature(QUANTITIES[name]).parameters if one != "servers"])
    anything = numbers | st.text(max_size=4) | st.lists(numbers, min_size=1, max_size=4).map(tuple)
    inputs = data.draw(st.dictionaries(known, anything))
    found = check(fact(name, inputs=inputs))
    assert (found.verdict in {Verdict.NEEDS, Verdict.FAILED}) == bool(found.reason)


@pytest.mark.parametrize(
    ("quantity", "inputs", "value"),
    [
        ("quotient", {"over": 6.0, "more": 2.0, "per_under": 3.0}, 4.0),
        ("quotient", {"per_under": 4.0}, 0.25),
        ("percent", {"over": 1.0, "per_whole": 4.0}, 25.0),
        ("percent_saved", {"mean": 1.0, "per_peak": 4.0}, 75.0),
        ("total", {"one": 0.1, "two": 0.2}, 0.3),
        ("mean_wait", {"servers": 1.0, "offered_load": 0.5, "scv_service": 0.0}, 0.5),
        ("autoscaled_replicas", {"replicas": 10.0, "metric": 75.0, "target": 70.0}, 10.0),
        ("autoscaled_replicas", {"replicas": 10.0, "metric": 35.0, "target": 70.0}, 5.0),
        ("autoscaled_replicas", {"replicas": 3.0, "metric": 0.0, "target": 70.0}, 0.0),
        ("usd_per_million_tokens", {"usd_per_hour": 3.6, "tokens_per_s": 1000.0}, 1.0),
        ("margin_percent", {"revenue_usd": 300.0, "nodes": 2.0, "devices_per_node": 5.0, "hours": 10.0,
                            "usd_per_device_hour": 2.0}, 50.0),
        ("fleet_usd_per_hour", {"devices": (2.0, 0.0, 1.0), "usd_per_hour": (1.0, 9.0, 3.5)}, 5.5),
        ("j_per_token", {"power_w": 500.0, "tokens_per_s": 1000.0}, 0.5),
        ("facility_ratio", {"accelerators_wh": 1.0, "host_wh": 0.5, "idle_wh": 0.3, "overhead_wh": 0.2}, 2.0),
        ("facility_wh", {"accelerators_wh": 1.0, "host_wh": 0.0, "idle_wh": 0.0, "overhead_wh": 0.0}, 1.0),
        ("operational_t", {"mwh": 2.0, "g_per_kwh": 500.0}, 1.0),
        ("operational_g", {"wh": 2.0, "g_per_kwh": 500.0}, 1.0),
        ("on_site_water_ml", {"wh": 2.0, "wue_on_site_l_per_kwh": 0.5}, 1.0),
        ("on_site_water_ml", {"wh": 2.0, "wue_on_site_l_per_kwh": 0.0}, 0.0),
        ("grid_g_per_kwh", {"emissions_t": 1.0, "device_hours": 2000.0, "device_w": 1000.0}, 500.0),
        ("embodied_percent", {"embodied_kg": 1.0, "operational_kg": 3.0}, 25.0),
        ("tokens_per_drafted_step", {"acceptance_fraction": 0.5, "draft_tokens": 2.0}, 1.75),
        ("drafting_speed_up", {"acceptance_fraction": 0.5, "draft_tokens": 1.0, "draft_cost_fraction": 0.5}, 1.0),
        ("per_device_gain", {"tokens_per_s": 10.0, "devices": 2.0, "before_tokens_per_s": 5.0, "before_devices": 1.0}, 1.0),
        ("peak_ratio", {"device": "acme/v6", "other_device": "acme/v5", "precision": "bf16"}, 918 / 197),
        ("achieved_tflops", {"device": "acme/v6", "precision": "bf16", "share_fraction": 0.5}, 459.0),
        ("device_figure_ratio", {"device": "acme/v6", "other_device": "acme/v5", "figure": "power.tdp_w"}, 1.5),
        ("measured", {"measurement": "acme/run"}, 250.0),
    ],
)  # fmt: skip
def test_a_quantity_is_what_a_hand_calculation_gives(quantity: str, inputs: dict[str, Any], value: float) -> None:
    assert check(fact(quantity, inputs=inputs)).computed == pytest.approx(value)


def documented() -> dict[str, list[str]]:
    """Return the cells of the page's table of quantities, by name."""
    table = PAGE.partition("| quantity |")[2]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:] if line.startswith("|")]
    return {row[0].strip("`"): row[1:] for row in rows}


def test_the_page_lists_every_quantity_and_no_other() -> None:
    assert list(documented()) == list(QUANTITIES)


@pytest.mark.parametrize("name", QUANTITIES)
def test_every_quantity_is_documented_with_its_inputs_and_its_unit(name: str) -> None:
    inputs, unit, meaning = documented()[name]
    parameters = [one for one in inspect.signature(QUANTITIES[name]).parameters.values() if one.name != "registry"]
    named = [one for one in parameters if one.kind is not one.VAR_KEYWORD]
    required, _, optional = inputs.partition(" (")
    assert re.findall(r"`(\w+)`", required) == [one.name for one in named if one.default is one.empty]
    assert re.findall(r"`(\w+)`", optional) == [one.name for one in named if one.default is not one.empty]
    assert all(f": {one.default:g}" in optional for one in named if one.default is not one.empty)
    assert unit
    assert meaning


def test_the_page_names_the_unit_that_a_fact_has_to_be_in() -> None:
    assert all(documented()[name][1].startswith(units) for name, units in UNITS.items())


@pytest.mark.parametrize(
    ("unit", "verdict"), [("h", "within"), ("h of use", "within"), ("hens", "failed"), ("days", "failed")]
)
def test_a_fact_in_another_unit_than_its_quantity_is_no_match(unit: str, verdict: str) -> None:
    inputs = {"capex_usd": 200_000.0, "rent_usd_per_hour": 85.0, "own_usd_per_hour": 5.0}
    found = check(attrs.evolve(fact("break_even_hours", 2_500.0, inputs=inputs), unit=unit))
    assert found.verdict == verdict
    assert (found.reason or "").endswith("where break_even_hours gives h") == (verdict == "failed")


def test_a_registry_has_what_the_quantities_ask_of_it() -> None:
    assert {field.name for field in attrs.fields(Known)} <= set(dir(Registry))
