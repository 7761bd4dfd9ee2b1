"""What random arrivals do to an engine: tails of first-token and per-token times, and the load that limits leave.

The engine has `batch` slots. Poisson arrivals at a share `load` of its full rate find fewer slots busy, since a
step with fewer sequences is faster; how many are busy scatters; and prompts arrive in lumps. The formulas are those
of processor sharing, M/G/1 and many-server queues, and are checked against an event simulation in the tests.
"""

import math
from statistics import NormalDist
from typing import Any, Final

import attrs
import numpy as np
from numpy.typing import NDArray

from chipdex.estimate.lengths import Length, Lengths
from chipdex.estimate.operation import Array
from chipdex.values import Value

Marked = NDArray[np.bool_]
"""Which cells of (rows, points) something is about."""

_STANDARD: Final = NormalDist()
HALVINGS: Final = 10
"""Steps of the search for the largest load: one part in a thousand."""
_GUMBEL: Final = math.exp(-0.5772156649)
"""exp(-gamma), gamma the Euler-Mascheroni constant."""
_TINY: Final = 1e-60
_HARDLY_BELOW: Final = 0.8
"""What a percentile from the 50th on is of its mean at least, with room to spare."""
_SMALLEST_LOAD: Final = 1e-4
_LARGEST_LOAD: Final = 0.999
"""Bounds of what is called a load: nearer to none and to all, the formulas divide by nothing."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Rhythm(Value):
    """What an engine's steps are made of at full load, seconds, arrays (rows, points).

    A sequence makes a step every `step_s`, which yields `tokens_per_step`. With a share x of the slots busy a step
    takes `start_s` + (`streaming_s`^4 + (x v)^4)^(1/4) + x `rest_s`, v such that x = 1 gives `step_s`. Requests take
    turns in `lanes` (the micro-batches of a pipeline), and so do their prompts. Each prompt adds `prompt_s` of work;
    it fills `chunks` of the largest chunks that the engine takes in at once (less than 1 where several fit), in
    steps that take `alone_s` without any prompt. `separate` prompts have steps of their own.
    A first token takes `before_s` besides, of which the engine's steps know nothing.
    """

    step_s: Array
    start_s: Array
    streaming_s: Array
    rest_s: Array
    prompt_s: Array
    chunks: Array
    alone_s: Array
    tokens_per_step: float = 1.0
    separate: bool = False
    lanes: Array | float = 1.0
    before_s: Array | float = 0.0

    def slowed(self, factor: Array, before_s: Array) -> "Rhythm":
        """Return the rhythm with every time multiplied, and so many seconds more before each first token."""
        times = ("step_s", "start_s", "streaming_s", "rest_s", "prompt_s", "alone_s", "before_s")
        slower: Rhythm = attrs.evolve(self, **{name: getattr(self, name) * factor for name in times})
        return attrs.evolve(slower, before_s=slower.before_s + before_s)

    def only(self, cells: Marked) -> "Rhythm":
        """Return the rhythm of the cells that are marked, one after the other: arrays (cells,)."""
        arrays: dict[str, Any] = {
            field.name: _cells_of(value, cells)
            for field in attrs.fields(Rhythm)
            if isinstance(value := getattr(self, field.name), np.ndarray)
        }
        chosen: Rhythm = attrs.evolve(self, **arrays)
        return chosen

    def at(self, share: Array) -> tuple[Array, Array]:
        """Return a step's time with a share of the slots busy, and how much of it further slots would not change."""
        matrix = np.maximum(self.step_s - self.start_s - self.rest_s, 0.0)
        weights = np.square(np.square(np.minimum(self.streaming_s, matrix)))
        work = (np.square(np.square(matrix)) - weights) * np.square(np.square(share))
        root = np.sqrt(np.sqrt(weights + work))
        fixed = self.start_s + root * weights / np.maximum(weights + work, _TINY)
        return self.start_s + root + share * self.rest_s, fixed


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Tails(Value):
    """Percentiles of time to first token and per output token under random arrivals, seconds, (rows, points)."""

    ttft_s: Array
    tpot_s: Array


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Sustained(Value):
    """The largest load within limits, and the tails at it, infinite where no load is within them; (rows, points)."""

    load: Array
    ttft_s: Array
    tpot_s: Array


@attrs.frozen(kw_only=True, eq=False, repr=False)
class _Point(Value):
    """An engine with some of its slots busy: how these scatter, the step's time, and the load that keeps them so."""

    busy: Array
    scatter: Array
    step_s: Array
    fixed_s: Array
    load: Array
    arrivals_per_s: Array


