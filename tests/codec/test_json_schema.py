"""The JSON Schema takes every profile that ships, refuses what the strict reader refuses, and explains each key."""

import datetime as dt
import hashlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import jsonschema
import pytest

from chipdex.codec import FOLDERS, lint_file, read_file
from chipdex.codec.annotations import bare, classes_in, field_types
from chipdex.codec.json_schema import json_schema
from chipdex.codec.meanings import meaning_of
from chipdex.domain import Disputed, Source
from chipdex.errors import OptionError, ProfileError

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "docs" / "schemas"
REFERENCE = (ROOT / "docs" / "reference" / "profiles.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"```toml\n# (\S+\.toml)\n(.*?)```", REFERENCE, re.DOTALL))
FROZEN = tomllib.loads(Path(__file__).with_name("schema_digests.toml").read_text(encoding="utf-8"))

DEVICE = """\
schema = 1
id = "acme/x100"
name = "Acme X100"
kind = "gpu"
status = "shipping"
released = 2026-03-01
aliases = ["x100"]

from = "ds"

[source.ds]
title = "Datasheet"
url = "https://example.com/x100.pdf"
retrieved = 2026-11-01
kind = "vendor_datasheet"

[source.sum]
title = "A sum"
retrieved = 2026-11-01
kind = "derived"
rule = "one and one"
of = ["ds"]

[memory]
capacity_gb = 96
accelerator_fraction = 0.5
from = { capacity_gb = "ds", accelerator_fraction = ["ds", "sum"] }

[topology]
devices_per_host = 8

[[power.mode]]
name = "15W"
power_w = 15
"""
MODEL = EXAMPLES["models/acme/writer-70b.toml"]
ROWS = EXAMPLES["measurements/acme-2026.toml"]
TABLES = EXAMPLES["measurements/acme-sweep.toml"]
OFFERS = EXAMPLES["offers/acme-cloud.toml"]
FACTS = EXAMPLES["facts/acme.toml"]


def as_editors_have_it(value: Any) -> Any:
    """Return TOML's values with dates as strings, which is how an editor hands them to a schema."""
    if isinstance(value, dict):
        return {key: as_editors_have_it(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_editors_have_it(inner) for inner in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def complaints(folder: str, text: str) -> list[str]:
    validator = jsonschema.Draft202012Validator(json_schema(folder))
    return [error.message for error in validator.iter_errors(as_editors_have_it(tomllib.loads(text)))]


def shipped(folder: str) -> Iterator[Path]:
    for package in (*(ROOT / "plugins").glob("*/*"), ROOT / "profiles" / "chipdex_profiles"):
        yield from sorted((package / folder).rglob("*.toml"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_schema_is_one(folder: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema(folder))


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_profile_that_ships_is_valid(folder: str) -> None:
    validator = jsonschema.Draft202012Validator(json_schema(folder))
    wrong = {
        str(path): error.message
        for path in shipped(folder)
        for error in validator.iter_errors(as_editors_have_it(tomllib.loads(path.read_text(encoding="utf-8"))))
    }
    assert wrong == {}


def test_there_are_profiles_to_be_valid() -> None:
    assert len([path for folder in FOLDERS for path in shipped(folder)]) > 800


@pytest.mark.parametrize("place", EXAMPLES)
def test_every_example_of_the_reference_is_valid(place: str) -> None:
    assert complaints(place.split("/", maxsplit=1)[0], EXAMPLES[place]) == []


@pytest.mark.parametrize(
    ("folder", "text", "old", "new"),
    [
        ("devices", DEVICE, "schema = 1", "schema = 2"),
        ("devices", DEVICE, "schema = 1\n", ""),
        ("devices", DEVICE, 'id = "acme/x100"', 'id = "X100"'),
        ("devices", DEVICE, 'name = "Acme X100"\n', ""),
        ("devices", DEVICE, 'name = "Acme X100"', 'name = " "'),
        ("devices", DEVICE, 'kind = "gpu"', 'kind = "gpuu"'),
        ("devices", DEVICE, 'status = "shipping"', 'status = ""'),
        ("devices", DEVICE, "2026-03-01", '"March 2026"'),
        ("devices", DEVICE, "2026-03-01", "2026-03-01T00:00:00Z"),
        ("devices", DEVICE, 'aliases = ["x100"]', 'aliases = "x100"'),
        ("devices", DEVICE, "capacity_gb = 96", 'capacity_gb = "96"'),
        ("devices", DEVICE, "capacity_gb = 96", 'capacity_gb = ""'),
        ("devices", DEVICE, "capacity_gb = 96", "capacity_gb = true"),
        ("devices", DEVICE, "capacity_gb = 96", "capacity_gb = -96"),
        ("devices", DEVICE, "accelerator_fraction = 0.5", "accelerator_fraction = 50"),
        ("devices", DEVICE, "devices_per_host = 8", "devices_per_host = 8.5"),
        ("devices", DEVICE, "devices_per_host = 8", "devices_per_host = 0"),
        ("devices", DEVICE, "[memory]", "[memroy]"),
        ("devices", DEVICE, "capacity_gb = 96", "capacity_gib = 96"),
        ("devices", DEVICE, "power_w = 15", ""),
        ("devices", DEVICE, "[[power.mode]]", "[power.mode]"),
        ("devices", DEVICE, "from = { capacity_gb", "from = { capacity"),
        ("devices", DEVICE, 'from = "ds"', "from = []"),
        ("devices", DEVICE, "[topology]", "[photonic]\neffective_bits = 8\n[topology]"),
        ("devices", DEVICE, 'url = "https://example.com/x100.pdf"\n', ""),
        ("devices", DEVICE, "https://", "file:///"),
        ("devices", DEVICE, 'rule = "one and one"\n', ""),
        ("devices", DEVICE, 'of = ["ds"]', 'of = ["ds"]\nurl = "https://example.com"'),
        ("devices", DEVICE, 'kind = "vendor_datasheet"', 'kind = "rumour"'),
        ("devices", DEVICE, "[topology]", '[[disputed]]\nfigure = "memory.capacity_gb"\nvalue = 90\n[topology]'),
        ("models", MODEL, 'kind = "full"', 'kind = "fall"'),
        ("models", MODEL, 'kind = "full"\n', ""),
        ("models", MODEL, "head_dim = 128\n", ""),
        ("models", MODEL, 'family = "decoder"', 'family = "vision-language"'),
        ("models", MODEL, 'family = "decoder"', 'family = "speech"'),
        ("models", MODEL, "[limits.server]", "[limits.serving]"),
        ("models", MODEL, "percentile = 99", "percentile = 990"),
        ("measurements", ROWS, 'metric = "power_w"', 'metric = "power_kw"'),
        ("measurements", ROWS, 'unit = "W"', 'unit = "kW"'),
        ("measurements", ROWS, "[[measurement]]", "[[measurements]]"),
        ("measurements", TABLES, '"software", "value"', '"softwear", "value"'),
        ("measurements", TABLES, "common = {", "commn = {"),
        ("measurements", TABLES, "count = 1,", 'count = "one",'),
        ("offers", OFFERS, "2026-11-01T06:00:00Z", "2026-11-01T06:00:00"),
        ("offers", OFFERS, 'term = "spot"', 'term = "sport"'),
        ("facts", FACTS, 'quantity = "break_even_hours"\n', ""),
        ("facts", FACTS, 'needs = "the engine', 'quantity = "ratio"\nneeds = "the engine'),
        ("facts", FACTS, "tolerance_fraction = 0.01\n", ""),
        ("facts", FACTS, "tolerance_fraction = 0.01", "tolerance_fraction = 0.01\ntolerance = 25"),
        ("facts", FACTS, "tolerance_fraction = 0.01", "tolerance_fraction = 1.5"),
        ("facts", FACTS, "capex_usd = 200000", "capex-usd = 200000"),
        ("facts", FACTS, "capex_usd = 200000", "capex_usd = true"),
        ("facts", FACTS, "capex_usd = 200000", "capex_usd = []"),
        ("facts", FACTS, "capex_usd = 200000", "capex_usd = [1, true]"),
        ("facts", FACTS, "capex_usd = 200000", "capex_usd = { value = 1 }"),
        ("facts", FACTS, '"2026-10"', '"October 2026"'),
        ("facts", FACTS, 'evidence = "primary"', 'evidence = "hearsay"'),
    ],
)
def test_what_the_reader_refuses_for_its_form_the_schema_refuses(
    folder: str, text: str, old: str, new: str, tmp_path: Path
) -> None:
    assert old in text
    path = tmp_path / "profile.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ProfileError):
        read_file(path, folder)
    assert complaints(folder, text) == []
    assert complaints(folder, text.replace(old, new)) != []


def test_the_device_of_these_tests_lints(tmp_path: Path) -> None:
    path = tmp_path / "devices" / "acme" / "x100.toml"
    path.parent.mkdir(parents=True)
    path.write_text(DEVICE, encoding="utf-8")
    assert lint_file(path, "devices") == []


def test_a_key_has_its_meaning_its_unit_and_its_default() -> None:
    defined = json_schema("devices")["$defs"]
    assert defined["Memory"]["properties"]["bandwidth_gb_per_s"] == {
        "type": "number",
        "minimum": 0,
        "description": "peak rate (10^9 bytes per second)",
    }
    assert json_schema("models")["$defs"]["StateSpace"]["properties"]["conv_kernel"]["default"] == 4


def test_nothing_beside_the_known_keys_is_allowed_anywhere() -> None:
    for folder in FOLDERS:
        whole = json_schema(folder)
        tables = [whole, *whole["$defs"].values()]
        assert all(table["additionalProperties"] is False for table in tables), folder


def classes(cls: type) -> Iterator[type]:
    yield cls
    for annotation in field_types(cls).values():
        for inner in classes_in(annotation):
            yield from classes(inner)


def test_every_key_has_a_meaning() -> None:
    without = {
        f"{cls.__name__}.{field.name}"
        for spec in FOLDERS.values()
        for cls in classes(spec.record)
        for field in attrs.fields(cls)
        if field.name != "provenance"
        and not any(classes_in(field_types(cls)[field.name]))
        and not meaning_of(cls, field.name)
    }
    assert without == set()


def test_the_reference_says_what_the_schema_says() -> None:
    meanings = tomllib.loads((ROOT / "registry/chipdex/codec/meanings.toml").read_text(encoding="utf-8"))
    rows = {
        (match[1], match[2].removesuffix(", see above").removesuffix(", see below").strip())
        for match in re.finditer(r"^\| `(\w+)` \|.*\| ([^|]*) \|$", REFERENCE, re.MULTILINE)
    }
    assert {
        (key, said)
        for table, keys in meanings.items()
        for key, said in keys.items()
        if ("from" if (table, key) == ("Disputed", "source") else key, said) not in rows
    } == set()


def test_meanings_are_of_keys_that_exist() -> None:
    known = {
        (base.__name__, field)
        for spec in FOLDERS.values()
        for cls in [*classes(spec.record), Source, Disputed]
        for base in cls.__mro__[:-1]
        if attrs.has(base)
        for field in field_types(base)
    }
    meanings = tomllib.loads((ROOT / "registry/chipdex/codec/meanings.toml").read_text(encoding="utf-8"))
    assert {(table, key) for table, keys in meanings.items() for key in keys} - known == set()


def test_the_types_of_every_number_have_bounds_in_the_schema() -> None:
    for folder, spec in FOLDERS.items():
        properties = json_schema(folder)["properties"] if spec.array is None else {}
        for name, annotation in field_types(spec.record).items():
            if name in properties and bare(annotation) in (int, float):
                assert "minimum" in properties[name], name


def test_a_kind_that_is_none_is_refused_with_the_nearest() -> None:
    with pytest.raises(OptionError, match="Did you mean `devices`"):
        json_schema("device")


def test_a_published_schema_is_frozen() -> None:
    """A deliberate addition is frozen anew: CONTRIBUTING.md says how."""
    found: dict[str, dict[str, str]] = {}
    for file in SCHEMAS.glob("*/*.json"):
        found.setdefault(file.parent.name, {})[file.stem] = hashlib.sha256(file.read_bytes()).hexdigest()
    assert found == FROZEN, f"If every change only adds, write into tests/codec/schema_digests.toml: {found}"
