"""What a device's page tells besides its figures: ratios, rents, results, and how well the estimator does on it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from chipdex.catalog import Registry
from chipdex.catalog.priced import Wanted
from chipdex.catalog.ratios import Ratio, ratios
from chipdex.catalog.renting import Rent, Renting, renting
from chipdex.catalog.results import Results, results
from chipdex.catalog.tables import source_titles
from chipdex.cli.figures import source_keys, value_text
from chipdex.cli.page import date_text
from chipdex.cli.page_results import result_sections, results_json
from chipdex.cli.render import Column, Table, counted, usd
from chipdex.cli.report import Section
from chipdex.cli.session import Warned
from chipdex.cli.words import figure
from chipdex.domain import Accelerator, Status
from chipdex.errors import StorageError
from chipdex.estimate.accuracy import Accuracy, Evidence, accuracy_of
from chipdex.values import Value

CALIBRATION: Final = "calibration.json"
"""Name of the user's own calibration table in the data folder."""
MARKS: Final[Mapping[Status, str]] = {
    Status.ANNOUNCED: "ANNOUNCED: it cannot be had yet, and `best` leaves it out unless --announced is given.",
    Status.RETIRED: "RETIRED: it can no longer be had, and `best` leaves it out.",
}


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Dossier(Value):
    """Everything that a registry knows of one device besides the record itself."""

    device: Accelerator
    ratios: tuple[Ratio, ...]
    renting: Renting
    results: Results
    accuracy: Accuracy | None
    warnings: tuple[Warned, ...] = ()


def dossier(registry: Registry, device: Accelerator) -> Dossier:
    """Return what `registry` knows of a device; a faulty calibration table of the user's own becomes a warning."""
    warnings: tuple[Warned, ...] = ()
    accuracy = None
    try:
        accuracy = accuracy_of(device, registry.settings.data_dir / CALIBRATION)
    except StorageError as error:
        warnings = ({"code": error.code, "sentence": str(error)},)
    return Dossier(
        device=device,
        ratios=ratios(device),
        renting=renting(registry.priced(Wanted(accelerators=(device.id,), everything=True)).offers),
        results=results(registry.measurements_on(device.id)),
        accuracy=accuracy,
        warnings=warnings,
    )


def head_lines(device: Accelerator) -> list[str]:
    """Return what the device is, and whether it can be had."""
    released = f", released {device.released.isoformat()}" if device.released else ""
    mark = MARKS.get(device.status)
    return [
        f"{device.id}: {device.kind} of {device.vendor}, {device.status}{released}",
        *([mark] if mark else []),
    ]


def dossier_sections(known: Dossier) -> list[Section]:
    """Return the parts of the page that follow the device's figures."""
    return [
        *ratio_sections(known.ratios),
        *renting_sections(known.renting),
        *result_sections(known.results, of_device=True),
        *accuracy_sections(known),
    ]


def dossier_body(known: Dossier) -> dict[str, Any]:
    """Return the same as JSON has it, complete."""
    return {
        "ratios": [ratio_json(ratio, known.device) for ratio in known.ratios],
        "offers": renting_json(known.renting),
        "measurements": results_json(known.results),
        "estimator": None if known.accuracy is None else accuracy_json(known.accuracy),
    }


# Ratios

RATIO_COLUMNS: Final = (
    Column(key="name", header="ratio", shrink=True),
    Column(key="value", right=True, show=figure),
    Column(key="unit"),
    Column(key="formula", header="computed as", shrink=True),
)


def ratio_sections(found: Sequence[Ratio]) -> list[Section]:
    """Return the ratios that are known, each with its formula and inputs, and what keeps the others from it."""
    rows = [
        {"name": one.name, "value": one.value, "unit": one.unit, "formula": _computed(one)}
        for one in found
        if one.value is not None
    ]
    table = Table(columns=RATIO_COLUMNS, rows=rows) if rows else None
    wanting: dict[str, list[str]] = {}
    for one in found:
        for path in one.missing[:1]:
            wanting.setdefault(path, []).append(one.name)
    dates = {one.as_of.isoformat() for one in found if one.as_of is not None and one.value is not None}
    lines = [f"The list price is of {date}." for date in sorted(dates)]
    lines += [f"Unknown for want of {path}: {', '.join(names)}." for path, names in wanting.items()]
    return [Section(heading="Derived ratios", lines=tuple(lines), table=table)] if found else []


def _computed(ratio: Ratio) -> str:
    """Return what a ratio was divided from; the units say the rest."""
    return " / ".join(value_text(path, value) for path, value in ratio.inputs)


def ratio_json(ratio: Ratio, device: Accelerator) -> dict[str, Any]:
    """Return a ratio with its inputs and their sources as JSON has it."""
    return {
        "ratio": ratio.key,
        "name": ratio.name,
        "value": ratio.value,
        "unit": ratio.unit,
        "formula": ratio.formula,
        "inputs": [
            {"figure": path, "value": value, "source": list(source_keys(device, path))} for path, value in ratio.inputs
        ],
        "as_of": date_text(ratio.as_of) or None,
    }


