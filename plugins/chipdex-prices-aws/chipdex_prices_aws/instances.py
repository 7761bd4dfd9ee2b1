"""Which accelerators an instance type holds: the table beside this module, since the price lists name none."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

import attrs

from chipdex.api import FetchContext

_ACCELERATED: Final = re.compile(r"(?:p|g|gr|trn|inf|dl)\d")


@attrs.frozen
class Instance:
    """An instance type: what is inside, and how many; `share` instead where it is part of one.

    `accelerator` is the registry's id. Without one the registry has none yet, and `name` and `memory_gb` ask for it.
    """

    type: str
    accelerator: str = ""
    count: int = 0
    share: str = ""
    name: str = ""
    memory_gb: float | None = None


@cache
def known_instances() -> Mapping[str, Instance]:
    """Return the table by instance type, read once."""
    table = tomllib.loads(files(__package__).joinpath("instances.toml").read_text(encoding="utf-8"))
    found = dict[str, Instance]()
    for row in table["family"]:
        common = {key: row[key] for key in ("accelerator", "name", "memory_gb") if key in row}
        found |= {kind: Instance(kind, count=count, **common) for kind, count in row.get("count", {}).items()}
        found |= {kind: Instance(kind, share=share, **common) for kind, share in row.get("share", {}).items()}
    return found


@attrs.define
class Held:
    """What instance types of a price list hold; what cannot be told is reported to the context, once each."""

    context: FetchContext
    _told: dict[str, Instance | None] = attrs.field(factory=dict)

    def by(self, kind: str) -> Instance | None:
        """Return the instance type if it holds whole accelerators that the registry knows."""
        if kind not in self._told:
            self._told[kind] = self._find(kind)
        return self._told[kind]

    def _find(self, kind: str) -> Instance | None:
        instance = known_instances().get(kind)
        if instance is None:
            if _ACCELERATED.match(kind):
                self.context.accelerator(kind, None)  # counts it as unknown: no list says what is inside
            return None
        if instance.share:
            return None
        if instance.accelerator:
            return instance
        found = self.context.accelerator(instance.name, instance.memory_gb)
        return attrs.evolve(instance, accelerator=found) if found else None
