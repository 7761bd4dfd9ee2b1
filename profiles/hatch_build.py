"""Write the bundle that a wheel ships beside its profiles: every TOML file parsed, as one JSON file.

The same file stands in every data plugin, so that a plugin builds from its own folder with nothing
but hatchling and the standard library.
"""

import datetime as dt
import hashlib
import json
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLE = "chipdex-bundle.json"


def bundle_of(package: Path) -> str:
    """Return the bundle of a package folder as JSON text; its digest is of the text of `files`."""
    files = {path.relative_to(package).as_posix(): _parsed(path) for path in sorted(package.rglob("*.toml"))}
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
    """Adds the bundle to wheels; an editable install reads the TOML files themselves."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the bundle to a temporary file and name its place in the wheel."""
        if version == "editable":
            return
        package = next(path.parent for path in Path(self.root).glob("*/__init__.py") if path.parent.name != "tests")
        self.written = Path(tempfile.mkdtemp()) / BUNDLE
        self.written.write_text(bundle_of(package), encoding="utf-8")
        build_data["force_include"][str(self.written)] = f"{package.name}/{BUNDLE}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the temporary file, which the wheel now holds."""
        del build_data, artifact_path
        if version != "editable":
            self.written.unlink()
            self.written.parent.rmdir()
