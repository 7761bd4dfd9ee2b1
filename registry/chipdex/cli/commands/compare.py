"""`chipdex compare`: records of one kind side by side, where they differ first, the best value of a row marked."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import click

from chipdex.catalog.needs import needs
from chipdex.catalog.priced import Wanted
from chipdex.catalog.ratios import best_of, common_ratios, more_is_better
from chipdex.catalog.renting import renting
from chipdex.catalog.results import results, shared
from chipdex.cli.figures import figures, unit_text, value_text
from chipdex.cli.lookup import Found, find, singular
from chipdex.cli.options import format_options
from chipdex.cli.page_device import MARKS
from chipdex.cli.page_groups import place_of
from chipdex.cli.render import GAP, UNKNOWN, Column, Table, usd
from chipdex.cli.report import Report, Section
from chipdex.cli.session import Session
from chipdex.cli.terminal import Terminal
from chipdex.cli.words import figure
from chipdex.domain import Accelerator, Model
from chipdex.errors import OptionError

_READABLE: Final = 16
_LONGEST_LABEL: Final = 34
_RESULTS: Final = 8
BEST: Final = " *"
"""What follows the best value of a row."""

Row = dict[str, Any]
"""A row: `figure`, `label`, `unit`, `values`, `texts` (both by id), `best` (ids) and `differs`."""


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="A B...")
@click.option("--differences", is_flag=True, help="Only the figures in which they differ.")
@format_options
@click.pass_obj
def compare(session: Session, names: tuple[str, ...], differences: bool, output: str) -> None:
    """Put records of one kind side by side: devices, models, or any other ids.

    What they differ in comes first; the best value of a row has a star, where more or less of it is better. Devices
    get rows of derived ratios, of the lowest rent, and of results that several of them have.
    """
    found = list({one.id: one for one in (find(session, name) for name in names)}.values())
    _check(found)
    rows = [row for row in _figure_rows(found) if row["differs"] or not differences]
    derived = _derived_rows(session, found)
    ids = [one.id for one in found]
    width = Terminal.of_stdout().width if output == "table" else None
    every = [*rows, *derived]
    Report(
        schema="compare@1",
        body={
            "kind": singular(found[0].kind),
            "ids": ids,
            "figures": [_as_json(row) for row in rows],
            "derived": [_as_json(row) for row in derived],
        },
        keys=("figure", *ids),
        rows=[{"figure": row["figure"], **row["values"]} for row in every],
        sections=[*_marks(found), *_sections(rows, derived, ids, width)],
    ).publish(session, output)


def _check(found: Sequence[Found]) -> None:
    kinds = {one.kind for one in found}
    if len(kinds) > 1:
        told = ", ".join(f"{one.id} ({singular(one.kind)})" for one in found)
        raise OptionError(f"These are not of one kind: {told}.", fix="Compare devices with devices.")
    if len(found) < 2:  # noqa: PLR2004 - it takes two
        raise OptionError("There is one record, and nothing to compare it with.", fix="Name two or more different ids.")


def _figure_rows(found: Sequence[Found]) -> list[Row]:
    """Return one row per figure that any of the records has, in the order of the record's fields."""
    values = [dict(figures(one.record)) for one in found]
    whole = singular(found[0].kind)
    rows = []
    for path in (path for path in _in_order(values) if path != "aliases"):
        cells = {one.id: of_one.get(path) for one, of_one in zip(found, values, strict=True)}
        owner = next((one for one in found if cells[one.id] is not None), None)
        if owner is None:
            continue
        place = place_of(owner.record, path, whole, numbered=True)
        label = place.label if place.part == whole else f"{place.group} {place.label}"
        more = more_is_better(path) if isinstance(owner.record, Accelerator) else None
        rows.append(
            {
                "figure": path,
                "label": label,
                "unit": unit_text(path, cells[owner.id]),
                "values": cells,
                "texts": {one: value_text(path, value) for one, value in cells.items()},
                "best": best_of(cells, more=more),
                "differs": len(set(map(str, cells.values()))) > 1,
            }
        )
    return rows


