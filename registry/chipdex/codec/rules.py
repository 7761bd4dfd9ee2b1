"""What must hold between the fields of a record or a source, beyond the type of each."""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from chipdex.codec.faults import Fault, Path
from chipdex.codec.suggest import did_you_mean
from chipdex.domain import Accelerator, Fact, Family, Kind, Measurement, Model, Record, Scenario, SourceKind
from chipdex.domain.accelerator import PARTS_OF_KIND
from chipdex.domain.measurement import METRICS


def source_faults(sources: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what is wrong with the addresses of sources, and with what derived ones rest on."""
    for key, source in sources.items():
        if isinstance(source, dict):
            path = ("source", key)
            yield from _derivation(path, source) if source.get("kind") == SourceKind.DERIVED else _address(path, source)
            yield from _foundations(path, source.get("of"), [name for name in sources if name != key])


def _derivation(path: Path, source: Mapping[str, Any]) -> Iterator[Fault]:
    if "url" in source:
        yield Fault((*path, "url"), "is given for a derived source.", "Name the sources that it rests on in `of`.")
    for key in ("rule", "of"):
        if not source.get(key):
            yield Fault((*path, key), "is missing from a derived source.", "Add the rule, and its sources in `of`.")


def _address(path: Path, source: Mapping[str, Any]) -> Iterator[Fault]:
    url = source.get("url")
    if url is None:
        yield Fault((*path, "url"), "is missing.", "Add the address at which the source can be opened.")
    elif isinstance(url, str) and url and not url.startswith(("https://", "http://")):
        yield Fault((*path, "url"), f'is "{url}", which is not a web address.', "Write it from https:// on.")


def _foundations(path: Path, of: Any, others: list[str]) -> Iterator[Fault]:
    for name in of if isinstance(of, list) else ():
        if isinstance(name, str) and name not in others:
            fix = did_you_mean(name, others) or f"Add a [source.{name}] table."
            yield Fault((*path, "of"), f'names "{name}", which is no other source of the file.', fix)


def record_faults(record: type[Record], data: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what is wrong between the fields of a record; a field of the wrong type is not looked at."""
    for cls, rule in _RULES.items():
        if issubclass(record, cls):
            yield from rule(data)


def _parts_belong_to_kind(data: Mapping[str, Any]) -> Iterator[Fault]:
    for part, kind in PARTS_OF_KIND.items():
        own = data.get("kind")
        if part in data and own != kind and own in [*Kind]:
            fix = f'Remove the table, or write kind = "{kind}".'
            yield Fault((part,), f"is a part of {kind} devices, and this one's kind is {own}.", fix)


def _limits_are_of_scenarios(data: Mapping[str, Any]) -> Iterator[Fault]:
    known = [str(scenario) for scenario in Scenario]
    limits = data.get("limits")
    for name in limits if isinstance(limits, dict) else ():
        if name not in known:
            fix = did_you_mean(name, known) or "Write one of them."
            yield Fault(("limits", name), f"is not a scenario; those are {', '.join(known)}.", fix)


PARTS_OF_FAMILY: Final = {Family.DECODER: ("decoder",), Family.VISION_LANGUAGE: ("decoder", "stage")}
"""Family -> the parts that describe its models; those of every other family have stages alone."""


def _model_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    yield from _limits_are_of_scenarios(data)
    yield from _family_has_its_parts(data)


def _family_has_its_parts(data: Mapping[str, Any]) -> Iterator[Fault]:
    family = data.get("family")
    if not isinstance(family, str) or family not in [*Family]:
        return
    needed = PARTS_OF_FAMILY.get(Family(family), ("stage",))
    for part in needed:
        if part not in data:
            yield Fault((part,), f"is missing from a model of family {family}.", f"Describe it: add [{part}].")
    if "decoder" not in needed and "decoder" in data:
        yield Fault(("decoder",), f"is given for a model of family {family}.", "Describe it as [[stage]] tables.")


def _metric_has_its_unit(data: Mapping[str, Any]) -> Iterator[Fault]:
    metric, unit = data.get("metric"), data.get("unit")
    if isinstance(metric, str) and metric.strip() and metric not in METRICS:
        fix = did_you_mean(metric, METRICS) or f"Write one of {', '.join(METRICS)}."
        yield Fault(("metric",), f'is "{metric}", which is no known metric.', fix)
    elif isinstance(metric, str) and metric in METRICS and isinstance(unit, str) and unit != METRICS[metric]:
        fix = f'Convert the value, and write unit = "{METRICS[metric]}".'
        yield Fault(("unit",), f'is "{unit}", and {metric} is in {METRICS[metric]}.', fix)


INPUT_KEY: Final = re.compile(r"[a-z][a-z0-9_]*")
"""What an input of a fact may be called."""

PUBLISHED: Final = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
"""A year, a month or a day as ISO 8601 writes it."""

TOLERANCES: Final = ("tolerance", "tolerance_fraction")


def _fact_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    yield from _can_be_checked(data)
    inputs = data.get("inputs")
    for key in inputs if isinstance(inputs, dict) else ():
        if INPUT_KEY.fullmatch(key) is None:
            fix = "Write lower-case letters, digits and _, with the unit at the end: usd_per_hour."
            yield Fault(("inputs", key), "is no name of an input.", fix)
    published = data.get("published")
    if isinstance(published, str) and published.strip() and not _is_published(published):
        fix = "Write a year, a month or a day: 2026, 2026-03 or 2026-03-01."
        yield Fault(("published",), f'is "{published}", which is no date.', fix)


def _can_be_checked(data: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what keeps a fact from being computed, or said to need something; cells that rows share are no fact."""
    if "quantity" in data and "needs" in data:
        yield Fault(("needs",), "is given for a fact that a quantity computes.", "Keep one of the two.")
    if len(stated := [key for key in TOLERANCES if key in data]) > 1:
        yield Fault((stated[1],), f"is given beside {stated[0]}.", "Keep one of the two.")
    if "id" not in data:
        return
    if "quantity" not in data:
        if "needs" not in data:
            yield Fault(("quantity",), "is missing.", "Name the quantity that gives it, or write what it `needs`.")
        if "inputs" in data:
            yield Fault(("inputs",), "is given without a quantity.", "Name the quantity, or remove the inputs.")
    elif not stated:
        yield Fault(("tolerance",), "is missing.", "Add it, or `tolerance_fraction`: how far off a figure may be.")


def _is_published(text: str) -> bool:
    if PUBLISHED.fullmatch(text) is None:
        return False
    try:
        dt.date.fromisoformat(text + "0000-01-01"[len(text) :])
    except ValueError:
        return False
    return True


_RULES: Final[Mapping[type[Record], Callable[[Mapping[str, Any]], Iterator[Fault]]]] = {
    Accelerator: _parts_belong_to_kind,
    Model: _model_faults,
    Measurement: _metric_has_its_unit,
    Fact: _fact_faults,
}
