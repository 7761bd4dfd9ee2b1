"""`chipdex validate --facts`: published facts beside what is computed, by topic, whoever brought them."""

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes.distributions import write_code

Chipdex = Callable[..., Any]

BRINGS = """
import datetime as dt

from chipdex.api import Fact, Source, SourceKind, hookimpl

STUDY = Source(
    title="study", kind=SourceKind.PAPER, retrieved=dt.date(2026, 11, 1), url="https://example.com/study.pdf"
)


@hookimpl
def chipdex_facts():
    for value in {values}:
        yield Fact(
            id="acme/disputed", topic="queueing", statement="A share", value=value, unit="x", tolerance=0.1,
            quantity="quotient", inputs={{"over": 1.0}}, sources={{"s": STUDY}}, provenance={{"": ("s",)}},
        )
"""

FACTS = """
schema = 1
[source.study]
title = "Study of servers"
url = "https://example.com/study"
retrieved = 2026-11-01
kind = "paper"

[[fact]]
id = "acme/pays"
topic = "capex-opex"
statement = "Hours of use after which buying has paid"
published = "2026-10"
value = 2520
unit = "h"
tolerance_fraction = 0.01
evidence = "primary"
quantity = "break_even_hours"
inputs = { capex_usd = 200000, rent_usd_per_hour = 85, own_usd_per_hour = 5 }
from = "study"
"""
OTHERS = """
[[fact]]
id = "acme/far-off"
topic = "queueing"
statement = "Share that waits"
value = 0.9
unit = "of arrivals"
tolerance = 0.05
quantity = "wait_probability"
inputs = { servers = 1, offered_load = 0.8 }
from = "study"

[[fact]]
id = "acme/zero"
topic = "queueing"
statement = "A ratio of nothing"
value = 1
unit = "x"
tolerance = 0.1
quantity = "quotient"
inputs = { over = 1, per_under = 0 }
from = "study"

[[fact]]
id = "acme/trace"
topic = "traces"
statement = "Requests"
value = 5.0e22
unit = "requests"
needs = "the trace file"
from = "study"
"""


@pytest.fixture
def facts(shelf: Path) -> Path:
    """Put a fact beside the shelf's records, and return its file."""
    (shelf / "facts").mkdir(exist_ok=True)
    file = shelf / "facts" / "acme.toml"
    file.write_text(FACTS, encoding="utf-8")
    return file


@pytest.fixture
def bring(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[str]]]:
    """Return a function that installs a plugin per tuple of values of `acme/disputed`, and returns their names."""

    def installed(*values: tuple[float, ...]) -> list[str]:
        names = [f"acme-facts{number}" for number, _ in enumerate(values)]
        for name, brought in zip(names, values, strict=True):
            monkeypatch.syspath_prepend(str(write_code(home / name, name, BRINGS.format(values=brought))))
        monkeypatch.setenv("CHIPDEX_PLUGINS", ",".join(names))
        return names

    yield installed
    for module in [one for one in sys.modules if one.startswith("acme_facts")]:
        del sys.modules[module]


def add(file: Path, text: str) -> None:
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


@pytest.mark.usefixtures("facts")
def test_each_fact_stands_beside_what_is_computed_with_its_own_error(chipdex: Chipdex) -> None:
    done = chipdex("validate", "--facts", "--no-plugins", "--json")
    document = json.loads(done.out)
    assert (done.code, document["schema"]) == (0, "chipdex/facts@1")
    (row,) = document["facts"]
    assert (row["id"], row["verdict"], row["value"], row["computed"]) == ("acme/pays", "within", 2520, 2500)
    assert (row["error"], row["error_fraction"]) == (-20, pytest.approx(-20 / 2520))
    assert row["inputs"] == {"capex_usd": 200000, "rent_usd_per_hour": 85, "own_usd_per_hour": 5}
    assert row["sources"]["study"]["url"] == "https://example.com/study"
    assert document["counts"] == {"within": 1, "outside": 0, "needs": 0, "failed": 0, "disputed": 0}


def test_every_verdict_is_visible_and_counted(facts: Path, chipdex: Chipdex) -> None:
    add(facts, OTHERS)
    done = chipdex("validate", "--facts", "--no-plugins")
    assert done.code == 0
    assert "acme/far-off: 0.8 of arrivals where 0.9 is published, and an error of 0.05 is allowed." in done.out
    assert "acme/zero: it divides by zero." in done.out
    assert "acme/trace: the trace file." in done.out
    assert "4 facts: 1 within their tolerance, 1 outside, 1 that could not be computed, 1 that need data" in done.out
    topics = [
        line.split()[0] for line in done.out.splitlines() if line.rstrip() in {"capex-opex:", "queueing:", "traces:"}
    ]
    assert topics == ["capex-opex:", "queueing:", "traces:"]


def test_json_counts_by_topic(facts: Path, chipdex: Chipdex) -> None:
    add(facts, OTHERS)
    document = json.loads(chipdex("validate", "--facts", "--no-plugins", "--json").out)
    assert document["topics"]["queueing"] == {"within": 0, "outside": 1, "needs": 0, "failed": 1}
    assert [row["topic"] for row in document["facts"]] == ["capex-opex", "queueing", "queueing", "traces"]


