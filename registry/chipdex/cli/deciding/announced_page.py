"""What `chipdex sensitivity best` prints: what a chip must reach, format by format, and what nobody knows of it."""

from collections.abc import Sequence
from typing import Any, Final

import attrs

from chipdex.cli.deciding.ranked import OWNED
from chipdex.cli.render import Column, Table, usd
from chipdex.cli.report import Section
from chipdex.cli.session import Warned
from chipdex.cli.words import figure, question
from chipdex.economics.horizons.announced import Incumbent, Price, Reach, needed_per_s
from chipdex.search.query import Query
from chipdex.values import Value

_LOWER: Final = " *"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Told(Value):
    """All that one call answers: what was asked, the incumbent, the chip's price, and what it must reach."""

    device: str
    query: Query
    against: Incumbent
    price: Price
    reaches: Sequence[Reach]
    lacking: Sequence[str]

    @property
    def unit(self) -> str:
        """What is counted."""
        return "output tokens" if self.query.demand.generates else "inferences"

    @property
    def is_list_price(self) -> bool:
        """Whether the price is that of a purchase, spread over its life."""
        hourly = self.price.usd_per_hour
        return hourly is not None and hourly.source.startswith("list price")

    @property
    def needed(self) -> float | None:
        """Units per second that one device needs at its price, electricity left aside; None without a price."""
        hourly = self.price.usd_per_hour
        return None if hourly is None else needed_per_s(hourly.value, self.against.usd_per_million)


KEYS: Final = (
    "precision",
    "asked",
    "count",
    "per_s",
    "power_w",
    "break_even_usd_per_hour",
    "factor",
    "most_power_w",
    "wins",
    "basis",
    "missed",
)
"""What the flat record of a format holds."""


def rows(told: Told) -> list[dict[str, Any]]:
    """Return a record per format."""
    return [{key: getattr(one, key) for key in KEYS} for one in told.reaches]


def body(told: Told) -> dict[str, Any]:
    """Return the answer as JSON carries it; figures are of one device."""
    hourly, kwh = told.price.usd_per_hour, told.price.usd_per_kwh
    winners = [one.precision for one in told.reaches if one.wins]
    known = any(one.wins is not None for one in told.reaches)
    return {
        "verb": "best",
        "device": told.device,
        "query": {"model": told.query.model.id, "workload": told.query.demand.as_json()},
        "unit": told.unit,
        "verdict": ("wins" if winners else "loses") if known else None,
        "wins_in": winners,
        "incumbent": attrs.asdict(told.against),
        "usd_per_hour": None if hourly is None else attrs.asdict(hourly),
        "usd_per_kwh": None if kwh is None else attrs.asdict(kwh),
        "needed_per_s": told.needed,
        "formats": rows(told),
        "lacking": list(told.lacking),
    }


def sections(told: Told) -> tuple[Section, ...]:
    """Return the page."""
    return (Section(lines=_lines(told)), *([_formats(told)] if told.reaches else []))


def warnings(told: Told) -> list[Warned]:
    """Return what nobody knows of the chip, and what its formats leave open."""
    sentences = {}
    if told.lacking:
        sentences["lacking"] = f"Of {told.device} the registry does not know: {', '.join(told.lacking)}."
    if told.price.usd_per_hour is None:
        sentences["no_price"] = f"Nobody says what an hour of {told.device} costs: --usd-per-hour does."
    if told.against.owned or told.is_list_price:
        sentences["owned"] = f"{OWNED} --term on-demand holds it against rents alone."
    if any(not one.asked for one in told.reaches):
        sentences["lower_formats"] = (
            "Formats with an asterisk are below those of the question; `chipdex quality --precision` says what is lost."
        )
    if told.price.usd_per_kwh is not None and any(one.power_w is None and not one.missed for one in told.reaches):
        sentences["no_power"] = "Without its draw, what its electricity costs is unknown, and so is the break-even."
    return [{"code": code, "sentence": sentence} for code, sentence in sentences.items()]


def _lines(told: Told) -> list[str]:
    against, hourly, kwh = told.against, told.price.usd_per_hour, told.price.usd_per_kwh
    asked = question(
        {"model": told.query.model.id, "workload": told.query.demand.as_json()}, inference=told.query.model.inference
    )
    cost = f"{usd(against.usd_per_million)} USD per million {told.unit} ({against.price_of})"
    lines = [
        asked,
        f"To beat: {against.deployment}, {cost}; one device gives {figure(against.per_s)} {told.unit}/s.",
    ]
    if hourly is not None:
        apart = "" if kwh is None else f", and electricity at {figure(kwh.value)} USD/kWh ({kwh.source})"
        lines.append(f"An hour of one {told.device} costs {usd(hourly.value)} USD ({hourly.source}){apart}.")
        besides = "" if kwh is None else " before electricity"
        lines.append(f"At that price it must give {figure(told.needed)} {told.unit}/s{besides}.")
    lines += _break_even(told)
    winners = [named(one) for one in told.reaches if one.wins]
    if any(one.wins is not None for one in told.reaches):
        lines.append(f"It wins in {', '.join(winners)}." if winners else "It wins in no format at that price.")
    return lines


def _break_even(told: Told) -> list[str]:
    """Return the highest price of an hour at which it equals the incumbent in a format of the question, if any."""
    prices = {
        one.precision: price for one in told.reaches if one.asked and (price := one.break_even_usd_per_hour) is not None
    }
    if not prices:
        return []
    best = max(prices, key=prices.__getitem__)
    if prices[best] > 0.0:
        return [f"Break-even: {usd(prices[best])} USD per hour of one device, in {best}."]
    lacking = f"in {best} by {usd(-prices[best])} USD an hour"
    return [f"Break-even: none; its electricity alone costs more than it may, {lacking}."]


def _formats(told: Told) -> Section:
    apart = told.price.usd_per_kwh is not None
    columns = (
        Column(key="format"),
        Column(key="count", header="devices", right=True),
        Column(
            key="per_s", header="tok/s each" if told.query.demand.generates else "inf/s each", right=True, show=figure
        ),
        Column(key="power_w", header="W each", right=True, show=figure, importance=1),
        Column(key="break_even_usd_per_hour", header="USD/h to equal it", right=True, show=_price),
        Column(key="factor", header="needs times its speed", right=True, show=figure),
        *((Column(key="most_power_w", header="W up to which it wins", right=True, show=_power),) if apart else ()),
        Column(key="basis", importance=2),
    )
    held = [{**row, "format": named(one)} for row, one in zip(rows(told), told.reaches, strict=True) if not one.missed]
    lines = [f"{named(one)}: misses {one.missed}." for one in told.reaches if one.missed]
    return Section(heading="By format", lines=lines, table=Table(columns=columns, rows=held) if held else None)


def named(one: Reach) -> str:
    """Return a format, with an asterisk where the question does not allow it."""
    return one.precision if one.asked else one.precision + _LOWER


def _price(hourly: float | None) -> str:
    return "none" if hourly is not None and hourly <= 0.0 else usd(hourly)


def _power(watts: float | None) -> str:
    return "none" if watts is not None and watts <= 0.0 else figure(watts)
