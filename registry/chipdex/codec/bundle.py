"""The bundle of a built package: its profiles as one JSON text, written by `hatch_build.py`, with a digest."""

import datetime as dt
import hashlib
import json
import re
from pathlib import Path
from typing import Any, Final

from chipdex.errors import Problem, ProfileError

_FORM: Final = re.compile(rb'\{"bundle":1,"digest":"([0-9a-f]{64})","files":(.*)\}\s*', re.DOTALL)


def documents_of(path: Path) -> dict[str, dict[str, Any]]:
    """Return the parsed TOML documents of a bundle by their place; a date is a date again.

    Raises ProfileError when the bundle cannot be read, is no bundle, or differs from its digest.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unusable(path, f"cannot be read ({error.strerror or error})") from error
    form = _FORM.fullmatch(content)
    if form is None:
        raise _unusable(path, "is not a bundle of this format")
    if hashlib.sha256(form[2]).hexdigest().encode() != form[1]:
        raise _unusable(path, "differs from its digest")
    try:
        documents = json.loads(form[2], object_hook=_dated)
    except (ValueError, TypeError, RecursionError) as error:
        raise _unusable(path, f"holds something that is not a profile ({error})") from error
    if not isinstance(documents, dict) or not all(isinstance(document, dict) for document in documents.values()):
        raise _unusable(path, "holds something that is not a profile")
    return documents


def _dated(value: dict[str, Any]) -> Any:
    if value.keys() == {"$date"}:
        text = value["$date"]
        return dt.datetime.fromisoformat(text) if "T" in text else dt.date.fromisoformat(text)
    return value


def _unusable(path: Path, what: str) -> ProfileError:
    fix = "Reinstall the package that it belongs to."
    return ProfileError([Problem(str(path), None, "", f"{what}; the TOML files beside it are read instead.", fix)])
