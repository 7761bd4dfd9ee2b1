"""Claims: what one origin says of one record, before precedence is settled."""

from functools import cached_property
from typing import Any, Final

import attrs

from chipdex.catalog.figures import figures_in
from chipdex.codec import Plain
from chipdex.domain import Level, Origin, Record

_RANK: Final = {level: rank for rank, level in enumerate(Level)}


@attrs.frozen(eq=False, slots=False)
class Claim:
    """A record as one plugin, folder or file brings it: in plain form, or as a code plugin's object."""

    id: str
    folder: str
    brought_by: Origin
    content: Plain | Record

    @property
    def rank(self) -> int:
        """Position of the claim's level, 0 being the highest."""
        return _RANK[self.brought_by.level]

    @property
    def replaces(self) -> bool:
        """Whether the record replaces lower levels' as a whole."""
        return isinstance(self.content, Plain) and self.content.replace

    @property
    def names(self) -> tuple[str, ...]:
        """The name and the aliases that the claim gives the record."""
        if isinstance(self.content, Plain):
            return self.content.names
        name = getattr(self.content, "name", None)
        return (*([name] if name else []), *self.content.aliases)

    @cached_property
    def origin(self) -> Origin:
        """Who brought the record, down to the file."""
        if isinstance(self.content, Plain) and self.content.file:
            return attrs.evolve(self.brought_by, file=self.content.file)
        return self.brought_by

    @cached_property
    def data(self) -> dict[str, Any]:
        """The record's fields in plain form."""
        if isinstance(self.content, Plain):
            return self.content.data
        from chipdex.codec import unstructure  # noqa: PLC0415 - cattrs is not needed to start

        return unstructure(self.content)

    @cached_property
    def figures(self) -> dict[str, Any]:
        """The claim's figures by key path."""
        return dict(figures_in(self.data))

    @property
    def order(self) -> tuple[int, str, str, str]:
        """Sort key: by level, then by names, so that the order in which plugins are found never matters."""
        origin = self.origin
        return (self.rank, origin.distribution, origin.entry_point, origin.file)
