"""Listings: which rows and columns are printed, in which order, and how many there are."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Chipdex = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("shelf")


def listed(chipdex: Chipdex, *arguments: str) -> dict[str, Any]:
    done = chipdex(*arguments, "--no-plugins", "--json")
    assert done.code == 0, done.err
    document: dict[str, Any] = json.loads(done.out)
    return document


def test_devices_are_listed_by_id_and_counted(chipdex: Chipdex) -> None:
    lines = chipdex("devices", "--no-plugins").out.splitlines()
    assert lines[0].split()[:2] == ["id", "name"]
    assert [line.split()[0] for line in lines[2:4]] == ["acme/x10", "acme/x100"]
    assert lines[-1] == "2 of 2 devices."


def test_json_carries_schema_rows_and_warnings(chipdex: Chipdex) -> None:
    document = listed(chipdex, "devices")
    assert (document["schema"], document["total"]) == ("chipdex/devices@1", 2)
    assert document["rows"][0]["memory_gb"] == 0
    assert document["rows"][0]["fp4_tflops"] is None
    assert isinstance(document["warnings"], list)


@pytest.mark.parametrize(("verb", "number"), [("devices", 2), ("models", 1), ("offers", 2), ("measurements", 1)])
def test_every_kind_of_record_has_its_listing(chipdex: Chipdex, verb: str, number: int) -> None:
    assert listed(chipdex, verb)["total"] == number


def test_a_condition_keeps_the_rows_for_which_it_holds(chipdex: Chipdex) -> None:
    rows = listed(chipdex, "offers", "--where", "count > 1 and provider <> 'x;y--z('")["rows"]
    assert [row["provider"] for row in rows] == ["cloud-b"]


def test_a_condition_that_none_satisfies_is_an_answer(chipdex: Chipdex) -> None:
    done = chipdex("devices", "--no-plugins", "--where", "memory_gb > 1000")
    assert (done.code, done.out) == (0, "0 of 0 devices.\n")


@pytest.mark.parametrize("where", ["1) OR (1", "1; DROP TABLE offers", "1 -- x", "no_such_column = 1", "(", "'"])
def test_what_is_no_condition_is_refused(chipdex: Chipdex, where: str) -> None:
    done = chipdex("devices", "--no-plugins", "--where", where, "--json")
    assert done.code == 2
    assert json.loads(done.out)["error"]["code"] == "query"


def test_sorting_downwards_puts_unknown_last(chipdex: Chipdex) -> None:
    rows = listed(chipdex, "devices", "--sort=-memory_gb")["rows"]
    assert [row["id"] for row in rows] == ["acme/x100", "acme/x10"]
    assert [row["id"] for row in listed(chipdex, "devices", "--sort", "memory_gb")["rows"]] == ["acme/x10", "acme/x100"]


def test_columns_are_printed_in_the_order_asked_for(chipdex: Chipdex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "10")
    out = chipdex("devices", "--no-plugins", "--columns", "tdp_w,id").out
    assert out.splitlines()[0].split() == ["W", "id"]
    assert out.splitlines()[2].split() == ["700", "acme/x10"]


@pytest.mark.parametrize(("option", "value"), [("--columns", "memory"), ("--sort", "-memory"), ("--columns", ",")])
def test_an_unknown_column_is_refused_with_the_nearest(chipdex: Chipdex, option: str, value: str) -> None:
    done = chipdex("devices", "--no-plugins", f"{option}={value}")
    assert done.code == 2
    assert done.err.startswith(f"Error: {option}")
    assert "memory_gb" in done.err


def test_the_first_rows_are_printed_and_all_are_counted(chipdex: Chipdex) -> None:
    done = chipdex("devices", "--no-plugins", "--top", "1")
    assert done.out.splitlines()[-1] == "1 of 2 devices; --all prints the rest."
    assert listed(chipdex, "devices", "--top", "1", "--all")["total"] == 2
    assert len(listed(chipdex, "devices", "--top", "1", "--all")["rows"]) == 2


def test_csv_and_json_lines_hold_every_column(chipdex: Chipdex) -> None:
    rows = list(csv.DictReader(io.StringIO(chipdex("devices", "--no-plugins", "--format", "csv").out)))
    lines = chipdex("devices", "--no-plugins", "--format", "jsonl").out.splitlines()
    assert rows[1]["memory_gb"] == "96.0"
    assert rows[1]["fp4_tflops"] == ""
    assert list(rows[1]) == list(json.loads(lines[1]))


def test_csv_that_is_cut_says_so_aside(chipdex: Chipdex) -> None:
    done = chipdex("devices", "--no-plugins", "--format", "csv", "--top", "1")
    assert len(done.out.splitlines()) == 2
    assert "1 of 2 devices; --all prints the rest." in done.err


def test_markdown_is_a_table(chipdex: Chipdex) -> None:
    lines = chipdex("devices", "--no-plugins", "--format", "md", "--columns", "id,tdp_w").out.splitlines()
    assert lines[:3] == ["| id | W |", "| --- | ---: |", "| acme/x10 | 700 |"]


@pytest.mark.parametrize("width", [80, 200])
@pytest.mark.parametrize("verb", ["devices", "models", "offers", "measurements"])
def test_a_listing_fits_its_terminal(chipdex: Chipdex, monkeypatch: pytest.MonkeyPatch, verb: str, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = chipdex(verb, "--no-plugins").out.splitlines()
    assert max(map(len, lines)) <= width


def test_sql_gives_columns_and_rows(chipdex: Chipdex) -> None:
    document = listed(chipdex, "sql", "SELECT id, memory_gb FROM accelerators ORDER BY memory_gb")
    assert document["columns"] == ["id", "memory_gb"]
    assert document["rows"][1] == {"id": "acme/x100", "memory_gb": 96.0}


def test_sql_keeps_both_columns_of_one_name(chipdex: Chipdex) -> None:
    document = listed(chipdex, "sql", "SELECT 1 AS a, 2 AS a, x'00ff' AS b, 9e999 AS c")
    assert document["rows"] == [{"a": 1, "a_2": 2, "b": "00ff", "c": "inf"}]


@pytest.mark.parametrize(
    "query",
    ["DELETE FROM offers", "SELEC 1", "", "PRAGMA query_only = 0", "ATTACH '/tmp/x.db' AS x", "SELECT 1; SELECT 2"],
)
def test_sql_changes_nothing(chipdex: Chipdex, query: str) -> None:
    done = chipdex("sql", query, "--no-plugins", "--json")
    assert done.code == 2
    assert json.loads(done.out)["error"]["code"] == "query"


def test_a_database_holds_every_table(chipdex: Chipdex, home: Path) -> None:
    import sqlite3

    done = chipdex("export", str(home / "all.db"), "--no-plugins")
    assert done.code == 0, done.err
    with sqlite3.connect(home / "all.db") as database:
        assert database.execute("SELECT count(*) FROM offers").fetchone() == (2,)
    database.close()


def test_a_csv_file_holds_one_table(chipdex: Chipdex, home: Path) -> None:
    done = chipdex("export", str(home / "offers.csv"), "--table", "offers", "--no-plugins")
    assert done.code == 0, done.err
    with (home / "offers.csv").open(encoding="utf-8", newline="") as stream:
        assert [row["provider"] for row in csv.DictReader(stream)] == ["cloud-a", "cloud-b"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("export", "x.txt"), 2),
        (("export", "x.csv", "--table", "nothing"), 2),
        (("export", "x.db", "--table", "offers"), 2),
        (("export", "/nowhere/at/all/x.db"), 3),
        (("export", "/dev/null/x.csv"), 3),
    ],
)
def test_what_cannot_be_exported_is_one_sentence(chipdex: Chipdex, arguments: tuple[str, ...], code: int) -> None:
    done = chipdex(*arguments, "--no-plugins")
    assert done.code == code
    assert done.err.startswith("Error: ")
    assert len(done.err.splitlines()) == 1
