"""What the catalogues cover, what they call it, and what of it is known to be wrong: all of it data."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

_FOLDER: Final = "tables"


class Cloud(NamedTuple):
    """One cloud in one catalogue: its folder or file there, and the provider's id.

    `zones` says that a location is a zone whose last part has to go, `sizes` which instances' names say nothing of how
    many accelerators they have, `bid` that its prices are the lowest bids of a market.
    """

    folder: str
    provider: str
    zones: bool = False
    sizes: str = ""
    bid: bool = False
    note: str = ""

    def region(self, location: str) -> str:
        """Return the region of a location."""
        return re.sub(r"-[a-z]$", "", location) if self.zones else location

    def label(self, instance: str, count: int) -> str:
        """Return what an instance is called in an offer: with its count where its name stands for several."""
        return f"{instance}-x{count}" if self.sizes and re.match(self.sizes, instance) else instance


class Device(NamedTuple):
    """What a cloud means by a name that several devices have."""

    provider: str
    name: re.Pattern[str]
    instance: re.Pattern[str]
    id: str
    memory_gb: tuple[float, float] | None


class Part(NamedTuple):
    """Instances that hold a part of an accelerator, which no count of accelerators can tell."""

    provider: str
    instance: re.Pattern[str]
    reason: str


class Cut(NamedTuple):
    """A list price that is not asked any more: a catalogue that still asks it is not refreshed."""

    provider: str
    instance: str
    regions: tuple[str, ...]
    old_usd: float
    new_usd: float


@cache
def clouds(catalogue: str) -> tuple[Cloud, ...]:
    """Return the clouds that are taken from a catalogue."""
    return tuple(Cloud(**row) for row in _table("clouds.toml")[catalogue])


@cache
def devices() -> tuple[Device, ...]:
    """Return what each cloud means by the names that do not say it."""
    return tuple(
        Device(
            provider=row["provider"],
            name=re.compile(row["name"], re.IGNORECASE),
            instance=re.compile(row.get("instance", ""), re.IGNORECASE),
            id=row["id"],
            memory_gb=tuple(row["memory_gb"]) if "memory_gb" in row else None,
        )
        for row in _table("devices.toml")["device"]
    )


@cache
def parts() -> tuple[Part, ...]:
    """Return the instances that hold less than one accelerator."""
    return tuple(
        Part(row["provider"], re.compile(row["instance"], re.IGNORECASE), row["reason"])
        for row in _table("defects.toml")["part"]
    )


@cache
def cuts() -> tuple[Cut, ...]:
    """Return the list prices that were cut."""
    return tuple(Cut(**(row | {"regions": tuple(row["regions"])})) for row in _table("defects.toml")["cut"])


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(_FOLDER, name).read_text(encoding="utf-8"))
