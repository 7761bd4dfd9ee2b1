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
    document = listed(chipdex, "sql", "SELECT 1 AS a, 2 AS a, x'00ff' AS b")
    assert document["rows"] == [{"a": 1, "a_2": 2, "b": "00ff"}]


def test_an_infinite_number_is_null_in_json_and_told(chipdex: Chipdex) -> None:
    document = listed(chipdex, "sql", "SELECT 1e999, 2 AS a")
    assert document["rows"] == [{"1e999": None, "a": 2}]
    (warning,) = document["warnings"]
    assert warning == {"code": "not_finite", "sentence": "No finite number came out for rows.0.1e999."}
    assert chipdex("sql", "SELECT 1e999", "--no-plugins", "--format", "jsonl").out == '{"1e999": null}\n'
    assert chipdex("sql", "SELECT 1e999 AS a", "--no-plugins", "--format", "csv").out == 'a\n""\n'
    assert "unknown" in chipdex("sql", "SELECT 1e999", "--no-plugins").out


@pytest.mark.parametrize("query", ["SELEC 1", "SELECT (", "SELECT sum(sum(1))"])
def test_every_error_of_sql_says_what_would_be_right(chipdex: Chipdex, query: str) -> None:
    error = json.loads(chipdex("sql", query, "--no-plugins", "--json").out)["error"]
    assert "the tables are accelerators" in error["fix"]


def test_a_query_without_end_is_ended_with_a_sentence(chipdex: Chipdex) -> None:
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"
    done = chipdex("sql", endless, "--timeout", "0.1", "--no-plugins")
    assert done.code == 2
    assert done.err.startswith("Error: The query took longer than 0.1 s.")


@pytest.mark.parametrize("where", ["", "   "])
@pytest.mark.parametrize("verb", ["devices", "offers"])
def test_an_empty_condition_is_none(chipdex: Chipdex, verb: str, where: str) -> None:
    assert listed(chipdex, verb, "--where", where)["total"] == 2


def test_a_misspelt_column_in_double_quotes_is_no_text(chipdex: Chipdex) -> None:
    done = chipdex("devices", "--where", '"memory_bg" >= 80', "--no-plugins")
    assert done.code == 2
    assert "no such column: memory_bg. Did you mean memory_gb?" in done.err
    assert listed(chipdex, "devices", "--where", '"memory_gb" >= 80')["total"] == 1


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
        (("export", ""), 2),
        (("export", "."), 2),
    ],
)
def test_what_cannot_be_exported_is_one_sentence(chipdex: Chipdex, arguments: tuple[str, ...], code: int) -> None:
    done = chipdex(*arguments, "--no-plugins")
    assert done.code == code
    assert done.err.startswith("Error: ")
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize("name", ["all.db", "devices.csv"])
def test_an_existing_file_is_kept_unless_forced(chipdex: Chipdex, home: Path, name: str) -> None:
    file = home / name
    file.write_text("mine", encoding="utf-8")
    done = chipdex("export", str(file), "--no-plugins")
    assert (done.code, file.read_text(encoding="utf-8")) == (3, "mine")
    assert "exists already. Add --force" in done.err
    assert chipdex("export", str(file), "--force", "--no-plugins").code == 0
    assert file.read_bytes() != b"mine"


@pytest.mark.parametrize("name", ["ALL.DB", "Devices.CSV", "all.SQLite3"])
def test_the_ending_of_a_file_may_be_in_capitals(chipdex: Chipdex, home: Path, name: str) -> None:
    done = chipdex("export", str(home / name), "--no-plugins")
    assert done.code == 0, done.err
    assert (home / name).stat().st_size > 0


@pytest.mark.parametrize("ending", ["db", "csv"])
def test_a_link_stays_a_link(chipdex: Chipdex, home: Path, ending: str) -> None:
    (home / f"link.{ending}").symlink_to(home / f"file.{ending}")
    assert chipdex("export", str(home / f"link.{ending}"), "--no-plugins").code == 0
    assert (home / f"link.{ending}").is_symlink()
    assert (home / f"file.{ending}").stat().st_size > 0


def test_a_file_that_appears_meanwhile_is_kept(home: Path) -> None:
    from chipdex.settings import in_one_step

    file = home / "x.csv"
    writing = in_one_step(file, replace=False)
    writing.__enter__().write_text("ours", encoding="utf-8")
    file.write_text("theirs", encoding="utf-8")
    with pytest.raises(FileExistsError):
        writing.__exit__(None, None, None)
    assert file.read_text(encoding="utf-8") == "theirs"
    assert [path.name for path in home.iterdir() if path.name.startswith(".x")] == []


def test_terms_stand_side_by_side_for_each_accelerator_and_provider(chipdex: Chipdex) -> None:
    document = listed(chipdex, "offers", "--compare-terms")
    assert document["schema"] == "chipdex/offers-by-term@1"
    assert (
        document["total"] == len(document["rows"]) == len({(r["accelerator"], r["provider"]) for r in document["rows"]})
    )
    page = chipdex("offers", "--no-plugins", "--compare-terms")
    assert page.code == 0
    assert "per accelerator-hour" in page.out


@pytest.mark.parametrize("extra", [("--sort", "count"), ("--columns", "count")])
def test_what_terms_side_by_side_cannot_take_is_refused(chipdex: Chipdex, extra: tuple[str, str]) -> None:
    done = chipdex("offers", "--no-plugins", "--compare-terms", *extra)
    assert done.code == 2
    assert extra[0] in done.err
