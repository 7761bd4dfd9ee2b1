"""The cold path of a folder: every file or the bundle parsed and checked, duplicates refused."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from chipdex.codec.bundle import documents_of
from chipdex.codec.listing import BUNDLE, Listing, list_files
from chipdex.codec.plain import FOLDERS, FolderContents, Plain
from chipdex.codec.reader import Reading, read_document, read_place
from chipdex.errors import Problem, ProfileError


def compile_listing(listing: Listing) -> tuple[FolderContents, bool]:
    """Return what the listed profiles hold, and whether it stays so as long as no file changes."""
    if not listing.bundled:
        return _gather(_from_files(listing))
    try:
        documents = documents_of(listing.root / BUNDLE)
    except ProfileError as error:
        beside = list_files(listing.root)
        contents, _ = _gather(_from_files(beside), (*error.problems, *beside.problems))
        return contents, False
    return _gather(_from_bundle(listing.root, documents))


def _from_files(listing: Listing) -> Iterator[Reading]:
    for place in listing.files:
        folder, *parts = place.removesuffix(".toml").split("/")
        yield read_place(listing.root / place, folder, tuple(parts))


def _from_bundle(root: Path, documents: dict[str, dict[str, Any]]) -> Iterator[Reading]:
    for place, document in documents.items():
        folder, *parts = place.removesuffix(".toml").split("/")
        if folder in FOLDERS:
            yield read_document(document, str(root / place), folder, tuple(parts))


def _gather(readings: Iterable[Reading], problems: Iterable[Problem] = ()) -> tuple[FolderContents, bool]:
    """Put the readings together; of two records of one id in one folder the later one is refused."""
    records: dict[tuple[str, str], Plain] = {}
    found, lasting = list(problems), True
    for reading in readings:
        lasting = lasting and reading.lasting
        found += reading.problems
        for plain in reading.records:
            first = records.setdefault((plain.folder, plain.id), plain)
            if first is not plain:
                message = f'is "{plain.id}", which {first.file} holds too.'
                found.append(Problem(plain.file, None, "id", message, "Remove one, or give it an id of its own."))
    return FolderContents(tuple(records.values()), tuple(found)), lasting
