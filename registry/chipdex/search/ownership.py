"""What a device costs that is bought instead of rented: its list price over its life, and its electricity."""

import datetime as dt
from collections.abc import Iterator
from typing import Final

import attrs

from chipdex.domain.accelerator import Accelerator, Node, Price
from chipdex.domain.offer import DateBasis, Offer, Term
from chipdex.domain.source import Source
from chipdex.values import Value

OWNER: Final = "owned"
"""The provider of what is bought: these offers leave out the electricity, which depends on the work."""

_HOURS_PER_YEAR: Final = 8760.0


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Ownership(Value):
    """How a list price becomes a price per hour.

    Four years is the expected life of a server in Cloud Carbon Footprint's method
    (cloudcarbonfootprint.org/docs/embodied-emissions), 0.15 USD/kWh the price of electricity in Pan et al., cost and
    benefit of language models on one's own premises (arXiv 2509.18101). Nothing is written off for capital, cooling,
    space or staff.
    """

    life_years: float = 4.0
    usd_per_kwh: float = 0.15

    def electricity_usd_per_hour(self, watts: float) -> float:
        """Return what an hour at `watts` costs."""
        return watts / 1000.0 * self.usd_per_kwh


ASSUMED: Final = Ownership()


def owned(accelerator: Accelerator, ownership: Ownership) -> Iterator[Offer]:
    """Yield what buying a device costs per hour: in each node that has a price, else by itself.

    The price of a node holds its host; that of the device alone leaves out whatever it has to be plugged into. A
    price without any date is none.
    """
    alone: list[tuple[str, Node | Price]] = [("price", accelerator.price)]
    nodes: list[tuple[str, Node | Price]] = [
        (f"node.{index}", node) for index, node in enumerate(accelerator.node) if node.list_usd is not None
    ]
    for part, sold in nodes or alone:
        as_of = sold.as_of or _read_on(accelerator, part)
        if sold.list_usd is not None and as_of is not None:
            yield _offer(accelerator, part, sold, sold.list_usd, as_of, ownership)


def list_price(accelerator: Accelerator) -> float | None:
    """Return the list price of one device in US dollars: its own, else its share of the cheapest node."""
    if accelerator.price.list_usd is not None:
        return accelerator.price.list_usd
    return min((node.list_usd / node.count for node in accelerator.node if node.list_usd is not None), default=None)


def _offer(
    accelerator: Accelerator,
    part: str,
    sold: Node | Price,
    list_usd: float,
    as_of: dt.date,
    ownership: Ownership,
) -> Offer:
    node = sold if isinstance(sold, Node) else None
    sources = _sources(accelerator, part)
    return Offer(
        id=f"{OWNER}/{accelerator.id}/{part}",
        provider=OWNER,
        instance=accelerator.name if node is None else node.name,
        accelerator=accelerator.id,
        count=1 if node is None else node.count,
        region="anywhere",
        term=Term.OWNED,
        usd_per_hour=list_usd / (ownership.life_years * _HOURS_PER_YEAR),
        as_of=as_of,
        date_basis=DateBasis.STATED if sold.as_of else DateBasis.READ_ON,
        host_included=node is not None,
        note=f"list price {list_usd:,.0f} USD over {ownership.life_years:g} years and its electricity at "
        f"{ownership.usd_per_kwh:g} USD/kWh" + ("" if node else ", without a host"),
        sources=sources,
        provenance={"": tuple(sources)},
    )


def _sources(accelerator: Accelerator, part: str) -> dict[str, Source]:
    said = accelerator.provenance
    keys = next((said[path] for path in (f"{part}.list_usd", part, "") if path in said), ())
    return {key: accelerator.sources[key] for key in keys if key in accelerator.sources}


def _read_on(accelerator: Accelerator, part: str) -> dt.date | None:
    return max((source.retrieved for source in _sources(accelerator, part).values()), default=None)
