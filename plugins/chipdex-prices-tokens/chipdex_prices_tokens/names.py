"""What APIs call providers and models, brought to the names that the registry knows; the rules are data."""

import fnmatch
import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

_RULES: Final = "names.toml"


class Spelling(NamedTuple):
    """A way in which an API writes a model's name, and how the registry writes it."""

    pattern: re.Pattern[str]
    replacement: str


@cache
def provider_id(name: str) -> str:
    """Return the one name of a provider that lists call differently ("fireworks_ai", "fireworks-ai")."""
    spelled = name.strip().lower().replace("_", "-").replace(" ", "-")
    for provider, patterns in _providers().items():
        if any(fnmatch.fnmatchcase(spelled, pattern) for pattern in patterns):
            return provider
    return spelled


def spellings(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names, without repetitions, each followed by the registry's spelling of it where that differs."""
    found: dict[str, None] = {}
    for name in names:
        if name:
            found[name] = None
            found[respelled(name)] = None
    return tuple(found)


def respelled(name: str) -> str:
    """Return a model's name with every rule of `names.toml` applied in turn."""
    for rule in _spellings():
        name = rule.pattern.sub(rule.replacement, name)
    return name


@cache
def rules() -> dict[str, Any]:
    """Return the rules as they stand in the file."""
    return tomllib.loads(files(__package__).joinpath(_RULES).read_text(encoding="utf-8"))


@cache
def _providers() -> dict[str, list[str]]:
    return {rule["id"]: rule["names"] for rule in rules()["provider"]}


@cache
def _spellings() -> tuple[Spelling, ...]:
    return tuple(Spelling(re.compile(rule["pattern"]), rule["replacement"]) for rule in rules()["spelling"])
