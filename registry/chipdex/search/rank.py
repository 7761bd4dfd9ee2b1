"""`best`: every device under every split, batch and offer, the limits applied, the best first."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

import attrs
import numpy as np

from chipdex.domain.accelerator import Accelerator, Status
from chipdex.domain.grid import Grid
from chipdex.domain.model import Family
from chipdex.domain.offer import Offer
from chipdex.estimate.hardware import Platform, bandwidth_of, has_static_power, missing_figure, usable_bytes
from chipdex.estimate.operation import Array
from chipdex.estimate.stages import BYTES_PER_OPERATION
from chipdex.search.choosing import Candidate, Outcome
from chipdex.search.engines import Engine, engine_for
from chipdex.search.grids import Grids, is_of_country
from chipdex.search.knowledge import Knowledge, factors, power_factors
from chipdex.search.operate import Operation, contenders, lengths_of, operate
from chipdex.search.ownership import OWNER, list_price
from chipdex.search.pricing import Market, market
from chipdex.search.query import Choice, Objective, Query, substitutes
from chipdex.search.result import Answer, BestAnswer
from chipdex.search.space import fitting, space, splits
from chipdex.units import GB

_MOST_DEVICES: Final = 1_000_000

NO_GRID: Final = "no_grid"
"""Code of the warning that nobody knows what some answer emits."""


class Records(Protocol):
    """What the search needs of a registry."""

    @property
    def accelerators(self) -> Mapping[str, Accelerator]: ...  # noqa: D102 - a protocol

    @property
    def offers(self) -> Sequence[Offer]: ...  # noqa: D102 - a protocol

    @property
    def rented(self) -> frozenset[str]: ...  # noqa: D102 - a protocol

    @property
    def grids_by_id(self) -> Mapping[str, Grid]: ...  # noqa: D102 - a protocol


def best(registry: Records, query: Query, knowledge: Knowledge | None = None) -> BestAnswer:
    """Return the ranking for `query` over every device of `registry`: the best deployment of each.

    Devices that cannot answer come back as rejections with the constraint that failed and by how much. Without
    `knowledge` the core's estimators and the calibration that ships answer.
    """
    known = knowledge or Knowledge()
    query = attrs.evolve(query, grids=Grids(registry.grids_by_id))
    outcome = Outcome(query, market(registry.offers, query.choice, query.grids, registry.rented))
    devices = _admitted(registry, outcome)
    for engine, covered in _by_engine(known, devices, outcome):
        platforms = _platforms(covered, known, outcome)
        if platforms:
            _search(engine, platforms, outcome)
    ordered = outcome.shown()
    answers = tuple(_answer(rank, candidate, query) for rank, candidate in enumerate(ordered, 1))
    return BestAnswer(
        query={
            "model": query.model.id,
            "workload": query.demand.as_json(),
            "objective": query.choice.objective.value,
            "precisions": [p.name for p in query.precisions],
        },
        answers=answers,
        rejected=outcome.rejections(),
        warnings=_warnings(query, outcome.prices, answers, [one.row.platform.accelerator for one in ordered]),
    )


def _admitted(registry: Records, outcome: Outcome) -> list[Accelerator]:
    """Return the devices that may answer; the others are rejected, those without a price without being read."""
    choice, devices = outcome.query.choice, []
    by_cost = choice.objective is Objective.COST
    for device_id in registry.accelerators:
        if by_cost and not choice.kinds and outcome.prices.has_none(device_id):
            outcome.reject(device_id, "price")
            continue
        device = registry.accelerators[device_id]
        if choice.kinds and device.kind not in choice.kinds:
            continue
        if not _is_had(device, choice):
            outcome.reject(device_id, "status")
        elif choice.form_factor and choice.form_factor.lower() not in (device.form_factor or "").lower():
            outcome.reject(device_id, "form_factor")
        elif choice.max_price_usd is not None and not _affordable(device, choice.max_price_usd):
            outcome.reject(device_id, "price", list_price(device), choice.max_price_usd, "USD")
        elif by_cost and outcome.prices.has_none(device_id):
            outcome.reject(device_id, "price")
        else:
            devices.append(device)
    return devices


def _is_had(device: Accelerator, choice: Choice) -> bool:
    """Return whether a device can be had, or was asked for all the same."""
    asked_for = {Status.SHIPPING: True, Status.ANNOUNCED: choice.announced, Status.RETIRED: choice.retired}
    return asked_for[device.status]


def _affordable(device: Accelerator, limit: float) -> bool:
    price = list_price(device)
    return price is not None and price <= limit


def _by_engine(
    known: Knowledge, devices: Sequence[Accelerator], outcome: Outcome
) -> list[tuple[Engine, list[Accelerator]]]:
    """Return each estimator with the devices that it covers; a device that none covers is rejected."""
    model = outcome.query.model
    covered: dict[str, tuple[Engine, list[Accelerator]]] = {}
    for device in devices:
        engine = engine_for(known.engines, model, device)
        if engine is None:
            needs_point = device.neuromorphic is not None or model.family is Family.SPIKING
            outcome.reject(device.id, "operating_point" if needs_point else "precision")
        else:
            covered.setdefault(engine.name, (engine, []))[1].append(device)
    return list(covered.values())


def _platforms(devices: Sequence[Accelerator], known: Knowledge, outcome: Outcome) -> list[Platform]:
    query, platforms = outcome.query, []
    instead_of = substitutes(query.precisions)
    for device in devices:
        lacking = {p.name: missing_figure(device, p, query.model) for p in query.precisions}
        runnable = [p for p in query.precisions if lacking[p.name] is None]
        if not runnable:
            outcome.reject(device.id, "memory" if "memory" in lacking.values() else "precision")
        # A device with one 16-bit format gains nothing from the other beside it.
        names = {p.name for p in runnable}
        platforms += [
            Platform(
                accelerator=device,
                precision=p,
                kv_precision=query.kv_precision or p.kv,
                calibration=known.calibration,
            )
            for p in runnable
            if instead_of.get(p.name) not in names
        ]
    return platforms


def _search(engine: Engine, platforms: Sequence[Platform], outcome: Outcome) -> None:
    """Try every split and batch of `platforms`, and take what they come to into `outcome`."""
    query = outcome.query
    candidates = space(platforms, splits(query.model, query.choice.max_accelerators))
    lengths = lengths_of(query.demand)
    kept, short = fitting(engine, candidates, query.model, lengths)
    for index, need in short.items():
        device = platforms[index].accelerator
        if device.computes_in_events:
            synapses = device.neuromorphic.synapses if device.neuromorphic else None
            outcome.reject(device.id, "memory", need, synapses, "synapses")
        else:
            outcome.reject(device.id, "memory", need / GB, usable_bytes(device) / GB, "GB")
    if not kept.platform:
        return
    of_row = np.array(kept.platform)
    factor = factors(kept.hw.platforms, query.model, query.demand)[of_row]
    watts = power_factors(kept.hw.platforms, query.model, query.demand)[of_row]
    # Deployments are compared at what they can do; the rate says how many of them are needed.
    demand, objective = attrs.evolve(query.demand, rate_per_s=None), query.choice.objective
    rows, coarse = contenders(
        engine,
        kept.deployments(query.model, lengths),
        demand,
        objective,
        rivals=[one * _MOST_DEVICES + split.devices for one, split in zip(kept.platform, kept.split, strict=True)],
        factor=factor[:, None],
    )
    if coarse is not None:
        rehearsal = Outcome(query, outcome.prices)
        rehearsal.choose(kept, _with_power(coarse, watts), rows)
        far = rehearsal.beyond_reach()
        outcome.winners.update(far)
        rows = [row for row in rows if platforms[kept.platform[row]].accelerator.id not in far]
    near = kept.keep(rows)
    operation = operate(
        engine,
        near.deployments(query.model, lengths),
        demand,
        objective,
        factor=factor[rows][:, None],
        near=None if coarse is None else coarse.batch[rows],
    )
    outcome.choose(near, _with_power(operation, watts[rows]), range(len(rows)))


def _with_power(operation: Operation, factor: Array) -> Operation:
    """Return an operation with its watts multiplied by what calibration knows of each row's."""
    return attrs.evolve(operation, power_w=operation.power_w * factor)