def tails(
    rhythm: Rhythm,
    batch: Array,
    lengths: Lengths,
    percentile: float,
    load: Array | float | None = None,
    replicas: Array | float = 1.0,
) -> Tails:
    """Return the tails at `load`, the arrivals over what the engine serves with every slot busy.

    `replicas` share one queue: a request goes to whichever has a slot. A `load` of None is a closed one: every slot
    is always busy, and who comes has one.
    """
    if load is None:
        at = _point(rhythm, batch, lengths, np.ones_like(rhythm.step_s))
        return _tails(rhythm, at, batch, lengths, percentile, None)
    share = _share(rhythm, np.clip(load, _SMALLEST_LOAD, _LARGEST_LOAD))
    return _tails(rhythm, _point(rhythm, batch, lengths, share), batch, lengths, percentile, np.asarray(replicas))


def _tails(
    rhythm: Rhythm, at: _Point, batch: Array, lengths: Lengths, percentile: float, replicas: Array | None
) -> Tails:
    mean, above = _first_token(rhythm, at, lengths, percentile, closed=replicas is None)
    slot = np.zeros_like(mean)
    if replicas is not None:
        slot = _slot_wait(at, batch, lengths, percentile, replicas)
    return Tails(
        ttft_s=rhythm.before_s + mean + np.sqrt(np.maximum(above, 0.0) ** 2 + slot**2) + np.minimum(above, 0.0),
        tpot_s=_per_token(rhythm, at, lengths, percentile),
    )


def largest_load(
    rhythm: Rhythm,
    batch: Array,
    lengths: Lengths,
    percentile: float,
    *,
    ttft_s: float = math.inf,
    tpot_s: float = math.inf,
    replicas: Array | float = 1.0,
    halvings: int = HALVINGS,
) -> Sustained:
    """Return the largest load under which both tails stay within their limits, and the tails there; (rows, points).

    The share of slots busy is found to one part in 2^`halvings`; a coarse search over batches needs few. Engines
    whose steps or prompts alone break a limit are not searched.
    """
    shape = np.broadcast_shapes(rhythm.step_s.shape, batch.shape)
    cells = np.broadcast_to(_may_hold(rhythm, ttft_s, tpot_s), shape)
    own, slots = rhythm.only(cells), np.broadcast_to(batch, shape)[cells]
    queues = _cells_of(np.asarray(replicas, dtype=float), cells)
    low, high = np.zeros(slots.shape), np.ones(slots.shape)
    found = [np.zeros(slots.shape), np.full(slots.shape, math.inf), np.full(slots.shape, math.inf)]
    for _ in range(halvings):
        middle = (low + high) / 2.0
        at = _point(own, slots, lengths, middle)
        tail = _tails(own, at, slots, lengths, percentile, queues)
        holds = (tail.ttft_s <= ttft_s) & (tail.tpot_s <= tpot_s)
        low, high = np.where(holds, middle, low), np.where(holds, high, middle)
        found = [np.where(holds, new, old) for new, old in zip((at.load, tail.ttft_s, tail.tpot_s), found, strict=True)]
    everywhere = [np.zeros(shape), np.full(shape, math.inf), np.full(shape, math.inf)]
    for whole, part in zip(everywhere, found, strict=True):
        whole[cells] = part
    return Sustained(load=everywhere[0], ttft_s=everywhere[1], tpot_s=everywhere[2])


def _may_hold(rhythm: Rhythm, ttft_s: float, tpot_s: float) -> Marked:
    """Return where an idle engine is within both limits; a tail is hardly below the mean that it is of."""
    step = rhythm.at(np.zeros_like(rhythm.step_s))[0]
    first = rhythm.before_s + rhythm.prompt_s + np.maximum(rhythm.chunks, 1.0) * np.minimum(rhythm.alone_s, step)
    return np.asarray((step / rhythm.tokens_per_step <= tpot_s) & (_HARDLY_BELOW * first <= ttft_s))


def _share(rhythm: Rhythm, load: Array) -> Array:
    """Return the share of slots busy at a load: x = load step(x) / step(1), by halving."""
    low, high = np.zeros_like(rhythm.step_s * load), np.ones_like(rhythm.step_s * load)
    for _ in range(2 * HALVINGS):
        middle = (low + high) / 2.0
        enough = load * rhythm.at(middle)[0] <= middle * rhythm.step_s
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high


