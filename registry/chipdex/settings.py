"""Settings: the one place that reads the environment and the config file, and that writes the config file."""

import contextlib
import errno
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import attrs

from chipdex.errors import OptionError, StorageError
from chipdex.files import read_text
from chipdex.ids import distribution_name
from chipdex.values import Value

PROJECT_FOLDER: Final = ".chipdex"
PRICES_FILE: Final = "prices.sqlite"
CONFIG_VARIABLE: Final = "CHIPDEX_CONFIG"


class SettingType(StrEnum):
    """What a setting's value is, in the config file and as text."""

    NAMES = "list of plugin names"
    FLAG = "true or false"
    PATH = "folder"
    FILE = "file"
    TABLE = "table of texts"


@attrs.frozen(eq=False, repr=False)
class Setting(Value):
    """One setting: its dotted name in the config file, its type, its default and its environment variable."""

    name: str
    type: SettingType
    default: Any
    environment: str
    help: str


SETTINGS: Final = (
    Setting(
        "plugins.disabled",
        SettingType.NAMES,
        (),
        "CHIPDEX_DISABLE_PLUGINS",
        "Plugins that are never loaded, each named by its distribution or as distribution:entry-point. "
        "The variable's comma-separated names are added to the file's.",
    ),
    Setting(
        "plugins.only",
        SettingType.NAMES,
        None,
        "CHIPDEX_PLUGINS",
        "The only plugins that may be loaded; unset means all of them. The variable replaces the file's list.",
    ),
    Setting(
        "plugins.strict",
        SettingType.FLAG,
        False,
        "CHIPDEX_STRICT",
        "Whether a problem of a plugin ends the command instead of being reported: for CI and plugin authors.",
    ),
    Setting("cache_dir", SettingType.PATH, None, "CHIPDEX_CACHE_DIR", "Folder of what can be made again."),
    Setting(
        "data_dir",
        SettingType.PATH,
        None,
        "CHIPDEX_DATA_DIR",
        "Folder of what cannot be made again; your own profiles live in its folder `profiles`.",
    ),
    Setting(
        "prefer",
        SettingType.TABLE,
        {},
        "",
        "Whose claim wins where two plugins give different values: a record's id, or a namespace, "
        "and the distribution to believe.",
    ),
    Setting(
        "prices.file",
        SettingType.FILE,
        None,
        "CHIPDEX_PRICES_FILE",
        "The store of fetched prices; it is made by the first refresh or import.",
    ),
    Setting(
        "prices.urls",
        SettingType.TABLE,
        {},
        "CHIPDEX_PRICES_URLS",
        "Addresses to read price sources from instead of their own: the source's name, or after a dot which of its "
        "addresses, and the address. The variable's entries, azure=http://...,aws.spot=http://..., "
        "win over the file's.",
    ),
    Setting(
        "prices.rates",
        SettingType.TABLE,
        {},
        "CHIPDEX_PRICES_RATES",
        "Rates of currencies: the currency's code, and what one unit is in US dollars with the rate's date, "
        "for example \"1.0870 2026-11-20\". The variable's entries, EUR=1.0870 2026-11-20,..., win over the file's.",
    ),
)
"""Every setting there is; `config show`, `config set` and the documentation list these."""

_BY_NAME: Final = {setting.name: setting for setting in SETTINGS}
_ENTRY: Final = re.compile(r",(?=\s*[\w.-]+\s*=)")
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Settings(Value):
    """What a run of chipdex goes by.

    `values` holds every setting of `SETTINGS` by name, `origins` where its value came from: `default`,
    `environment`, `file`, or `file and environment` where both add to it.
    """

    config_file: Path
    cache_dir: Path
    data_dir: Path
    prices_file: Path = attrs.Factory(lambda self: self.data_dir / PRICES_FILE, takes_self=True)
    project_dir: Path | None = None
    disabled_plugins: frozenset[str] = frozenset()
    only_plugins: frozenset[str] | None = None
    no_plugins: bool = False
    strict: bool = False
    prefer: Mapping[str, str] = attrs.field(factory=dict)
    values: Mapping[str, Any] = attrs.field(factory=dict)
    origins: Mapping[str, str] = attrs.field(factory=dict)