def _answer(rank: int, candidate: Candidate, query: Query) -> Answer:
    estimate, paid, offer = candidate.row.estimate(query.model, query.demand), candidate.paid, None
    if paid is not None:
        offer = attrs.evolve(paid.offer, usd_per_hour=paid.usd_per_hour / paid.offer.rate_to_usd / paid.instances)
        estimate = attrs.evolve(estimate, rests_on=(*estimate.rests_on, offer.id))
    return Answer(
        rank=rank,
        estimate=estimate.on(candidate.electricity(query).carbon),
        offer=offer,
        instances=paid.instances if paid else 0,
        cost=candidate.cost(query),
        replicas_for_rate=candidate.deployments(query),
    )


def _warnings(
    query: Query, prices: Market, answers: Sequence[Answer], devices: Sequence[Accelerator]
) -> tuple[Mapping[str, Any], ...]:
    means = {"code": "means_only", "sentence": "Lengths are means: percentiles and memory take every request as long."}
    found = [
        *([means] if query.demand.generates else []),
        *_of_carbon(query, answers),
    ]
    if prices.bids:
        found.append({"code": "bids", "sentence": f"{prices.bids} bids were left out; name their --provider."})
    if prices.bare:
        sentence = f"{prices.bare} prices without the host were left out; name their --provider to see them."
        found.append({"code": "host_not_included", "sentence": sentence})
    bought = [a.accelerator for a in answers if a.offer is not None and a.offer.provider == OWNER]
    if bought:
        ownership = query.choice.ownership
        sentence = (
            f"Bought, not rented: list price over {ownership.life_years:g} years of full use and electricity at "
            f"{ownership.usd_per_kwh:g} USD/kWh. Interest, cooling, space and staff are left out, and so is the host "
            f"of what is no whole node; rents include them. `--term owned` compares like with like, `--term "
            f"on-demand` rents: {', '.join(bought)}."
        )
        found.append({"code": "owned", "sentence": sentence})
    unpowered = [a.accelerator for a in answers if a.estimate.power_w is None]
    if unpowered:
        sentence = f"Power and energy are unknown without power.tdp_w: {', '.join(unpowered)}."
        found.append({"code": "no_power", "sentence": sentence})
    unpriced = [a.accelerator for a in answers if a.offer is None]
    if unpriced:
        sentence = f"No offer, and no list price with a power to own it at: {', '.join(unpriced)}."
        found.append({"code": "no_price", "sentence": sentence})
    return (*found, *_of_figures(query, devices))


