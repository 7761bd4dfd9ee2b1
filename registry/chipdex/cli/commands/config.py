"""`chipdex config`: where the settings live, what they are, and setting one."""

from typing import Any

import click

from chipdex.cli import streams
from chipdex.cli.options import format_options, no_plugins_option
from chipdex.cli.render import Column, Table
from chipdex.cli.report import Report, Section
from chipdex.cli.session import Session
from chipdex.settings import SETTINGS, config_path, set_setting


@click.group()
@no_plugins_option
def config() -> None:
    """Show and change settings."""


@config.command("path")
@no_plugins_option
def path() -> None:
    """Print the path of the config file, whether or not it exists."""
    streams.write(f"{config_path()}\n")


@config.command("show")
@format_options
@click.pass_obj
def show(session: Session, output: str) -> None:
    """Show every setting, its value, and where the value comes from."""
    settings = session.settings
    rows = [
        {
            "setting": setting.name,
            "value": _plain(settings.values[setting.name]),
            "from": settings.origins[setting.name],
            "variable": setting.environment,
            "type": str(setting.type),
            "help": setting.help,
        }
        for setting in SETTINGS
    ]
    columns = (
        Column(key="setting"),
        Column(key="value", show=_text),
        Column(key="from", importance=1),
        Column(key="variable", importance=2),
        Column(key="type", importance=3),
    )
    Report(
        schema="config@1",
        body={"file": str(settings.config_file), "settings": rows},
        keys=("setting", "value", "from", "variable", "type", "help"),
        rows=rows,
        sections=(Section(lines=(f"Config file: {settings.config_file}",), table=Table(columns=columns, rows=rows)),),
    ).publish(session, output)


@config.command("set")
@no_plugins_option
@click.argument("name")
@click.argument("value")
def set_(name: str, value: str) -> None:
    """Set NAME to VALUE in the config file; an empty VALUE brings the default back.

    An entry of a table is named after a dot: `chipdex config set prefer.nvidia/h100-sxm chipdex-nvidia`.
    """
    file = config_path()
    set_setting(file, name, value)
    streams.say(f"{file}: {name} = {value}" if value else f"{file}: {name} is its default again")


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, dict) else str(value)


def _text(value: Any) -> str:
    if value is None:
        return "(not set)"
    if isinstance(value, dict):
        return ", ".join(f"{key} = {entry}" for key, entry in value.items()) or "(none)"
    if isinstance(value, list):
        return ", ".join(value) or "(none)"
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
