"""Answers kept on disk with what their server calls their version, so that only what changed is sent again.

An answer is kept once the fetch that it was part of has succeeded: a broken one that carries a version would
otherwise be confirmed as unchanged for ever.
"""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs

LARGEST_KEPT_BYTES: Final = 16_000_000
_UNUSED_S: Final = 30 * 86_400


@attrs.frozen
class Kept:
    """One answer: the headers that ask whether it still holds, and its body."""

    file: Path
    conditions: Mapping[str, str]
    body: bytes


class KeptAnswers:
    """The answers of one fetch: read at once, written when `settle` says that they were good."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._drafts: dict[Path, Path] = {}
        self._used: set[Path] = set()

    def find(self, url: str, asked: Mapping[str, Any]) -> Kept | None:
        """Return the answer to the same question, None where there is none; losing it costs a download."""
        if self._folder is None:
            return None
        file = self._file(url, asked)
        try:
            head, _, body = file.read_bytes().partition(b"\n")
            about = json.loads(head)
            if about["digest"] != hashlib.sha256(body).hexdigest() or not about["conditions"]:
                return None
            kept = Kept(file, dict(about["conditions"]), body)
        except (OSError, ValueError, LookupError, TypeError):
            return None
        self._used.add(file)
        return kept

    def draft(self, url: str, asked: Mapping[str, Any], headers: Mapping[str, str], body: bytes) -> None:
        """Write an answer down that says which version it is; it counts from `settle` on."""
        conditions = {
            condition: headers[header]
            for header, condition in (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since"))
            if header in headers
        }
        storable = "no-store" not in headers.get("Cache-Control", "").lower()
        if self._folder is None or not conditions or not storable or len(body) > LARGEST_KEPT_BYTES:
            return
        file = self._file(url, asked)
        about = {"conditions": conditions, "digest": hashlib.sha256(body).hexdigest()}
        draft = self._drafts.get(file) or file.with_name(f"{file.name}.{os.getpid()}-{time.monotonic_ns()}.draft")
        with contextlib.suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._drafts[file] = draft
            with open(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as out:  # noqa: PTH123 - mode
                out.write(json.dumps(about).encode() + b"\n" + body)

    def settle(self, *, good: bool) -> None:
        """Keep the answers of a fetch that succeeded; after one that failed everything it used is asked for anew."""
        with contextlib.suppress(OSError):
            for file, draft in self._drafts.items():
                if good:
                    draft.replace(file)
                draft.unlink(missing_ok=True)
            for file in self._used:
                if good and file.exists():
                    os.utime(file)
                elif not good:
                    file.unlink(missing_ok=True)
        self._drafts.clear()
        self._used.clear()

    def _file(self, url: str, asked: Mapping[str, Any]) -> Path:
        question = json.dumps([url, asked], sort_keys=True, default=str)
        assert self._folder is not None  # noqa: S101 - both callers have looked
        return self._folder / hashlib.sha256(question.encode()).hexdigest()


def forget_unused(folder: Path, now: float) -> None:
    """Remove the answers that no fetch has used for a month, and drafts that a killed program left."""
    with contextlib.suppress(OSError):
        for file in folder.iterdir():
            if now - file.stat().st_mtime > _UNUSED_S:
                file.unlink(missing_ok=True)
