"""Every file that `chipdex new` writes is what somebody read and agreed to, line by line."""

import runpy
from pathlib import Path

import pytest

_MODULE = runpy.run_path(str(Path(__file__).with_name("trees.py")))
GOLDEN, TREES, generated = _MODULE["GOLDEN"], _MODULE["TREES"], _MODULE["generated"]


@pytest.mark.parametrize("name", TREES)
def test_a_generated_tree_is_as_expected(name: str, tmp_path: Path) -> None:
    expected = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    assert generated(name, tmp_path) == expected, "`python tests/scaffold/trees.py` writes what is generated now"


def test_nothing_is_expected_that_is_not_generated() -> None:
    assert {file.stem for file in GOLDEN.iterdir()} == set(TREES)
