"""The prices a question uses: fetched ones over list prices, a provider's own word over a collection's."""

import datetime as dt
from pathlib import Path

import attrs
import pytest
from fakes.market import offer

from chipdex.catalog import Registry
from chipdex.catalog.priced import Wanted
from chipdex.domain import DateBasis, OfferState, Source, SourceKind, Term
from chipdex.prices.store import PriceStore
from chipdex.settings import load_settings

NOW = dt.datetime.now(tz=dt.UTC)
FEED = Source(title="feed", kind=SourceKind.VENDOR_DOCS, retrieved=NOW.date(), url="https://example.com/feed")

LISTED = """\
schema = 1

[source.list]
title = "list"
url = "https://example.com/list"
retrieved = 2026-01-01
kind = "vendor_docs"

[[offer]]
provider = "cloud"
instance = "8x"
accelerator = "acme/a"
count = 8
region = "here"
term = "on-demand"
usd_per_hour = 8
as_of = 2026-01-01
from = "list"

[[offer]]
provider = "other"
instance = "8x"
accelerator = "acme/a"
count = 8
region = "here"
term = "on-demand"
usd_per_hour = 9
as_of = 2026-01-01
from = "list"
"""


def fetched(usd_per_hour, **changes):
    found = offer("a", usd_per_hour, as_of=NOW.date(), date_basis=DateBasis.READ_ON, fetched_at=NOW)
    return attrs.evolve(found, state=OfferState.OK, sources={"api": FEED}, provenance={"": ("api",)}, **changes)


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setenv("CHIPDEX_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CHIPDEX_PRICES_FILE", str(tmp_path / "prices.sqlite"))
    monkeypatch.setenv("CHIPDEX_PLUGINS", "")
    folder = tmp_path / "data" / "profiles" / "offers"
    folder.mkdir(parents=True)
    (folder / "list.toml").write_text(LISTED)
    return Registry.load(load_settings(no_plugins=True))


def keep(registry: Registry, source: str, *offers) -> None:
    with PriceStore(registry.settings.prices_file) as store:
        store.keep(source, offers, fetched_at=NOW)


def prices(registry: Registry, **wanted) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for one in registry.priced(Wanted(everything=True, **wanted)).offers:
        found.setdefault(one.provider, []).append(one.usd_per_hour)
    return found


def test_without_a_store_list_prices_answer(registry: Registry) -> None:
    assert prices(registry) == {"cloud": [8.0], "other": [9.0]}


def test_a_fetched_price_takes_the_place_of_a_list_price_even_where_it_is_higher(registry: Registry) -> None:
    keep(registry, "feed", fetched(12.0))
    assert prices(registry) == {"cloud": [12.0], "other": [9.0]}


def test_a_fetched_price_of_another_term_leaves_the_list_price(registry: Registry) -> None:
    keep(registry, "feed", fetched(3.0, id="cloud/spot", term=Term.SPOT))
    assert prices(registry) == {"cloud": [8.0, 3.0], "other": [9.0]}


def test_what_a_provider_says_comes_before_what_a_collection_says_of_it(registry: Registry) -> None:
    keep(registry, "feed", fetched(12.0))
    keep(registry, "collection", fetched(1.0, date_basis=DateBasis.SNAPSHOT))
    assert prices(registry)["cloud"] == [12.0]


def test_where_a_provider_says_nothing_a_collection_is_better_than_a_list(registry: Registry) -> None:
    keep(registry, "collection", fetched(1.0, date_basis=DateBasis.SNAPSHOT))
    assert prices(registry)["cloud"] == [1.0]


def test_prices_that_are_too_old_are_left_out_and_counted(registry: Registry) -> None:
    keep(registry, "feed", fetched(12.0))
    found = registry.priced(Wanted(not_before=NOW.date() - dt.timedelta(days=1)))
    assert [one.provider for one in found.offers] == ["cloud"]
    assert found.too_old == 1


def test_a_store_that_cannot_be_read_is_warned_of_and_list_prices_answer(registry: Registry) -> None:
    registry.settings.prices_file.write_bytes(b"not a store at all" * 1000)
    assert prices(registry) == {"cloud": [8.0], "other": [9.0]}
    assert "prices" in {warning.code for warning in registry.warnings}


def test_of_a_device_and_size_only_the_cheapest_price_is_made_unless_all_are_wanted(registry: Registry) -> None:
    assert [one.provider for one in registry.priced(Wanted()).offers] == ["cloud"]
    assert [one.provider for one in registry.priced(Wanted(providers=("other",))).offers] == ["other"]
    assert registry.priced().rented == {"acme/a"}