def _of_figures(query: Query, devices: Sequence[Accelerator]) -> Iterator[Mapping[str, str]]:
    """Yield what is missing of the devices that answer and was taken to be something."""
    of_stages = [] if query.model.decoder else [device for device in devices if not device.computes_in_events]
    guessed = [device.id for device in of_stages if not bandwidth_of(device)]
    if guessed:
        sentence = (
            f"Memory bandwidth is unknown and taken to be low for the peak ({BYTES_PER_OPERATION:g} bytes per "
            f"operation of one byte): {', '.join(guessed)}."
        )
        yield {"code": "assumed_bandwidth", "sentence": sentence}
    events = [device.id for device in devices if device.computes_in_events and not has_static_power(device)]
    if events:
        sentence = f"Power is of synaptic operations alone; what these draw at rest is unknown: {', '.join(events)}."
        yield {"code": "no_static_power", "sentence": sentence}


def _of_carbon(query: Query, answers: Sequence[Answer]) -> list[Mapping[str, Any]]:
    """Return what a reader of the grams must know: where they are unknown, a country's, or count different things."""
    if not query.grids:
        return [{"code": NO_GRID, "sentence": "Carbon is unknown: no plugin brings a grid record."}]
    found: list[Mapping[str, Any]] = []
    nowhere = [_where(a) for a in answers if a.carbon.grid is None and a.estimate.power_w is not None]
    if nowhere:
        sentence = (
            f"Carbon is unknown where no region with a grid record is named: {', '.join(dict.fromkeys(nowhere))}. "
            "What has no region, --grid gives one."
        )
        found.append({"code": NO_GRID, "sentence": sentence})
    of_country = [
        f"{_where(a)} by {a.carbon.grid}"
        for a in answers
        if is_of_country(query.grids.of(a.offer).carbon, a.offer) and a.carbon.grid is not None
    ]
    if of_country:
        sentence = f"Carbon by the grid of the whole country: {', '.join(dict.fromkeys(of_country))}."
        found.append({"code": "grid_of_country", "sentence": sentence})
    counted = {a.carbon.emissions or "unsaid" for a in answers if a.carbon.grid is not None}
    if len(counted) > 1:
        sentence = (
            f"Grams of several kinds stand side by side ({', '.join(sorted(counted))}): power plants' own emissions "
            "are less than those of their whole life cycle. carbon.emissions says which is which."
        )
        found.append({"code": "mixed_emissions", "sentence": sentence})
    return found


def _where(answer: Answer) -> str:
    """Return a deployment's device, and where it is rented."""
    offer = answer.offer
    if offer is None or offer.provider == OWNER:
        return answer.accelerator
    return f"{answer.accelerator} ({offer.provider} {offer.region})"
