"""`chipdex new`: the first version of a device's profile, of a model's, or of a plugin, and what to do with it next."""

import datetime as dt
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from chipdex.cli import streams
from chipdex.cli.options import no_plugins_option
from chipdex.cli.session import Session
from chipdex.domain import Accelerator, Kind
from chipdex.errors import OptionError
from chipdex.ids import is_id

if TYPE_CHECKING:
    from chipdex.scaffold import Tree

_INTO: Final = click.Path(path_type=Path)
_FILE: Final = click.Path(exists=True, path_type=Path)
_VOWELS: Final = frozenset({Kind.ASIC, Kind.NPU, Kind.EDGE})
"""Kinds whose names are spoken with a vowel first."""
_KINDS: Final = click.Choice([str(kind) for kind in Kind])


@click.group()
@no_plugins_option
def new() -> None:
    """Start a device's profile, a model's profile, or a plugin; nothing that exists is overwritten."""


@new.command("device")
@click.argument("device_id", metavar="VENDOR/NAME")
@click.option("--kind", type=_KINDS, help="What it is; default that of --like, else gpu.")
@click.option("--like", metavar="ID", help="Ask for what this device's profile has; its figures stand in comments.")
@click.option("--into", type=_INTO, metavar="FOLDER", help="The folder that holds, or gets, `devices/`; or a plugin's.")
@no_plugins_option
@click.pass_obj
def device(session: Session, device_id: str, kind: str | None, like: str | None, into: Path | None) -> None:
    """Write devices/VENDOR/NAME.toml: a form with every key that a device of its kind can have.

    Without --into it goes to the project's folder `.chipdex` where there is one, else to the working folder.
    """
    from chipdex.scaffold import device_profile, place_of  # noqa: PLC0415 - costs cattrs

    _check_id(device_id)
    place = place_of("devices", into, session.settings.project_dir)
    sibling = _sibling(session, like) if like else None
    if sibling and kind and kind != sibling.kind:
        fix = f"Leave --kind out, or name a device that is {_a(kind)}."
        raise OptionError(f"--kind is {kind}, and {sibling.id} is {_a(sibling.kind)}.", fix=fix)
    chosen = Kind(kind) if kind else sibling.kind if sibling else Kind.GPU
    file = place.file(device_id)
    known_from = _known_from(session, device_id)
    _write(place.with_schema(file, device_profile(device_id, chosen, sibling)))
    shown = _shown(file)
    vendor = device_id.partition("/")[0]
    about = f"a form for {_a(chosen)}" + ("" if kind or sibling else "; --kind says that it is something else")
    _tell_of_twin(device_id, known_from)
    plugin_folder = place.plugin
    published = (
        (f"pytest {_shown(plugin_folder)}", "the contract of its plugin")
        if plugin_folder
        else (f"chipdex new plugin {vendor} --profile {shown}", "a plugin that brings it to others")
    )
    _next(
        about,
        (f"edit {shown}", 'fill in each "", delete the lines of what nobody published'),
        (f"chipdex lint {shown}", "names what is still to be filled in, and what cannot be true"),
        (f"chipdex preview {shown}", "the page that others will see, and where it would rank"),
        published,
    )


@new.command("model")
@click.argument("config", metavar="CONFIG", type=_FILE)
@click.option("--id", "model_id", metavar="PUBLISHER/NAME", help="The model's id; default local/FOLDER.")
@click.option("--url", metavar="URL", help="Where the config.json is published, which its figures name as source.")
@click.option("--into", type=_INTO, metavar="FOLDER", help="The folder that holds, or gets, `models/`; or a plugin's.")
@no_plugins_option
@click.pass_obj
def model(session: Session, config: Path, model_id: str | None, url: str | None, into: Path | None) -> None:
    """Write models/PUBLISHER/NAME.toml from CONFIG, a Hugging Face config.json or the folder it is in."""
    from chipdex.scaffold import check_portable, model_profile, place_of  # noqa: PLC0415 - costs cattrs

    if model_id is not None:
        _check_id(model_id)
    place = place_of("models", into, session.settings.project_dir)
    found_id, text = model_profile(config, model_id, url, _today())
    check_portable(found_id)
    file = place.file(found_id)
    _write(place.with_schema(file, text))
    shown = _shown(file)
    _next(
        f"{found_id}, complete",
        (f"chipdex lint {shown}", "finds nothing"),
        (f"chipdex best {shown}", "which hardware should run it"),
    )


