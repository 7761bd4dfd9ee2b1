"""What a rule may compare a record with: everything that is known, the records under inspection on top of it."""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property
from typing import Any, Final, TypeVar

from chipdex.catalog import Registry
from chipdex.domain import Accelerator, BenchmarkWorkload, Fact, Grid, Measurement, Model, Offer, Record
from chipdex.ids import normal_form

T = TypeVar("T")

KIND_OF: Final[Mapping[type[Record], str]] = {
    Accelerator: "accelerators",
    Model: "models",
    BenchmarkWorkload: "workloads",
    Offer: "offers",
    Measurement: "measurements",
    Grid: "grids",
    Fact: "facts",
}
"""Type of a record -> what the registry calls its kind."""


def letters_of(name: str) -> str:
    """Return the form in which names are compared."""
    return normal_form(name).replace(" ", "")


class View:
    """A registry to be read only, in which each inspected record stands in place of the one of its id.

    `today` is the day on which the inspection is made.
    """

    def __init__(self, registry: Registry, inspected: Iterable[Record] = (), *, today: dt.date | None = None) -> None:
        self._registry = registry
        self._inspected: dict[str, dict[str, Any]] = {kind: {} for kind in KIND_OF.values()}
        for record in inspected:
            self._inspected[KIND_OF[type(record)]][record.id] = record
        self._derived: dict[Any, Any] = {}
        self.today = today or dt.datetime.now(tz=dt.UTC).date()

    @cached_property
    def accelerators(self) -> Mapping[str, Accelerator]:
        """Devices by id."""
        return self._over("accelerators", self._registry.accelerators)

    @cached_property
    def models(self) -> Mapping[str, Model]:
        """Models by id."""
        return self._over("models", self._registry.models)

    @cached_property
    def workloads(self) -> Mapping[str, BenchmarkWorkload]:
        """Published benchmarks' workloads by id."""
        return self._over("workloads", self._registry.workloads)

    @cached_property
    def offers(self) -> tuple[Offer, ...]:
        """Prices."""
        return self._rows("offers", self._registry.offers)

    @cached_property
    def measurements(self) -> tuple[Measurement, ...]:
        """Published results."""
        return self._rows("measurements", self._registry.measurements)

    @cached_property
    def grids(self) -> tuple[Grid, ...]:
        """Carbon intensities and electricity prices."""
        return self._rows("grids", self._registry.grids)

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """Published figures."""
        return self._rows("facts", self._registry.facts)

    def resolve(self, kind: str, name: str) -> str | None:
        """Return the id of the accelerator or model that is called `name`; None where nobody or several are."""
        known = self.accelerators if kind == "accelerators" else self.models
        if name in known:
            return name
        named = self.named(kind, name)
        return next(iter(named)) if len(named) == 1 else None

    def named(self, kind: str, name: str) -> Collection[str]:
        """Return the ids of all accelerators or models that `name` is a name of, spacing and case aside."""
        index = self.derived(_device_names if kind == "accelerators" else _model_names)
        return index.get(letters_of(name), {}).keys()

    def derived(self, make: Callable[["View"], T]) -> T:
        """Return what `make` makes of this view; it is made once, so that a rule can keep an index."""
        if make not in self._derived:
            self._derived[make] = make(self)
        made: T = self._derived[make]
        return made

    def _over(self, kind: str, known: Mapping[str, Any]) -> Mapping[str, Any]:
        inspected = self._inspected[kind]
        if inspected.keys() >= known.keys():
            return inspected
        return {name: inspected[name] if name in inspected else known[name] for name in {**known, **inspected}}

    def _rows(self, kind: str, known: Iterable[Any]) -> tuple[Any, ...]:
        inspected = self._inspected[kind]
        return (*inspected.values(), *(row for row in known if row.id not in inspected))


def _device_names(view: View) -> dict[str, dict[str, None]]:
    return _names(view.accelerators)


def _model_names(view: View) -> dict[str, dict[str, None]]:
    return _names(view.models)


def _names(records: Mapping[str, Accelerator | Model]) -> dict[str, dict[str, None]]:
    """Return which records each name belongs to; what stands behind the slash of an id is one of its names."""
    index: dict[str, dict[str, None]] = {}
    for record in records.values():
        names = (record.id, record.id.rpartition("/")[2], record.name, *record.aliases)
        for letters in dict.fromkeys(map(letters_of, names)):
            index.setdefault(letters, {})[record.id] = None
    return index
