"""Read JSON that is too large to hold: an object's keys and a list's items one after the other."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

_SPACE: Final = " \t\r\n"
_LARGEST_VALUE: Final = 4_000_000


class Puller:
    """Pulls values from pieces of JSON text; what `entries` or `items` has yielded must be pulled before the next.

    Raises ValueError where the text is no JSON, ends early, or holds one value that is over 4 million characters.
    """

    def __init__(self, text: Iterable[str]) -> None:
        self._pieces = iter(text)
        self._text, self._at = "", 0
        self._decode = json.JSONDecoder().raw_decode

    def entries(self) -> Iterator[str]:
        """Yield the keys of the object that comes next."""
        self._take("{")
        if self._next() == "}":
            self._at += 1
            return
        while True:
            self._next()
            key = self.value()
            if not isinstance(key, str):
                raise ValueError(f"the key {key!r} is no text")  # noqa: TRY004 - of the JSON, not of a caller
            self._take(":")
            yield key
            if self._take(",}") == "}":
                return

    def items(self) -> Iterator[None]:
        """Yield once for each item of the list that comes next."""
        self._take("[")
        if self._next() == "]":
            self._at += 1
            return
        while True:
            yield
            if self._take(",]") == "]":
                return

    def value(self) -> Any:
        """Return the value that comes next, whole."""
        self._next()
        while True:
            try:
                value, end = self._decode(self._text, self._at)
            except json.JSONDecodeError:
                if len(self._text) - self._at > _LARGEST_VALUE or not self._more():
                    raise
                continue
            if isinstance(value, int | float) and end + 2 >= len(self._text) and self._more():
                continue  # a number may go on, with "." or "e+" and more digits
            self._at = end
            return value

    def skip(self) -> None:
        """Pass by the value that comes next, however large."""
        opening = self._next()
        if opening == "{":
            for _key in self.entries():
                self.skip()
        elif opening == "[":
            for _item in self.items():
                self.skip()
        else:
            self.value()

    def _next(self) -> str:
        """Return the next character that is no space, which remains the next."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                raise ValueError("it ends early")

    def _take(self, allowed: str) -> str:
        found = self._next()
        if found not in allowed:
            raise ValueError(f"{found!r} stands where {' or '.join(allowed)} should")
        self._at += 1
        return found

    def _more(self) -> bool:
        """Read on, and forget what was pulled."""
        piece = next(self._pieces, None)
        if piece is None:
            return False
        self._text, self._at = self._text[self._at :] + piece, 0
        return True