def load_settings(*, no_plugins: bool = False, environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of the environment, the config file and the defaults, the first of them winning.

    Raises OptionError for a config file or variable that says something impossible, StorageError for a
    config file that cannot be read. A config file that does not exist is an empty one.
    """
    file = config_path(environ)
    configured = file_settings(file)
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for setting in SETTINGS:
        values[setting.name], origins[setting.name] = _value_of(setting, configured, environ)
    for name in ("cache_dir", "data_dir"):
        values[name] = _default_folder(name) if values[name] is None else values[name]
    if values["prices.file"] is None:
        values["prices.file"] = values["data_dir"] / PRICES_FILE
    only = values["plugins.only"]
    return Settings(
        config_file=file,
        cache_dir=values["cache_dir"],
        data_dir=values["data_dir"],
        prices_file=values["prices.file"],
        project_dir=_project_folder(),
        disabled_plugins=frozenset(values["plugins.disabled"]),
        only_plugins=None if only is None else frozenset(only),
        no_plugins=no_plugins,
        strict=values["plugins.strict"],
        prefer=values["prefer"],
        values=values,
        origins=origins,
    )


def config_path(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where the config file is, or would be: it is not read, so this works when it is broken."""
    if named := environ.get(CONFIG_VARIABLE):
        return Path(named).expanduser().absolute()
    import platformdirs  # noqa: PLC0415 - 11 ms, and not needed where the variable is set

    return platformdirs.user_config_path("chipdex") / "config.toml"


def read_config(file: Path) -> dict[str, Any]:
    """Return the config file as TOML has it; a file that does not exist is an empty table."""
    try:
        text = read_text(file, called=f"The config file {file}", fix=f"Name another file in {CONFIG_VARIABLE}.")
    except FileNotFoundError:
        return {}
    except OSError as error:
        fix = f"Make it readable, or name another file in {CONFIG_VARIABLE}."
        raise StorageError(f"The config file {file} cannot be read: {error.strerror}.", fix=fix) from error
    except UnicodeDecodeError as error:
        raise OptionError(f"{file}: byte {error.start} is not UTF-8.", fix="Save the file as UTF-8.") from error
    import tomllib  # noqa: PLC0415 - 4 ms, and most people have no config file

    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise OptionError(f"{file} nests too deeply.", fix="Write settings one a line.") from error
    except tomllib.TOMLDecodeError as error:
        raise OptionError(f"{file}: not TOML: {error}.", fix="Correct that line.") from error
    except ValueError as error:  # what Python makes of thousands of digits
        raise OptionError(
            f"{file} holds a number of thousands of digits.", fix="No setting is such a number."
        ) from error


def file_settings(file: Path) -> dict[str, Any]:
    """Return what the config file sets, by the settings' names, each value of the type it must have."""
    return _checked(read_config(file), file)


def set_setting(file: Path, name: str, text: str) -> None:
    """Set one setting of the config file from its text; an empty text removes it, so that the default holds.

    A table's entry is named after a dot: `prefer.nvidia/h100-sxm`. Everything else in the file keeps
    its value; comments are lost, because TOML is written anew.
    """
    for what, said in (("name", name), ("value", text)):
        if not _is_text(said):
            raise OptionError(f"The setting's {what} {said!r} is no text.", fix="Write it as UTF-8.")
    setting, entry = _setting_named(name)
    config = read_config(file)
    _checked(config, file)
    *tables, key = [*setting.name.split("."), *([entry] if entry else [])]
    table = config
    for part in tables:
        table = table.setdefault(part, {})
    if text:
        table[key] = _plain(_parse(setting, text, name))
    else:
        table.pop(key, None)
    write_config(file, config)


def _is_text(argument: str) -> bool:
    """Return whether an argument can be written down: bytes that are not UTF-8 come in as lone surrogates."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True


def write_config(file: Path, config: Mapping[str, Any]) -> None:
    """Replace the config file in one step: a reader sees the old file or the new one, never a part."""
    import tomli_w  # noqa: PLC0415 - only commands that change a setting write one

    kept = {key: value for key, value in config.items() if value != {}}
    try:
        write_text(file.resolve(), tomli_w.dumps(kept))
    except OSError as error:
        fix = f"Make its folder writable, or name another file in {CONFIG_VARIABLE}."
        raise StorageError(f"The config file {file} cannot be written: {error.strerror}.", fix=fix) from error


def write_text(file: Path, text: str) -> None:
    """Write a file in one step, making its folder where needed; on OSError the old file is untouched."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with in_one_step(file) as draft:
        draft.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def in_one_step(file: Path, *, replace: bool = True) -> Iterator[Path]:
    """Yield an empty draft beside `file` that takes its place when the block ends well.

    A symbolic link stays one: the file it points to is written. Raises FileExistsError where there is one and
    `replace` is False, also where somebody else made it in the meantime, and OSError where it cannot be written.
    """
    target = file.resolve()
    if target.exists() and not replace:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(file))
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "It is no regular file", str(file))
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    os.close(handle)
    draft = Path(name)
    try:
        draft.chmod(target.stat().st_mode if target.exists() else 0o666 & ~_umask())
        yield draft
        if not replace:
            # Only one of two that write the same new file can make it.
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        draft.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def plugin_name(text: str) -> str:
    """Return `distribution` or `distribution:entry-point` with the distribution as package tools compare it."""
    distribution, colon, entry_point = text.strip().partition(":")
    return f"{distribution_name(distribution)}{colon}{entry_point}"


