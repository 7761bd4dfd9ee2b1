"""The options that many verbs share, each spelt once."""

from collections.abc import Callable
from enum import StrEnum
from functools import update_wrapper
from typing import Any, Final

import click

from chipdex.cli.numbers import COUNT, Number
from chipdex.cli.session import Session

FORMATS: Final = ("table", "json", "jsonl", "csv", "md")
DEFAULT_ROWS: Final = 50

Callback = Callable[..., Any]
Decorator = Callable[[Callback], Callback]


def _without_plugins(ctx: click.Context, _parameter: click.Parameter, chosen: bool) -> None:
    if chosen:
        ctx.ensure_object(Session).no_plugins = True


no_plugins_option = click.option(
    "--no-plugins",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_without_plugins,
    help="Load no plugin at all.",
)
"""Accepted before and after the verb, so that a plugin can never be in the way."""


def format_options(command: Callback) -> Callback:
    """Add `--format` and `--json`; the command receives `output`, one of FORMATS."""

    def with_format(*args: Any, output: str, as_json: bool, **rest: Any) -> Any:
        return command(*args, output="json" if as_json else output, **rest)

    decorated: Callback = update_wrapper(with_format, command)
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Short for --format json."),
        click.option(
            "--format",
            "output",
            type=click.Choice(FORMATS),
            default="table",
            show_default=True,
            help="How to print the answer.",
        ),
        no_plugins_option,
    ):
        decorated = option(decorated)
    return decorated


def listing_options(command: Callback) -> Callback:
    """Add what every listing takes: `--where`, `--columns`, `--sort`, `--top`, `--all`."""
    for option in (
        click.option("--all", "everything", is_flag=True, help="Print every row."),
        click.option(
            "--top",
            type=COUNT,
            default=DEFAULT_ROWS,
            show_default=True,
            metavar="N",
            help="Print the first N rows.",
        ),
        click.option("--sort", metavar="COLUMN", help="Sort by a column; -COLUMN sorts downwards."),
        click.option("--columns", metavar="A,B,...", help="Print these columns."),
        click.option("--where", metavar="SQL", help="Keep the rows for which this SQL condition holds."),
    ):
        command = option(command)
    return command


def choice_option(name: str, kind: type[StrEnum], what: str, **settings: Any) -> Decorator:
    """Return an option that takes one of the values of `kind`, all of them listed in its help."""
    values = [member.value for member in kind]
    metavar = name.removeprefix("--")[0].upper()
    return click.option(
        name, type=click.Choice(values), metavar=metavar, help=f"{what}: {', '.join(values)}.", **settings
    )


def number_option(name: str, number: Number, metavar: str, what: str, **settings: Any) -> Decorator:
    """Return an option that takes a number within its range."""
    return click.option(name, type=number, metavar=metavar, help=what, **settings)
