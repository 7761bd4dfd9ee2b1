"""`chipdex completion`: the script that lets a shell complete verbs and options."""

import click
from click.shell_completion import get_completion_class

from chipdex.cli import streams
from chipdex.cli.options import no_plugins_option
from chipdex.errors import OptionError


@click.command()
@no_plugins_option
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of SHELL.

    Bash: `chipdex completion bash >> ~/.bashrc`. Zsh: `chipdex completion zsh >> ~/.zshrc`.
    Fish: `chipdex completion fish > ~/.config/fish/completions/chipdex.fish`.
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise OptionError(f"click has no completion for {shell}.", fix="Choose bash, zsh or fish.")
    streams.write(kind(ctx.find_root().command, {}, "chipdex", "_CHIPDEX_COMPLETE").source() + "\n")
