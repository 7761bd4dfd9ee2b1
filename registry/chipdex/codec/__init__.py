"""Profiles: TOML to records and back, strictly, with every problem of a file reported together.

Importing this package and a warm `read_folder` need neither a TOML parser nor cattrs, so that the
functions below import what they need when they are called.
"""

import os
from typing import Any

from chipdex.codec.folder import read_folder, read_many, read_profiles
from chipdex.codec.listing import BUNDLE
from chipdex.codec.plain import FOLDERS, FolderContents, FolderSpec, Plain
from chipdex.codec.row_ids import grid_id, offer_id
from chipdex.codec.rows import Rows, read_rows
from chipdex.domain import Record
from chipdex.errors import Problem

__all__ = [
    "BUNDLE",
    "FOLDERS",
    "FolderContents",
    "FolderSpec",
    "Plain",
    "Rows",
    "dumps_toml",
    "grid_id",
    "lint_file",
    "offer_id",
    "read_file",
    "read_folder",
    "read_many",
    "read_profiles",
    "read_rows",
    "structure",
    "unstructure",
]


def read_file(path: str | os.PathLike[str], folder: str) -> list[Plain]:
    """Return the records of one TOML file, which is of the kind that `folder` ("devices", ...) holds.

    Raises ProfileError with every problem of the file, and OptionError for an unknown folder. A figure
    without a source is read; `lint_file` reports it.
    """
    from chipdex.codec.reader import read_file as read  # noqa: PLC0415 - costs tomllib and cattrs

    return read(path, folder)


def lint_file(path: str | os.PathLike[str], folder: str) -> list[Problem]:
    """Return every schema problem of a TOML file of the kind `folder` holds, and every figure without a source."""
    from chipdex.codec.lint import lint_file as lint  # noqa: PLC0415 - costs tomllib and cattrs

    return lint(path, folder)


def structure(plain: Plain) -> Record:
    """Return the domain object of a record whose data the codec has checked."""
    from chipdex.codec.convert import structure as convert  # noqa: PLC0415 - costs cattrs

    return convert(plain)


def unstructure(record: Record) -> dict[str, Any]:
    """Return a record's data as `Plain.data` has it: JSON-able, unknown fields absent.

    A field that has its default value is left out unless the record's provenance speaks of it.
    """
    from chipdex.codec.convert import unstructure as convert  # noqa: PLC0415 - costs cattrs

    return convert(record)


def dumps_toml(record: Record) -> str:
    """Return the profile of a record, a row's as a file of one row; it reads back equal."""
    from chipdex.codec.write import dumps_toml as write  # noqa: PLC0415 - costs cattrs and tomli_w

    return write(record)
