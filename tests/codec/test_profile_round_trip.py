"""Whatever record there is: written as TOML, it reads back equal, with every figure's sources."""

import datetime as dt
import math
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chipdex.codec import FOLDERS, Plain, dumps_toml, read_file, structure, unstructure
from chipdex.codec.annotations import field_types, is_list, is_union
from chipdex.codec.bounds import bounds_of
from chipdex.codec.convert import values_of
from chipdex.codec.reader import read_document
from chipdex.codec.write import _figures
from chipdex.domain import (
    Accelerator,
    Disputed,
    Fact,
    Kind,
    Limits,
    Measurement,
    Model,
    Offer,
    Record,
    Scenario,
    Source,
    SourceKind,
    Term,
)
from chipdex.domain.accelerator import PARTS_OF_KIND
from chipdex.domain.fact import Inputs
from chipdex.domain.measurement import METRICS
from chipdex.domain.model import Family
from chipdex.domain.stage import Stage
from chipdex.errors import OptionError

WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(str.strip)
IDS = st.from_regex(r"[a-z0-9][a-z0-9._+-]{0,6}/[a-z0-9][a-z0-9._+-]{0,6}", fullmatch=True)
DATES = st.dates(dt.date(1970, 1, 1), dt.date(2100, 1, 1))
MOMENTS = st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001
OFTEN = settings(max_examples=25, suppress_health_check=list(HealthCheck))


def values(annotation: Any, key: str) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - one line per kind of annotation
    """Values that a field of this annotation and name may have."""
    if is_union(annotation):
        return st.one_of(*(values(member, key) for member in get_args(annotation)))
    if is_list(annotation):
        return st.lists(values(get_args(annotation)[0], key), max_size=2).map(tuple)
    if get_origin(annotation) is Literal:
        return st.sampled_from(get_args(annotation))
    if annotation == Inputs:
        numbers = values(float, "value")
        kinds = st.one_of(numbers, WORDS, st.lists(numbers, min_size=1, max_size=3).map(tuple))
        return st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True).filter("from".__ne__), kinds)
    if get_origin(annotation) is Mapping:
        return st.dictionaries(st.sampled_from([str(name) for name in Scenario]), values(Limits, key), max_size=2)
    if attrs.has(annotation):
        return objects(annotation)
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return st.sampled_from(list(annotation))
    if annotation in (int, float):
        bounds = bounds_of(key, annotation)
        lowest, highest = annotation(bounds.lowest), annotation(bounds.highest)
        return st.integers(lowest, highest) if annotation is int else st.floats(lowest, highest)
    known = {NoneType: st.none(), bool: st.booleans(), str: WORDS, dt.date: DATES, dt.datetime: MOMENTS}
    return known[annotation]


