"""Where a figure comes from: published sources, the plugin that brought it, and disputes."""

import datetime as dt
from enum import StrEnum

import attrs

from chipdex.values import Value


class SourceKind(StrEnum):
    """How strong a source is, strongest first."""

    VENDOR_DATASHEET = "vendor_datasheet"
    VENDOR_DOCS = "vendor_docs"
    PAPER = "paper"
    BENCHMARK = "benchmark"
    PRESS = "press"
    COMMUNITY = "community"
    DERIVED = "derived"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Source(Value):
    """A publication somebody opened: what it is, where it is, and when it was read.

    A `derived` source has no address: `rule` says how the figure follows, `of` from which sources.
    """

    title: str
    kind: SourceKind
    retrieved: dt.date
    url: str | None = None
    licence: str | None = None
    rule: str | None = None
    of: tuple[str, ...] = ()


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Disputed(Value):
    """A second value that some source gives for a figure; the record's own value is the one used."""

    figure: str
    value: float
    source: tuple[str, ...] = ()
    note: str | None = None


class Level(StrEnum):
    """Who wins when two records claim one figure, highest first."""

    COMMAND_LINE = "command-line"
    PROJECT = "project"
    USER = "user"
    PLUGIN = "plugin"
    BUILT_IN = "built-in"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Origin(Value):
    """Who brought a record into the registry: distribution, version, entry point and file."""

    level: Level
    distribution: str = ""
    version: str = ""
    entry_point: str = ""
    file: str = ""

    @property
    def who(self) -> str:
        """The distribution, or the file or level of what none brings."""
        return self.distribution or self.file or self.level.value
