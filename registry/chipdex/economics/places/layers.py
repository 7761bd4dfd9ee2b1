"""Where each part of a model runs: the cuts between tiers at which time, energy or money is least.

Layers run one after the other, the first ones on one tier and the next on another, so that a cut behind layer k takes

    sum t_first + bytes_k / bandwidth + RTT + sum t_second        (and the same of joules, and of USD)

(Kang et al., Neurosurgeon, ASPLOS 2017, doi 10.1145/3037697.3037698), for any number of tiers, outwards or inwards, by
dynamic programming over the layers. A model that is gone through once per token crosses each cut in every pass; its
state (the KV cache) moves along once where it does not stay with its layers, as between prefill and decode.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, combinations
from typing import Final

import attrs

from chipdex.economics.inputs import Inputs
from chipdex.economics.places.cost import bandwidths, egress_usd, electricity_usd, link_j, transfer_ms
from chipdex.economics.places.tiers import CLOUD, Layer, Scene, Tier
from chipdex.values import Value

_MS: Final = 1000.0


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Stretch(Value):
    """The parts `first` to `last`, counted from 1, on one tier."""

    tier: str
    first: int
    last: int


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Placement(Value):
    """The best cuts: what is least, the tiers of its parts, and what a request then takes of each unit.

    `alone` is what each tier takes by itself of the unit that is least. Money is that of a request: what is fixed a
    month is left out. None is unknown.
    """

    unit: str
    total: float
    stretches: tuple[Stretch, ...]
    takes: dict[str, float | None]
    alone: dict[str, float | None]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Measure(Value):
    """What is to be least: of a layer on a tier in a pass, and of data that goes from one tier to another.

    `moved` takes the tiers passed, outwards or inwards, kilobytes and the number of times; both are infinite where
    what they need is unknown.
    """

    unit: str
    of: Callable[[Layer, Tier], float]
    moved: Callable[[Sequence[Tier], bool, float, float], float]


def fastest(inputs: Inputs) -> Measure:
    """Return milliseconds: half a round trip and the transfer on each link, each time."""

    def moved(links: Sequence[Tier], outwards: bool, kilobytes: float, times: float) -> float:
        total = 0.0
        for tier in links:
            rtt, (up, down) = tier.figure(inputs, "rtt_ms"), bandwidths(tier, inputs)
            total += math.inf if rtt is None else rtt / 2.0 * times
            total += transfer_ms(kilobytes, up if outwards else down)
        return total

    return Measure(unit="ms", of=lambda layer, tier: layer.ms.get(tier.name, math.inf), moved=moved)


def leanest(inputs: Inputs) -> Measure:
    """Return joules: those of each tier with its building, and those of the networks."""

    def moved(links: Sequence[Tier], _outwards: bool, kilobytes: float, _times: float) -> float:
        return math.fsum(link_j(kilobytes, inputs[tier.key("link_kwh_per_gb")]) for tier in links)

    def of(layer: Layer, tier: Tier) -> float:
        return layer.j.get(tier.name, math.inf) * inputs[tier.key("pue")]

    return Measure(unit="J", of=of, moved=moved)


def cheapest(inputs: Inputs) -> Measure:
    """Return USD: prices, electricity of tiers of one's own, egress of a cloud, and the worth of the time."""
    worth, time = inputs["usd_per_waiting_s"] / _MS, fastest(inputs)

    def moved(links: Sequence[Tier], outwards: bool, kilobytes: float, times: float) -> float:
        leaving = [] if outwards else [tier for tier in links if tier.kind == CLOUD][-1:]
        waiting = worth * time.moved(links, outwards, kilobytes, times) if worth else 0.0
        return waiting + math.fsum(egress_usd(tier, inputs, kilobytes) for tier in leaving)

    def of(layer: Layer, tier: Tier) -> float:
        waiting = worth * time.of(layer, tier) if worth else 0.0
        if tier.name in layer.usd:
            return waiting + layer.usd[tier.name]
        if tier.kind == CLOUD or tier.name not in layer.j:
            return math.inf
        return waiting + electricity_usd(tier, inputs, layer.j[tier.name])

    return Measure(unit="USD", of=of, moved=moved)


MEASURES: Final = (fastest, cheapest, leanest)


def placed(
    parts: Sequence[Layer],
    scene: Scene,
    inputs: Inputs,
    measure: Measure,
    *,
    passes: float = 1.0,
    barred: Sequence[str] = (),
) -> Placement | None:
    """Return the cuts of the least `measure`, none on a `barred` tier; None where what is known allows no placement.

    `passes` is how often a request goes through the parts.
    """
    model = _Chain(parts, scene.tiers, inputs, measure, passes)
    usable = [index for index, tier in enumerate(scene.tiers) if tier.name not in barred]
    found = [(*model.cut_along(order), order) for order in _orders(usable)]
    total, ends, order = min(found, key=lambda one: one[0], default=(math.inf, [], ()))
    if not math.isfinite(total):
        return None
    starts = [0, *ends]
    takes = {
        one.unit: _known(_Chain(parts, scene.tiers, inputs, one, passes).total(order, ends))
        for one in (every(inputs) for every in MEASURES)
    }
    return Placement(
        unit=measure.unit,
        total=total,
        stretches=tuple(
            Stretch(tier=scene.tiers[tier].name, first=first + 1, last=last)
            for tier, first, last in zip(order, starts, ends, strict=False)
        ),
        takes=takes,
        alone={tier.name: _known(model.alone(index)) for index, tier in enumerate(scene.tiers)},
    )


