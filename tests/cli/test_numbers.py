"""The range of a number, for an option and for the key of a case alike."""

import math
from typing import Any

import click
import pytest

from chipdex.cli.numbers import AMOUNT, COUNT, PERCENTILE


@pytest.mark.parametrize("value", [1e-9, 1, 1e9])
def test_an_amount_is_above_nothing_and_up_to_a_billion(value: float) -> None:
    assert AMOUNT.holds(value)


@pytest.mark.parametrize("value", [0, -1, 1.1e9, math.nan, math.inf, True, "1", None])
def test_anything_else_is_no_amount(value: Any) -> None:
    assert not AMOUNT.holds(value)


@pytest.mark.parametrize("value", [0, 1.0, 1_000_001, 10**400])
def test_a_count_is_whole_and_bounded(value: Any) -> None:
    assert COUNT.holds(1)
    assert not COUNT.holds(value)


@pytest.mark.parametrize("text", ["nan", "inf", "1e308", "x", "", "0"])
def test_an_option_refuses_what_is_out_of_range_and_says_the_range(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a number above 0, up to 1,000,000,000"):
        AMOUNT.convert(text, None, None)


def test_a_range_reads_as_people_write_it() -> None:
    assert COUNT.words == "a whole number from 1 to 1,000,000"
    assert PERCENTILE.words == "a number from 50 to 99.9"
