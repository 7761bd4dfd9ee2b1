"""The zip archive of a catalogue: its one file is read as lines, never whole, and never beyond a cap."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Final

from chipdex.api import FetchError

MOST_BYTES: Final = 256_000_000
MOST_FILES: Final = 64
MOST_TIMES: Final = 200
LONGEST_LINE: Final = 1_000_000
_CHUNK: Final = 65_536


def lines_of(packed: bytes, name: str, where: str, *, most_bytes: int = MOST_BYTES) -> Iterator[str]:
    """Yield the lines of the file `name` in a zip archive that came from `where`.

    A CSV takes a tenth of its size in an archive; one that unpacks to `MOST_TIMES` as much, or to more than
    `most_bytes`, is a bomb, whatever its header says. Raises FetchError.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            info = _member(archive, name, where)
            most = min(most_bytes, max(info.compress_size, 1) * MOST_TIMES)
            if info.file_size > most:
                raise _too_large(where, name, most)
            with archive.open(info) as stream:
                yield from _split(stream, name, where, most)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise FetchError(f"{where} is no archive that can be read ({error}).", fix="Refresh again later.") from error


def _member(archive: zipfile.ZipFile, name: str, where: str) -> zipfile.ZipInfo:
    names = archive.namelist()
    if len(names) > MOST_FILES:
        raise FetchError(f"{where} holds {len(names):,} files, and {MOST_FILES} are the most.", fix=_CHANGED)
    if names.count(name) != 1:
        held = ", ".join(sorted(names)[:8]) or "nothing"
        raise FetchError(f'{where} holds {held}, and one file "{name}" is needed.', fix=_CHANGED)
    return archive.getinfo(name)


def _split(stream: IO[bytes], name: str, where: str, most: int) -> Iterator[str]:
    rest, size, first = b"", 0, True
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > most:
            raise _too_large(where, name, most)
        *whole, rest = (rest + chunk).split(b"\n")
        if len(rest) > LONGEST_LINE:
            raise FetchError(f"{where} holds a line of more than {LONGEST_LINE:,} bytes in {name}.", fix=_CHANGED)
        for line in whole:
            yield _text(line, first=first)
            first = False
    if rest:
        yield _text(rest, first=first)


def _text(line: bytes, *, first: bool) -> str:
    return line.decode("utf-8-sig" if first else "utf-8", errors="replace").rstrip("\r")


def _too_large(where: str, name: str, most: int) -> FetchError:
    return FetchError(f"{where} unpacks to more than {most:,} bytes of {name}.", fix="Tell the catalogue's authors.")


_CHANGED: Final = "The source has changed: look for a newer chipdex-prices-catalogs."
