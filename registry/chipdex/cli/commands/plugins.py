"""`chipdex plugins`: what is installed, what each plugin brought, and what is wrong with it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from chipdex.cli import streams
from chipdex.cli.options import format_options, no_plugins_option
from chipdex.cli.render import Column, Table, counted
from chipdex.cli.report import Report, Section
from chipdex.cli.session import Session
from chipdex.cli.tables import ask
from chipdex.cli.verbs import VERBS
from chipdex.domain import Origin
from chipdex.errors import PluginError
from chipdex.hooks import PluginInfo, PluginState
from chipdex.hooks.switch import disable as disable_plugin
from chipdex.hooks.switch import enable as enable_plugin

FINDINGS: Final = 1
_IN_THE_HEADING: Final = frozenset({"distribution", "version", "entry_point"})


@click.group()
@no_plugins_option
def plugins() -> None:
    """List, check, enable and disable plugins."""


@plugins.command("list")
@format_options
@click.pass_obj
def list_(session: Session, output: str) -> None:
    """List the installed plugins; nothing of theirs is loaded."""
    rows = [_row(state) for state in session.host.states()]
    columns = (
        Column(key="distribution"),
        Column(key="version", importance=1),
        Column(key="entry_point", header="entry point", importance=2),
        Column(key="holds"),
        Column(key="state"),
        Column(key="reason", importance=3, shrink=True),
    )
    found = f"{counted(len(rows), 'plugin')}."
    nothing = ("No plugin is installed: `chipdex install chipdex-profiles` brings the community's records.",)
    Report(
        schema="plugins@1",
        body={"plugins": rows, "total": len(rows)},
        keys=tuple(column.key for column in columns),
        rows=rows,
        sections=(Section(table=Table(columns=columns, rows=rows)), Section(lines=(found,)))
        if rows
        else (Section(lines=nothing),),
    ).publish(session, output)


@plugins.command("show")
@click.argument("name")
@format_options
@click.pass_obj
def show(session: Session, name: str, output: str) -> None:
    """Show what the plugin NAME is and what it brought.

    NAME is a distribution, an entry point, or distribution:entry-point.
    """
    found = session.host.find(name)
    states = {state.info: state for state in session.host.check()}
    rows = [_details(states[info], session) for info in found]
    sections = [
        Section(
            lines=(f"{row['distribution']} {row['version']}, entry point {row['entry_point']}",),
            table=Table(columns=(Column(key="what"), Column(key="value", shrink=True)), rows=_pairs(row)),
        )
        for row in rows
    ]
    Report(
        schema="plugin@1",
        body={"plugins": rows},
        keys=tuple(rows[0]),
        rows=rows,
        sections=sections,
    ).publish(session, output)


@plugins.command("doctor")
@click.argument("name", required=False)
@format_options
@click.pass_obj
def doctor(session: Session, name: str | None, output: str) -> int:
    """Load every plugin under guard and say what is wrong.

    For each problem: the reason, the traceback, and the command that puts it right.
    Exit status 1: something is wrong.
    """
    chosen = set(session.host.find(name)) if name else None
    states = [state for state in session.host.check() if chosen is None or state.info in chosen]
    taken = _taken_names(session)
    rows = [_diagnosis(state, taken) for state in states]
    findings = [row for row in rows if row["findings"]]
    for line in session.host.problems:
        session.heard(line)
    columns = (
        Column(key="distribution"),
        Column(key="version", importance=2),
        Column(key="entry_point", header="entry point", importance=3),
        Column(key="state"),
        Column(key="seconds", importance=1, right=True, show=lambda value: f"{value:.3f}"),
        Column(key="reason", importance=4, shrink=True),
    )
    summary = f"{len(rows)} checked, {len(findings)} with findings." if rows else "No plugin is installed."
    Report(
        schema="doctor@1",
        body={"plugins": rows, "findings": sum(len(row["findings"]) for row in rows)},
        keys=tuple(column.key for column in columns),
        rows=rows,
        sections=(
            *((Section(table=Table(columns=columns, rows=rows)),) if rows else ()),
            *(Section(lines=_finding_lines(row)) for row in rows if row["findings"] or row["notes"]),
            Section(lines=(summary,)),
        ),
    ).publish(session, output)
    return FINDINGS if findings else 0


@plugins.command("enable")
@click.argument("name")
@no_plugins_option
@click.pass_obj
def enable(session: Session, name: str) -> None:
    """Let the plugin NAME be loaded again."""
    found = enable_plugin(session.host, name)
    streams.say(f"Enabled: {_named(found)}.")


@plugins.command("disable")
@click.argument("name")
@no_plugins_option
@click.pass_obj
def disable(session: Session, name: str) -> None:
    """Keep the plugin NAME from being loaded."""
    found = disable_plugin(session.host, name)
    streams.say(f"Disabled: {_named(found)}. `chipdex plugins enable {name}` undoes this.")


def _named(found: Sequence[PluginInfo]) -> str:
    return ", ".join(info.name for info in found)


def _row(state: PluginState) -> dict[str, Any]:
    info = state.info
    return {
        "distribution": info.distribution,
        "version": info.version,
        "entry_point": info.entry_point,
        "holds": "profiles" if info.is_data else "code",
        "state": str(state.state),
        "reason": state.reason,
    }


def _details(state: PluginState, session: Session) -> dict[str, Any]:
    commands = [record.name for record, origin in session.host.commands() if _is_of(origin, state)]
    return {
        **_row(state),
        "module": state.info.value,
        "requires": list(state.info.requires),
        "folders": list(state.info.folders),
        "hooks": list(state.hooks),
        "brought": dict(state.brought),
        "commands": commands,
        "records": _records(session, state.info.distribution),
        "seconds": state.seconds,
        "fix": state.fix,
        "notes": list(state.notes),
    }


def _records(session: Session, distribution: str) -> dict[str, int]:
    """Return how many records of the registry's tables a distribution brought."""
    name = distribution.replace("'", "''")
    counts = {}
    for table in ("accelerators", "models", "measurements"):
        query = f"SELECT count(*) AS n FROM {table} WHERE distribution = '{name}'"  # noqa: S608 - quoted above
        counts[table] = ask(session, query)[1][0]["n"]
    return {table: count for table, count in counts.items() if count}