def _point(rhythm: Rhythm, batch: Array, lengths: Lengths, share: Array) -> _Point:
    """Return the engine with a share of its slots busy, where arrivals and departures balance.

    Under processor sharing the slots busy scatter like a Poisson number, widened by how much each slows the others.
    """
    step, fixed = rhythm.at(share)
    load = np.minimum(share * rhythm.step_s / step, _LARGEST_LOAD)
    full = batch * rhythm.tokens_per_step / (lengths.output.mean * rhythm.step_s)
    return _Point(
        busy=batch * share,
        scatter=np.sqrt(batch * share * step / fixed),
        step_s=step,
        fixed_s=fixed,
        load=load,
        arrivals_per_s=load * full,
    )


def _per_token(rhythm: Rhythm, at: _Point, lengths: Lengths, percentile: float) -> Array:
    """Return the tail of a request's mean time per output token.

    It scatters with the slots busy while it lives and with the prompts that come in meanwhile, the more the shorter
    its answer: a compound Poisson number of lumps over the answer's tokens.
    """
    slope = (at.step_s - at.fixed_s) / at.busy
    # The slots busy keep to their value for step / fixed residences, so a request averages over little of it.
    life = at.fixed_s / at.step_s
    averaged = 2.0 * (life - 1.0 + np.exp(-life)) / life**2
    of_slots = averaged * (slope * at.scatter) ** 2
    inverse, inverse_square = _inverse_moments(lengths.output)
    prompts = at.arrivals_per_s / rhythm.lanes * at.step_s / rhythm.tokens_per_step
    of_prompts = prompts * rhythm.prompt_s**2 * lengths.input.moment(2) / lengths.input.mean**2 * inverse
    third = prompts * _cube(rhythm.prompt_s) * lengths.input.moment(3) / lengths.input.mean**3 * inverse_square
    mean = at.step_s
    slots = _STANDARD.inv_cdf(percentile / 100.0) * np.sqrt(of_slots)
    lumps = _skewed(np.sqrt(of_prompts), third, percentile)
    # No more slots are busy than there are, so their part ends at the full engine's step.
    slots = np.minimum(slots, rhythm.step_s - at.step_s)
    tail: Array = (mean + np.sqrt(slots**2 + lumps**2)) / rhythm.tokens_per_step
    return tail


def _first_token(
    rhythm: Rhythm, at: _Point, lengths: Lengths, percentile: float, *, closed: bool
) -> tuple[Array, Array]:
    """Return the mean time to a first token with a slot, and how far its percentile lies above.

    Where prompts share a step, one waits for the rest of the step it arrives in and then for all that arrived in it;
    where a prompt takes several steps, for those before it (M/G/1, Pollaczek and Khinchine).
    """
    square = lengths.input.moment(2) / lengths.input.mean**2
    cube = lengths.input.moment(3) / lengths.input.mean**3
    prompt, arrivals = rhythm.prompt_s, at.arrivals_per_s / rhythm.lanes
    busy = np.clip(arrivals * prompt, 0.0, 0.95)
    long_step, long_square = _step_met(rhythm, at, busy, square, cube)
    bare = np.minimum(rhythm.alone_s, at.step_s)
    together = 1.0 - np.minimum(rhythm.chunks, 1.0) / 2.0
    mates = busy * together
    waited = (0.5 + mates) * long_step
    waited_variance = np.maximum((1.0 / 3.0 + mates + mates**2) * long_square - waited**2, 0.0)
    mates_variance = arrivals * long_step * prompt**2 * square * together
    # Prompts that fill chunks of their own queue for them.
    service = prompt + rhythm.chunks * bare
    used = np.clip(arrivals * service, 0.0, 0.98)
    queueing = np.minimum(rhythm.chunks, 1.0) * arrivals * service**2 * square / (2.0 * (1.0 - used))
    queueing_variance = queueing**2 + np.minimum(rhythm.chunks, 1.0) * arrivals * _cube(service) * cube / (
        3.0 * (1.0 - used)
    )
    if closed:
        # As many prompts come as answers end: nobody adds to a queue.
        queueing, queueing_variance = 0.0 * queueing, 0.0 * queueing
    own = prompt + np.maximum(rhythm.chunks, 1.0) * bare
    own_variance = lengths.input.square_cv * (prompt + rhythm.chunks * bare) ** 2
    mean = waited + queueing + own
    variance = waited_variance + mates_variance + queueing_variance + own_variance
    return mean, _skewed(np.sqrt(variance), 2.0 * variance**2 / mean, percentile)


