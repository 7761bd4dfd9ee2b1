"""A fact's file says how the figure is computed, or what that needs; what it may not say is refused with the fix."""

from collections.abc import Callable
from pathlib import Path

import pytest

from chipdex.codec import dumps_toml, read_file, structure
from chipdex.domain import Evidence, Fact
from chipdex.errors import ProfileError

Write = Callable[[str, str], Path]

GOOD = """\
schema = 1

[source.study]
title = "A study"
url = "https://example.com/study"
retrieved = 2026-11-01
kind = "paper"

[[fact]]
id = "acme/mix"
topic = "hetero-mix"
statement = "Price of a mix"
published = "2026-10"
value = 7.4
unit = "USD/h"
tolerance = 0.01
evidence = "copy"
quantity = "fleet_usd_per_hour"
inputs = { devices = [1, 3], usd_per_hour = [0.7, 1.01], note = "two kinds", loss = -0.5 }
from = "study"
"""


def read(write: Write, text: str) -> Fact:
    (plain,) = read_file(write("facts/acme.toml", text), "facts")
    fact = structure(plain)
    assert isinstance(fact, Fact)
    return fact


def test_a_fact_is_read_with_its_inputs_of_every_kind(write: Write) -> None:
    fact = read(write, GOOD)
    assert (fact.id, fact.value, fact.allowed, fact.evidence) == ("acme/mix", 7.4, 0.01, Evidence.COPY)
    assert fact.inputs == {"devices": (1.0, 3.0), "usd_per_hour": (0.7, 1.01), "note": "two kinds", "loss": -0.5}
    assert fact.provenance == {"": ("study",)}


def test_a_share_of_the_value_is_allowed_whatever_its_sign(write: Write) -> None:
    text = GOOD.replace("tolerance = 0.01", "tolerance_fraction = 0.1").replace("value = 7.4", "value = -7.4")
    assert read(write, text).allowed == pytest.approx(0.74)


def test_a_fact_without_an_id_is_called_by_its_file_and_number(write: Write) -> None:
    assert read(write, GOOD.replace('id = "acme/mix"\n', "")).id == "acme/1"


def test_what_is_written_reads_back_equal(write: Write) -> None:
    fact = read(write, GOOD)
    assert read(write, dumps_toml(fact)) == fact


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('quantity = "fleet_usd_per_hour"\n', "", "quantity: is missing. Name the quantity"),
        ('quantity = "fleet_usd_per_hour"\n', 'needs = "a run"\n', "inputs: is given without a quantity"),
        ("tolerance = 0.01\n", "", "tolerance: is missing. Add it, or `tolerance_fraction`"),
        ("tolerance = 0.01", "tolerance = 0.01\ntolerance_fraction = 0.1", "is given beside tolerance. Keep one"),
        ("tolerance = 0.01", "tolerance = -0.01", "tolerance: is -0.01, below 0."),
        ('evidence = "copy"', 'evidence = "copy"\nneeds = "a run"', "is given for a fact that a quantity computes"),
        ('"2026-10"', '"2026-13"', 'is "2026-13", which is no date. Write a year, a month or a day'),
        ('"2026-10"', "2026-10-01", "a date, where a string is expected"),
        ('"2026-10"', '"Oct 2026"', 'is "Oct 2026", which is no date.'),
        ("loss = -0.5", "Loss = -0.5", "inputs.Loss: is no name of an input. Write lower-case letters"),
        ("loss = -0.5", '"" = 1', "is no name of an input"),
        ("loss = -0.5", "loss = nan", "which no figure can be"),
        ("loss = -0.5", "loss = true", "where a number is expected"),
        ("loss = -0.5", "loss = []", "is an empty list"),
        ("loss = -0.5", "loss = [1, 'x']", "where a number is expected"),
        ("loss = -0.5", "loss = { value = 1 }", "where a number is expected"),
        ("value = 7.4", "value = inf", "which no figure can be"),
        ('topic = "hetero-mix"\n', "", "topic: is missing."),
        ('from = "study"', "tollerance = 3", "Did you mean `tolerance`"),
    ],
)
def test_what_a_fact_may_not_say_is_refused_with_the_fix(write: Write, old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(ProfileError) as error:
        read(write, GOOD.replace(old, new))
    assert said in "\n".join(map(str, error.value.problems))


def test_facts_that_share_cells_are_each_as_if_written_out(write: Write) -> None:
    rows = GOOD[: GOOD.index("[[fact]]")] + (
        '[[table]]\ncolumns = ["id", "value", "inputs"]\n'
        'common = { topic = "t", statement = "s", unit = "x", tolerance = 0.1, quantity = "quotient", from = "study" }\n'
        'rows = [["acme/a", 2, { over = 4, per_under = 2 }], ["acme/b", 3, { over = 9, per_under = 3 }]]\n'
    )
    first, second = (structure(plain) for plain in read_file(write("facts/acme.toml", rows), "facts"))
    assert isinstance(second, Fact)
    assert (first.id, second.id, second.inputs) == ("acme/a", "acme/b", {"over": 9.0, "per_under": 3.0})
