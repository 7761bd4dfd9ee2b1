"""What every record has: an id, names, and the sources of its figures."""

from collections.abc import Mapping

import attrs

from chipdex.domain.source import Disputed, Source
from chipdex.values import Value


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Record(Value):
    """Base of the records a plugin brings.

    `provenance` maps a figure's key path (`memory.capacity_gb`) to the keys of `sources` that give it;
    more than one key means that the figure was gathered from all of them and attributed to none singly.
    `accepted` are findings of lint that are known to be true, each as `rule-id: why` or `rule-id key.path: why`.
    """

    id: str
    aliases: tuple[str, ...] = ()
    sources: Mapping[str, Source] = attrs.field(factory=dict, eq=False)
    provenance: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, eq=False)
    disputed: tuple[Disputed, ...] = ()
    accepted: tuple[str, ...] = ()
