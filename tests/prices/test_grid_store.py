"""Grids in the price store's file: appended when they change, current as long as fetched, averages apart."""

import datetime as dt
import sqlite3

import pytest

from chipdex.domain import Emissions, Grid, IntensityKind, Source, SourceKind
from chipdex.prices.grid_store import create_grid_tables, current_grids, grid_history, keep_grids, refusal_of

NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
AGE = dt.timedelta(hours=2)
API = Source(title="an API", kind=SourceKind.COMMUNITY, retrieved=NOON.date(), url="https://example.com", licence="CC0")


def grid(g_per_kwh=38.0, at=NOON, region="FR", **changes):
    values = {
        "id": f"world/{region.lower()}/{at:%Y%m%dt%H%Mz}" if at else f"world/{region.lower()}/2026",
        "provider": "world",
        "region": region,
        "year": 2026,
        "at": at,
        "g_per_kwh": g_per_kwh,
        "emissions": Emissions.LIFECYCLE,
        "estimated": True,
        "sources": {"api": API},
        "provenance": {"": ("api",)},
    }
    return Grid(**{**values, **changes})


@pytest.fixture
def store():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    create_grid_tables(connection)
    return connection


def keep(store, *grids, at=NOON, source="maps"):
    return keep_grids(store, source, grids, fetched_at=at, max_age=AGE)


def test_what_is_kept_comes_back_as_it_was(store):
    keep(store, grid())
    (stored,) = current_grids(store, now=NOON)
    assert stored.grid == grid()
    assert stored.grid.sources == {"api": API}
    assert (stored.source, stored.fetched_at, stored.is_stale) == ("maps", NOON, False)


def test_marginal_and_average_never_come_together(store):
    keep(store, grid(), grid(id="watttime/x", provider="watttime", kind=IntensityKind.MARGINAL, emissions=None))
    assert [one.grid.provider for one in current_grids(store, now=NOON)] == ["world"]
    assert [one.grid.provider for one in current_grids(store, now=NOON, kind=IntensityKind.MARGINAL)] == ["watttime"]


def test_a_later_hour_is_current_and_the_earlier_stays_in_the_history(store):
    keep(store, grid(38.0))
    keep(store, grid(41.0, at=NOON + HOUR), at=NOON + HOUR)
    assert [one.grid.g_per_kwh for one in current_grids(store, now=NOON)] == [41.0]
    assert [one.grid.g_per_kwh for one in grid_history(store, "world", "FR")] == [38.0, 41.0]


def test_the_same_again_is_no_further_observation_and_is_fresh(store):
    keep(store, grid(at=None))
    kept = keep(store, grid(at=None), at=NOON + HOUR)
    assert (kept.changed, kept.unchanged, kept.gone) == (0, 1, 0)
    (stored,) = grid_history(store, "world", "FR")
    assert stored.fetched_at == NOON + HOUR


def test_a_figure_that_its_source_corrects_is_a_further_observation(store):
    keep(store, grid(44.0, at=None))
    keep(store, grid(44.2, at=None), at=NOON + HOUR)
    assert [one.grid.g_per_kwh for one in current_grids(store, now=NOON)] == [44.2]
    assert len(grid_history(store, "world", "FR")) == 2


def test_what_a_fetch_lacks_is_not_current_any_more(store):
    keep(store, grid(), grid(region="DE"))
    assert keep(store, grid(), at=NOON + HOUR).gone == 1
    assert [one.grid.region for one in current_grids(store, now=NOON)] == ["FR"]
    assert len(grid_history(store, "world", "DE")) == 1


def test_one_source_leaves_another_alone(store):
    keep(store, grid())
    keep(store, source="ember")
    assert len(current_grids(store, now=NOON)) == 1


def test_what_is_older_than_its_source_allows_is_stale(store):
    keep(store, grid())
    assert not current_grids(store, now=NOON + AGE)[0].is_stale
    assert current_grids(store, now=NOON + AGE + dt.timedelta(seconds=1))[0].is_stale


def test_places_are_found_by_provider_and_region(store):
    keep(store, grid(), grid(region="DE"))
    assert [one.grid.region for one in current_grids(store, now=NOON, provider="world", region="DE")] == ["DE"]
    assert not current_grids(store, now=NOON, provider="aws")


def test_a_fetch_is_all_or_nothing_in_its_callers_transaction(store):
    keep(store, grid())
    store.execute("BEGIN")
    keep(store, grid(99.0), at=NOON + HOUR)
    store.execute("ROLLBACK")
    assert [one.grid.g_per_kwh for one in current_grids(store, now=NOON)] == [38.0]


def test_tables_that_are_there_stay(store):
    keep(store, grid())
    create_grid_tables(store)
    assert len(current_grids(store, now=NOON)) == 1


def test_a_store_from_before_there_were_grids_has_none():
    assert current_grids(sqlite3.connect(":memory:"), now=NOON) == ()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"g_per_kwh": -1.0}, "outside"),
        ({"g_per_kwh": 380_000.0}, "outside"),
        ({"g_per_kwh": float("nan")}, "no number"),
        ({"g_per_kwh": "38"}, "no number"),
        ({"g_per_kwh": True}, "no number"),
        ({"g_per_kwh": None}, "neither"),
        ({"g_per_kwh": None, "usd_per_kwh": 0.0}, "outside"),
        ({"at": NOON + 2 * HOUR}, "to come"),
        ({"at": NOON.replace(tzinfo=None)}, "time zone"),
    ],
)
def test_a_figure_that_no_grid_has_is_refused_with_its_reason(changes, told):
    assert told in refusal_of(grid(**changes), NOON)


@pytest.mark.parametrize("changes", [{}, {"g_per_kwh": 0.0}, {"g_per_kwh": None, "usd_per_kwh": 0.09}, {"at": None}])
def test_what_a_grid_can_have_is_not_refused(changes):
    assert not refusal_of(grid(**changes), NOON)
