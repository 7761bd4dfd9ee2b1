"""The profile reference names every key with its unit, and each of its examples reads and lints."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Any

import attrs
import pytest

from chipdex.codec import FOLDERS, lint_file, read_file, structure
from chipdex.codec.annotations import bare, classes_in, field_types, is_list, is_mapping, members_by_kind
from chipdex.domain import Accelerator, Disputed, Kind, Source
from chipdex.domain.accelerator import PARTS_OF_KIND
from chipdex.units import SUFFIXES, unit_of

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "profiles.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"```toml\n# (\S+\.toml)\n(.*?)```", TEXT, re.DOTALL))


def sections(text: str) -> dict[str, str]:
    """Sections by heading, those of the third level under `folder heading / heading`."""
    found: dict[str, str] = {}
    chapter = ""
    for part in re.split(r"^(?=##+ )", text, flags=re.MULTILINE):
        heading, _, body = part.partition("\n")
        if heading.startswith("## "):
            chapter = heading.removeprefix("## ")
            found[chapter] = body
        else:
            found[f"{chapter} / {heading.removeprefix('### ')}"] = body
    return found


SECTIONS = sections(TEXT)


def tables(record: type, path: tuple[str, ...] = ()) -> list[tuple[str, type]]:
    """(header as TOML writes it, class) of every table below a record."""
    found = []
    for name, annotation in field_types(record).items():
        if name in ("sources", "provenance", "disputed"):
            continue
        place = (*path, name, "KEY") if is_mapping(annotation) else (*path, name)
        dotted = ".".join(place)
        kinds = {cls: f' with `kind = "{kind}"`' for kind, cls in members_by_kind(annotation).items()}
        for cls in classes_in(annotation):
            header = f"`[[{dotted}]]`" if is_list(annotation) else f"`[{dotted}]`"
            found += [(header + kinds.get(cls, ""), cls), *tables(cls, place)]
    return found


def chapter_of(folder: str) -> str:
    return next(heading for heading in SECTIONS if heading.startswith(f"`{folder}/`") and " / " not in heading)


def missing(cls: type, body: str) -> list[str]:
    """Keys of a class that a section has no row for, or whose row does not give the unit or every value."""
    found = []
    for name, annotation in field_types(cls).items():
        key = "from" if (cls, name) == (Disputed, "source") else name
        if any(classes_in(annotation)) or name in ("id", "aliases", "accepted", "sources", "provenance"):
            continue
        row = re.search(rf"^\| `{key}` \|.*$", body, re.MULTILINE)
        kind = bare(annotation)
        values = list(kind) if isinstance(kind, type) and issubclass(kind, StrEnum) else []
        unit = unit_of(name) if kind in (int, float) else ""
        if row is None or f"| {unit} |" not in row[0] or not all(f"`{value}`" in row[0] for value in values):
            found.append(name)
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_key_of_every_table_is_documented_with_its_unit(folder: str) -> None:
    chapter, record = chapter_of(folder), FOLDERS[folder].record
    assert missing(record, SECTIONS[chapter]) == []
    for header, cls in tables(record):
        columns = [key for key, a in field_types(cls).items() if not any(classes_in(a))]
        if columns:
            bodies = [
                body for heading, body in SECTIONS.items() if heading.startswith(f"{chapter} /") and header in heading
            ]
            assert bodies, f"{header} has no section in {chapter}"
            assert missing(cls, bodies[0]) == [], header


def test_every_record_key_source_key_and_dispute_is_documented() -> None:
    assert "| `id` |" in TEXT
    assert "| `aliases` |" in TEXT
    common = {heading: body for heading, body in SECTIONS.items() if heading.startswith("What every file has")}
    assert missing(Source, common["What every file has / `[source.KEY]`"]) == []
    assert missing(Disputed, common["What every file has / `[[disputed]]`"]) == []
    for key in ("schema", "[source.KEY]", "from", "replace", "[[disputed]]", "accepted"):
        assert f"| `{key}` |" in common["What every file has"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_unit_is_documented(suffix: str) -> None:
    assert f"| `{suffix}` | {SUFFIXES[suffix]} |" in SECTIONS["What every file has / Units"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_folder_of_profiles_has_a_row_and_an_example(folder: str) -> None:
    assert f"| `{folder}/` |" in SECTIONS["Folders"]
    assert any(place.startswith(f"{folder}/") for place in EXAMPLES)


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_device_is_documented(kind: Kind) -> None:
    assert f"`{kind}`" in SECTIONS[chapter_of("devices")]


@pytest.mark.parametrize("place", EXAMPLES)
def test_each_example_reads_and_lints(place: str, tmp_path: Path) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    path.write_text(EXAMPLES[place], encoding="utf-8")
    folder = place.split("/", maxsplit=1)[0]
    assert lint_file(path, folder) == []
    assert [structure(plain) for plain in read_file(path, folder)]


def test_the_examples_show_every_special_part(tmp_path: Path) -> None:
    shown = set()
    for place, text in EXAMPLES.items():
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        for plain in read_file(path, place.split("/")[0]):
            shown |= {key for key, value in walk(plain.data) if value}
            shown |= {source["kind"] for source in plain.data["sources"].values()}
    parts = {"mode", "partition", "memory_tier", "link", "operating_point", "disputed", "derived", *PARTS_OF_KIND}
    assert parts <= shown
    assert {field.name for field in attrs.fields(Accelerator)} - {"provenance"} <= shown


def walk(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, list):
        return [pair for element in value for pair in walk(element)]
    if isinstance(value, dict):
        return [*value.items(), *(pair for inner in value.values() for pair in walk(inner))]
    return []


def test_every_figure_of_the_domain_has_a_unit() -> None:
    for folder, spec in FOLDERS.items():
        for cls in [spec.record, Source, Disputed, *(cls for _, cls in tables(spec.record))]:
            for name, annotation in field_types(cls).items():
                if bare(annotation) in (int, float):
                    assert unit_of(name) is not None, (
                        f"{folder}: {cls.__name__}.{name} is in neither SUFFIXES nor COUNTS"
                    )
