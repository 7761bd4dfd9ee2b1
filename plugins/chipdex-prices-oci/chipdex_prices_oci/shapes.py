"""Which accelerator is in a shape: by the table of known shapes, else by the word in the shape's name."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

_NAMED: Final = re.compile(r"GPU\.([A-Za-z0-9]+)")
_GENERATIONS: Final = {"GPU2": "P100"}  # what shapes with nothing but a number hold, and the table lacks


@cache
def accelerators() -> Mapping[str, str]:
    """Return the accelerator's id of each known shape."""
    table = tomllib.loads(files(__package__).joinpath("shapes.toml").read_text(encoding="utf-8"))
    return {name: row["accelerator"] for row in table["shape"] for name in row["names"]}


def bare(name: str) -> str:
    """Return a shape's name without what is said in brackets: "BM.GPU.GB200.4 (NVL72)" is BM.GPU.GB200.4."""
    return name.partition(" (")[0]


def said(name: str) -> str:
    """Return what a shape's own name calls its GPU: H100T for BM.GPU.H100T.8, the whole name where it says nothing."""
    named = _NAMED.search(name)
    if named:
        return named.group(1)
    return next((gpu for word, gpu in _GENERATIONS.items() if f".{word}." in name), name)
