"""The compiled cache of a folder: one file, whose records are found without parsing any of them.

Layout: a line of magic and the checksum of the rest, a line of JSON (key, problems, and for each record
folder, id, file, replace, names and the length of its body), then the bodies, one JSON text per record.
A cache that is missing, damaged, of another root, of other files or of another version of the code is
not used; it is replaced as a whole, so that two processes at once leave one of the two.
"""

import functools
import json
import os
import threading
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from chipdex.codec.plain import FolderContents, Plain
from chipdex.errors import Problem

_MAGIC: Final = b"chipdex-profiles 1 "
_FOLDER: Final = "profiles"


@functools.cache
def code_stamp() -> str:
    """Return a text that differs when the code that checks or shapes a record does."""
    package = Path(__file__).parent.parent
    files = sorted([*package.glob("codec/*.py"), *package.glob("domain/*.py"), *package.glob("[iu]*s.py")])
    sources = [(file.name, file.stat()) for file in files]
    return " ".join(f"{name}:{status.st_size}:{status.st_mtime_ns}" for name, status in sources)


@attrs.frozen
class Cache:
    """The cache file of one root."""

    path: Path
    root: Path

    @classmethod
    def of(cls, cache_dir: str | os.PathLike[str], root: Path) -> "Cache":
        """Return the cache of `root` in `cache_dir`."""
        return cls(Path(cache_dir, _FOLDER, f"{root.name}-{zlib.crc32(os.fsencode(root)):08x}.cache"), root)

    def load(self, stamps: Sequence[str]) -> FolderContents | None:
        """Return what was stored for files of the same stamps, or None."""
        try:
            return self._decode(self.path.read_bytes(), self._key(stamps))
        except (OSError, ValueError, TypeError, LookupError):
            return None

    def store(self, stamps: Sequence[str], contents: FolderContents) -> str | None:
        """Write `contents`, or return the sentence that says why that cannot be done."""
        folder = self.path.parent
        try:
            content = self._encode(contents, self._key(stamps))
            folder.mkdir(parents=True, exist_ok=True)
            _replace(self.path, content)
        except OSError as error:
            reason = error.strerror or error
            return (
                f"The cache folder {folder} cannot be written ({reason}), so profiles are parsed on every start."
                " Free some space, make it writable, or set CHIPDEX_CACHE_DIR."
            )
        return None

    def _key(self, stamps: Sequence[str]) -> list[str]:
        return [code_stamp(), str(self.root), *stamps]

    def _encode(self, contents: FolderContents, key: list[str]) -> bytes:
        bodies = [plain.as_json() for plain in contents.records]
        index = {
            "key": key,
            "problems": [attrs.astuple(problem) for problem in contents.problems],
            "records": [
                (plain.folder, plain.id, len(body), plain.file, plain.replace, plain.names)
                for plain, body in zip(contents.records, bodies, strict=True)
            ],
        }
        rest = b"".join((json.dumps(index).encode(), b"\n", *bodies))
        return b"%s%08x\n%s" % (_MAGIC, zlib.crc32(rest), rest)

    def _decode(self, content: bytes, key: list[str]) -> FolderContents | None:
        start = len(_MAGIC) + 9
        rest = memoryview(content)[start:]
        if content[:start] != b"%s%08x\n" % (_MAGIC, zlib.crc32(rest)):
            return None
        end = content.index(b"\n", start) + 1
        index: dict[str, Any] = json.loads(content[start:end])
        if index["key"] != key:
            return None
        records: list[Plain] = []
        for folder, record_id, length, file, replace, names in index["records"]:
            records.append(Plain(folder, record_id, content[end : end + length], file, replace, tuple(names)))
            end += length
        return FolderContents(tuple(records), tuple(Problem(*problem) for problem in index["problems"]))


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that no reader ever sees half of it."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
