"""Gathering: which folders and files hold records, and what each of them claims."""

import contextlib
import gc
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chipdex.catalog.claims import Claim
from chipdex.catalog.warning import Warnings
from chipdex.codec import FOLDERS, FolderContents, Rows, read_file, read_folder, read_many
from chipdex.domain import Level, Origin
from chipdex.errors import ProfileError
from chipdex.hooks import RECORD_KINDS

if TYPE_CHECKING:
    from chipdex.hooks import PluginHost
    from chipdex.settings import Settings

FOLDER_OF: Final = {
    "accelerators": "devices",
    "models": "models",
    "workloads": "workloads",
    "measurements": "measurements",
    "offers": "offers",
    "grids": "grids",
    "facts": "facts",
}
"""Kind of record -> the folder of profiles that holds it."""

_TOLD_BY: Final = {"offers": "usd_per_hour", "grids": "g_per_kwh", "facts": "statement"}


def claims_in_files(
    settings: "Settings", host: "PluginHost", extra_files: Iterable[Path], warnings: Warnings
) -> dict[str, list[Claim]]:
    """Return the claims of all folders and files, by folder name, but not the measurements of folders.

    A faulty file of a folder loses its own records, with a warning; under strict settings, and for a
    file given by name, it raises ProfileError.
    """
    with _undisturbed():
        return _claims_in_files(settings, host, extra_files, warnings)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep the garbage collector from searching ten thousand records, none of which is garbage."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _claims_in_files(
    settings: "Settings", host: "PluginHost", extra_files: Iterable[Path], warnings: Warnings
) -> dict[str, list[Claim]]:
    claims: dict[str, list[Claim]] = {folder: [] for folder in FOLDERS}
    folders = list(profile_folders(settings, host))
    found = read_many((root for root, _ in folders), cache_dir=settings.cache_dir)
    for (_, origin), contents in zip(folders, found, strict=True):
        report(contents, warnings, strict=settings.strict)
        _add(claims, contents, origin)
    for path in extra_files:
        origin = Origin(level=Level.COMMAND_LINE, file=str(path))
        if path.is_dir():
            contents = read_folder(path, cache_dir=settings.cache_dir)
            report(contents, warnings, strict=True)
        else:
            contents = FolderContents(records=tuple(read_file(path, folder_of(path))))
        _add(claims, contents, origin)
    return claims


def claims_of_code(host: "PluginHost", kind: str) -> Iterator[Claim]:
    """Yield the claims of code plugins about one kind of record, which loads those plugins."""
    for hook in RECORD_KINDS:
        if hook == kind:
            for record, origin in host.records(hook):
                yield Claim(record.id, FOLDER_OF[kind], origin, record)


def profile_folders(settings: "Settings", host: "PluginHost") -> Iterator[tuple[Path, Origin]]:
    """Yield every folder of profiles: those of plugins, the user's and the project's."""
    yield from host.profile_folders()
    user = settings.data_dir / "profiles"
    yield user, Origin(level=Level.USER, file=str(user))
    if settings.project_dir is not None:
        yield settings.project_dir, Origin(level=Level.PROJECT, file=str(settings.project_dir))


def _add(claims: dict[str, list[Claim]], contents: FolderContents, origin: Origin) -> None:
    for plain in contents.records:
        claims[plain.folder].append(Claim(plain.id, plain.folder, origin, plain))


def report(contents: FolderContents | Rows, warnings: Warnings, *, strict: bool) -> None:
    """Warn of what is wrong with a folder's files; under strict settings raise ProfileError."""
    if contents.problems and strict:
        raise ProfileError(contents.problems)
    for problem in contents.problems:
        warnings.add("profile", str(problem))
    for sentence in contents.warnings:
        warnings.add("cache", sentence)


def folder_of(path: Path) -> str:
    """Return which folder a file on its own belongs to: by a folder's name above it, else by what it holds."""
    above = [part for part in path.absolute().parts[:-1] if part in FOLDERS]
    return above[-1] if above else _folder_by_content(_parsed(path))


def _folder_by_content(document: dict[str, Any]) -> str:
    for folder, spec in FOLDERS.items():
        if spec.array is not None and spec.array in document:
            return folder
    if "table" in document:
        return _folder_of_tables(document["table"])
    if "family" in document or "decoder" in document:
        return "models"
    return "workloads" if "scenario" in document else "devices"


def _folder_of_tables(tables: Any) -> str:
    """Return which rows a file's [[table]]s hold, told by a key that all rows of a kind have."""
    named = (
        {
            key
            for table in tables
            if isinstance(table, dict)
            for part in ("columns", "common")
            for key in table.get(part, ())
            if isinstance(key, str)
        }
        if isinstance(tables, list)
        else set()
    )
    return next((folder for folder, figure in _TOLD_BY.items() if figure in named), "measurements")


def _parsed(path: Path) -> dict[str, Any]:
    """Return a file as TOML has it; nothing where that fails, because `read_file` then says why."""
    import tomllib  # noqa: PLC0415 - only for files given by name

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
