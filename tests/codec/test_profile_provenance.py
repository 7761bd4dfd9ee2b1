"""Who says so: how `from` spreads over tables, and which figures it leaves without a source."""

import datetime as dt
from typing import Any

from chipdex.codec.provenance import Claims

SOURCES = {"a": {}, "b": {}, "sum": {"of": ["a"]}}


def claims(table: dict[str, Any]) -> Claims:
    taken = Claims(SOURCES)
    taken.take(table, [])
    return taken


def test_a_from_holds_for_every_figure_of_its_table_and_below() -> None:
    taken = claims({"from": "a", "x_gb": 1, "part": {"y_gb": 2.5, "deep": {"on": dt.date(2026, 1, 1)}}})
    assert taken.provenance == {"x_gb": ["a"], "part.y_gb": ["a"], "part.deep.on": ["a"]}


def test_a_table_with_a_from_of_its_own_does_not_have_its_parents() -> None:
    taken = claims({"from": "a", "x": 1, "part": {"from": ["a", "b"], "y": 2}})
    assert taken.provenance == {"x": ["a"], "part.y": ["a", "b"]}


def test_a_from_per_figure_leaves_the_others_their_parents() -> None:
    taken = claims({"from": "a", "part": {"from": {"y": "b"}, "y": 2, "z": 3}})
    assert taken.provenance == {"part.y": ["b"], "part.z": ["a"]}


def test_a_from_per_figure_may_name_a_table_or_a_word() -> None:
    taken = claims(
        {"from": {"part": "a", "name": "b", "software": "a"}, "part": {"y": 2}, "name": "N", "software": ["s"]}
    )
    assert taken.provenance == {"part.y": ["a"], "name": ["b"], "software": ["a"]}


def test_elements_of_arrays_are_named_by_their_position() -> None:
    taken = claims({"from": "a", "tier": [{"x": 1}, {"from": "b", "x": 2}]})
    assert taken.provenance == {"tier.0.x": ["a"], "tier.1.x": ["b"]}


def test_words_and_truths_are_no_figures() -> None:
    taken = claims({"from": "a", "name": "N", "unified": True, "software": ["s"]})
    assert (taken.provenance, taken.unsourced) == ({}, [])


def test_a_figure_that_no_from_reaches_is_unsourced() -> None:
    taken = claims({"x": 1, "part": {"from": {"y": "a"}, "y": 1, "z": 2}, "tier": [{"w": 3}]})
    assert taken.provenance == {"part.y": ["a"]}
    assert taken.unsourced == [("x",), ("part", "z"), ("tier", 0, "w")]


def test_provenance_that_is_the_same_everywhere_is_noted_once() -> None:
    taken = claims({"from": "a", "x": 1, "y": 2})
    taken.merge()
    assert taken.provenance == {"": ["a"]}


def test_provenance_that_differs_or_is_incomplete_is_kept_apart() -> None:
    for table in ({"from": {"x": "a", "y": "b"}, "x": 1, "y": 2}, {"from": {"x": "a"}, "x": 1, "y": 2}):
        taken = claims(table)
        before = dict(taken.provenance)
        taken.merge()
        assert taken.provenance == before


def test_the_sources_of_a_derived_source_are_used_with_it() -> None:
    assert list(claims({"from": "sum", "x": 1}).used_sources(["b"])) == ["sum", "a", "b"]
