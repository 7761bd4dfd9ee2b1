"""What lint is worth: good shipped profiles, each with one common mistake, and how many of them it finds.

The records are those with the smallest checksums of their ids, some of every kind, so that adding a profile changes
little. The mistakes stand in `mistakes`; the share that is found of each is stated here, and may not fall.
"""

import itertools
from collections.abc import Callable, Iterable
from zlib import crc32

import pytest
from fakes import mistakes
from fakes.mistakes import Mistake

from chipdex.catalog import Registry
from chipdex.domain import Kind, Record
from chipdex.hooks import LintRule
from chipdex.plausibility.view import View
from chipdex.plausibility.waivers import Waivers

DEVICES, OF_EACH_KIND, OFFERS, MEASUREMENTS, MODELS = 40, 8, 40, 120, 40
AT_LEAST_OF_ALL = 0.8
AT_LEAST_OF_DOUBTFUL = 0.75
CERTAIN = 0.9
SHARES = {
    "sparse_as_dense_throughout": 0.7,
    "sparse_as_dense_in_one_format": 0.8,
    "node_total_of_everything": 0.75,
    "node_total_of_memory": 0.6,
    "node_total_of_compute": 0.55,
    "gb_as_gib": 0.9,
    "both_directions_of_the_link": 0.75,
    "bits_for_bytes": 0.8,
    "bandwidth_of_another_variant": 0.2,
    "power_of_the_node": 0.6,
    "operations_counted_twice": 0.6,
    "multiply_accumulates_as_operations": 0.6,
    "megabytes_as_gigabytes": 0.8,
    "thousandfold_peaks": 0.7,
    "format_in_the_wrong_key": 0.75,
    "year_of_release_slipped": 0.55,
    "source_read_next_year": 1,
    "alias_of_another": 1,
    "copied_and_renamed": 0.7,
    "price_of_the_node": 0.5,
    "impossible_number": 0.9,
    "price_of_the_instance_for_one": 0.5,
    "price_of_one_for_the_instance": 0.5,
    "price_of_a_month": 0.9,
    "offer_of_next_year": 1,
    "misspelt_device": 0.9,
    "count_left_at_one": 0.35,
    "seconds_for_milliseconds": 0.35,
    "thousands_for_ones": 0.75,
    "measured_in_ten_years": 1,
    "below_zero": 1,
    "billions_left_out": 1,
    "layers_halved": 1,
    "active_and_all_params_swapped": 1,
}
"""Mistake -> the least share of it that is found."""

Lint = Callable[[Record], list[str]]


@pytest.fixture(scope="module")
def view() -> View:
    return View(Registry.load())


@pytest.fixture(scope="module")
def lint(view: View) -> Lint:
    """Return a function that names the rules which find something in a record, in the company of all that ships."""
    rules: list[LintRule] = [rule for rule, _ in Registry.load().host.lint_rules()]

    def found(record: Record) -> list[str]:
        known = {rule.id for rule in rules}
        waivers = Waivers([record], known, all_are_here=True)
        said = [
            rule.id
            for rule in rules
            if isinstance(record, rule.about)
            for finding in [
                *(rule.check(record) if rule.check else ()),
                *(rule.compare(record, view) if rule.compare else ()),
            ]
            if not waivers.accept(record, rule, finding)  # type: ignore[arg-type]
        ]
        return [*said, *("accepted" for _ in waivers.faults(known))]

    return found


def some(records: Iterable[Record], count: int) -> list[Record]:
    return sorted(records, key=lambda record: crc32(record.id.encode()))[:count]


@pytest.fixture(scope="module")
def good(view: View) -> dict[str, list[Record]]:
    """Return records by sort: devices of all kinds as they come, and some of each kind besides."""
    devices = {one.id: one for one in some(view.accelerators.values(), DEVICES)}
    for kind in Kind:
        of_kind = (one for one in view.accelerators.values() if one.kind is kind)
        devices |= {one.id: one for one in some(of_kind, OF_EACH_KIND)}
    return {
        "devices": list(devices.values()),
        "offers": some(view.offers, OFFERS),
        "measurements": some(view.measurements, MEASUREMENTS),
        "models": some(view.models.values(), MODELS),
    }


def test_the_records_are_good_before_they_are_changed(good: dict[str, list[Record]], lint: Lint) -> None:
    assert {record.id: lint(record) for records in good.values() for record in records if lint(record)} == {}


def test_four_of_five_mistakes_are_found_and_of_each_its_share(
    good: dict[str, list[Record]], view: View, lint: Lint
) -> None:
    kinds: tuple[tuple[str, tuple[Mistake, ...]], ...] = (
        ("devices", mistakes.OF_DEVICES),
        ("offers", mistakes.OF_OFFERS),
        ("measurements", mistakes.OF_MEASUREMENTS),
        ("models", mistakes.OF_MODELS),
    )
    found: dict[str, list[bool]] = {}
    for name, made in kinds:
        for mistake in made:
            mutants = [mutant for record in good[name] for mutant in mistake(record, view)]
            found.setdefault(mistake.__name__, []).extend(bool(lint(mutant)) for mutant in mutants)
    shares = {name: sum(each) / len(each) for name, each in found.items()}
    assert {name: share for name, share in shares.items() if share < SHARES[name]} == {}
    assert found.keys() == SHARES.keys()
    every = list(itertools.chain(*found.values()))
    assert sum(every) / len(every) >= AT_LEAST_OF_ALL
    # Neither do the mistakes that cannot be missed carry the others, nor those that make many mutants.
    doubtful = list(itertools.chain(*(each for name, each in found.items() if SHARES[name] < CERTAIN)))
    assert sum(doubtful) / len(doubtful) >= AT_LEAST_OF_DOUBTFUL
    assert sum(shares.values()) / len(shares) >= AT_LEAST_OF_ALL
