"""`chipdex prices`: what it prints of a refresh and of the store, and with which exit status."""

import csv
import datetime as dt
import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes.distributions import write_code
from pytest_httpserver import HTTPServer

Chipdex = Callable[..., Any]

PLUGIN = """
import datetime as dt

from chipdex.api import (
    Accelerator, DateBasis, FetchError, Kind, Memory, Offer, OfferState, PricingSource, Source, SourceKind, Status, Term,
    hookimpl, offer_id,
)

DATASHEET = Source(title="ds", kind=SourceKind.VENDOR_DATASHEET, retrieved=dt.date(2026, 11, 1), url="https://acme.example")


@hookimpl
def chipdex_accelerators():
    yield Accelerator(
        id="acme/x100", name="Acme X100", kind=Kind.GPU, status=Status.SHIPPING, aliases=("X100",),
        memory=Memory(capacity_gb=80.0), sources={"ds": DATASHEET}, provenance={"memory.capacity_gb": ("ds",)},
    )


def fetch(context):
    now = context.clock()
    for row in context.session.json(context.urls["api"]):
        if "usd" not in row:
            raise FetchError("A row lacks 'usd'.", fix="The source has changed.")
        accelerator = context.accelerator(row["gpu"], None)
        if row.get("broken"):
            context.refuse(row, "it is marked as broken")
        elif accelerator:
            named = {"provider": "acme", "instance": row["name"], "region": "eu-1", "accelerator": accelerator}
            yield Offer(
                id=offer_id(**named, term="on-demand"), **named, term=Term.ON_DEMAND, count=1, usd_per_hour=row["usd"],
                as_of=now.date(), date_basis=DateBasis.READ_ON, fetched_at=now, state=OfferState.OK,
                sources={"api": DATASHEET}, provenance={"": ("api",)},
            )


@hookimpl
def chipdex_pricing_sources():
    day = dt.timedelta(days=1)
    yield PricingSource(name="acme", fetch=fetch, max_age=day, urls={"api": "https://acme.invalid/prices"})
    yield PricingSource(name="keyed", fetch=fetch, max_age=day, needs_env=("ACME_TOKEN",))
"""
ROWS: list[dict[str, Any]] = [
    {"name": "x1", "gpu": "X100", "usd": 2.0},
    {"name": "x2", "gpu": "X100", "usd": 2.5},
    {"name": "x9", "gpu": "X900", "usd": 9.0},
    {"name": "xb", "gpu": "X100", "usd": 1.0, "broken": True},
]
X1 = "acme/x1/eu-1/on-demand/acme/x100"