def objects(cls: type, **given_fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Objects of an attrs class, of any values that its fields may have."""
    fields = {
        name: values(annotation, name) for name, annotation in field_types(cls).items() if name not in given_fields
    }
    return st.builds(cls, **(fields | given_fields))


def sources() -> st.SearchStrategy[dict[str, Source]]:
    published = objects(
        Source,
        kind=st.sampled_from([kind for kind in SourceKind if kind != SourceKind.DERIVED]),
        url=WORDS.map("https://example.com/{}".format),
        rule=st.none(),
        of=st.just(()),
    )
    return st.dictionaries(WORDS, published, min_size=1, max_size=3)


@st.composite
def records(draw: st.DrawFn, cls: type[Record]) -> Record:
    """A record of any values whose figures have sources, or have none."""
    kept_apart = {"provenance": st.just({}), "disputed": st.just(()), "id": IDS, "sources": sources()}
    record = draw(objects(cls, **kept_apart))
    if isinstance(record, Accelerator):
        for part, kind in PARTS_OF_KIND.items():
            if record.kind != kind:
                record = attrs.evolve(record, **{part: None})
    if isinstance(record, Model):
        record = draw(with_the_parts_of_a_family(record))
    if isinstance(record, Measurement):
        metric = draw(st.sampled_from(sorted(METRICS)))
        record = attrs.evolve(record, metric=metric, unit=METRICS[metric])
    if isinstance(record, Fact):
        record = draw(with_one_way_to_check(record))
    figures = list(_figures({k: v for k, v in values_of(record).items() if k != "sources"}, ""))
    some_sources = st.lists(st.sampled_from(sorted(record.sources)), min_size=1, max_size=2, unique=True).map(tuple)
    if figures and draw(st.booleans()):
        provenance = dict.fromkeys(figures, draw(some_sources))
    else:
        provenance = draw(st.dictionaries(st.sampled_from(figures), some_sources)) if figures else {}
    disputed = ()
    if figures and draw(st.booleans()):
        disputed = (Disputed(figure=figures[0], value=draw(values(float, "value")), source=draw(some_sources)),)
    return attrs.evolve(record, provenance=provenance, disputed=disputed)


def with_the_parts_of_a_family(model: Model) -> st.SearchStrategy[Model]:
    """The model, of a family that its decoder and stages allow."""
    if model.decoder:
        family = Family.VISION_LANGUAGE if model.stage else Family.DECODER
        return st.just(attrs.evolve(model, family=family))
    others = [family for family in Family if family not in (Family.DECODER, Family.VISION_LANGUAGE)]
    stages = st.lists(objects(Stage), min_size=1, max_size=2).map(tuple)
    return st.builds(attrs.evolve, st.just(model), family=st.sampled_from(others), stage=stages)


def with_one_way_to_check(fact: Fact) -> st.SearchStrategy[Fact]:
    """The fact, with what computes it or with what it needs, and published on some day, in some month or year."""
    dated = DATES.flatmap(lambda date: st.sampled_from([date.isoformat()[:length] for length in (4, 7, 10)]))
    computed = {"quantity": WORDS, "needs": st.none(), "tolerance_fraction": st.none(), "tolerance": st.floats(0, 9)}
    needing = {"quantity": st.none(), "needs": WORDS, "tolerance": st.none(), "inputs": st.just({})}
    return st.one_of(
        *(st.builds(attrs.evolve, st.just(fact), published=st.none() | dated, **way) for way in (computed, needing))
    )


def spread(record: Record, provenance: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Provenance with that of a whole row written out figure by figure."""
    if "" not in provenance:
        return dict(provenance)
    data = {key: value for key, value in values_of(record).items() if key not in ("sources", "disputed", "provenance")}
    return dict.fromkeys(_figures(data, ""), provenance[""])


@pytest.mark.parametrize("folder", FOLDERS)
@OFTEN
@given(data=st.data())
def test_any_record_reads_back_equal(folder: str, tmp_path: Path, data: st.DataObject) -> None:
    record = data.draw(records(FOLDERS[folder].record))
    path = tmp_path / "written.toml"
    path.write_bytes(dumps_toml(record).encode())
    (plain,) = read_file(path, folder)
    again = structure(plain)
    assert again == record
    assert spread(again, again.provenance) == record.provenance
    assert again.sources.items() <= record.sources.items()
    assert all(key in again.sources for keys in record.provenance.values() for key in keys)


@pytest.mark.parametrize("folder", FOLDERS)
@OFTEN
@given(data=st.data())
def test_any_record_survives_its_plain_form(folder: str, data: st.DataObject) -> None:
    record = data.draw(records(FOLDERS[folder].record))
    again = structure(Plain(folder, record.id, unstructure(record), "memory"))
    assert again == record
    assert (again.sources, again.provenance) == (record.sources, record.provenance)


ANYTHING = st.recursive(
    st.one_of(st.integers(), st.floats(), st.booleans(), st.text(max_size=5), DATES, st.datetimes(), st.times()),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a document."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [(value, key) for key in keys] + [place for key in keys for place in places(value[key])]


@pytest.mark.parametrize("folder", FOLDERS)
@OFTEN
@given(data=st.data())
def test_whatever_stands_in_a_profile_there_is_a_record_or_a_problem(folder: str, data: st.DataObject) -> None:
    document = tomllib.loads(dumps_toml(data.draw(records(FOLDERS[folder].record))))
    for _ in range(2):
        container, key = data.draw(st.sampled_from(places(document)))
        if isinstance(container, dict) and data.draw(st.booleans()):
            container[data.draw(st.text(max_size=5))] = data.draw(ANYTHING)
        else:
            container[key] = data.draw(ANYTHING)
    reading = read_document(document, "fuzz.toml", folder, ("a", "b"), in_folder=False)
    assert bool(reading.records) != bool(reading.problems)
    for plain in reading.records:
        structure(plain)


def test_a_record_that_no_profile_holds_cannot_be_written() -> None:
    with pytest.raises(OptionError, match="Record is not a record that a profile holds"):
        dumps_toml(Record(id="a/b"))


def test_a_written_profile_reads_as_a_person_would_write_it() -> None:
    source = Source(
        title="Prices", kind=SourceKind.VENDOR_DOCS, retrieved=dt.date(2026, 11, 1), url="https://example.com"
    )
    offer = Offer(
        id="acme/x/eu/spot/acme/x100",
        provider="Acme",
        instance="x",
        accelerator="acme/x100",
        count=8,
        region="eu",
        term=Term.SPOT,
        usd_per_hour=20.0,
        as_of=dt.date(2026, 11, 1),
        sources={"list": source},
        provenance={"": ("list",)},
    )
    text = dumps_toml(offer)
    assert "usd_per_hour = 20\n" in text
    assert "as_of = 2026-11-01\n" in text
    assert 'from = "list"\n' in text
    assert "currency" not in text, "a default is not written"


def test_a_default_that_a_source_gives_is_written() -> None:
    limits = {"server": Limits(ttft_ms=450, percentile=99)}
    model = Model(
        id="a/m", name="M", family="decoder", params=7e9, limits=limits, provenance={"limits.server.percentile": ("x",)}
    )
    assert unstructure(model)["limits"] == {"server": {"ttft_ms": 450, "percentile": 99}}
    assert unstructure(attrs.evolve(model, provenance={}))["limits"] == {"server": {"ttft_ms": 450}}


def test_unknown_stays_unknown_and_differs_from_zero() -> None:
    data = {"id": "a/b", "name": "B", "kind": "asic", "status": "shipping", "memory": {"capacity_gb": 0}}
    device = structure(Plain("devices", "a/b", data, "memory"))
    assert isinstance(device, Accelerator)
    assert device.kind is Kind.ASIC
    assert device.memory.capacity_gb == 0
    assert device.memory.bandwidth_gb_per_s is None
    assert unstructure(device) == data


def test_whole_figures_become_floats_where_the_domain_has_floats() -> None:
    data = {"id": "a/b", "name": "B", "kind": "asic", "status": "shipping", "power": {"tdp_w": 700}}
    device = structure(Plain("devices", "a/b", data, "memory"))
    assert isinstance(device, Accelerator)
    assert isinstance(device.power.tdp_w, float)
    assert math.isclose(device.power.tdp_w, 700)