def _step_met(rhythm: Rhythm, at: _Point, busy: Array, square: float, cube: float) -> tuple[Array, Array]:
    """Return the mean and the mean square of the step that an arrival finds under way, which long ones are likelier.

    Prompts that share a step lengthen it by all that came in during the one before (gated polling). Passes of their
    own put nobody off but those that decode: an arrival meets a step of either kind.
    """
    prompt = rhythm.prompt_s
    if rhythm.separate:
        bare = at.step_s * (1.0 - busy)
        return (1.0 - busy) * bare + busy * prompt * square, (1.0 - busy) * bare**2 + busy * prompt**2 * cube
    step, came = at.step_s, at.arrivals_per_s / rhythm.lanes * at.step_s
    variance = came * prompt**2 * square / (1.0 - busy**2)
    third = came * _cube(prompt) * cube / (1.0 - _cube(busy))
    return step + variance / step, step**2 + 3.0 * variance + third / step


def _slot_wait(at: _Point, batch: Array, lengths: Lengths, percentile: float, replicas: Array) -> Array:
    """Return the percentile of the wait for a slot: none or exponential, as in many-server queues.

    Below the last slot the root of the slots busy is normal, as a Poisson number's is; there the balance of
    arrivals and departures joins an exponential queue, whose mean wait is that of a single server as fast as all
    slots (Allen and Cunneen).
    """
    slots, busy, scatter = batch * replicas, at.busy * replicas, at.scatter * np.sqrt(replicas)
    room = 2.0 * (np.sqrt(slots) - np.sqrt(busy)) * np.sqrt(busy) / scatter
    density = np.exp(-(room**2) / 2.0) / math.sqrt(2.0 * math.pi) / scatter * np.sqrt(busy / slots)
    queued = density / (1.0 - at.load)
    delayed = queued / (_normal_cdf(room) + queued)
    full = at.arrivals_per_s / at.load * replicas
    mean = (1.0 + lengths.output.square_cv) / 2.0 / (full * (1.0 - at.load))
    wait: Array = mean * np.log(np.maximum(delayed / (1.0 - percentile / 100.0), 1.0))
    return wait


def _skewed(deviation: Array, third: Array, percentile: float) -> Array:
    """Return the percentile above the mean of a gamma-like distribution (Wilson and Hilferty), from its moments."""
    z = _STANDARD.inv_cdf(percentile / 100.0)
    skew = np.clip(third / _cube(np.maximum(deviation, 1e-15)), 1e-6, 4.0)
    above: Array = deviation * 2.0 / skew * (_cube(1.0 + skew * z / 6.0 - skew**2 / 36.0) - 1.0)
    return above


def _cells_of(values: Array, cells: Marked) -> Array:
    return np.broadcast_to(values, cells.shape)[cells]


def _cube(values: Array) -> Array:
    """Return the third power; numpy's own is many times slower."""
    third: Array = values * values * values
    return third


def _inverse_moments(length: Length) -> tuple[float, float]:
    """Return E[1/X] and E[1/X^2] of an answer's tokens after the first."""
    if length.samples:
        values = np.maximum(np.asarray(length.samples) - 1.0, 1.0)
        return float(np.mean(1.0 / values)), float(np.mean(1.0 / values**2))
    return length.moment(-1), length.moment(-2)


def _normal_cdf(z: Array) -> Array:
    """Return the normal distribution function (Zelen and Severo, Abramowitz and Stegun 26.2.19, error < 1.5e-7)."""
    x = np.abs(z)
    series = 1.0 + x * (
        0.0498673470
        + x * (0.0211410061 + x * (0.0032776263 + x * (0.0000380036 + x * (0.0000488906 + x * 0.0000053830))))
    )
    upper = 0.5 / np.square(np.square(np.square(np.square(series))))
    return np.where(z >= 0, 1.0 - upper, upper)


def expected_longest(length: Length, count: Array) -> Array:
    """Return about the mean of the longest of `count` lengths: the quantile at exp(-exp(-gamma) / count) (Gumbel)."""
    if not length.square_cv:
        return np.full_like(count, length.mean)
    beyond = np.geomspace(_GUMBEL, 1e-6, 32)
    values = [length.quantile(100.0 * math.exp(-part)) for part in beyond]
    return np.interp(-_GUMBEL / np.maximum(count, 1.0), -beyond, values)
