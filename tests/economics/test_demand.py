"""Demand is read hour by hour, and what is no demand is refused with its line."""

import math
from pathlib import Path

import pytest

from chipdex.economics.fleets.demand import day, missed_share, peak_to_mean, read_demand
from chipdex.errors import OptionError, StorageError


def test_a_day_has_its_mean_and_its_peak() -> None:
    rates = day(10.0, 1.5)
    assert sum(rates) / 24 == pytest.approx(10.0)
    assert max(rates) == rates[15] == pytest.approx(15.0)
    assert peak_to_mean(rates) == pytest.approx(1.5)
    assert set(day(3.0)) == {3.0}


def test_hours_are_read_in_their_order(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    file.write_text("hour,requests_per_s,note\n0,1.5,night\n1,0,\n2,30,peak\n")
    assert read_demand(file) == (1.5, 0.0, 30.0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no column hour"),
        ("hour,rate\n0,1\n", "no column requests_per_s"),
        ("hour,requests_per_s\n0,1\n2,1\n", "day.csv:3: hour is '2' where 1 is due"),
        ("hour,requests_per_s\n0,1\n0,1\n", "day.csv:3: hour is '0' where 1 is due"),
        ("hour,requests_per_s\n0,-1\n", "day.csv:2: requests_per_s is '-1'"),
        ("hour,requests_per_s\n0,\n", "day.csv:2: requests_per_s is ''"),
        ("hour,requests_per_s\n0\n", "day.csv:2: the line has not as many columns as the header"),
        ("hour,requests_per_s\n0,1,1\n", "day.csv:2: the line has not as many columns as the header"),
        ("hour,requests_per_s,requests_per_s\n0,1,1\n", "has the column requests_per_s twice"),
        ("hour,requests_per_s\n0,0\n", "nothing in any hour"),
    ],
)
def test_what_is_no_demand_is_refused_by_its_line(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "day.csv"
    file.write_text(text)
    with pytest.raises(OptionError, match=told):
        read_demand(file)


def test_a_file_longer_than_any_year_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    file.write_text("\0" * 10_000_001)
    with pytest.raises(StorageError, match=r"has 10\.0 MB, and up to 10 MB are read"):
        read_demand(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"nowhere\.csv"):
        read_demand(tmp_path / "nowhere.csv")


def test_a_peak_that_no_sine_has_is_refused() -> None:
    with pytest.raises(OptionError, match="no sine"):
        day(1.0, 4.2)


def test_what_is_missed_is_the_newsvendors_loss() -> None:
    assert missed_share(100.0, 100.0, 1.0) == pytest.approx(1 / math.sqrt(2 * math.pi * 6000))
    assert missed_share(120.0, 100.0, 1.0) < 1e-9
    assert missed_share(50.0, 100.0, 1.0) == pytest.approx(0.5)
    assert missed_share(110.0, 100.0, 164.0) > missed_share(110.0, 100.0, 10.0) > 0
    assert (missed_share(0.0, 1.0, 1.0), missed_share(1.0, 0.0, 1.0)) == (1.0, 0.0)