def curve(
    parts: Sequence[Layer], scene: Scene, inputs: Inputs, measure: Measure, *, passes: float = 1.0
) -> list[float | None]:
    """Return the measure by the number of parts on the first tier, the others on the last one, rules apart."""
    model, last = _Chain(parts, scene.tiers, inputs, measure, passes), len(scene.tiers) - 1
    cut = [model.total((0, last), [count, len(parts)]) for count in range(1, len(parts))]
    return [*map(_known, (model.alone(last), *cut, model.alone(0)))]


def _known(total: float) -> float | None:
    return total if math.isfinite(total) else None


def _orders(tiers: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield the ways in which stretches can follow each other: each tier at most once, outwards or inwards."""
    for length in range(1, len(tiers) + 1):
        for order in combinations(tiers, length):
            yield order
            if length > 1:
                yield order[::-1]


class _Chain:
    """The parts with what each takes on each tier, and what crossing between tiers takes behind each."""

    def __init__(
        self, parts: Sequence[Layer], tiers: Sequence[Tier], inputs: Inputs, measure: Measure, passes: float
    ) -> None:
        self.tiers, self.inputs, self.measure, self.passes, self.parts = tiers, inputs, measure, passes, parts
        taken = [[measure.of(part, tier) * passes for part in parts] for tier in tiers]
        known = [[one if math.isfinite(one) else 0.0 for one in row] for row in taken]
        self.sums = [[0.0, *accumulate(row)] for row in known]
        self.gaps = [[0, *accumulate(not math.isfinite(one) for one in row)] for row in taken]
        self.held = [0.0, *accumulate(part.gb or 0.0 for part in parts)]

    def _moved(self, start: int, end: int, kilobytes: float, times: float) -> float:
        links = self.tiers[min(start, end) + 1 : max(start, end) + 1]
        return self.measure.moved(links, end > start, kilobytes, times)

    def _ends(self, order: tuple[int, ...]) -> float:
        """Return what the request takes to the first stretch and the answer back, and tokens from last to first."""
        sent, back = self.inputs.get("request_kb"), self.inputs.get("response_kb") or 0.0
        if order[0] and sent is None:
            return math.inf
        entry = self._moved(0, order[0], sent or 0.0, 1.0) if order[0] else 0.0
        leaving = self._moved(order[-1], 0, back, 1.0) if order[-1] else 0.0
        again = self._moved(order[-1], order[0], 0.0, self.passes - 1.0) if len(order) > 1 else 0.0
        return entry + leaving + again

    def _behind(self, count: int, start: int, end: int) -> float:
        """Return what crossing takes where the model is cut behind its first `count` parts."""
        part = self.parts[count - 1]
        if part.output_kb is None:
            return math.inf
        return self._moved(start, end, part.output_kb * self.passes + part.kv_kb, self.passes)

    def _earliest(self, tier: int, last: int) -> int:
        """Return the least part from which all up to `last` are known on a tier and fit into its memory."""
        room = self.tiers[tier].figure(self.inputs, "memory_gb")
        first = last
        while first and self.gaps[tier][first - 1] == self.gaps[tier][last]:
            if room is not None and self.held[last] - self.held[first - 1] > room:
                break
            first -= 1
        return first

    def alone(self, tier: int) -> float:
        """Return what all parts on one tier take, infinite where that is unknown or they do not fit."""
        return self.total((tier,), [len(self.parts)])

    def total(self, order: tuple[int, ...], ends: Sequence[int]) -> float:
        """Return what stretches that end behind the parts `ends` take."""
        starts = [0, *ends[:-1]]
        if any(self._earliest(tier, last) > first for tier, first, last in zip(order, starts, ends, strict=True)):
            return math.inf
        own = [
            self.sums[tier][last] - self.sums[tier][first]
            for tier, first, last in zip(order, starts, ends, strict=True)
        ]
        crossed = [
            self._behind(count, start, end) for count, start, end in zip(ends[:-1], order[:-1], order[1:], strict=True)
        ]
        return math.fsum((*own, *crossed, self._ends(order)))

    def cut_along(self, order: tuple[int, ...]) -> tuple[float, list[int]]:
        """Return the least total over the cuts of one order of tiers, and where its stretches end."""
        count = len(self.parts)
        if len(order) > count:
            return math.inf, []
        best = [0.0] + [math.inf] * count
        chosen: list[list[int]] = []
        for position, tier in enumerate(order):
            sums = self.sums[tier]
            reached = [
                one
                + (self._behind(last, order[position - 1], tier) if position and math.isfinite(one) else 0.0)
                - sums[last]
                for last, one in enumerate(best)
            ]
            froms = [self._from(reached, self._earliest(tier, last), last) for last in range(count + 1)]
            best = [math.inf if first is None else reached[first] + sums[last] for last, first in enumerate(froms)]
            chosen.append([first or 0 for first in froms])
        if not math.isfinite(best[count]):
            return math.inf, []
        ends = [count]
        for froms_of in reversed(chosen[1:]):
            ends.append(froms_of[ends[-1]])
        ends.reverse()
        return self.total(order, ends), ends

    @staticmethod
    def _from(reached: Sequence[float], earliest: int, last: int) -> int | None:
        """Return where a stretch that ends behind `last` best begins; None where it can begin nowhere."""
        if earliest >= last:
            return None
        first = min(range(earliest, last), key=reached.__getitem__)
        return first if math.isfinite(reached[first]) else None