def _is_of(origin: Origin, state: PluginState) -> bool:
    return (origin.distribution, origin.entry_point) == (state.info.distribution, state.info.entry_point)


def _diagnosis(state: PluginState, taken: Mapping[str, str]) -> dict[str, Any]:
    findings = [{"sentence": fault.sentence, "fix": fault.fix, "traceback": fault.traceback} for fault in state.faults]
    if state.info.distribution in taken:
        findings.append(
            {"sentence": taken[state.info.distribution], "fix": "Its authors have to rename it.", "traceback": ""}
        )
    return {**_row(state), "seconds": state.seconds, "notes": list(state.notes), "findings": findings}


def _taken_names(session: Session) -> dict[str, str]:
    """Return, by distribution, the command that cannot be called because somebody else has its name."""
    owners: dict[str, str] = dict.fromkeys(VERBS, "chipdex itself")
    taken: dict[str, str] = {}
    try:
        commands = session.host.commands()
    except PluginError:  # strict: some plugin has a problem, which is what the doctor is about to say
        return taken
    for record, origin in commands:
        if record.name in owners:
            taken[origin.distribution] = f"Its command {record.name!r} is also one of {owners[record.name]}."
        owners.setdefault(record.name, origin.distribution)
    return taken


def _finding_lines(row: Mapping[str, Any]) -> list[str]:
    lines = [f"{row['distribution']} {row['version']} ({row['entry_point']}) is {row['state']}"]
    for finding in row["findings"]:
        lines += [f"  {finding['sentence']}", f"  Fix: {finding['fix']}"]
        lines += [f"    {line}" for line in finding["traceback"].rstrip().splitlines()]
    return lines + [f"  Note: {note}" for note in row["notes"]]


def _pairs(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"what": key.replace("_", " "), "value": _value(value)}
        for key, value in row.items()
        if value not in ("", [], {}) and key not in _IN_THE_HEADING
    ]


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        return ", ".join(
            f"{number} {name.removeprefix('chipdex_').replace('_', ' ')}" for name, number in value.items()
        )
    return f"{value:.3f}" if isinstance(value, float) else value