@pytest.fixture
def market(httpserver: HTTPServer, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    """Install Acme's plugin, whose feed the test's own server is."""
    monkeypatch.syspath_prepend(str(write_code(home / "site", "acme-prices", PLUGIN)))
    monkeypatch.setenv("CHIPDEX_PLUGINS", "acme-prices")
    monkeypatch.setenv("CHIPDEX_PRICES_URLS", f"acme={httpserver.url_for('/prices')}")
    monkeypatch.delenv("ACME_TOKEN", raising=False)
    serve(httpserver, ROWS)
    yield httpserver
    sys.modules.pop("acme_prices", None)


def serve(server: HTTPServer, rows: list[dict[str, Any]]) -> None:
    server.clear()
    server.expect_request("/prices").respond_with_json(rows)


@pytest.mark.usefixtures("market")
def test_a_refresh_tells_what_each_source_came_to(chipdex: Chipdex) -> None:
    done = chipdex("prices", "refresh", "--json")
    assert done.code == 0
    document = json.loads(done.out)
    assert document["schema"] == "chipdex/prices-refresh@1"
    assert document["read"] == 1
    acme, keyed = document["sources"]
    assert {key: acme[key] for key in ("source", "state", "rows", "new", "refused", "unknown")} == {
        "source": "acme",
        "state": "ok",
        "rows": 2,
        "new": 2,
        "refused": 1,
        "unknown": 1,
    }
    assert acme["unknown_names"] == {"X900": 1}
    assert keyed["state"] == "needs key"
    assert "ACME_TOKEN" in keyed["reason"]


@pytest.mark.usefixtures("market")
def test_a_page_of_a_refresh_has_a_row_per_source(chipdex: Chipdex) -> None:
    done = chipdex("prices", "refresh")
    assert done.code == 0
    assert "1 of 2 sources read, 2 prices." in done.out
    assert done.err == ""


@pytest.mark.usefixtures("market")
def test_one_source_can_be_named(chipdex: Chipdex) -> None:
    rows = list(csv.DictReader(io.StringIO(chipdex("prices", "refresh", "acme", "--format", "csv").out)))
    assert [(row["source"], row["state"]) for row in rows] == [("acme", "ok")]


def test_nothing_read_is_status_3_and_keeps_what_was(chipdex: Chipdex, market: HTTPServer) -> None:
    chipdex("prices", "refresh")
    serve(market, [{"name": "x1", "gpu": "X100", "price": 2.0}])
    done = chipdex("prices", "refresh", "--json")
    assert done.code == 3
    assert json.loads(done.out)["sources"][0]["reason"] == "A row lacks 'usd'."
    assert json.loads(chipdex("prices", "list", "--json").out)["total"] == 2


@pytest.mark.usefixtures("market")
def test_an_unknown_source_is_status_2(chipdex: Chipdex) -> None:
    done = chipdex("prices", "refresh", "acne", "--json")
    assert done.code == 2
    assert json.loads(done.out)["error"]["fix"] == "Did you mean acme?"


@pytest.mark.usefixtures("home")
def test_without_any_source_there_is_nothing_to_refresh(chipdex: Chipdex) -> None:
    done = chipdex("--no-plugins", "prices", "refresh")
    assert done.code == 3
    assert "chipdex install" in done.err


@pytest.mark.usefixtures("market")
def test_the_store_is_listed_and_filtered(chipdex: Chipdex) -> None:
    chipdex("prices", "refresh")
    document = json.loads(
        chipdex("prices", "list", "--device", "X100", "--provider", "acme", "--top", "1", "--json").out
    )
    assert document["total"] == 2
    (offer,) = document["offers"]
    assert offer["usd_per_hour"] == 2.0
    assert offer["state"] == "ok"
    assert offer["fetched_at"].endswith("Z")
    assert "1 of 2 offers; --all prints the rest." in chipdex("prices", "list", "--top", "1").out
    assert json.loads(chipdex("prices", "list", "--region", "us-1", "--json").out)["total"] == 0
    assert chipdex("prices", "list", "--source", "azure").code == 2
    assert chipdex("prices", "list", "--term", "never").code == 2


def test_a_history_has_every_price(chipdex: Chipdex, market: HTTPServer) -> None:
    chipdex("prices", "refresh")
    serve(market, [{**row, "usd": row["usd"] * 1.1} for row in ROWS])
    chipdex("prices", "refresh")
    document = json.loads(chipdex("prices", "history", X1, "--json").out)
    seen = {round(row["usd_per_hour"], 2): row["is_current"] for row in document["observations"]}
    assert seen == {2.0: False, 2.2: True}


@pytest.mark.usefixtures("market")
def test_a_history_is_drawn(chipdex: Chipdex, tmp_path: Path) -> None:
    chipdex("prices", "refresh")
    picture = tmp_path / "history.svg"
    assert chipdex("prices", "history", X1, "--plot", str(picture)).code == 0
    assert "USD per hour" in picture.read_text()
    assert chipdex("prices", "history", X1, "--plot", "history.doc").code == 2


@pytest.mark.usefixtures("market")
def test_an_offer_that_never_was_has_no_history(chipdex: Chipdex) -> None:
    assert chipdex("prices", "history", "acme/nothing").code == 2


@pytest.mark.usefixtures("market")
def test_status_names_every_source_fetched_or_not(chipdex: Chipdex) -> None:
    before = json.loads(chipdex("prices", "status", "--json").out)["sources"]
    assert [(row["source"], row["state"]) for row in before] == [("acme", "never"), ("keyed", "needs key")]
    chipdex("prices", "refresh")
    after = json.loads(chipdex("prices", "status", "--json").out)["sources"]
    assert [(row["source"], row["state"], row["rows"]) for row in after] == [
        ("acme", "ok", 2),
        ("keyed", "needs key", 0),
    ]


@pytest.mark.usefixtures("market")
def test_what_was_set_aside_is_told_with_its_reason(chipdex: Chipdex) -> None:
    chipdex("prices", "refresh")
    (row,) = json.loads(chipdex("prices", "rejected", "--json").out)["rejected"]
    assert row["reason"] == "it is marked as broken"
    assert row["row"]["name"] == "xb"
    (name,) = json.loads(chipdex("prices", "unknown", "acme", "--json").out)["unknown"]
    assert name == {"source": "acme", "name": "X900", "rows": 1}
    assert chipdex("prices", "rejected", "nobody").code == 2


@pytest.mark.usefixtures("market")
def test_prices_of_a_file_are_kept_and_its_odd_rows_told(chipdex: Chipdex, tmp_path: Path) -> None:
    today = dt.datetime.now(dt.UTC).date()
    file = tmp_path / "mine.csv"
    file.write_text(
        "provider,instance,accelerator,count,region,term,usd_per_hour,as_of,source\n"
        f"me,box,X100,1,home,on-demand,1.5,{today},my invoice\n"
        f"me,box,X900,1,home,on-demand,1.5,{today},my invoice\n"
    )
    done = chipdex("prices", "import", str(file), "--json")
    assert done.code == 0
    document = json.loads(done.out)
    assert (document["rows"], document["refused"]) == (1, 1)
    assert ":3: accelerator:" in document["problems"][0]
    assert json.loads(chipdex("prices", "list", "--provider", "me", "--json").out)["total"] == 1
    file.write_text(file.read_text().replace("X100", "X900"))
    assert chipdex("prices", "import", str(file)).code == 3


@pytest.mark.usefixtures("market")
def test_the_store_is_exported(chipdex: Chipdex, tmp_path: Path) -> None:
    chipdex("prices", "refresh")
    done = chipdex("prices", "export", str(tmp_path / "out"))
    assert done.code == 0
    assert "2 observations" in done.err
    assert len(list((tmp_path / "out").rglob("*.parquet"))) == 1
    assert chipdex("prices", "export", str(tmp_path / "out")).code == 3
    assert chipdex("prices", "export", str(tmp_path / "out"), "--force").code == 0


@pytest.mark.usefixtures("market")
def test_a_damaged_store_is_moved_away_whole(chipdex: Chipdex, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    store = tmp_path / "prices.sqlite"
    monkeypatch.setenv("CHIPDEX_PRICES_FILE", str(store))
    store.write_bytes(b"no SQLite file" * 100)
    assert chipdex("prices", "list").code == 3
    assert chipdex("prices", "set-aside").code == 0
    assert len(list(tmp_path.glob("prices.sqlite.*"))) == 1
    assert chipdex("prices", "refresh", "acme").code == 0
    store.unlink()
    assert chipdex("prices", "set-aside").code == 3


def test_a_bar_on_a_terminal_says_who_is_being_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    from chipdex.cli.refreshing import shown
    from chipdex.prices.refresh import RefreshState, SourceResult

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with shown(2) as progress:
        progress.started("acme")
        progress.said("acme", "page 3 \x1b[31m")
        progress.ended(SourceResult(source="azure", distribution="x", state=RefreshState.OK))
    assert "1/2" in terminal.getvalue()
    assert "acme (page 3 \\x1b[31m)" in terminal.getvalue()
