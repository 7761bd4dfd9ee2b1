"""Identifiers: `vendor/name` in lower case, and the normal form in which names are compared."""

import re
import unicodedata
from typing import Final

ID_PATTERN: Final = re.compile(r"[a-z0-9][a-z0-9._+-]*/[a-z0-9][a-z0-9._+-]*")
"""An accelerator's, model's or workload's id: a namespace, a slash, a name."""

ROW_ID_PATTERN: Final = re.compile(r"[a-z0-9][a-z0-9._+-]*(/[a-z0-9][a-z0-9._+-]*)+")
"""A row's id: lower-case parts joined by slashes, at least two."""

_SEPARATORS: Final = re.compile(r"[^a-z0-9.+]+")
_NAME_SEPARATORS: Final = re.compile(r"[-_.]+")


def is_id(text: str) -> bool:
    """Return whether `text` is a well-formed `namespace/name` id."""
    return ID_PATTERN.fullmatch(text) is not None


def is_row_id(text: str) -> bool:
    """Return whether `text` is lower-case parts joined by slashes, at least two."""
    return ROW_ID_PATTERN.fullmatch(text) is not None


def namespace(record_id: str) -> str:
    """Return the part before the slash: the vendor of a device, the publisher of a model."""
    return record_id.partition("/")[0]


def normal_form(name: str) -> str:
    """Return `name` in lower case with marks dropped and every run of separators as one space.

    Two names are the same name exactly when their normal forms are equal.
    """
    text = name.lower() if name.isascii() else _in_ascii(name)
    if "(" in text:
        text = text.replace("(r)", " ").replace("(tm)", " ")
    return _SEPARATORS.sub(" ", text).strip()


def _in_ascii(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()


def distribution_name(name: str) -> str:
    """Return a distribution's name as package tools compare it: `Chipdex_NVIDIA` is `chipdex-nvidia`."""
    return _NAME_SEPARATORS.sub("-", name.strip()).lower()
