"""Lint of one file: the reader's problems, and figures without a source."""

from collections.abc import Callable
from pathlib import Path

from chipdex.codec import lint_file, read_file
from chipdex.codec.lint import inspect_file

Write = Callable[[str, str], Path]


def test_a_good_file_has_no_problems(write: Write, device_text: str, offers_text: str) -> None:
    assert lint_file(write("devices/acme/x100.toml", device_text), "devices") == []
    assert lint_file(write("offers/acme.toml", offers_text), "offers") == []


def test_a_figure_without_a_source_is_read_but_does_not_lint(write: Write, device_text: str) -> None:
    path = write("devices/acme/x100.toml", device_text.replace('from = "ds"\n', 'from = { released = "ds" }\n'))
    assert read_file(path, "devices")
    problems = lint_file(path, "devices")
    assert [(problem.line, problem.key) for problem in problems] == [
        (23, "memory.capacity_gb"),
        (24, "memory.bandwidth_gb_per_s"),
        (29, "memory_tier.0.capacity_mb"),
        (32, "power.tdp_w"),
    ]
    assert problems[0].message == "has no source."
    assert "[source.KEY]" in problems[0].fix


def test_a_row_without_a_source_is_reported_figure_by_figure(write: Write, offers_text: str) -> None:
    path = write("offers/acme.toml", offers_text.replace('from = "list"\n', "", 1))
    assert [problem.key for problem in lint_file(path, "offers")] == [
        "offer.0.count",
        "offer.0.usd_per_hour",
        "offer.0.as_of",
    ]


def test_other_problems_are_reported_with_it_and_no_key_twice(write: Write, device_text: str) -> None:
    text = device_text.replace('from = "ds"\n', "").replace("tdp_w = 700", "tdp_w = -700").replace("gpu", "gpuu")
    keys = [problem.key for problem in lint_file(write("devices/acme/x100.toml", text), "devices")]
    assert keys == [
        "kind",
        "released",
        "memory.capacity_gb",
        "memory.bandwidth_gb_per_s",
        "memory_tier.0.capacity_mb",
        "power.tdp_w",
    ]


def test_a_file_that_cannot_be_parsed_has_its_one_problem(write: Write) -> None:
    assert len(lint_file(write("devices/acme/x100.toml", "x ="), "devices")) == 1


def test_an_inspected_file_knows_the_line_of_each_figure(write: Write, device_text: str) -> None:
    inspected = inspect_file(write("devices/acme/x100.toml", device_text), "devices")
    assert [plain.id for plain in inspected.records] == ["acme/x100"]
    problem = inspected.problem(0, "memory.capacity_gb", "is odd.", "Look again.")
    assert device_text.splitlines()[(problem.line or 0) - 1].startswith("capacity_gb")
    assert (problem.key, problem.message, problem.fix) == ("memory.capacity_gb", "is odd.", "Look again.")


def test_the_rows_of_a_file_are_told_apart_wherever_they_stand(write: Write, offers_text: str) -> None:
    table = """
[[table]]
columns = ["instance", "usd_per_hour"]
common = { provider = "acme", accelerator = "acme/x100", count = 1, region = "r", term = "spot", as_of = 2026-10-01, from = "list" }
rows = [
  ["small", 1.0],
  ["large", 2.0],
]
"""
    inspected = inspect_file(write("offers/acme.toml", offers_text + table), "offers")
    lines = (offers_text + table).splitlines()
    places = [inspected.problem(at, "usd_per_hour", "", "") for at in range(len(inspected.records))]
    assert [lines[(place.line or 0) - 1].strip() for place in places[-2:]] == ['["small", 1.0],', '["large", 2.0],']
    assert places[-1].key == "table.0.rows.1.usd_per_hour"
    assert lines[(places[0].line or 0) - 1].startswith("usd_per_hour")


def test_a_text_longer_than_its_key_allows_is_refused_with_the_limit(write: Write, device_text: str) -> None:
    names = {"name": ('"Acme X100"', f'"{"x" * 10_000_000}"'), "aliases.0": ('["ACME X100 96GB"]', f'["{"y" * 201}"]')}
    for key, (short, long) in names.items():
        assert short in device_text
        (problem,) = lint_file(write("devices/acme/x100.toml", device_text.replace(short, long, 1)), "devices")
        assert problem.key == key
        assert "characters long, and 200 are allowed." in problem.message
        assert len(str(problem)) < 300
    text = device_text.replace('"https://example.com/x100.pdf"', f'"https://example.com/{"z" * 2000}"', 1)
    (problem,) = lint_file(write("devices/acme/x100.toml", text), "devices")
    assert problem.message == "is 2,020 characters long, and 2,000 are allowed."


def test_texts_as_long_as_they_may_be_are_read(write: Write, device_text: str) -> None:
    text = device_text.replace('"ACME X100 96GB"', f'"{"y" * 200}"', 1)
    assert lint_file(write("devices/acme/x100.toml", text), "devices") == []


def test_the_first_unknown_keys_have_advice_and_the_others_are_counted(write: Write, device_text: str) -> None:
    keys = "".join(f"capacity_{number}_gb = 1\n" for number in range(50))
    text = device_text.replace("[memory]\n", f"[memory]\n{keys}", 1)
    problems = lint_file(write("devices/acme/x100.toml", text), "devices")
    assert len(problems) == 21
    assert all(problem.message == "is not a known key." and problem.fix for problem in problems[:20])
    assert (problems[20].key, problems[20].message) == ("", "and 30 more unknown keys from here on.")
    assert problems[20].line == (problems[19].line or 0) + 1


def test_a_value_that_is_at_fault_is_shown_in_part(write: Write, device_text: str) -> None:
    text = device_text.replace('kind = "gpu"', f'kind = "{"x" * 100_000}"', 1)
    (problem,) = [one for one in lint_file(write("devices/acme/x100.toml", text), "devices") if one.key == "kind"]
    assert len(str(problem)) < 400
