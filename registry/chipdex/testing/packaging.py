"""What must hold of the distribution: its metadata, its entry points, its documents and its bundle."""

import runpy
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from chipdex import __version__
from chipdex.codec.bundle import documents_of
from chipdex.codec.listing import BUNDLE, ROWS_BUNDLE
from chipdex.errors import ProfileError
from chipdex.ids import distribution_name
from chipdex.testing.plugin import InstalledPlugin

_CORE: Final = "chipdex"
_BUILD_HOOK: Final = "hatch_build.py"


def metadata_faults(plugin: InstalledPlugin) -> Iterator[str]:
    """Yield a sentence for each thing that an index or an installer would miss in the metadata."""
    metadata = plugin.metadata.metadata.json
    try:
        Version(plugin.metadata.version)
    except InvalidVersion:
        yield f'version is "{plugin.metadata.version}", which is no version such as 1.0.'
    if not metadata.get("summary"):
        yield "description is missing: say in [project] what the plugin brings."
    if not str(metadata.get("description", "")).strip():
        yield 'readme is missing: write readme = "README.md" into [project].'
    if not metadata.get("requires_python"):
        yield "requires-python is missing: name the Pythons that were tried."


def requirement_faults(plugin: InstalledPlugin) -> Iterator[str]:
    """Yield a sentence where the distribution does not say which chipdex it was made for."""
    found = [one for one in map(_requirement, plugin.metadata.requires or ()) if one and _is_core(one)]
    if not found:
        yield f"dependencies do not name {_CORE}: write the range that was tried, such as chipdex>=0.1,<0.2."
    for requirement in found:
        operators = {one.operator for one in requirement.specifier}
        if not operators & {">=", ">", "==", "~="} or not operators & {"<", "<=", "==", "~="}:
            yield f'"{requirement}" is no range: name the lowest {_CORE} that was tried, and the first that was not.'
        if not SpecifierSet(str(requirement.specifier)).contains(__version__, prereleases=True):
            yield f'"{requirement}" rules out the {_CORE} that runs these tests, {__version__}.'


def _requirement(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def _is_core(requirement: Requirement) -> bool:
    return distribution_name(requirement.name) == _CORE and requirement.marker is None


def entry_point_faults(plugin: InstalledPlugin) -> Iterator[str]:
    """Yield a sentence for each entry point that names something else than the tested package."""
    for info in plugin.infos:
        top = info.value.partition(":")[0].split(".")[0]
        if top != plugin.package:
            yield f"entry point {info.entry_point} = {info.value} is of another package than {plugin.package}."
        if len(info.folders) > 1:
            yield f"the distribution is installed more than once: {' and '.join(info.folders)}."


def document_faults(plugin: InstalledPlugin, project: Path, changelog: str | None) -> Iterator[str]:
    """Yield a sentence where the README does not say how to install, or the changelog not what the version brings."""
    readme = project / "README.md"
    if not readme.is_file():
        yield f"{readme}: there is no README."
    elif plugin.distribution not in readme.read_text(encoding="utf-8"):
        yield f"{readme}: does not name {plugin.distribution}, so that a reader cannot install it."
    if changelog is None:
        return
    changes = project / changelog
    if not changes.is_file():
        yield f"{changes}: there is no changelog. Write one, or say changelog = None."
    elif not _has_heading(changes.read_text(encoding="utf-8"), plugin.metadata.version):
        yield f"{changes}: has no heading for version {plugin.metadata.version}."


def _has_heading(text: str, version: str) -> bool:
    headings = (line.strip("# []").split() for line in text.splitlines() if line.startswith("#"))
    return any(word.strip("[]v()") == version for words in headings for word in words)


def bundle_faults(plugin: InstalledPlugin, project: Path) -> Iterator[str]:
    """Yield a sentence for each profile that a bundle holds otherwise than its file.

    The bundles are those beside the files, as a wheel has them; in a checkout, those that its build hook would write.
    """
    with tempfile.TemporaryDirectory() as scratch:
        try:
            bundles = _bundles(plugin.folder) or _written(project / _BUILD_HOOK, plugin.folder, Path(scratch))
            held = {place: document for bundle in bundles for place, document in documents_of(bundle).items()}
        except ImportError as error:
            yield f"{project / _BUILD_HOOK} cannot be run: {error}. What it needs: pip install 'chipdex[testing]'"
            return
        except (ProfileError, SystemExit) as error:
            yield f"the bundle cannot be made or read: {error}"
            return
        if bundles:
            yield from _differences(held, plugin.documents)


def _bundles(folder: Path) -> list[Path]:
    return [folder / name for name in (BUNDLE, ROWS_BUNDLE) if (folder / name).is_file()]


def _written(hook: Path, package: Path, scratch: Path) -> list[Path]:
    """Write the bundles that a wheel would have, as the project's build hook makes them; none without a hook."""
    make = runpy.run_path(str(hook)).get("bundles_of") if hook.is_file() else None
    texts: Mapping[str, str] = make(package) if make else {}
    for name, text in texts.items():
        (scratch / name).write_text(text, encoding="utf-8")
    return [scratch / name for name in texts]


def _differences(held: Mapping[str, Any], files: Mapping[str, Any]) -> Iterator[str]:
    for place in sorted(files.keys() - held.keys()):
        yield f"{place}: is missing from the bundle, so that the wheel would not have it."
    for place in sorted(held.keys() - files.keys()):
        yield f"{place}: is in the bundle, and there is no such file."
    for place in sorted(files.keys() & held.keys()):
        if held[place] != files[place]:
            yield f"{place}: the bundle holds something else than the file."
