"""The top-level command: built-in verbs are imported when called, a plugin's commands are looked up after them."""

from difflib import get_close_matches
from importlib import import_module
from typing import Final

import click
from click.shell_completion import CompletionItem

from chipdex.cli.options import no_plugins_option
from chipdex.cli.session import Session
from chipdex.cli.verbs import SECTIONS, VERBS
from chipdex.errors import OptionError, PluginError

_LONGEST: Final = max(map(len, VERBS))


class VerbGroup(click.Group):
    """Resolves a verb to its command without importing the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the built-in verbs; a plugin's are known only once it is loaded."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command called `cmd_name`: built-in first, then a plugin's."""
        if cmd_name in VERBS:
            return _imported(VERBS[cmd_name].target)
        return _plugin_command(ctx.ensure_object(Session), cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that `args` names. Raise OptionError with the nearest verb where there is none."""
        name = args[0]
        if name.startswith("-"):
            return super().resolve_command(ctx, args)
        command = self.get_command(ctx, name)
        if command is None:
            near = get_close_matches(name, VERBS, n=1)
            fix = f"Did you mean `chipdex {near[0]}`?" if near else "`chipdex --help` lists the commands."
            raise OptionError(f"There is no command {name!r}.", fix=fix)
        return name, command, args[1:]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the verbs under their headings, from the table alone."""
        for heading, verbs in SECTIONS.items():
            with formatter.section(heading):
                formatter.write_dl([(verb.name.ljust(_LONGEST), verb.help) for verb in verbs])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete a verb from the table alone."""
        items = [CompletionItem(v.name, help=v.help) for v in VERBS.values() if v.name.startswith(incomplete)]
        return items or click.Command.shell_complete(self, ctx, incomplete)


def _imported(target: str) -> click.Command:
    module, _, attribute = target.partition(":")
    command: click.Command = getattr(import_module(module), attribute)
    return command


def _plugin_command(session: Session, name: str) -> click.Command | None:
    claims = [(command, origin) for command, origin in session.host.commands() if command.name == name]
    if not claims:
        return None
    if len(claims) > 1:
        owners = " and ".join(origin.distribution for _, origin in claims)
        raise PluginError(
            f"The command {name!r} is claimed by {owners}.",
            fix=f"Run `chipdex plugins disable {claims[-1][1].distribution}` to keep the other one.",
        )
    record, origin = claims[0]
    loaded = session.host.load(record.target, origin)
    if not isinstance(loaded, click.Command):
        raise PluginError(
            f"The command {name!r} of {origin.distribution} is a {type(loaded).__name__}, not a click command.",
            fix=f"Its authors have to make {record.target} a click command.",
        )
    session.plugin_command = f"the command {name!r} of {origin.distribution}"
    return loaded


@click.group(
    cls=VerbGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Plugins may add commands: `chipdex plugins show NAME` lists them. `chipdex VERB --help` explains a verb.",
)
@no_plugins_option
@click.option("-V", "--version", is_flag=True, help="Print the version and exit.")
@click.pass_context
def chipdex(ctx: click.Context, version: bool) -> None:  # noqa: ARG001 - answered before click is imported
    """Say which hardware should run a model, and what it will cost."""
    ctx.ensure_object(Session)
