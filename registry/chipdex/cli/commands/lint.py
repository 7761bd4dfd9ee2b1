"""`chipdex lint`: every problem of every profile named, schema first, then plausibility."""

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import attrs
import click

from chipdex.cli.options import format_options
from chipdex.cli.render import Column, Table, counted
from chipdex.cli.report import Report, Section
from chipdex.cli.session import Session
from chipdex.codec import FOLDERS, Plain, lint_file, read_file, structure
from chipdex.errors import OptionError, PluginError, Problem

FINDINGS: Final = 1
SCHEMA_RULE: Final = "schema"


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(exists=True, path_type=Path))
@click.option("--kind", type=click.Choice(tuple(FOLDERS)), help="What the files hold, where their folder does not say.")
@format_options
@click.pass_obj
def lint(session: Session, paths: tuple[Path, ...], kind: str | None, output: str) -> int:
    """Check the profiles in each PATH, a TOML file or a folder of them.

    Exit status 1: something was found. `--no-plugins` leaves out the rules that plugins bring.
    """
    files = [file for path in paths for file in _files(path)]
    if not files:
        raise OptionError(
            f"There is no .toml file in {', '.join(map(str, paths))}.", fix="Name a profile, or its folder."
        )
    rows = [row for file in files for row in _findings(session, file, kind)]
    rows += _repeated(rows, files, kind)
    told = f"{counted(len(files), 'file')} checked, {counted(len(rows), 'problem')}."
    lines = tuple(str(Problem(row["file"], row["line"], row["key"], row["message"], row["fix"])) for row in rows)
    columns = [Column(key=key) for key in ("file", "line", "key", "message", "fix", "rule")]
    as_table = Section(table=Table(columns=columns, rows=rows)) if rows else Section()
    Report(
        schema="lint@1",
        body={"files": len(files), "problems": rows},
        keys=[column.key for column in columns],
        rows=rows,
        sections=(as_table, Section(lines=(told,))) if output == "md" else (Section(lines=(*lines, told)),),
    ).publish(session, output)
    return FINDINGS if rows else 0


def _files(path: Path) -> list[Path]:
    """Return the file itself, or a folder's profiles: other TOML files in it, and hidden folders, are passed over."""
    if not path.is_dir():
        return [path]
    found = sorted(path.rglob("*.toml"))
    visible = [file for file in found if not any(part.startswith(".") for part in file.relative_to(path).parts)]
    return [file for file in visible if _folder_of(file) is not None]


def _findings(session: Session, file: Path, kind: str | None) -> Iterator[dict[str, Any]]:
    folder = kind or _folder_of(file)
    if folder is None:
        fix = f"Put it into a folder such as devices/, or say --kind {next(iter(FOLDERS))}."
        yield _row(Problem(str(file), None, "", "does not say what it holds.", fix))
        return
    problems = lint_file(file, folder)
    yield from map(_row, problems)
    if not problems:
        yield from _implausible(session, file, read_file(file, folder))


def _folder_of(file: Path) -> str | None:
    """Return the kind of folder a profile belongs to: by the folders around it, else by what it holds."""
    around = [part for part in file.absolute().parts[:-1] if part in FOLDERS]
    if around:
        return around[-1]
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    arrays = [folder for folder, spec in FOLDERS.items() if spec.array is not None and spec.array in content]
    if arrays:
        return arrays[0]
    for folder, key in (("models", "family"), ("workloads", "scenario"), ("devices", "status")):
        if key in content:
            return folder
    return None


def _implausible(session: Session, file: Path, records: Sequence[Plain]) -> Iterator[dict[str, Any]]:
    rules = session.host.lint_rules()
    for plain in records if rules else ():
        record = structure(plain)
        for rule, origin in rules:
            try:
                sentences = list(session.host.call(origin, rule.check, record))
            except PluginError:
                continue  # the host keeps it as the plugin's problem, which is said on standard error
            for sentence in sentences:
                yield _row(Problem(str(file), None, plain.id, sentence, rule.help), rule.id)


def _repeated(rows: Sequence[dict[str, Any]], files: Sequence[Path], kind: str | None) -> Iterator[dict[str, Any]]:
    """Yield a finding for each id that several of the files claim."""
    faulty = {row["file"] for row in rows}
    claimed: dict[tuple[str, str], Path] = {}
    for file in files:
        folder = kind or _folder_of(file)
        if folder is None or str(file) in faulty:
            continue
        for plain in read_file(file, folder):
            first = claimed.setdefault((folder, plain.id), file)
            if first != file:
                message = f"{plain.id} is also in {first}."
                yield _row(Problem(str(file), None, "id", message, "Give one of them another id, or join them."))


def _row(problem: Problem, rule: str = SCHEMA_RULE) -> dict[str, Any]:
    return {**attrs.asdict(problem), "rule": rule}
