"""Measurements are read on their own, by model, from a cache that two processes may write and anybody may damage."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chipdex.codec import read_folder, read_profiles, read_rows, structure
from chipdex.domain import Measurement

Write = Callable[[str, str], Path]

DISPUTED = """
[[measurement]]
id = "lab/one"
aliases = ["first"]
accelerator = "acme/x100"
count = 1
model = "acme/writer"
metric = "power_w"
value = 500
unit = "W"
power_scope = "accelerators"
tuned = false

[[measurement.disputed]]
figure = "value"
value = 510
from = "sweep"

[[table]]"""


@pytest.fixture
def cache_dir(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def rows_file(cache_dir: Path) -> Path:
    (file,) = cache_dir.rglob("*.rows")
    return file


def test_rows_of_a_model_are_the_rows_that_the_folder_holds(
    write: Write, root: Path, cache_dir: Path, rows_text: str
) -> None:
    write("measurements/sweep.toml", rows_text.replace("[[table]]", DISPUTED))
    all_rows = [structure(plain) for plain in read_folder(root, cache_dir=None).records]
    for _ in ("cold", "warm"):
        rows = read_rows(root, cache_dir=cache_dir)
        assert set(rows.models) == {"acme/writer", "acme/reader"}
        for model in rows.models:
            expected = [row for row in all_rows if isinstance(row, Measurement) and row.model == model]
            assert rows.of(model) == expected
            assert [row.sources for row in rows.of(model)] == [row.sources for row in expected]
            assert [row.provenance for row in rows.of(model)] == [row.provenance for row in expected]
        assert rows.of("acme/nobody") == []
    assert [isinstance(row.value, float) for row in rows.of("acme/writer")] == [True] * 4


def test_profiles_leave_measurements_unread(write: Write, root: Path, cache_dir: Path, rows_text: str) -> None:
    write("measurements/sweep.toml", rows_text)
    write("measurements/broken.toml", "half a file")
    contents = read_profiles(root, cache_dir=cache_dir)
    assert (contents.records, contents.problems) == ((), ())
    assert not cache_dir.exists()
    assert [problem.file for problem in read_rows(root, cache_dir=cache_dir).problems] == [
        str(root / "measurements" / "broken.toml")
    ]


def test_a_warm_start_parses_no_toml(write: Write, root: Path, cache_dir: Path, rows_text: str) -> None:
    write("measurements/sweep.toml", rows_text)
    read_rows(root, cache_dir=cache_dir)
    code = (
        "import sys, json; from chipdex.codec import read_rows;"
        "rows = read_rows(sys.argv[1], cache_dir=sys.argv[2]); rows.of('acme/writer');"
        "print(json.dumps([rows.digest, sorted({'tomllib', 'hashlib'} & {*sys.modules})]))"
    )
    output = subprocess.run(
        [sys.executable, "-c", code, str(root), str(cache_dir)], check=True, capture_output=True, text=True
    ).stdout
    assert json.loads(output) == [read_rows(root, cache_dir=None).digest, []]


def test_the_digest_is_of_what_the_files_say(write: Write, root: Path, rows_text: str) -> None:
    write("measurements/sweep.toml", rows_text)
    before = read_rows(root, cache_dir=None).digest
    assert len(before) == 64
    write("measurements/sweep.toml", f"# a comment changes nothing\n{rows_text}")
    assert read_rows(root, cache_dir=None).digest == before
    write("measurements/sweep.toml", rows_text.replace("61.5", "61.6"))
    assert read_rows(root, cache_dir=None).digest != before
    assert read_rows(root / "nowhere", cache_dir=None).digest == ""


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied", "of another kind"])
def test_a_damaged_cache_is_replaced_without_a_word(
    write: Write, root: Path, cache_dir: Path, rows_text: str, damage: str
) -> None:
    write("measurements/sweep.toml", rows_text)
    good = read_rows(root, cache_dir=cache_dir)
    content = rows_file(cache_dir).read_bytes()
    other = b"chipdex-profiles 1 00000000\n{}\n"
    flipped = content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]
    damaged = {"cut": content[:-5], "flipped": flipped, "emptied": b"", "of another kind": other}[damage]
    rows_file(cache_dir).write_bytes(damaged)
    again = read_rows(root, cache_dir=cache_dir)
    assert (again.records, again.digest, again.warnings) == (good.records, good.digest, ())
    assert rows_file(cache_dir).read_bytes() == content


def test_a_cache_that_cannot_be_written_is_one_warning(
    write: Write, root: Path, tmp_path: Path, rows_text: str
) -> None:
    write("measurements/sweep.toml", rows_text)
    (tmp_path / "blocked").write_text("a file where the folder should be")
    rows = read_rows(root, cache_dir=tmp_path / "blocked")
    assert len(rows.records) == 4
    (warning,) = rows.warnings
    assert "cannot be written" in warning


def test_two_processes_at_once_both_read_everything(write: Write, root: Path, cache_dir: Path, rows_text: str) -> None:
    write("measurements/sweep.toml", rows_text)
    code = "import sys; from chipdex.codec import read_rows; print(len(read_rows(sys.argv[1], cache_dir=sys.argv[2]).records))"
    command = [sys.executable, "-c", code, str(root), str(cache_dir)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[0] for process in running] == ["4\n", "4\n"]
    assert len(read_rows(root, cache_dir=cache_dir).records) == 4
    assert [path.suffix for path in cache_dir.rglob("*") if path.is_file()] == [".rows"]


def test_a_change_is_seen(write: Write, root: Path, cache_dir: Path, rows_text: str) -> None:
    path = write("measurements/sweep.toml", rows_text)
    before = read_rows(root, cache_dir=cache_dir)
    path.write_text(rows_text.replace("61.5", "62.25"), encoding="utf-8")
    os.utime(path, ns=(1, 1))
    after = read_rows(root, cache_dir=cache_dir)
    assert before.digest != after.digest
    assert 62.25 in [row.value for row in after.of("acme/writer")]
