"""`chipdex install` and `uninstall`: plugins in and out of the running interpreter; none is loaded to do so."""

from pathlib import Path

import click

from chipdex.cli import streams
from chipdex.cli.options import no_plugins_option
from chipdex.errors import OptionError
from chipdex.hooks.install import install as install_plugins
from chipdex.hooks.install import uninstall as uninstall_plugins


@click.command()
@click.argument("plugins", nargs=-1, required=True, metavar="PLUGIN...")
@click.option(
    "--find-links",
    multiple=True,
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Look for wheels in FOLDER too.",
)
@click.option("--offline", is_flag=True, help="Take nothing from a package index: wheels and folders only.")
@click.option("-U", "--upgrade", is_flag=True, help="Replace an installed version by a newer one.")
@no_plugins_option
def install(plugins: tuple[str, ...], find_links: tuple[Path, ...], offline: bool, upgrade: bool) -> None:
    """Install each PLUGIN: the name of a distribution, a wheel, or a folder with a pyproject.toml."""
    for plugin in plugins:
        _check(plugin)
    install_plugins(plugins, find_links=find_links, offline=offline, upgrade=upgrade)
    streams.say("Installed; `chipdex plugins list` shows what is there now.")


@click.command()
@click.argument("plugins", nargs=-1, required=True, metavar="PLUGIN...")
@no_plugins_option
def uninstall(plugins: tuple[str, ...]) -> None:
    """Remove each PLUGIN, named by its distribution; it is not loaded, so a broken one can go too."""
    uninstall_plugins(plugins)
    streams.say("Removed.")


def _check(plugin: str) -> None:
    """Refuse a path that is not there, before an installer takes it for a name and goes looking for it."""
    is_path = plugin.endswith(".whl") or "/" in plugin.partition("@")[0] or plugin.startswith(".")
    if is_path and not Path(plugin).exists():
        raise OptionError(f"There is no file or folder {plugin}.", fix="Give the path of a wheel or a plugin's folder.")