@pytest.mark.parametrize(("text", "status"), [("", 0), (OTHERS.partition('[[fact]]\nid = "acme/zero"')[0], 1)])
def test_check_has_status_1_where_a_fact_is_outside(facts: Path, chipdex: Chipdex, text: str, status: int) -> None:
    add(facts, text)
    assert chipdex("validate", "--facts", "--check", "--no-plugins").code == status


def test_check_has_status_1_where_what_a_quantity_is_of_is_not_installed(facts: Path, chipdex: Chipdex) -> None:
    inputs = 'inputs = { device = "acme/none", other_device = "acme/none", precision = "bf16" }'
    text = OTHERS.rpartition("[[fact]]")[2].replace('needs = "the trace file"', f'quantity = "peak_ratio"\n{inputs}')
    add(facts, f"[[fact]]{text.replace('5.0e22', '1').replace('unit =', f'tolerance = 0.1{chr(10)}unit =')}")
    done = chipdex("validate", "--facts", "--check", "--no-plugins")
    assert (done.code, "acme/trace: the profile of acme/none, which is not in the registry." in done.out) == (1, True)


@pytest.mark.parametrize("values", [((1.0, 2.0),), ((1.0,), (2.0,))], ids=["one plugin twice", "two plugins"])
@pytest.mark.usefixtures("facts")
def test_a_fact_that_is_stated_differently_is_shown_with_who_says_what_and_fails_a_check(
    chipdex: Chipdex, bring: Callable[..., list[str]], values: tuple[tuple[float, ...], ...]
) -> None:
    names = bring(*values)
    done = chipdex("validate", "--facts", "--check")
    assert done.code == 1
    assert f"acme/disputed: value is 1 ({names[0]}) or 2 ({names[-1]})." in done.out
    assert done.out.rstrip().endswith("1 disputed.")
    document = json.loads(chipdex("validate", "--facts", "--json").out)
    assert [row["id"] for row in document["facts"]] == ["acme/pays"]
    assert document["counts"]["disputed"] == 1
    (disputed,) = document["disputed"]
    assert [(one["figure"], one["value"], one["by"]) for one in disputed["said"]] == [
        ("value", 1, names[0]),
        ("value", 2, names[-1]),
    ]


@pytest.mark.usefixtures("facts")
def test_csv_and_lines_hold_every_field(chipdex: Chipdex) -> None:
    rows = list(csv.DictReader(io.StringIO(chipdex("validate", "--facts", "--no-plugins", "--format", "csv").out)))
    assert (rows[0]["id"], rows[0]["verdict"], float(rows[0]["computed"])) == ("acme/pays", "within", 2500)
    (line,) = chipdex("validate", "--facts", "--no-plugins", "--format", "jsonl").out.splitlines()
    assert json.loads(line)["source"] == "Study of servers"
    assert "acme/pays" in chipdex("validate", "--facts", "--no-plugins", "--format", "md").out


@pytest.mark.parametrize("option", [("--table",), ("--plot", "out.png")])
@pytest.mark.usefixtures("facts")
def test_facts_have_no_summary_and_no_picture(chipdex: Chipdex, option: tuple[str, ...]) -> None:
    done = chipdex("validate", "--facts", "--no-plugins", *option)
    assert (done.code, "Leave --table and --plot out." in done.err) == (2, True)


def test_check_is_about_facts(chipdex: Chipdex) -> None:
    done = chipdex("validate", "--check", "--no-plugins")
    assert (done.code, "Add --facts." in done.err) == (2, True)


@pytest.mark.usefixtures("shelf")
def test_without_facts_it_says_which_plugin_brings_them(chipdex: Chipdex) -> None:
    done = chipdex("validate", "--facts", "--no-plugins")
    assert done.code == 3
    assert "holds no facts" in done.err


@pytest.mark.usefixtures("facts")
def test_a_fact_has_a_page_and_a_row(chipdex: Chipdex) -> None:
    page = chipdex("show", "acme/pays", "--no-plugins").out
    assert "Hours of use after which buying has paid: 2,520 h (acme/pays)" in page
    assert "break_even_hours" in page
    document = json.loads(chipdex("sql", "SELECT topic, value, quantity FROM facts", "--no-plugins", "--json").out)
    assert document["rows"] == [{"topic": "capex-opex", "value": 2520, "quantity": "break_even_hours"}]


def test_a_file_of_facts_lints(facts: Path, chipdex: Chipdex) -> None:
    assert chipdex("lint", str(facts), "--no-plugins").code == 0
    loose = facts.parent.parent.parent / "loose.toml"
    loose.write_text(FACTS.replace("tolerance_fraction = 0.01\n", ""), encoding="utf-8")
    done = chipdex("lint", str(loose), "--no-plugins")
    assert (done.code, "fact.0.tolerance: is missing." in done.out) == (1, True)