def _value_of(setting: Setting, configured: Mapping[str, Any], environ: Mapping[str, str]) -> tuple[Any, str]:
    value, origin = setting.default, "default"
    if setting.name in configured:
        value, origin = configured[setting.name], "file"
    text = environ.get(setting.environment, "") if setting.environment else ""
    if not text.strip():
        return value, origin
    if setting.type is SettingType.TABLE:
        entries = _table_of(text, setting.environment)
        return {**value, **entries}, "file and environment" if origin == "file" else "environment"
    stated = _parse(setting, text, setting.environment)
    if setting.name == "plugins.disabled":
        both = "file and environment" if origin == "file" else "environment"
        return tuple(dict.fromkeys([*value, *stated])), both
    return stated, "environment"


def _table_of(text: str, where: str) -> dict[str, str]:
    """Return the entries of a table as a variable has them: `key=value,key=value`; a value may hold commas."""
    entries = {}
    for part in _ENTRY.split(text):
        key, equals, value = part.partition("=")
        if not (equals and key.strip() and value.strip()):
            raise OptionError(f"{where} holds {part.strip()!r}, which is no entry.", fix="Write KEY=VALUE,KEY=VALUE.")
        entries[key.strip()] = value.strip()
    return entries


def _parse(setting: Setting, text: str, where: str) -> Any:
    """Return the value that a setting's text stands for; `where` names the option or variable in an error."""
    match setting.type:
        case SettingType.NAMES:
            return tuple(plugin_name(part) for part in text.split(",") if part.strip())
        case SettingType.PATH | SettingType.FILE:
            return Path(text).expanduser().absolute()
        case SettingType.TABLE:
            return text
    if text.strip().lower() in _TRUE:
        return True
    if text.strip().lower() in _FALSE:
        return False
    raise OptionError(f"{where} is {text!r}, which is neither true nor false.", fix="Write 1 or 0.")


def _checked(config: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """Return the file's settings by dotted name, each of the type it must have."""
    found: dict[str, Any] = {}
    for name, value in _entries(config):
        if name not in _BY_NAME:
            line = _place(file, name)
            raise OptionError(f"{line}: there is no setting {name}.", fix=_suggestion(name))
        found[name] = _of_type(_BY_NAME[name], value, file)
    return found


def _entries(config: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in config.items():
        if key not in _BY_NAME and isinstance(value, dict):
            yield from ((f"{key}.{inner}", inner_value) for inner, inner_value in value.items())
        else:
            yield key, value


def _of_type(setting: Setting, value: Any, file: Path) -> Any:
    match setting.type:
        case SettingType.NAMES if isinstance(value, list) and all(isinstance(name, str) for name in value):
            return tuple(plugin_name(name) for name in value)
        case SettingType.FLAG if isinstance(value, bool):
            return value
        case SettingType.PATH | SettingType.FILE if isinstance(value, str) and value:
            return (file.parent / Path(value).expanduser()).absolute()
        case SettingType.TABLE if isinstance(value, dict) and all(isinstance(text, str) for text in value.values()):
            return value
    needed = f"Write a {setting.type}." if setting.type is not SettingType.FLAG else "Write true or false."
    raise OptionError(f"{_place(file, setting.name)}: {setting.name} is {value!r}, which it cannot be.", fix=needed)


def _setting_named(name: str) -> tuple[Setting, str | None]:
    """Return the setting a name stands for and, for a table's entry, the entry's key."""
    for table in (setting for setting in SETTINGS if setting.type is SettingType.TABLE):
        if name == table.name:
            raise OptionError(f"{name} is a table.", fix=f"Name an entry of it: {name}.KEY.")
        if name.startswith(f"{table.name}."):
            return table, name.removeprefix(f"{table.name}.") or None
    if name in _BY_NAME:
        return _BY_NAME[name], None
    raise OptionError(f"There is no setting {name!r}.", fix=_suggestion(name))


def _suggestion(name: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only on the error path

    close = get_close_matches(name, _BY_NAME, n=1)
    return f"Did you mean {close[0]}?" if close else f"The settings are {', '.join(_BY_NAME)}."


def _place(file: Path, name: str) -> str:
    """Return `file:line` of a key: tomllib gives no positions, so the text is searched, on this path only."""
    key = re.escape(name.rpartition(".")[2])
    assignment = re.compile(rf"""\s*(\[.*)?["']?(\w+\s*\.\s*)*["']?{key}["']?\s*[=\].]""")
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if assignment.match(line):
            return f"{file}:{number}"
    return str(file)


def _plain(value: Any) -> Any:
    """Return a parsed value as TOML writes it."""
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Path) else value


def _default_folder(name: str) -> Path:
    import platformdirs  # noqa: PLC0415 - 11 ms, and not needed where the folders are set

    if name == "cache_dir":
        return platformdirs.user_cache_path("chipdex")
    return platformdirs.user_data_path("chipdex")


def _project_folder() -> Path | None:
    """Return the nearest project folder, from the working folder upwards."""
    try:
        here = Path.cwd()
    except OSError:  # the working folder was deleted
        return None
    return next((folder for base in (here, *here.parents) if (folder := base / PROJECT_FOLDER).is_dir()), None)
