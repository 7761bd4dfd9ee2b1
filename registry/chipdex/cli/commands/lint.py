"""`chipdex lint`: every problem of every profile named, or of all that the registry holds; form first, then truth."""

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import click

from chipdex.cli.options import format_options
from chipdex.cli.render import Column, Table, counted
from chipdex.cli.report import Report, Section
from chipdex.cli.session import Session
from chipdex.codec import FOLDERS
from chipdex.errors import OptionError, Problem

if TYPE_CHECKING:
    from chipdex.plausibility import Inspection

FINDINGS: Final = 1
KEYS: Final = ("file", "line", "key", "message", "fix", "rule")


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(exists=True, path_type=Path))
@click.option("--kind", type=click.Choice(tuple(FOLDERS)), help="What the files hold, where their folder does not say.")
@click.option("--rules", is_flag=True, help="List the rules instead: what each finds, and what to do about it.")
@format_options
@click.pass_obj
def lint(session: Session, paths: tuple[Path, ...], kind: str | None, rules: bool, output: str) -> int:
    """Check the profiles in each PATH, a TOML file or a folder of them; without a PATH, all that the registry holds.

    Exit status 1: something was found. `--no-plugins` leaves out the rules that plugins bring.
    """
    from chipdex.plausibility import lint_files, lint_registry  # noqa: PLC0415 - imports the codec and the catalog

    if rules:
        _rules(session).publish(session, output)
        return 0
    if paths:
        files, unclear = _files(paths, kind)
        inspection = lint_files(files, session.registry, session.host)
        rows = [_row(problem, "schema") for problem in unclear] + _rows(inspection)
        told = f"{counted(len(files) + len(unclear), 'file')} checked, {counted(len(rows), 'problem')}."
        body: dict[str, Any] = {"files": len(files) + len(unclear), "problems": rows}
    else:
        session.need()
        inspection = lint_registry(session.registry, session.host)
        for problem, _ in inspection.problems:
            session.heard(problem.message)
        rows = _rows(inspection)
        told = f"{counted(inspection.checked, 'record')} checked, {counted(len(rows), 'problem')}."
        body = {"records": inspection.checked, "problems": rows}
    lines = tuple(str(Problem(row["file"], row["line"], row["key"], row["message"], row["fix"])) for row in rows)
    as_table = Section(table=Table(columns=[Column(key=key) for key in KEYS], rows=rows)) if rows else Section()
    Report(
        schema="lint@1",
        body=body,
        keys=KEYS,
        rows=rows,
        sections=(as_table, Section(lines=(told,))) if output == "md" else (Section(lines=(*lines, told)),),
    ).publish(session, output)
    return FINDINGS if rows else 0


def _rules(session: Session) -> Report:
    """Return the list of rules: the core's and those of plugins."""
    rows = [
        {
            "rule": rule.id,
            "about": ", ".join(kind.__name__.lower() for kind in rule.about),
            "finds": rule.finds,
            "help": rule.help,
            "distribution": origin.distribution,
        }
        for rule, origin in session.host.lint_rules()
    ]
    keys = ("rule", "about", "finds", "help", "distribution")
    return Report(
        schema="lint-rules@1",
        body={"rules": rows},
        keys=keys,
        rows=rows,
        sections=(Section(table=Table(columns=[Column(key=key) for key in keys], rows=rows)),),
    )


def _files(paths: tuple[Path, ...], kind: str | None) -> tuple[dict[Path, str], list[Problem]]:
    """Return the files to check with the folder each is of, and a problem for each that does not tell."""
    found = [file for path in paths for file in (_profiles(path) if path.is_dir() else [path])]
    if not found:
        raise OptionError(
            f"There is no .toml file in {', '.join(map(str, paths))}.", fix="Name a profile, or its folder."
        )
    folders = {file: kind or _folder_of(file) for file in found}
    fix = f"Put it into a folder such as devices/, or say --kind {next(iter(FOLDERS))}."
    unclear = [
        Problem(str(file), None, "", "does not say what it holds.", fix)
        for file, folder in folders.items()
        if not folder
    ]
    return {file: folder for file, folder in folders.items() if folder}, unclear


def _profiles(folder: Path) -> list[Path]:
    """Return a folder's profiles: other TOML files in it, and hidden folders, are passed over."""
    found = sorted(folder.rglob("*.toml"))
    visible = [file for file in found if not any(part.startswith(".") for part in file.relative_to(folder).parts)]
    return [file for file in visible if _folder_of(file) is not None]


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


def _rows(inspection: "Inspection") -> list[dict[str, Any]]:
    return [_row(problem, rule) for problem, rule in inspection.problems]


def _row(problem: Problem, rule: str) -> dict[str, Any]:
    return {**attrs.asdict(problem), "rule": rule}
