"""Rows in the compact form: exactly the rows that headers would make, and as good errors."""

from collections.abc import Callable
from pathlib import Path

import pytest

from chipdex.codec import lint_file, read_file, structure
from chipdex.errors import Problem, ProfileError

Write = Callable[[str, str], Path]

SPELT_OUT = """
[[measurement]]
accelerator = "acme/x100"
count = 1
load = "static"
metric = "output_tokens_per_s"
unit = "tokens/s"
"""


def problems_of(path: Path, folder: str = "measurements") -> list[Problem]:
    with pytest.raises(ProfileError) as caught:
        read_file(path, folder)
    return list(caught.value.problems)


def test_a_line_of_a_table_is_the_row_that_a_header_would_be(write: Write, rows_text: str) -> None:
    head, _, table = rows_text.partition("[[table]]")
    rows = ('model = "acme/writer"\nbatch = 1\nprecision = "fp8"\nsoftware = "vLLM 0.20"\nvalue = 61.5\n',)
    rows += ('model = "acme/reader"\nbatch = 8\nprecision = "fp8"\nsoftware = "vLLM 0.20"\nvalue = 455\n',)
    rows += ('model = "acme/writer"\nbatch = 8\nprecision = "int4"\nvalue = 610\n',)
    compact = read_file(write("measurements/a.toml", rows_text), "measurements")
    long = read_file(write("measurements/b.toml", head + "".join(SPELT_OUT + row for row in rows)), "measurements")
    assert table
    assert [structure(plain).id for plain in compact] == ["a/1", "a/2", "a/3", "a/4"]
    assert [{**plain.data, "id": ""} for plain in compact] == [{**plain.data, "id": ""} for plain in long]
    assert lint_file(write("measurements/a.toml", rows_text), "measurements") == []


def test_an_empty_cell_is_unknown(write: Write, rows_text: str) -> None:
    rows = read_file(write("measurements/a.toml", rows_text), "measurements")
    assert "software" not in rows[3].data
    assert rows[3].data["value"] == 610


def test_a_column_names_the_source_of_each_row(write: Write, rows_text: str) -> None:
    other = "[source.other]\ntitle = 'B'\nurl = 'https://example.com/b'\nretrieved = 2026-11-01\nkind = 'paper'\n\n[[table]]"
    text = rows_text.replace("[[table]]", other).replace('"software"', '"from"').replace('"vLLM 0.20"', '"other"')
    rows = read_file(write("measurements/a.toml", text), "measurements")
    assert [row.data["provenance"] for row in rows] == [
        {"": ["sweep"]},
        {"": ["other"]},
        {"": ["other"]},
        {"": ["sweep"]},
    ]


def test_common_cells_may_have_sources_figure_by_figure(write: Write, rows_text: str) -> None:
    text = rows_text.replace("count = 1,", 'count = 1, from = { count = "sweep", value = ["sweep"] },')
    row = read_file(write("measurements/a.toml", text), "measurements")[1]
    assert row.data["provenance"] == {"count": ["sweep"], "batch": ["sweep"], "value": ["sweep"]}


def test_offers_and_grids_have_tables_too(write: Write) -> None:
    text = """
schema = 1
[[table]]
columns = ["region", "g_per_kwh"]
common = { provider = "acme", year = 2025 }
rows = [["north", 30], ["south", 300.5]]
"""
    rows = read_file(write("grids/acme.toml", text), "grids")
    assert [row.id for row in rows] == ["acme/north/2025/average", "acme/south/2025/average"]


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "said"),
    [
        ('8, "int4", "", 610', '8, "int4", "", "610"', 26, "table.0.rows.2.value", "a number is expected"),
        ('["acme/reader", 8,', '["acme/reader", 0,', 25, "table.0.rows.1.batch", "below 1"),
        ('"vLLM 0.20", 455]', '"vLLM 0.20"]', 25, "table.0.rows.1", "has 4 cells for 5 columns"),
        ('["acme/reader", 8, "fp8", "vLLM 0.20", 455]', "455", 25, "table.0.rows.1", "a list of cells is expected"),
        ('"fp8", "vLLM 0.20", 455]', '"fp8", "vLLM 0.20", ""]', 25, "table.0.rows.1.value", "is missing"),
        ('"precision", ', '"precission", ', 21, "table.0.columns.2", 'is "precission", which no row has'),
        ('"precision", ', '"batch", ', 21, "table.0.columns.2", 'names "batch" a second time'),
        ("count = 1,", "count = 1, batch = 2,", 22, "table.0.common.batch", 'names "batch" a second time'),
        ("count = 1,", "count = true,", 22, "table.0.common.count", "a whole number is expected"),
        ("count = 1,", 'count = 1, from = "swep",', 22, "table.0.common.from", 'names the source "swep"'),
        ("count = 1,", 'count = 1, from = { value = "x" },', 22, "table.0.common.from.value", 'names the source "x"'),
        ('load = "static", metric = "output_tokens_per_s",', 'load = "static",', 21, "table.0.columns", "lacks `metric`"),
        ("columns = [", "colums = [", 21, "table.0.colums", "is not a key of a [[table]]"),
        ("rows = [", "rows = []\nrest = [", 23, "table.0.rows", "has no rows"),
        ('unit = "tokens/s" }', 'unit = "1/s" }', 22, "table.0.common.unit", "output_tokens_per_s is in tokens/s"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_line_and_column(
    write: Write, rows_text: str, old: str, new: str, line: int, key: str, said: str
) -> None:
    assert old in rows_text
    problems = problems_of(write("measurements/a.toml", rows_text.replace(old, new)))
    found = [problem for problem in problems if problem.key == key]
    assert found, problems
    assert said in f"{found[0].message} {found[0].fix}"
    assert found[0].line == line
    assert found[0].fix


def test_a_fault_that_all_rows_share_is_reported_once(write: Write, rows_text: str) -> None:
    assert len(problems_of(write("measurements/a.toml", rows_text.replace("count = 1,", 'count = "1",')))) == 1


def test_an_unknown_metric_is_refused_with_the_nearest_one(write: Write, rows_text: str) -> None:
    path = write(
        "measurements/a.toml", rows_text.replace('"output_tokens_per_s"\nvalue', '"output_token_per_s"\nvalue')
    )
    (problem,) = problems_of(path)
    assert (problem.key, problem.fix) == ("measurement.0.metric", "Did you mean `output_tokens_per_s`?")


def test_a_file_without_rows_says_so(write: Write) -> None:
    (problem,) = problems_of(write("measurements/a.toml", "schema = 1\n"))
    assert "has no rows" in problem.message