def _in_order(values: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield every key once, those of later records after the key they follow there."""
    order: list[str] = []
    for of_one in values:
        position = 0
        for path in of_one:
            if path in order:
                position = order.index(path) + 1
            else:
                order.insert(position, path)
                position += 1
    yield from order


def _derived_rows(session: Session, found: Sequence[Found]) -> list[Row]:
    """Return what follows from the figures, rents and results of devices, or what models need."""
    devices = [one.record for one in found if isinstance(one.record, Accelerator)]
    models = [one.record for one in found if isinstance(one.record, Model)]
    if devices:
        return [*_ratio_rows(devices), _rent_row(session, devices), *_result_rows(session, devices)]
    return list(_need_rows(models))


def _ratio_rows(devices: Sequence[Accelerator]) -> Iterator[Row]:
    for first, row in common_ratios(devices):
        values = {device.id: row[device.id].value if device.id in row else None for device in devices}
        best = best_of(values, more=first.more_is_better)
        yield _derived(f"ratio.{first.key}", first.name, first.unit, values, best)


def _rent_row(session: Session, devices: Sequence[Accelerator]) -> Row:
    wanted = Wanted(accelerators=[device.id for device in devices], everything=True)
    offers = session.registry.priced(wanted).offers
    quotes = {
        device.id: next(
            (
                rent
                for rent in renting(offer for offer in offers if offer.accelerator == device.id).providers
                if not rent.caveat and rent.offer.term == "on-demand"
            ),
            None,
        )
        for device in devices
    }
    values = {one: None if rent is None else rent.usd_per_hour for one, rent in quotes.items()}
    row = _derived("rent.on_demand", "lowest on-demand rent", "USD/h", values, best_of(values, more=False))
    row["texts"] = {
        one: UNKNOWN if rent is None else f"{usd(rent.usd_per_hour)} USD/h, {rent.offer.as_of.isoformat()}"
        for one, rent in quotes.items()
    }
    return row


def _result_rows(session: Session, devices: Sequence[Accelerator]) -> Iterator[Row]:
    measured = {device.id: results(session.registry.measurements_on(device.id)) for device in devices}
    for first, row in shared(measured)[:_RESULTS]:
        values = {device.id: row[device.id].value if device.id in row else None for device in devices}
        key = f"measured.{first.model}.{first.scenario}.{first.metric}"
        name = f"{first.model.partition('/')[2]} {first.scenario}"
        yield _derived(key, name, first.unit, values, best_of(values, more=first.more_is_better))


def _need_rows(models: Sequence[Model]) -> Iterator[Row]:
    of_each = {model.id: {need.name: need for need in needs(model)} for model in models}
    for name in dict.fromkeys(name for found in of_each.values() for name in found):
        row = {model_id: found.get(name) for model_id, found in of_each.items()}
        unit = next(need.unit for need in row.values() if need is not None)
        values = {model_id: None if need is None else need.value for model_id, need in row.items()}
        yield _derived(f"needs.{name}", name, unit, values, best_of(values, more=False))


def _derived(key: str, name: str, unit: str, values: Mapping[str, float | None], best: Iterable[str]) -> Row:
    return {
        "figure": key,
        "label": name,
        "unit": unit,
        "values": dict(values),
        "texts": {one: UNKNOWN if value is None else f"{figure(value)} {unit}" for one, value in values.items()},
        "best": tuple(best),
        "differs": len(set(values.values())) > 1,
    }


def _as_json(row: Row) -> dict[str, Any]:
    kept = {key: value for key, value in row.items() if key not in {"texts", "label", "best"}}
    return {**kept, "best": list(row["best"])}


def _marks(found: Sequence[Found]) -> list[Section]:
    """Return who of the devices cannot be had."""
    devices = [one.record for one in found if isinstance(one.record, Accelerator)]
    told = [f"{one.id} is {MARKS[one.status]}" for one in devices if one.status in MARKS]
    return [Section(lines=tuple(told))] if told else []


def _sections(rows: Sequence[Row], derived: Sequence[Row], ids: Sequence[str], width: int | None) -> list[Section]:
    legend = f"The best value of a row has a star ({BEST.strip()}), where more or less of it is better."
    differing = [row for row in rows if row["differs"]]
    alike = [row for row in rows if not row["differs"]]
    sections: list[Section] = []
    for heading, lines, group in (
        ("Where they differ", (legend,), differing),
        ("Derived, rented and measured", ("Rents and rates are per accelerator.",), derived),
        ("The same in all", (), alike),
    ):
        if group:
            sections += _panels(heading, lines, group, ids, width)
    return sections


def _panels(
    heading: str, lines: Sequence[str], rows: Sequence[Row], ids: Sequence[str], width: int | None
) -> list[Section]:
    """Return the table, cut into several with as many records each as the width has room for."""
    flat = [{"figure": row["label"], **{one: _marked(row, one) for one in ids}} for row in rows]
    taken = min(_LONGEST_LABEL, max(len(row["label"]) for row in rows))
    wide = max(_READABLE, *(len(record_id) for record_id in ids)) + GAP
    size = len(ids) if width is None else max(1, (width - taken) // wide)
    groups = [ids[start : start + size] for start in range(0, len(ids), size)]
    columns = [
        [Column(key="figure", shrink=True), *(Column(key=one, shrink=True) for one in group)] for group in groups
    ]
    tables = [Table(columns=group, rows=flat) for group in columns]
    first = Section(heading=heading, lines=tuple(lines), table=tables[0])
    return [first, *(Section(table=table) for table in tables[1:])]


def _marked(row: Row, one: str) -> str:
    text: str = row["texts"][one]
    return f"{text}{BEST}" if one in row["best"] else text
