"""The bundles of all installed packages, read from one cache: a thousand packages are one file, not a thousand.

The header of the cache is a table, column by column: a row per record, in the order of its package's bundle.
"""

import os
import zlib
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import attrs

from chipdex.codec.cache import Cache
from chipdex.codec.listing import Listing
from chipdex.codec.plain import FolderContents, Plain
from chipdex.errors import Problem

_COLUMNS: Final = ("folder", "id", "length", "file", "replace", "names")


def read_bundles(listings: Sequence[Listing], cache_dir: str | os.PathLike[str] | None) -> dict[Path, FolderContents]:
    """Return what the bundle of each listing holds, by root; those that did not change are not parsed.

    The listings of one environment share a cache, whatever other environments keep in the same folder.
    """
    cache = None if cache_dir is None else _cache_of(listings, cache_dir)
    known = _load(cache) if cache else {}
    found: dict[Path, FolderContents] = {}
    kept: dict[str, tuple[str, FolderContents]] = {}
    for listing in listings:
        root, stamp = str(listing.root), listing.stamps[0]
        stored = known.get(root)
        if stored is None or stored[0] != stamp:
            from chipdex.codec.compiling import compile_listing  # noqa: PLC0415 - a warm start needs no parser

            contents, lasting, _ = compile_listing(listing)
            stored = (stamp, contents)
            if not (lasting and listing.is_settled()):
                found[listing.root] = contents
                continue
        kept[root], found[listing.root] = stored, stored[1]
    if cache and any(known.get(root) is not stored for root, stored in kept.items()):
        warning = cache.store((), *_encoded(kept))
        if warning:
            first = listings[0].root
            found[first] = attrs.evolve(found[first], warnings=(warning,))
    return found


def _cache_of(listings: Sequence[Listing], cache_dir: str | os.PathLike[str]) -> Cache:
    roots = zlib.crc32(b"\0".join(os.fsencode(listing.root) for listing in listings))
    return Cache.of(cache_dir, Path(f"bundles-{roots:08x}"), ".cache")


def _encoded(kept: Mapping[str, tuple[str, FolderContents]]) -> tuple[dict[str, Any], list[bytes]]:
    plains = [plain for _, contents in kept.values() for plain in contents.records]
    bodies = [plain.as_json() for plain in plains]
    roots = [
        (root, stamp, len(contents.records), [attrs.astuple(problem) for problem in contents.problems])
        for root, (stamp, contents) in kept.items()
    ]
    columns = {
        "folder": [plain.folder for plain in plains],
        "id": [plain.id for plain in plains],
        "length": [len(body) for body in bodies],
        "file": [plain.file for plain in plains],
        "replace": [plain.replace for plain in plains],
        "names": [plain.names for plain in plains],
    }
    return {"roots": roots, **columns}, bodies


def _load(cache: Cache) -> dict[str, tuple[str, FolderContents]]:
    stored = cache.load(())
    if stored is None:
        return {}
    header, bodies = stored
    try:
        rows = zip(*(header[name] for name in _COLUMNS), strict=True)
        end, plains = 0, []
        for folder, record_id, length, file, replace, names in rows:
            plains.append(Plain(folder, record_id, bodies[end : end + length], file, replace, tuple(names)))
            end += length
        starts = accumulate((count for _, _, count, _ in header["roots"]), initial=0)
        return {
            root: (
                stamp,
                FolderContents(tuple(plains[start : start + count]), tuple(Problem(*one) for one in problems)),
            )
            for start, (root, stamp, count, problems) in zip(starts, header["roots"], strict=False)
        }
    except (ValueError, TypeError, LookupError):
        return {}
