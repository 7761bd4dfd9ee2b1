"""What a model's page tells besides its figures: what its weights and cache need, and where it was measured."""

from typing import Any, Final

import attrs

from chipdex.catalog import Registry
from chipdex.catalog.needs import Need, needs
from chipdex.catalog.results import Results, results
from chipdex.cli.page_results import result_sections, results_json
from chipdex.cli.render import Column, Table
from chipdex.cli.report import Section
from chipdex.cli.words import figure
from chipdex.domain import BenchmarkWorkload, Model
from chipdex.values import Value

NEED_COLUMNS: Final = (
    Column(key="name", header="what it needs"),
    Column(key="value", right=True, show=figure),
    Column(key="unit"),
    Column(key="formula", header="computed as", shrink=True),
)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ModelDossier(Value):
    """Everything that a registry knows of one model besides the record itself."""

    model: Model
    needs: tuple[Need, ...]
    results: Results
    workloads: tuple[BenchmarkWorkload, ...]


def model_dossier(registry: Registry, model: Model) -> ModelDossier:
    """Return what `registry` knows of a model."""
    return ModelDossier(
        model=model,
        needs=needs(model),
        results=results(registry.measurements_of(model.id)),
        workloads=tuple(work for work in registry.workloads.values() if work.model == model.id),
    )


def model_head(model: Model) -> list[str]:
    """Return what the model is."""
    released = f", released {model.released.isoformat()}" if model.released else ""
    inference = f"; one inference is {model.inference}" if model.inference else ""
    return [f"{model.id}: {model.family} model, {_counted(model.params)} parameters{released}{inference}"]


def _counted(number: float) -> str:
    """Return a number of parameters in billions or millions."""
    size, name = (1e9, "billion") if number >= 1e9 else (1e6, "million")  # noqa: PLR2004 - a billion
    return f"{number / size:,.4g} {name}"


def model_sections(known: ModelDossier) -> list[Section]:
    """Return the parts of the page that follow the model's figures."""
    rows = [attrs.asdict(need) for need in known.needs]
    sections = [Section(heading="Memory it needs", table=Table(columns=NEED_COLUMNS, rows=rows))]
    if known.workloads:
        told = [f"  {work.id}: {work.name}" for work in known.workloads]
        sections.append(Section(heading="Benchmarks that use it", lines=tuple(told)))
    return [*sections, *result_sections(known.results, of_device=False)]


def model_body(known: ModelDossier) -> dict[str, Any]:
    """Return the same as JSON has it, complete."""
    return {
        "needs": [attrs.asdict(need) for need in known.needs],
        "workloads": [work.id for work in known.workloads],
        "measurements": results_json(known.results),
    }
