"""The profile of a new device as a form: every key that its kind can have, explained, and no invented figure."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

import attrs

from chipdex.codec.document import SCHEMA
from chipdex.domain import (
    Accelerator,
    Kind,
    Link,
    Memory,
    MemoryTier,
    Neuromorphic,
    Node,
    OperatingPoint,
    Partition,
    Peaks,
    Photonic,
    Power,
    PowerMode,
    Price,
    Source,
    SourceKind,
    Topology,
)
from chipdex.scaffold.form import FormTable, is_said, scalar_keys

_SOURCE: Final = "datasheet"
_TABLES: Final[Mapping[str, type]] = {
    "memory": Memory,
    "memory_tier": MemoryTier,
    "compute.dense": Peaks,
    "compute.sparse": Peaks,
    "link.scale_up": Link,
    "link.host": Link,
    "link.scale_out": Link,
    "topology": Topology,
    "power": Power,
    "power.mode": PowerMode,
    "price": Price,
    "partition": Partition,
    "node": Node,
    "neuromorphic": Neuromorphic,
    "neuromorphic.operating_point": OperatingPoint,
    "photonic": Photonic,
}
"""Tables in the order in which a profile has them."""

_ARRAYS: Final = frozenset({"memory_tier", "power.mode", "partition", "node", "neuromorphic.operating_point"})
"""Tables that may come several times."""

_NOTES: Final = {
    "compute.dense": "Peak rates in 10^12 operations per second, dense; rates `with sparsity` go to [compute.sparse].",
    "compute.sparse": "Peak rates in 10^12 operations per second that hold with structured sparsity only.",
    "link.scale_up": "The link to neighbours (NVLink, ICI, ...): per direction, all its lanes together.",
    "link.host": "The link to the host: per direction, all its lanes together.",
    "link.scale_out": "The link to other nodes, where the device has one of its own: per direction.",
    "topology": "How many devices one host holds, and how many one scale-up fabric joins (1: it has no fabric).",
    "power.mode": "A power setting that the vendor documents, with the peaks and the bandwidth that hold in it.",
    "price": "The list price of one device, and the day on which it was that.",
}
_INTRODUCTION: Final = """\
# {name}: a form, to fill in from what is published.
# - "" is still to be filled in: `chipdex lint` names each such line until none is left.
# - Nobody published it? Delete the line. Unknown is left out, and differs from 0.
# - A line behind a # without a space is optional: remove the # to use it.
# - Units stand in the keys. GB is 10^9 bytes, peaks are dense, links are per direction, power is one device's.
# - `from` names the source of a table's figures; from = {{ tdp_w = "review" }} names it figure by figure.
"""


def device_profile(device_id: str, kind: Kind, sibling: Accelerator | None = None) -> str:
    """Return the form of a device's profile.

    With a sibling, the form asks for what its profile has; the sibling's values stand in comments only, save for the
    name of the architecture.
    """
    form = _Form(device_id, kind, sibling)
    parts = [[_INTRODUCTION.format(name=form.name).rstrip()], form.head(), form.source()]
    parts += [table for path in _TABLES if path in form.paths for table in form.tables(path)]
    return "\n".join("\n".join([*lines, ""]) for lines in parts)


@cache
def _kinds() -> dict[str, dict[str, dict[str, list[str]]]]:
    return tomllib.loads(resources.files("chipdex.scaffold").joinpath("kinds.toml").read_text(encoding="utf-8"))


@attrs.frozen
class _Form:
    """What is asked of one device, and what its sibling says to that."""

    device_id: str
    kind: Kind
    sibling: Accelerator | None

    @property
    def name(self) -> str:
        """A first name of the device: its id in capitals, after its vendor as the sibling spells that."""
        vendor, _, model = self.device_id.partition("/")
        related = self.sibling is not None and self.sibling.vendor == vendor
        spelt = self.sibling.name.split()[0] if self.sibling and related else vendor.capitalize()
        return " ".join([spelt, *(_capital(word) for word in model.replace("_", "-").split("-") if word)])

    @property
    def paths(self) -> set[str]:
        """The tables that devices of the kind can have."""
        return {path for keys in _kinds()[self.kind].values() for path in keys}

    def head(self) -> list[str]:
        """Return the keys above the first table."""
        known = {"id": self.device_id, "name": self.name, "kind": self.kind.value}
        if self.sibling and self.sibling.architecture:
            known["architecture"] = self.sibling.architecture
        table = self._table("top", "", Accelerator, self.sibling, known)
        named = f'from = "{_SOURCE}"  # the source of the date and the numbers above'
        return [f"schema = {SCHEMA}", *attrs.evolve(table, source="").lines(), named]

    def source(self) -> list[str]:
        """Return the table of the one source that the form starts with, and what the sibling was read from."""
        keys = ("title", "url", "retrieved", "kind")
        known = {"kind": SourceKind.VENDOR_DATASHEET.value}
        table = FormTable(header=f"[source.{_SOURCE}]", cls=Source, keys=keys, asked=keys, known=known)
        opened = [source for source in self.sibling.sources.values() if source.url] if self.sibling else []
        return [
            "# One such table for each publication that you read a figure from, under a key of your choice.",
            *table.lines(),
            *([f"# Where the figures of {self.sibling.id} were read:"] if self.sibling and opened else []),
            *(f"#   {source.title}: {source.url}" for source in opened),
        ]

    def tables(self, path: str) -> Iterator[list[str]]:
        """Yield the lines of the table at a path; those of an array of tables as often as the sibling has them."""
        found = _reached(self.sibling, path)
        header = f"[[{path}]]" if path in _ARRAYS else f"[{path}]"
        elements = (found or (None,)) if path in _ARRAYS else (found,)
        for position, element in enumerate(elements):
            lines = [] if position else [f"# {_note(path)}"]
            lines += self._table(path, header, _TABLES[path], element).lines()
            if f"{path}.dense" in self.paths:
                inner = self._table(f"{path}.dense", f"[{path}.dense]", Peaks, getattr(element, "dense", None))
                lines += attrs.evolve(inner, source="").lines()
            yield lines

    def _table(self, path: str, header: str, cls: type, like: Any, known: Mapping[str, str] | None = None) -> FormTable:
        """Return the form of one table: it asks for what the sibling has, or for what its kind asks for."""
        of_kind = _kinds()[self.kind]
        keys = {key for part in of_kind.values() for key in part.get(path, ())}
        asked = of_kind["asked"].get(path, ())
        if self.sibling is not None:
            asked = [key for key in scalar_keys(cls) if is_said(getattr(like, key, None))]
        known = known or {}
        return FormTable(
            header=header,
            cls=cls,
            keys=keys,
            asked={*known, *asked},
            known=known,
            like=like,
            like_id=self.sibling.id if self.sibling else "",
            source=_SOURCE,
        )


def _reached(record: Accelerator | None, path: str) -> Any:
    """Return the part of a record at a path of names, None where there is none."""
    found: Any = record
    for name in path.split("."):
        found = getattr(found, name, None)
    return found


def _note(path: str) -> str:
    """Return what a table is, in a sentence."""
    said = _NOTES.get(path) or " ".join((_TABLES[path].__doc__ or "").partition("\n\n")[0].split())
    return f"{said} One such table for each." if path in _ARRAYS else said


def _capital(word: str) -> str:
    return word.upper() if any(letter.isdigit() for letter in word) or len(word) <= _ACRONYM else word.capitalize()


_ACRONYM: Final = 4  # letters: SXM, PCIE, NPU
