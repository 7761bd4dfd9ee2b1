"""Reading a folder of profiles: from the compiled cache when nothing changed, else from its bundle or files.

A warm start imports neither a TOML parser nor cattrs.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from chipdex.codec.bundled import read_bundles
from chipdex.codec.cache import Cache
from chipdex.codec.listing import PROFILES, Listing, list_profiles
from chipdex.codec.plain import FolderContents, Plain
from chipdex.codec.rows import read_rows
from chipdex.errors import Problem


def read_folder(root: str | os.PathLike[str], *, cache_dir: str | os.PathLike[str] | None) -> FolderContents:
    """Return the records of the profiles in `devices/`, `models/`, `measurements/`, ... below `root`.

    A file with faults loses its own records only; the faults are in `problems`. A root that does not
    exist holds nothing. With `cache_dir = None` nothing is cached.
    """
    profiles, rows = read_profiles(root, cache_dir=cache_dir), read_rows(root, cache_dir=cache_dir)
    return FolderContents(
        records=(*profiles.records, *rows.records),
        problems=tuple(dict.fromkeys((*profiles.problems, *rows.problems))),
        warnings=tuple(dict.fromkeys((*profiles.warnings, *rows.warnings))),
    )


def read_profiles(root: str | os.PathLike[str], *, cache_dir: str | os.PathLike[str] | None) -> FolderContents:
    """Return what `read_folder` does, without the measurements, which are many and seldom needed."""
    return read_many([Path(os.path.normpath(Path(root).absolute()))], cache_dir=cache_dir)[0]


def read_many(roots: Iterable[Path], *, cache_dir: str | os.PathLike[str] | None) -> list[FolderContents]:
    """Return `read_profiles` of each root, in order; they are absolute and have no `..` in them.

    A folder of files is cached by itself; the bundles of installed packages, of which there may be a thousand, are
    cached together, and a bundle that changed is all that is read again.
    """
    listings = [list_profiles(root, PROFILES) for root in roots]
    bundled = [listing for listing in listings if listing.bundled]
    found = read_bundles(bundled, cache_dir) if bundled else {}
    return [
        attrs.evolve(contents, problems=(*listing.problems, *contents.problems)) if listing.problems else contents
        for listing in listings
        for contents in [found[listing.root] if listing.bundled else _of_files(listing, cache_dir)]
    ]


def _of_files(listing: Listing, cache_dir: str | os.PathLike[str] | None) -> FolderContents:
    if not listing.files:
        return FolderContents()
    cache = Cache.of(cache_dir, listing.root, ".cache") if cache_dir is not None else None
    stored = cache.load(listing.stamps) if cache else None
    contents = _decoded(*stored) if stored else None
    if contents is None:
        from chipdex.codec.compiling import compile_listing  # noqa: PLC0415 - a warm start needs no parser

        contents, lasting, _ = compile_listing(listing)
        warning = None
        if cache and lasting and listing.is_settled():
            warning = cache.store(listing.stamps, *_encoded(contents))
        contents = attrs.evolve(contents, warnings=(warning,) if warning else ())
    return contents


def _encoded(contents: FolderContents) -> tuple[dict[str, Any], list[bytes]]:
    """Return the header and the bodies of records: their data as JSON, which is parsed when it is asked for."""
    bodies = [plain.as_json() for plain in contents.records]
    header = {
        "problems": [attrs.astuple(problem) for problem in contents.problems],
        "records": [
            (plain.folder, plain.id, len(body), plain.file, plain.replace, plain.names)
            for plain, body in zip(contents.records, bodies, strict=True)
        ],
    }
    return header, bodies


def _decoded(header: Mapping[str, Any], bodies: memoryview) -> FolderContents | None:
    try:
        content = bytes(bodies)
        records: list[Plain] = []
        end = 0
        for folder, record_id, length, file, replace, names in header["records"]:
            records.append(Plain(folder, record_id, content[end : end + length], file, replace, tuple(names)))
            end += length
        return FolderContents(tuple(records), tuple(Problem(*problem) for problem in header["problems"]))
    except (ValueError, TypeError, LookupError):
        return None
