"""`chipdex lint`: every problem of every profile named, or of all that the registry holds; form first, then truth."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import click

from chipdex.cli.options import format_options
from chipdex.cli.profile_files import files_in
from chipdex.cli.render import Column, Table, counted
from chipdex.cli.report import Report, Section
from chipdex.cli.session import Session
from chipdex.cli.waiting import meanwhile
from chipdex.codec import FOLDERS
from chipdex.errors import Problem

if TYPE_CHECKING:
    from chipdex.plausibility import Inspection

FINDINGS: Final = 1
RULE_FAILED: Final = 3
KEYS: Final = ("file", "line", "key", "message", "fix", "rule")

_PATH: Final = click.Path(exists=True, readable=False, path_type=Path)
"""What cannot be read is a finding among the others."""


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=_PATH)
@click.option("--kind", type=click.Choice(tuple(FOLDERS)), help="What the files hold, where their folder does not say.")
@click.option("--rules", is_flag=True, help="List the rules instead: what each finds, and what to do about it.")
@format_options
@click.pass_obj
def lint(session: Session, paths: tuple[Path, ...], kind: str | None, rules: bool, output: str) -> int:
    """Check the profiles in each PATH, a TOML file or a folder of them; without a PATH, all that the registry holds.

    Exit status 1: something was found. Exit status 3: nothing was found, and a rule could not be run.
    `--no-plugins` leaves out the rules that plugins bring.
    """
    from chipdex.plausibility import lint_files, lint_registry  # noqa: PLC0415 - imports the codec and the catalog

    if rules:
        _rules(session).publish(session, output)
        return 0
    if paths:
        files, unclear = files_in(paths, kind)
        with meanwhile() as heard:
            inspection = lint_files(files, session.registry, session.host, heard=heard)
        rows = [_row(problem, "schema") for problem in unclear] + _rows(inspection)
        told = f"{counted(len(files) + len(unclear), 'file')} checked, {counted(len(rows), 'problem')}."
        body: dict[str, Any] = {"files": len(files) + len(unclear), "problems": rows}
    else:
        session.need()
        with meanwhile() as heard:
            inspection = lint_registry(session.registry, session.host, heard=heard)
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
    return FINDINGS if rows else RULE_FAILED if inspection.failed else 0


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


def _rows(inspection: "Inspection") -> list[dict[str, Any]]:
    return [_row(problem, rule) for problem, rule in inspection.problems]


def _row(problem: Problem, rule: str) -> dict[str, Any]:
    return {**attrs.asdict(problem), "rule": rule}
