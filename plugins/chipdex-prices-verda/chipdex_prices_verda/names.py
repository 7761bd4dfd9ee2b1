"""What Verda's descriptions of GPUs say: how many, of what name; and which device that is where the name is shared."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

_DESCRIPTION: Final = re.compile(r"\s*(?:(\d+)\s*x\s+)?(.+?)(?:\s+\d+\s*GB)?\s*", re.IGNORECASE)


class Described(NamedTuple):
    """A description taken apart: "8x H100 SXM5 80GB" is eight of "H100 SXM5"."""

    gpus: int | None
    name: str


def described(description: str) -> Described:
    """Return what a description says; memory is left to the field that has it for the whole node."""
    found = _DESCRIPTION.fullmatch(description)
    if found is None:
        return Described(None, description.strip())
    return Described(int(found[1]) if found[1] else None, found[2])


@cache
def exact() -> Mapping[str, str]:
    """Return the ids of devices by names that several devices have, in lower case."""
    table = tomllib.loads(files("chipdex_prices_verda").joinpath("names.toml").read_text(encoding="utf-8"))
    return {name.lower(): row["id"] for row in table["gpu"] for name in row["names"]}