# Rents

RENT_COLUMNS: Final = (
    Column(key="provider"),
    Column(key="usd_per_hour", header="USD/h each", right=True, show=usd),
    Column(key="term"),
    Column(key="as_of", header="as of", importance=1),
    Column(key="instance", importance=2, shrink=True),
    Column(key="count", header="in it", importance=4, right=True),
    Column(key="region", importance=3, shrink=True),
    Column(key="offers", importance=5, right=True),
    Column(key="caveat", header="note", importance=1),
)


def renting_sections(found: Renting) -> list[Section]:
    """Return where the device is rented: the cheapest of each provider, then of each other term."""
    if not found.offers:
        return [Section(heading="Rented", lines=("No installed plugin brings an offer of it.",))]
    rows = [_rent_row(rent) for rent in found.providers]
    columns = [column for column in RENT_COLUMNS if column.key != "caveat" or any(row["caveat"] for row in rows)]
    head = (
        f"{counted(found.offers, 'offer')} of {counted(len(found.providers), 'provider')}; the cheapest of each, "
        "on demand where it quotes that; prices are for one accelerator."
    )
    sections = [Section(heading="Rented", lines=(head,), table=Table(columns=columns, rows=rows))]
    if len(found.terms) > 1:
        told = ", ".join(
            f"{rent.offer.term} {usd(rent.usd_per_hour)} USD/h ({rent.offer.provider}"
            f"{f', {rent.caveat}' if rent.caveat else ''}, {counted(rent.offers, 'offer')})"
            for rent in found.terms
        )
        sections.append(Section(lines=(f"Cheapest by term: {told}.",)))
    return sections


def _rent_row(rent: Rent) -> dict[str, Any]:
    offer = rent.offer
    return {
        "provider": offer.provider,
        "usd_per_hour": rent.usd_per_hour,
        "term": offer.term.value,
        "instance": offer.instance,
        "count": offer.count,
        "region": offer.region,
        "as_of": date_text(offer.as_of),
        "offers": rent.offers,
        "caveat": rent.caveat,
    }


def renting_json(found: Renting) -> dict[str, Any]:
    """Return where a device is rented as JSON has it."""
    return {
        "total": found.offers,
        "providers": [_rent_json(rent) for rent in found.providers],
        "terms": [_rent_json(rent) for rent in found.terms],
    }


def _rent_json(rent: Rent) -> dict[str, Any]:
    offer = rent.offer
    return {
        "id": offer.id,
        "provider": offer.provider,
        "instance": offer.instance,
        "count": offer.count,
        "region": offer.region,
        "term": offer.term.value,
        "usd_per_hour_each": rent.usd_per_hour,
        "as_of": offer.as_of.isoformat(),
        "bid": offer.bid,
        "host_included": offer.host_included,
        "offers": rent.offers,
        "source": source_titles(offer),
    }


# The estimator

ERROR_COLUMNS: Final = (
    Column(key="name", header="questions", shrink=True),
    Column(key="median", header="median error", right=True, show=lambda value: f"{value:.1%}"),
    Column(key="bias", right=True, show=lambda value: f"{value:+.1%}"),
    Column(key="cells", header="n", right=True),
)
HELD_OUT: Final = "device held out"


def accuracy_sections(known: Dossier) -> list[Section]:
    """Return how far off the estimator is on a device, or what its estimates rest on where nobody measured it."""
    found = known.accuracy
    if found is None:
        return []
    near = "; ".join(f"{field}: {evidence}" for field, evidence in found.evidence.items())
    if not found.errors:
        rests = f"Nothing measured on it stands in the calibration table. What is nearest to it, by field: {near}."
        return [Section(heading="Predicted against measured", lines=(rests,))]
    told = (
        "Errors of estimates made as if this device had never been measured: the median of |ln(predicted / measured)| "
        "and of its signed form (bias), over n measured deployments."
    )
    blind = [field for field, evidence in found.evidence.items() if evidence is not Evidence.DEVICE]
    rest = (f"Nothing was measured on it in the field: {', '.join(blind)}.",) if blind else ()
    rows = [attrs.asdict(one) for one in found.errors]
    return [
        Section(
            heading="Predicted against measured", lines=(told, *rest), table=Table(columns=ERROR_COLUMNS, rows=rows)
        )
    ]


def accuracy_json(found: Accuracy) -> dict[str, Any]:
    """Return how far off the estimator is on a device as JSON has it."""
    return {
        "basis": HELD_OUT,
        "errors": [attrs.asdict(one) for one in found.errors],
        "evidence": {field: evidence.value for field, evidence in found.evidence.items()},
    }
