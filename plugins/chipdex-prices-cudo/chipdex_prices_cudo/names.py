"""Which device is meant where CUDO's name of a GPU is shared by several, and its memory tells them apart."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def exact() -> Mapping[tuple[str, float | None], str]:
    """Return the ids of devices by their names, in lower case, and their memory in GB."""
    table = tomllib.loads(files("chipdex_prices_cudo").joinpath("names.toml").read_text(encoding="utf-8"))
    return {(row["name"].lower(), float(row["memory_gb"])): row["id"] for row in table["gpu"]}
