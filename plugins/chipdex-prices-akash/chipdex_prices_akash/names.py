"""Which device is meant where Akash writes a GPU's name in a way that the registry does not know."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def exact() -> Mapping[str, str]:
    """Return the ids of devices by Akash's names, in lower case."""
    table = tomllib.loads(files("chipdex_prices_akash").joinpath("names.toml").read_text(encoding="utf-8"))
    return {row["name"].lower(): row["id"] for row in table["gpu"]}
