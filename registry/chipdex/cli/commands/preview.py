"""`chipdex preview`: a profile's page before anybody else sees it, its sibling, and where it would rank."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import attrs
import click

from chipdex.calibrate.knowing import knowledge_of
from chipdex.catalog import Registry
from chipdex.catalog.gather import folder_of
from chipdex.catalog.siblings import Sibling, alike, nearest_device, nearest_model
from chipdex.cli import streams
from chipdex.cli.commands.show import page_of
from chipdex.cli.lookup import Found, as_json
from chipdex.cli.options import format_options
from chipdex.cli.page import KEYS, tail_sections
from chipdex.cli.page_preview import (
    finding_sections,
    known_models,
    rank_json,
    rank_sections,
    replaced_figures,
    replaced_sections,
    sibling_rows,
    sibling_sections,
)
from chipdex.cli.pictures import ready, save
from chipdex.cli.render import counted
from chipdex.cli.report import Report, Section
from chipdex.cli.session import Session
from chipdex.codec import read_file
from chipdex.domain import Accelerator, Model, Record, Workload
from chipdex.errors import OptionError, ProfileError, UnknownIdError
from chipdex.plausibility import lint_files
from chipdex.search import best
from chipdex.search.pricing import wanted_prices
from chipdex.search.query import Choice, Query, default_precisions, demand
from chipdex.search.standing import Standing, heaviest, standings
from chipdex.values import Value

RANKED_FOR: Final = (
    "meta/llama-3.1-70b",
    "meta/llama-3.1-8b",
    "openai/whisper-large-v3",
    "microsoft/resnet-50-v1.5",
    "mlcommons/tiny-kws",
)
"""Models from the heaviest to the lightest: a device is ranked for the three heaviest that it can run."""

_WORKLOADS: Final = 3
_RUN_ON: Final = 5
_KINDS: Final = {"devices": "accelerators", "models": "models"}


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--like", metavar="ID", help="Compare it with this record instead of the nearest one.")
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE", help="Draw it: .png, .svg or .html.")
@format_options
@click.pass_obj
def preview(session: Session, file: Path, like: str | None, plot: Path | None, output: str) -> None:
    """Show the page that the profile in FILE will have, before anybody else sees it.

    What lint finds comes first; then the page of `show`, what changes where the id exists already, the nearest record
    and the differences to it, and where a device would rank for three workloads, or what would run a model. A file
    that cannot be read as a profile is refused with every problem.
    """
    ready(plot)
    subject = _subject(session, file)
    findings = [
        {**attrs.asdict(problem), "rule": rule}
        for problem, rule in lint_files({file: subject.folder}, session.registry, session.host).problems
    ]
    record, registry = subject.record, subject.registry
    page = page_of(registry, subject.found, dt.datetime.now(tz=dt.UTC).date())
    changed = replaced_figures(registry.origins(subject.kind, record.id), subject.files)
    sibling = _sibling(subject, like)
    whole = "device" if isinstance(record, Accelerator) else "model"
    differing = [] if sibling is None else sibling_rows(record, getattr(registry, subject.kind)[sibling.id], whole)
    ranking = _ranking(subject)
    if plot is not None:
        _draw(subject, sibling, plot)
    Report(
        schema="preview@1",
        body={
            "file": str(file),
            **as_json(subject.found),
            "findings": findings,
            **page.body,
            "existing": changed,
            "sibling": None if sibling is None else _sibling_json(sibling, differing),
            **ranking.body,
            "picture": None if plot is None else str(plot),
        },
        keys=KEYS,
        rows=page.rows,
        sections=[
            *finding_sections(findings),
            *page.sections,
            *replaced_sections(changed, record.id),
            *sibling_sections(record, sibling, differing),
            *ranking.sections,
            *tail_sections(record),
        ],
        warnings=page.warnings,
    ).publish(session, output)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Subject(Value):
    """The record of a file, in a registry in which the file goes before everything else."""

    file: Path
    folder: str
    record: Record
    registry: Registry

    @property
    def kind(self) -> str:
        """The collection that the record stands in."""
        return _KINDS[self.folder]

    @property
    def found(self) -> Found:
        """The record as commands that look one up have it."""
        return Found(self.kind, self.record.id, self.record)

    @property
    def files(self) -> tuple[str, ...]:
        """The names that the file may have in the registry, where a folder of profiles holds it too."""
        return tuple(dict.fromkeys(str(path) for path in (self.file, self.file.absolute(), self.file.resolve())))

    @property
    def others(self) -> list[Record]:
        """All other records of the collection."""
        return [one for one in getattr(self.registry, self.kind).values() if one.id != self.record.id]


def _subject(session: Session, file: Path) -> Subject:
    """Return the record of a file. Raises ProfileError, having said every problem, or OptionError for another kind."""
    folder = folder_of(file)
    if folder not in _KINDS:
        raise OptionError(
            f"{file} holds {folder}, and previews are of devices and models.", fix=f"Run `chipdex lint {file}`."
        )
    try:
        (plain,) = read_file(file, folder)
    except ProfileError as error:
        for problem in error.problems[1:]:
            streams.say(str(problem))
        raise
    registry = Registry.load(session.settings, extra_files=[file], host=session.host)
    record: Record = getattr(registry, _KINDS[folder])[plain.id]
    return Subject(file=file, folder=folder, record=record, registry=registry)


# The sibling


def _sibling(subject: Subject, like: str | None) -> Sibling | None:
    """Return the record to compare with: the one asked for, else the nearest."""
    record, registry = subject.record, subject.registry
    if like is not None:
        other_id = registry.resolve(subject.kind, like)
        if other_id == record.id:
            raise UnknownIdError(f"--like {like} is the record of the file itself.", fix="Name another one.")
        return alike(record, getattr(registry, subject.kind)[other_id], "named by --like:")
    if isinstance(record, Accelerator):
        return nearest_device(record, registry.accelerators.values())
    return nearest_model(record, registry.models.values()) if isinstance(record, Model) else None


def _sibling_json(sibling: Sibling, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    differences = [{key: row[key] for key in ("figure", "value", "sibling")} for row in rows]
    return {**attrs.asdict(sibling), "reason": sibling.reason, "differences": differences}


# The rank


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Ranking(Value):
    """Where a device ranks, or what runs a model: for JSON and for the page."""

    body: dict[str, Any]
    sections: list[Section]


def _ranking(subject: Subject) -> Ranking:
    record = subject.record
    if isinstance(record, Accelerator):
        found = _standings(subject, record)
        return Ranking(body={"ranking": rank_json(found)}, sections=rank_sections(found))
    assert isinstance(record, Model)  # noqa: S101 - previews are of these two
    return _runners(subject, record)


def _standings(subject: Subject, device: Accelerator) -> list[Standing]:
    knowledge = knowledge_of(subject.registry)
    models = heaviest(device, known_models(subject.registry, RANKED_FOR), knowledge.engines, _WORKLOADS)
    if models:
        streams.say(f"Ranking {device.id} for {counted(len(models), 'workload')} ...")
    priced = subject.registry.priced(wanted_prices(Choice(), dt.datetime.now(tz=dt.UTC).date()))
    return list(standings(priced, device, models, knowledge))


def _runners(subject: Subject, model: Model) -> Ranking:
    """Return what would run a model, by the defaults of `best`."""
    from chipdex.cli.answer import best_sections  # noqa: PLC0415 - devices are previewed more often

    query = Query(
        model=model,
        demand=demand(Workload(), model),
        precisions=default_precisions(model),
        choice=Choice(top=_RUN_ON),
    )
    today = dt.datetime.now(tz=dt.UTC).date()
    priced = subject.registry.priced(wanted_prices(query.choice, today))
    document = best(priced, query, knowledge_of(subject.registry)).as_json()
    first, *rest = best_sections(document, (), today, explain=False, inference=model.inference)
    head = attrs.evolve(first, heading="What would run it")
    return Ranking(body={"answers": document["answers"]}, sections=[head, *rest])


def _draw(subject: Subject, sibling: Sibling | None, file: Path) -> None:
    from chipdex.cli.plausibility_picture import plausibility_chart  # noqa: PLC0415 - an extra

    record = subject.record
    alike_in_kind = [one for one in subject.others if _same_kind(record, one)]
    save(plausibility_chart(record, alike_in_kind, None if sibling is None else sibling.id), file)
    streams.say(f"Drew {file}.")


def _same_kind(one: Record, other: Record) -> bool:
    if isinstance(one, Accelerator) and isinstance(other, Accelerator):
        return one.kind is other.kind
    return isinstance(one, Model) and isinstance(other, Model) and (one.decoder is None) == (other.decoder is None)
