"""From the registry to the choices of a fleet: the deployments that hold the limits, under each way to pay."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import attrs

from chipdex.domain import Term
from chipdex.economics.fleets.choices import COMMITTED, ON_DEMAND, SPOT, Choice
from chipdex.search import best
from chipdex.search.query import Demand, Query
from chipdex.search.result import Answer, BestAnswer, Rejection

if TYPE_CHECKING:
    import datetime as dt

    from chipdex.catalog import Registry
    from chipdex.domain import Accelerator, Offer
    from chipdex.search.knowledge import Knowledge

TERMS: Final = (Term.ON_DEMAND, Term.SPOT, Term.RESERVED_1Y, Term.OWNED)
"""Ways to pay that a fleet is made of unless others are named."""

LATENCIES: Final = ("ttft_ms", "tpot_ms", "latency_ms")
"""Limits on the time that an answer takes."""

_ROOM: Final = 1.01
_WAYS: Final = {Term.ON_DEMAND: ON_DEMAND, Term.SPOT: SPOT}


def candidates(
    registry: "Registry",
    query: Query,
    knowledge: "Knowledge",
    today: "dt.date",
    *,
    terms: Sequence[Term] = TERMS,
    devices: int = 20,
) -> tuple[Choice, ...]:
    """Return the choices of a fleet: of each term the `devices` cheapest deployments at their highest load.

    The query's rate is left aside: what one deployment holds within the limits is what counts. A unit is what is paid
    for: a whole instance with as many replicas as fit into it. What is owned is so in whole nodes of a known price, for
    a rent has the host in it, and a bare card has not.
    """
    found: list[Choice] = []
    for term in terms:
        made = (_choice(answer, term) for answer in _under(registry, query, knowledge, today, term, devices))
        found += (choice for choice in made if choice is not None)
    return tuple(found)


def loosened(
    registry: "Registry", query: Query, knowledge: "Knowledge", today: "dt.date", *, terms: Sequence[Term] = TERMS
) -> tuple[Rejection, Query, Choice] | None:
    """Return what the device that comes nearest to the limits misses, longer limits that one holds, and that one.

    The limit that is missed is raised alone, or all of them by as much where that is not enough. None where it is not
    for its latency that nothing serves.
    """
    misses: dict[float, Rejection] = {}
    for term in terms:
        for one in _under(registry, query, knowledge, today, term, 1).rejected:
            if one.constraint in LATENCIES and one.value is not None and one.limit:
                misses.setdefault(one.value / one.limit, one)
    nearest = sorted(misses)
    for place in (2**power - 1 for power in range(len(nearest).bit_length())):
        times = nearest[place] * _ROOM
        for keys in ((misses[nearest[place]].constraint,), LATENCIES):
            asked = attrs.evolve(query, demand=_longer(query.demand, keys, times))
            found = candidates(registry, asked, knowledge, today, terms=terms, devices=1)
            if found:
                return misses[nearest[0]], asked, min(found, key=lambda one: one.usd_per_hour / one.requests_per_s)
    return None


def _longer(demand: Demand, keys: Sequence[str], times: float) -> Demand:
    raised = {key: getattr(demand.limits, key) for key in keys}
    limits = {key: limit * times for key, limit in raised.items() if limit is not None}
    return attrs.evolve(demand, limits=attrs.evolve(demand.limits, **limits))


def _under(
    registry: "Registry", query: Query, knowledge: "Knowledge", today: "dt.date", term: Term, devices: int
) -> BestAnswer:
    from chipdex.search.pricing import wanted_prices  # noqa: PLC0415 - only here

    asked = attrs.evolve(
        query,
        demand=attrs.evolve(query.demand, rate_per_s=None),
        choice=attrs.evolve(
            query.choice, term=term, top=devices, pair_filter=_has_host if term is Term.OWNED else None
        ),
    )
    return best(registry.priced(wanted_prices(asked.choice, today)), asked, knowledge)


def _has_host(_: "Accelerator", offer: "Offer | None") -> bool:
    return offer is not None and bool(offer.host_included)


def _choice(answer: Answer, term: Term) -> Choice | None:
    """Return the unit that an answer's price buys; None where it has no price."""
    cost, offer, speed = answer.cost, answer.offer, answer.throughput
    per_million, rate = cost.usd_per_million_output_tokens, speed.output_tokens_per_s
    if per_million is None or rate is None:
        per_million, rate = cost.usd_per_million_inferences, speed.inferences_per_s
    if offer is None or not per_million or not rate:
        return None
    paid = offer.usd_per_hour * offer.rate_to_usd * answer.instances
    replicas = max(1, round(paid / (per_million * rate * 3600.0 / 1e6)))
    node, watts = answer.estimate.energy.node, answer.estimate.power_w
    drawn = watts if node is None else node.power_w
    many = f"{replicas} x " if replicas > 1 else ""
    return Choice(
        name=f"{many}{answer.estimate.count} x {answer.accelerator} {answer.estimate.precision}",
        way=_WAYS.get(term, COMMITTED),
        term=term.value,
        requests_per_s=speed.requests_per_s * replicas,
        usd_per_hour=paid,
        power_w=None if drawn is None else drawn * replicas,
        offer=f"{offer.provider} {offer.instance}, {offer.region}, {offer.as_of}",
    )
