"""The cold path of a folder: every file or the bundle parsed and checked, duplicates refused."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from chipdex.codec.bundle import documents_of
from chipdex.codec.listing import Listing, list_files
from chipdex.codec.plain import FolderContents, Plain
from chipdex.codec.reader import Reading, parse_place, read_document
from chipdex.errors import Problem, ProfileError


def compile_listing(listing: Listing) -> tuple[FolderContents, bool, str]:
    """Return what the listed profiles hold, whether it stays so as long as no file changes, and their digest.

    The digest is of the files' content as a bundle states it; it is empty for a bundle, which states it itself, and
    for a part that nobody asks the digest of.
    """
    if not listing.bundled:
        return _compile_files(listing)
    try:
        documents = documents_of(listing.root / listing.part.bundle)
    except ProfileError as error:
        beside = list_files(listing.root, listing.part)
        contents, _, digest = _compile_files(beside, (*error.problems, *beside.problems))
        return contents, False, digest
    return *_gather(_from_bundle(listing, documents)), ""


def _compile_files(listing: Listing, problems: Iterable[Problem] = ()) -> tuple[FolderContents, bool, str]:
    texts: dict[str, str] = {}
    contents, lasting = _gather(_from_files(listing, texts), problems)
    if not listing.part.digested:
        return contents, lasting, ""
    body = ",".join(f"{_JSON.encode(place)}:{texts[place]}" for place in sorted(texts))
    return contents, lasting, hashlib.sha256(f"{{{body}}}".encode()).hexdigest()


def _from_files(listing: Listing, texts: dict[str, str]) -> Iterator[Reading]:
    """Yield the reading of each file, and note the text that a bundle would hold of it."""
    for place in listing.files:
        folder, *parts = place.removesuffix(".toml").split("/")
        path = listing.root / place
        document = parse_place(path)
        if isinstance(document, Reading):
            yield document
            continue
        if listing.part.digested:
            texts[place] = _JSON.encode(document.raw)
        yield read_document(document.raw, str(path), folder, tuple(parts), text=document.text)


def _date(value: object) -> dict[str, str]:
    return {"$date": value.isoformat()} if isinstance(value, dt.date | dt.time) else {}


_JSON: Final = json.JSONEncoder(default=_date, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
"""What `hatch_build.py` writes bundles with."""


def _from_bundle(listing: Listing, documents: dict[str, dict[str, Any]]) -> Iterator[Reading]:
    for place, document in documents.items():
        folder, *parts = place.removesuffix(".toml").split("/")
        if folder in listing.part.folders:
            yield read_document(document, str(listing.root / place), folder, tuple(parts))


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
