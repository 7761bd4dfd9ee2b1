"""Reading a folder of profiles: from the compiled cache when nothing changed, else from its bundle or files.

A warm start imports neither a TOML parser nor cattrs.
"""

import os
from pathlib import Path

import attrs

from chipdex.codec.cache import Cache
from chipdex.codec.listing import list_profiles
from chipdex.codec.plain import FolderContents


def read_folder(root: str | os.PathLike[str], *, cache_dir: str | os.PathLike[str] | None) -> FolderContents:
    """Return the records of the profiles in `devices/`, `models/`, ... below `root`.

    A file with faults loses its own records only; the faults are in `problems`. A root that does not
    exist holds nothing. With `cache_dir = None` nothing is cached.
    """
    listing = list_profiles(Path(os.path.normpath(Path(root).absolute())))
    cache = Cache.of(cache_dir, listing.root) if cache_dir is not None and listing.files else None
    contents = cache.load(listing.stamps) if cache else None
    if not listing.files:
        contents = FolderContents()
    if contents is None:
        from chipdex.codec.compiling import compile_listing  # noqa: PLC0415 - a warm start needs no parser

        contents, lasting = compile_listing(listing)
        warning = cache.store(listing.stamps, contents) if cache and lasting and listing.is_settled() else None
        contents = attrs.evolve(contents, warnings=(warning,) if warning else ())
    return attrs.evolve(contents, problems=(*listing.problems, *contents.problems))