@new.command("plugin")
@click.argument("name", metavar="VENDOR")
@click.option("--profile", "profiles", type=_FILE, multiple=True, help="A profile that it brings; may be repeated.")
@click.option("--code", is_flag=True, help="Add a module with a lint rule, as a start for hooks.")
@click.option("--into", type=_INTO, metavar="FOLDER", default=Path(), help="The folder that gets `chipdex-VENDOR/`.")
@no_plugins_option
@click.pass_obj
def plugin(session: Session, name: str, profiles: tuple[Path, ...], code: bool, into: Path) -> None:
    """Write chipdex-VENDOR/: a distribution with profiles, contract tests, README, changelog and a CI workflow.

    Without --profile it starts with an example device, whose figures are invented and say so.
    """
    from chipdex.scaffold import Plugin, plugin_tree  # noqa: PLC0415 - costs cattrs

    started = Plugin.called(name, code=code, profiles=profiles)
    _write(plugin_tree(started, into, _today()))
    folder = _shown(into / started.distribution)
    ids = [profile.id for profile in started.profiles if profile.id] or [f"{started.vendor}/example"]
    _tell_of_namesake(session, started.distribution)
    _next(
        f"the plugin {started.distribution}",
        (f"pip install -e {folder}'[test]'", "changes to its files count at once"),
        (f"chipdex show {ids[0]}", "it answers"),
        (f"pytest {folder}", "the contract of every plugin"),
        (f"chipdex new device {started.vendor}/NAME --into {folder}", "the next device"),
    )


def _check_id(text: str) -> None:
    from chipdex.scaffold import check_portable  # noqa: PLC0415 - costs cattrs

    if not is_id(text):
        fix = "Write vendor/name: lower-case letters, digits and . _ + - on both sides of one slash."
        raise OptionError(f"{text!r} is not an id.", fix=fix)
    check_portable(text)


def _a(kind: str) -> str:
    """Return what a device of a kind is called in a sentence."""
    described = f"{kind} device" if kind in {Kind.EDGE, Kind.NEUROMORPHIC, Kind.PHOTONIC} else kind
    return f"{'an' if kind in _VOWELS else 'a'} {described}"


def _known_from(session: Session, device_id: str) -> list[str]:
    """Return what brings a device of this id already."""
    registry = session.registry
    said = registry.origins("accelerators", device_id) if device_id in registry.accelerators else ()
    return sorted({one.origin.distribution or str(one.origin.level) for one in said})


def _tell_of_twin(device_id: str, known_from: Sequence[str]) -> None:
    """Say that a device of this id is known, and what that means for the new file."""
    if known_from:
        streams.say(
            f"Note: {device_id} is known already, from {' and '.join(known_from)}. As an overlay of your own, yours "
            f"wins, figure by figure. For another device choose another name or vendor, and --like {device_id}."
        )


def _tell_of_namesake(session: Session, distribution: str) -> None:
    """Say that a distribution of this name is installed, which the new one would take the place of."""
    if any(info.distribution == distribution for info in session.host.discover()):
        streams.say(
            f"Note: {distribution} is installed already, and installing this one takes its place. Name another "
            "vendor, or add single devices to your own folders: chipdex new device."
        )


def _sibling(session: Session, name: str) -> Accelerator:
    session.need("accelerators")
    registry = session.registry
    found = registry.accelerators[registry.resolve("accelerators", name)]
    session.report_plugins()
    return found


def _today() -> dt.date:
    return dt.datetime.now(tz=dt.UTC).date()


def _write(tree: "Tree") -> None:
    """Write the files, and print the path of each."""
    from chipdex.scaffold import write_tree  # noqa: PLC0415 - costs cattrs

    write_tree(tree)
    streams.write("".join(f"{_shown(file)}\n" for file in tree))


def _shown(file: Path) -> str:
    """Return a path as one would type it here."""
    path = file.absolute()
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def _next(what: str, *steps: Sequence[str]) -> None:
    width = max(len(command) for command, _ in steps)
    streams.say(f"Wrote {what}. Next:")
    for command, meaning in steps:
        streams.say(f"  {command.ljust(width)}  # {meaning}")
