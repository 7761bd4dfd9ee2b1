"""The compiled cache of a part of a folder: one file of a header and bodies that are found without parsing them.

Layout: a line of magic and the checksum of the rest, a line of JSON (the key, and what the part's reader wrote
beside it), then the bodies, one after the other.
A cache that is missing, damaged, of another root, of other files or of another version of the code is
not used; it is replaced as a whole, so that two processes at once leave one of the two.
"""

import functools
import json
import os
import threading
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from chipdex.values import Value

_MAGIC: Final = b"chipdex-profiles 1 "
_FOLDER: Final = "profiles"


@functools.cache
def code_stamp() -> str:
    """Return a text that differs when the code that checks or shapes a record does."""
    package = Path(__file__).parent.parent
    files = sorted([*package.glob("codec/*.py"), *package.glob("domain/*.py"), *package.glob("[iu]*s.py")])
    sources = [(file.name, file.stat()) for file in files]
    return " ".join(f"{name}:{status.st_size}:{status.st_mtime_ns}" for name, status in sources)


@attrs.frozen(eq=False, repr=False)
class Cache(Value):
    """The cache file of one part of one root."""

    path: Path
    root: Path

    @classmethod
    def of(cls, cache_dir: str | os.PathLike[str], root: Path, suffix: str) -> "Cache":
        """Return the cache of the part of `root` that `suffix` stands for in `cache_dir`."""
        return cls(Path(cache_dir, _FOLDER, f"{root.name}-{zlib.crc32(os.fsencode(root)):08x}{suffix}"), root)

    def load(self, stamps: Sequence[str]) -> tuple[dict[str, Any], memoryview] | None:
        """Return the header and the bodies that were stored for files of the same stamps, or None."""
        try:
            return self._decode(self.path.read_bytes(), self._key(stamps))
        except (OSError, ValueError, TypeError, LookupError):
            return None

    def store(self, stamps: Sequence[str], header: Mapping[str, Any], bodies: Iterable[bytes]) -> str | None:
        """Write header and bodies, or return the sentence that says why that cannot be done."""
        folder = self.path.parent
        try:
            rest = b"".join((json.dumps({"key": self._key(stamps), **header}).encode(), b"\n", *bodies))
            content = b"%s%08x\n%s" % (_MAGIC, zlib.crc32(rest), rest)
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

    def _decode(self, content: bytes, key: list[str]) -> tuple[dict[str, Any], memoryview] | None:
        start = len(_MAGIC) + 9
        view = memoryview(content)
        if content[:start] != b"%s%08x\n" % (_MAGIC, zlib.crc32(view[start:])):
            return None
        end = content.index(b"\n", start) + 1
        header: dict[str, Any] = json.loads(content[start:end])
        return (header, view[end:]) if header["key"] == key else None


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that no reader ever sees half of it."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
