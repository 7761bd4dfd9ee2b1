"""Installing and removing plugins with the package installer of the running interpreter."""

import shlex
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from sysconfig import get_path
from tempfile import TemporaryDirectory
from typing import Final

import attrs

from chipdex import __version__
from chipdex.errors import OptionError, PluginError
from chipdex.hooks.discovery import CORE
from chipdex.ids import distribution_name
from chipdex.values import Value

_NOT_HERE: Final = "Plugins cannot be installed or removed from here:"
_STDERR: Final = 2
"""What the installer says is talk, not data: its standard output is our standard error."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Environment(Value):
    """The Python environment that plugins go into, and the installers at hand.

    `pip` says whether the interpreter has pip, `uv` is the uv program, where there is one.
    """

    python: str
    prefix: Path
    pip: bool
    uv: str | None = None
    externally_managed: bool = False

    @classmethod
    def current(cls) -> "Environment":
        """Return the environment this interpreter runs in."""
        own = sys.prefix != sys.base_prefix
        return cls(
            python=sys.executable,
            prefix=Path(sys.prefix),
            pip=find_spec("pip") is not None,
            uv=which("uv"),
            externally_managed=not own and Path(get_path("stdlib"), "EXTERNALLY-MANAGED").exists(),
        )

    def installer(self, verb: str) -> list[str]:
        """Return the command that installs or uninstalls here, without what it is given."""
        if self.pip:
            return [self.python, "-m", "pip", verb, "--disable-pip-version-check"]
        if self.uv:
            return [self.uv, "pip", verb, "--python", self.python]
        raise PluginError(
            f"{_NOT_HERE} {self.python} has no pip, and there is no uv.",
            fix=f"Run `{self.python} -m ensurepip --upgrade` and try again.",
        )

    def refuse_if_managed(self, verb: str, names: Sequence[str]) -> None:
        """Raise PluginError, with the command that does it, where another program owns the environment."""
        joined = shlex.join(names)
        if (self.prefix / "pipx_metadata.json").exists():
            inject = "inject" if verb == "install" else "uninject"
            raise PluginError(f"{_NOT_HERE} pipx owns this environment.", fix=f"Run `pipx {inject} {CORE} {joined}`.")
        if (self.prefix / "uv-receipt.toml").exists():
            wanted = [CORE, *(part for name in names if verb == "install" for part in ("--with", name))]
            raise PluginError(
                f"{_NOT_HERE} `uv tool` owns this environment.",
                fix=f"Run `uv tool install {shlex.join(wanted)}`, with a --with for each other plugin to keep.",
            )
        if self.externally_managed:
            raise PluginError(
                f"{_NOT_HERE} the operating system owns {self.python}.",
                fix=f"Run `{self.python} -m venv chipdex-env && chipdex-env/bin/pip install {CORE} {joined}`.",
            )


def install(
    names: Sequence[str],
    *,
    find_links: Sequence[Path] = (),
    offline: bool = False,
    upgrade: bool = False,
    environment: Environment | None = None,
) -> None:
    """Install plugins: names with or without versions, wheels, or folders of source.

    `find_links` are folders of wheels; `offline` takes nothing from anywhere else. chipdex itself stays
    at its version: a plugin that needs another one is refused. What the installer says goes to standard
    error. Raises PluginError, with the command that does it where this one cannot.
    """
    here = environment or Environment.current()
    _refuse_mistakes(names)
    here.refuse_if_managed("install", names)
    options = [option for folder in find_links for option in ("--find-links", str(folder))]
    options += ["--no-index"] if offline else []
    options += ["--upgrade"] if upgrade else []
    options += ["--no-build-isolation"] if _builds_here(names) else []
    with TemporaryDirectory() as folder:
        # Were the installer not told, a plugin could replace the chipdex that is installing it.
        constraint = Path(folder, "chipdex.txt")
        constraint.write_text(f"{CORE}=={__version__}\n", encoding="utf-8")
        _run([*here.installer("install"), "--constraint", str(constraint), *options, *names], "install", names)


def uninstall(names: Sequence[str], *, environment: Environment | None = None) -> None:
    """Remove plugins by the names of their distributions; nothing of theirs is imported."""
    here = environment or Environment.current()
    _refuse_mistakes(names)
    if any(distribution_name(name) == CORE for name in names):
        raise OptionError("chipdex does not uninstall itself.", fix=f"Run `{here.python} -m pip uninstall chipdex`.")
    here.refuse_if_managed("uninstall", names)
    command = here.installer("uninstall")
    _run([*command, *(["--yes"] if here.pip else []), *names], "uninstall", names)


def _refuse_mistakes(names: Sequence[str]) -> None:
    """Raise OptionError for what the installer would take as an option of its own, and for a missing file."""
    if not names:
        raise OptionError("No plugin is named.", fix="Name a plugin, a wheel or a folder.")
    for name in names:
        if name.startswith("-"):
            raise OptionError(f"{name!r} is no plugin.", fix="Name a plugin, a wheel or a folder.")
        looks_like_path = name.endswith(".whl") or name.startswith((".", "/", "~"))
        if looks_like_path and not Path(name).exists():
            raise OptionError(f"There is no file or folder {name}.", fix="Correct the path.")


def _builds_here(names: Sequence[str]) -> bool:
    """Return whether there are folders to build and what builds them is installed here, so that no net is needed."""
    folders = [Path(name) for name in names if Path(name, "pyproject.toml").is_file()]
    return bool(folders) and all(map(_has_backend, folders))


def _has_backend(folder: Path) -> bool:
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
        backend = str(project["build-system"]["build-backend"]).partition(":")[0].partition(".")[0]
        return find_spec(backend) is not None
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _run(command: Sequence[str], verb: str, names: Sequence[str]) -> None:
    try:
        status = subprocess.run(command, stdout=_STDERR, check=False).returncode  # noqa: S603 - no shell, own options
    except OSError as error:
        raise PluginError(f"{command[0]} cannot be run: {error.strerror}.", fix="Install pip or uv.") from error
    if status:
        raise PluginError(
            f"{shlex.join(names)}: the installer could not {verb} this (status {status}); its messages are above.",
            fix="Correct what they name and run it again; nothing else has changed.",
        )
