"""The Python API: `chipdex.load()` and a registry that answers."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from chipdex.calibrate.knowing import knowledge_of
from chipdex.catalog import Registry
from chipdex.codec.model_file import model_file, read_model
from chipdex.domain import Model, Workload
from chipdex.search import BestAnswer, Case, Estimate, Knowledge, Query
from chipdex.search import best as rank
from chipdex.search import estimate as run_estimate
from chipdex.search.pricing import wanted_prices
from chipdex.search.query import Choice, default_precisions, demand, kv_named, precision_named
from chipdex.settings import load_settings

if TYPE_CHECKING:
    from attrs import AttrsInstance


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DrawnAnswer(BestAnswer):
    """A ranking that can draw itself; `kinds` is what each of its accelerators is, `inference` what one is."""

    kinds: Mapping[str, str] = attrs.field(repr=False)
    inference: str | None = attrs.field(default=None, repr=False)

    def plot(self, file: str | Path | None = None) -> Any:
        """Return the ranking as an altair chart, and write it to `file` (.png, .svg or .html) where one is named.

        Needs the extra `plot`. Raises a ChipdexError where nothing can be drawn or written.
        """
        from chipdex.cli.ranking_picture import ranking_chart  # noqa: PLC0415 - an extra, imported where it is used

        return _drawn(lambda: ranking_chart(self, self.kinds, inference=self.inference), file)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DrawnEstimate(Estimate):
    """An estimate that can draw itself, because it knows its `case` and what answered it."""

    case: Case = attrs.field(repr=False)
    knowledge: Knowledge = attrs.field(repr=False, eq=False)

    def as_json(self) -> dict[str, Any]:
        """Return the estimate as JSON-ready values, by the contract of `estimate`."""
        return Estimate(**_fields_of(Estimate, self)).as_json()

    def plot(self, file: str | Path | None = None) -> Any:
        """Return the estimate's terms under its device's roofs as an altair chart; likewise."""
        from chipdex.cli.roofline_picture import roofline_chart  # noqa: PLC0415 - an extra, imported where it is used
        from chipdex.search.roofline import roofline  # noqa: PLC0415 - likewise

        return _drawn(lambda: roofline_chart(self.case, self, roofline(self.case, self, self.knowledge)), file)


def _drawn(draw: Callable[[], Any], file: str | Path | None) -> Any:
    from chipdex.cli.pictures import ready, save  # noqa: PLC0415 - an extra, imported where it is used

    target = None if file is None else Path(file)
    ready(target)
    chart = draw()
    if target is not None:
        save(chart, target)
    return chart


def _fields_of(kind: "type[AttrsInstance]", found: "AttrsInstance") -> dict[str, Any]:
    return {field.name: getattr(found, field.name) for field in attrs.fields(kind)}


class Chipdex:
    """A loaded registry: `records` holds every record, `best` and `estimate` answer from them."""

    def __init__(self, records: Registry) -> None:
        self.records = records

    def best(
        self,
        model: str | Path | Model,
        *,
        workload: Workload | None = None,
        precision: Sequence[str] = (),
        kv_precision: str | None = None,
        ttft_ms: float | None = None,
        tpot_ms: float | None = None,
        **choice: Any,
    ) -> DrawnAnswer:
        """Return the ranking for `model`: an id, an alias, a Model, or the path of a config.json.

        `ttft_ms` and `tpot_ms` override the workload's limits; further keywords are those of
        `chipdex.search.query.Choice` (objective, term, providers, max_accelerators, ...). Raises a ChipdexError.
        """
        self.records.require("accelerators")
        meant = self.model(model)
        query = Query(
            model=meant,
            demand=demand(_limited(workload, ttft_ms, tpot_ms), meant),
            precisions=tuple(precision_named(name) for name in precision) or default_precisions(meant),
            kv_precision=kv_named(kv_precision) if kv_precision else None,
            choice=Choice(**choice),
        )
        today = dt.datetime.now(tz=dt.UTC).date()
        answer = rank(self.records.priced(wanted_prices(query.choice, today)), query, self.knowledge)
        kinds = {one.accelerator: self.records.accelerators[one.accelerator].kind.value for one in answer}
        return DrawnAnswer(**_fields_of(BestAnswer, answer), kinds=kinds, inference=meant.inference)

    def estimate(
        self,
        model: str | Path | Model,
        *,
        accelerator: str,
        count: int,
        workload: Workload | None = None,
        precision: str | None = None,
        **case: Any,
    ) -> DrawnEstimate:
        """Return the estimate of `count` accelerators; further keywords are those of `chipdex.search.Case`."""
        meant = self.model(model)
        device = self.records.accelerators[self.records.resolve("accelerators", accelerator)]
        asked = Case(
            model=meant,
            accelerator=device,
            count=count,
            demand=demand(workload or Workload(), meant),
            precision=precision_named(precision) if precision else None,
            **case,
        )
        found = run_estimate(asked, self.knowledge)
        return DrawnEstimate(**_fields_of(Estimate, found), case=asked, knowledge=self.knowledge)

    @cached_property
    def knowledge(self) -> Knowledge:
        """Estimators, calibration and measurements that the plugins bring."""
        return knowledge_of(self.records)

    def model(self, name: str | Path | Model) -> Model:
        """Return the model that `name` is, names, or describes."""
        if isinstance(name, Model):
            return name
        file = name if isinstance(name, Path) else model_file(name)
        if file is not None:
            return read_model(file)
        self.records.require("models")
        return self.records.models[self.records.resolve("models", str(name))]


def _limited(workload: Workload | None, ttft_ms: float | None, tpot_ms: float | None) -> Workload:
    given = workload or Workload()
    return attrs.evolve(
        given,
        ttft_ms=given.ttft_ms if ttft_ms is None else ttft_ms,
        tpot_ms=given.tpot_ms if tpot_ms is None else tpot_ms,
    )


def load(*, no_plugins: bool = False) -> Chipdex:
    """Return the registry of all installed plugins; nothing is parsed until a record is asked for."""
    return Chipdex(Registry.load(load_settings(no_plugins=no_plugins)))
