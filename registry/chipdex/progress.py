"""Who hears how far a long computation is."""

from collections.abc import Callable

Heard = Callable[[str, int, int | None], None]
"""Who hears what is done, how much of it, and of how much, None where nobody knows."""


def unheard(what: str, done: int, total: int | None) -> None:
    """Hear of nothing."""
