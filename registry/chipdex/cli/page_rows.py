"""The pages of rows: an offer with what it costs per accelerator, a measurement, a workload, a grid, a fact."""

import datetime as dt

from chipdex.catalog.renting import usd_per_hour_each
from chipdex.cli.render import usd
from chipdex.cli.words import age_text
from chipdex.domain import BenchmarkWorkload, Fact, Grid, Measurement, Offer, Record


def row_head(record: Record, today: dt.date) -> list[str]:
    """Return what the record says, in a sentence or two."""
    match record:
        case Offer():
            return _of_offer(record, today)
        case Measurement():
            return _of_measurement(record)
        case BenchmarkWorkload():
            return [f"{record.id}: {record.scenario} scenario of {record.model}"]
        case Grid():
            return [f"Grid of {record.provider} {record.region} in {record.year} ({record.kind})"]
        case Fact():
            return [f"{record.statement}: {record.value:,.10g} {record.unit} ({record.id})"]
        case _:
            return [record.id]


def _of_offer(offer: Offer, today: dt.date) -> list[str]:
    price = f"{usd(offer.usd_per_hour)} {offer.currency}/h for {offer.count} x {offer.accelerator}"
    notes = [
        "the lowest bid of a market, not a quote" if offer.bid and not offer.note else "",
        "host billed apart" if offer.host_included is False else "",
        offer.note or "",
    ]
    dated = f"price of {age_text(offer.as_of.isoformat(), today)}, {offer.state}"
    said = "; ".join(note for note in notes if note)
    return [
        f"{offer.instance} of {offer.provider} in {offer.region}, {offer.term} ({offer.id})",
        f"{price}, that is {usd(usd_per_hour_each(offer))} USD/h each; {dated}.",
        *([f"Note: {said}."] if said else []),
    ]


def _of_measurement(row: Measurement) -> list[str]:
    who = f" by {row.submitter}" if row.submitter else ""
    at = f", {row.scenario or row.load}" if row.scenario or row.load else ""
    dated = row.date.isoformat() if row.date else "date unknown"
    untuned = " Nobody tuned this run: calibration leaves it out." if not row.tuned else ""
    return [
        f"{row.metric} of {row.model} on {row.count} x {row.accelerator}{at}{who} ({row.id})",
        f"{row.value:,.6g} {row.unit}, {row.software or 'software unknown'}, {dated}.{untuned}",
    ]
