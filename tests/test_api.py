"""What plugin authors import."""

import tomllib
from pathlib import Path

import chipdex
from chipdex import api, domain


def test_everything_published_is_there_once() -> None:
    assert [name for name in api.__all__ if not hasattr(api, name)] == []
    assert len(set(api.__all__)) == len(api.__all__)
    assert set(domain.__all__) < set(api.__all__)


def test_the_version_is_the_distributions() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    assert chipdex.__version__ == project["project"]["version"]
