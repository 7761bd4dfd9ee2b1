"""Write the bundles that a wheel ships beside its profiles: every TOML file parsed, as one JSON file.

Measurements have a bundle of their own, which is read only when they are asked for.

The same file stands in every data plugin, so that a plugin builds from its own folder with nothing
but hatchling and the standard library.
"""

import datetime as dt
import hashlib
import json
import shutil
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLE = "chipdex-bundle.json"
ROWS_BUNDLE = "chipdex-measurements.json"


def bundles_of(package: Path) -> dict[str, str]:
    """Return the bundles of a package folder by name, as JSON text; the digest of each is of the text of `files`."""
    places = {path.relative_to(package).as_posix(): path for path in sorted(package.rglob("*.toml"))}
    rows = {place for place in places if place.startswith("measurements/")}
    bundles = {BUNDLE: _bundle({place: places[place] for place in places if place not in rows})}
    return bundles | (
        {ROWS_BUNDLE: _bundle({place: places[place] for place in places if place in rows})} if rows else {}
    )


def _bundle(places: dict[str, Path]) -> str:
    files = {place: _parsed(path) for place, path in places.items()}
    body = json.dumps(files, default=_date, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(body.encode()).hexdigest()
    return f'{{"bundle":1,"digest":"{digest}","files":{body}}}'


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SystemExit(f"{path}: {error}. Correct the file; `chipdex lint` says more.") from error


def _date(value: object) -> dict[str, str]:
    if isinstance(value, dt.date | dt.datetime):
        return {"$date": value.isoformat()}
    raise TypeError(f"a profile holds a {type(value).__name__}, which a bundle cannot")


class BundleHook(BuildHookInterface[Any]):
    """Adds the bundles to wheels; an editable install reads the TOML files themselves."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the bundles to a temporary folder and name their places in the wheel."""
        if version == "editable":
            return
        package = next(path.parent for path in Path(self.root).glob("*/__init__.py") if path.parent.name != "tests")
        self.written = Path(tempfile.mkdtemp())
        for name, text in bundles_of(package).items():
            (self.written / name).write_text(text, encoding="utf-8")
            build_data["force_include"][str(self.written / name)] = f"{package.name}/{name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the temporary files, which the wheel now holds."""
        del build_data, artifact_path
        if version != "editable":
            shutil.rmtree(self.written)
