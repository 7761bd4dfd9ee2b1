"""The facts keep the contract, each that can be computed is within its tolerance, and the others say what they need."""

from collections import Counter

import pytest

from chipdex.catalog import Registry
from chipdex.domain import Fact
from chipdex.economics.proofs.facts import Verdict, check_fact
from chipdex.hooks import PluginHost
from chipdex.testing import PluginContract, installed

PLUGIN = installed("chipdex_facts")
FACTS = {fact.id: fact for fact in PLUGIN.registry.facts}
COMPUTED = [fact for fact in FACTS.values() if fact.quantity]
LEAST = {"facts": 97}


class TestFacts(PluginContract):
    package = "chipdex_facts"
    least = LEAST


@pytest.fixture(scope="module")
def registry() -> Registry:
    """The registry of the facts and of the devices that two of them are about."""
    return Registry.load(host=PluginHost(PLUGIN.settings(("chipdex-google", "chipdex-nvidia"))))


@pytest.mark.parametrize("fact", COMPUTED, ids=lambda fact: fact.id)
def test_a_published_figure_is_computed_within_its_tolerance(fact: Fact, registry: Registry) -> None:
    found = check_fact(fact, registry)
    assert found.verdict is Verdict.WITHIN, f"{found.computed} {fact.unit}: {found.reason}"


def test_what_is_not_computed_says_what_it_needs(registry: Registry) -> None:
    waiting = [fact for fact in FACTS.values() if not fact.quantity]
    assert {check_fact(fact, registry).verdict for fact in waiting} == {Verdict.NEEDS}
    assert all(fact.needs for fact in waiting)


def test_every_fact_says_how_it_was_read() -> None:
    assert [fact.id for fact in FACTS.values() if fact.evidence is None] == []


def test_facts_about_devices_wait_for_their_profiles() -> None:
    alone = {fact.id: check_fact(fact, PLUGIN.registry).verdict for fact in COMPUTED}
    assert {name for name, verdict in alone.items() if verdict is not Verdict.WITHIN} == {
        "flash-attention-3/h100-fp16",
        "google/trillium-over-v5e",
    }
    assert set(alone.values()) == {Verdict.WITHIN, Verdict.NEEDS}


def test_topics_hold_as_many_facts_as_were_gathered() -> None:
    counted = Counter(fact.topic for fact in FACTS.values())
    assert counted["hetero-mix"] == 8
    assert counted["queueing"] == 5
    assert counted["sustainability"] == 11
    assert counted["quantisation"] == 9


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [
        ("lenovo/break-even-2026", 2720, "h"),
        ("melange/worked-example", 6.7, "USD/h"),
        ("deepseek/revenue-per-day-2025", 562027, "USD/day"),
        ("sardana/smaller-for-longer", 1.7e22, "FLOP"),
        ("erlang/waits-100-servers-90", 0.21694, "of arrivals"),
        ("sci/making-of-an-hour", 28.5, "g CO2e"),
        ("azure/2023-conversation-requests", 19366, "requests"),
    ],
)
def test_figures_are_those_of_their_sources(name: str, value: float, unit: str) -> None:
    assert (FACTS[name].value, FACTS[name].unit) == (value, unit)
