"""The table renderer at every width."""

import pytest

from chipdex.cli.render import Column, Table, as_csv, as_markdown, as_terminal, text_of
from chipdex.cli.terminal import Terminal

DEVICES = Table(
    columns=(
        Column(key="id"),
        Column(key="memory_gb", header="GB", right=True),
        Column(key="name", importance=2, shrink=True),
        Column(key="vendor", importance=1),
    ),
    rows=(
        {"id": "nvidia/h100-sxm", "memory_gb": 80.0, "name": "NVIDIA H100 SXM5 80GB", "vendor": "nvidia"},
        {"id": "acme/x", "memory_gb": None, "name": "X", "vendor": "acme"},
    ),
)
PLAIN = Terminal(width=None, colour=False, unicode=True)


def drawn(width: int | None) -> list[str]:
    text, _ = as_terminal(DEVICES, Terminal(width=width, colour=False, unicode=True))
    return text.splitlines()


def test_a_table_in_a_file_has_every_column_at_its_natural_width() -> None:
    assert drawn(None) == [
        "id                    GB  name                   vendor",
        "───────────────────────────────────────────────────────",
        "nvidia/h100-sxm       80  NVIDIA H100 SXM5 80GB  nvidia",
        "acme/x           unknown  X                      acme",
    ]


def test_the_least_important_column_goes_first() -> None:
    text, dropped = as_terminal(DEVICES, Terminal(width=40, colour=False, unicode=True))
    assert text.splitlines()[0] == "id                    GB  vendor"
    assert list(dropped) == ["name"]


@pytest.mark.parametrize("width", range(24, 80, 4))
def test_no_line_is_wider_than_the_terminal_and_no_id_is_broken(width: int) -> None:
    lines = drawn(width)
    assert all(len(line) <= max(width, 24) for line in lines)
    assert "nvidia/h100-sxm" in lines[2]


def test_essential_columns_stay_where_nothing_fits() -> None:
    assert drawn(5)[2] == "nvidia/h100-sxm       80"


def test_prose_ends_in_an_ellipsis_rather_than_pushing_a_column_out() -> None:
    table = Table(columns=(Column(key="id"), Column(key="name", shrink=True)), rows=DEVICES.rows)
    text, dropped = as_terminal(table, Terminal(width=32, colour=False, unicode=True))
    assert text.splitlines()[2] == "nvidia/h100-sxm  NVIDIA H100 SX…"
    assert not dropped


def test_colour_is_written_only_where_it_is_wanted() -> None:
    coloured, _ = as_terminal(DEVICES, Terminal(width=None, colour=True, unicode=True))
    assert "\x1b[" in coloured
    assert "\x1b[" not in as_terminal(DEVICES, PLAIN)[0]


def test_markup_in_a_name_is_text() -> None:
    table = Table(columns=(Column(key="name"),), rows=({"name": "[red]X[/red]"},))
    assert "[red]X[/red]" in as_terminal(table, PLAIN)[0]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x9b", "\\x1b[31mred\\x9b"),
        ("back\u202ewards\udcff", "back\\u202ewards\\udcff"),
        ("naïve 中文", "naïve 中文"),
    ],
)
def test_what_a_terminal_would_obey_is_written_out(text: str, shown: str) -> None:
    table = Table(columns=(Column(key="name", show=str), Column(key="x", header=text)), rows=({"name": text},))
    head, _, row = as_terminal(table, PLAIN)[0].splitlines()
    assert head.endswith(shown)
    assert row.startswith(shown)
    assert as_markdown(table).count(shown) == 2


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "unknown"),
        (0, "0"),
        (0.0, "0"),
        (2026, "2026"),
        (3350.0, "3350"),
        (989.4, "989.4"),
        (1978.9, "1978.9"),
        (48000, "48,000"),
        (70553706496.0, "70,553,706,496"),
        (0.1 + 0.2, "0.3"),
        (-12345.678, "-12,345.7"),
        (True, "yes"),
        (("CUDA", "vLLM"), "CUDA, vLLM"),
        ("two\nlines", "two lines"),
        (float("nan"), "unknown"),
    ],
)
def test_a_value_reads_as_people_write_it(value: object, text: str) -> None:
    assert text_of(value) == text


def test_unknown_is_an_empty_field_in_csv_and_none_is_zero() -> None:
    rows = [{"id": "a/b", "memory_gb": None, "software": ["CUDA", "vLLM"]}, {"id": 'c/"d"', "memory_gb": 0}]
    assert as_csv(("id", "memory_gb", "software"), rows) == 'id,memory_gb,software\na/b,,CUDA vLLM\n"c/""d""",0,\n'


def test_markdown_escapes_what_would_end_a_cell() -> None:
    table = Table(columns=(Column(key="id"), Column(key="w", right=True)), rows=({"id": "a|b", "w": 1},))
    assert as_markdown(table) == "| id | w |\n| --- | ---: |\n| a\\|b | 1 |\n"
