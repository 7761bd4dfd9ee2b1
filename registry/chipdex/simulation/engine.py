"""The event loop of a replay: replicas that batch continuously, a router in front, and a rule that scales them.

A replica's work is a run of steps. In each step every sequence that decodes gains a token, and the prompts that were
let in together are computed, a chunk a step, beside them. While nobody joins or leaves, n steps of B sequences that
hold K tokens of context take

    n (start[B] + prompts) + per_token[B] (n K + B n (n - 1) / 2)

so that whole runs are one event: until an answer ends, until prompts are done, or until somebody arrives whom the
replica may take in at the end of the step under way. Requests go to the replica with the fewest, wait there in order,
and are let in while a slot and memory for the whole of prompt and answer are free.

One source serves both with numba, where everything is an array of records, and without, where everything is a list of
objects: only what both can do is used here. Numbers are equal to the bit.
"""

import math
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np

try:
    from numba import config, njit
except ImportError:
    COMPILED = False
else:
    COMPILED = not config.DISABLE_JIT  # type: ignore[attr-defined] # set when numba is imported
"""Whether the loop is compiled, by the extra `chipdex[simulate]`."""


def _compiled(function: Callable[..., Any]) -> Any:
    # Without Python's lock, so that the thread that ends a worker with its parent can run beside a replay.
    return njit(cache=True, error_model="numpy", nogil=True)(function) if COMPILED else function


OFF: Final = 0
STARTING: Final = 1
READY: Final = 2
DRAINING: Final = 3

FIXED: Final = 0
TARGET: Final = 1
SCHEDULE: Final = 2

BUCKETS: Final = 512
"""Spans of time that figures are kept of."""

_SLOT_BITS: Final = 24
_SLOT_MASK: Final = (1 << _SLOT_BITS) - 1
_NOBODY: Final = -1
LARGEST_POOL: Final = _SLOT_MASK
"""Most requests that may be in the fleet at a time."""

_WHOLE: Final = np.int64
_REAL: Final = np.float64

REPLICA: Final = {
    **dict.fromkeys(("due", "since", "extra", "billed_from"), _REAL),
    **dict.fromkeys(("state", "steps", "prompts", "done", "busy", "held", "used", "size"), _WHOLE),
    **dict.fromkeys(("head", "tail", "group", "load"), _WHOLE),
}
"""What a replica is doing: the run of steps under way, who decodes, who waits, who was let in together."""

REQUEST: Final = {
    **dict.fromkeys(("arrival", "admitted", "first"), _REAL),
    **dict.fromkeys(("next", "fresh", "context", "output"), _WHOLE),
}
"""A request in the fleet; `next` chains the free slots, those that wait, and those let in together."""

FINISHED: Final = {**dict.fromkeys(("arrival", "admitted", "first", "end"), _REAL), "output": _WHOLE}
"""A request that ended, in seconds and tokens."""

LIMITS: Final = {
    **dict.fromkeys(("square", "prompt_watts"), _REAL),
    **dict.fromkeys(("slots", "room", "chunk"), _WHOLE),
}
"""Of a replica: seconds of each pair of a prompt's tokens that see each other, watts of prompts, sequences at a time,
tokens of memory, and prompt tokens of a step."""

RULE: Final = {
    **dict.fromkeys(("period_s", "target", "tolerance", "cold_start_s"), _REAL),
    **dict.fromkeys(("kind", "stabilisation", "least", "most"), _WHOLE),
}
"""How the fleet is scaled: `kind` is FIXED, TARGET or SCHEDULE; seconds, shares and replicas."""

CLOCK: Final = {
    **dict.fromkeys(
        ("now", "tick", "area", "area_at_tick", "joules", "busy_s", "batch_s", "replica_s", "width"), _REAL
    ),
    **dict.fromkeys(("ticks", "inside", "free", "replicas", "starts", "largest", "ended"), _WHOLE),
}
"""Figures of the whole fleet; `area` is requests inside times seconds, `width` that of a span of time, `tick` when the
rule decides next, never where the fleet is fixed."""


class Fleet(NamedTuple):
    """All that a replay changes, and what it is ruled by.

    `replicas`, `pool` and `finished` hold a record each; `clock`, `limits` and `rule` are vectors of one record. `heap`
    holds the ends of answers, replica by replica. `start`, `per_token` and `prompt` are seconds, `watts` watts, over
    the sequences that decode, from 0 to the most. `running` are the replicas that decisions met, summed by span of
    time, `wanted` the last recommendations of a target rule, `schedule` replicas by the hour.
    """

    replicas: Any
    heap: Any
    pool: Any
    finished: Any
    clock: Any
    limits: Any
    rule: Any
    start: Any
    per_token: Any
    prompt: Any
    watts: Any
    running: Any
    wanted: Any
    schedule: Any


@_compiled
def desired_replicas(now: int, utilisation: float, target: float, tolerance: float) -> int:
    """Return the replicas that the horizontal autoscaler of Kubernetes wants: ceil(n m / m*), n within tolerance.

    Source: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/ , "Algorithm details".
    """
    ratio = utilisation / target
    if abs(ratio - 1.0) <= tolerance:
        return now
    return math.ceil(now * ratio - 1e-9)


@_compiled
def _push(heap: Any, first: int, size: int, value: int) -> None:
    """Add a value to the heap of `size` that lies from `first` on."""
    at = size
    while at > 0:
        above = (at - 1) >> 1
        if heap[first + above] <= value:
            break
        heap[first + at] = heap[first + above]
        at = above
    heap[first + at] = value


@_compiled
def _pop(heap: Any, first: int, size: int) -> None:
    """Take the least value from the heap of `size` that lies from `first` on."""
    last = size - 1
    value = heap[first + last]
    at = 0
    below = 1
    while below < last:
        if below + 1 < last and heap[first + below + 1] < heap[first + below]:
            below += 1
        if value <= heap[first + below]:
            break
        heap[first + at] = heap[first + below]
        at = below
        below = 2 * at + 1
    heap[first + at] = value


@_compiled
def _seconds(one: Any, start: float, per_token: float, steps: int) -> float:
    """Return what so many steps of a replica's run take."""
    tokens = steps * float(one.held) + one.busy * (steps * (steps - 1.0) / 2.0)
    found: float = steps * (start + one.extra) + per_token * tokens
    return found


@_compiled
def _shortened(one: Any, start: float, per_token: float, now: float) -> None:
    """End the run of a replica with the step that is under way."""
    passed = now - one.since
    growing = per_token * one.busy / 2.0
    first = start + one.extra + per_token * one.held - growing
    steps = max(1, math.ceil(2.0 * passed / (first + math.sqrt(first * first + 4.0 * growing * passed)) - 1e-6))
    while _seconds(one, start, per_token, steps) < passed:
        steps += 1
    if steps < one.steps:
        one.steps = steps
        one.due = one.since + _seconds(one, start, per_token, steps)


@_compiled
def _fits(one: Any, pool: Any, limits: Any, joined: int) -> bool:
    """Return whether the first that waits has a slot beside `joined` others, and memory."""
    if one.head == _NOBODY or one.busy + joined >= limits.slots:
        return False
    request = pool[one.head]
    return bool(one.used + request.context + request.output <= limits.room)


@_compiled
def _admit(one: Any, pool: Any, limits: Any, prompt: Any, now: float) -> None:
    """Let in who waits, as many prompts together as fill a chunk."""
    fresh = 0
    pairs = 0.0
    joined = 0
    last = _NOBODY
    while _fits(one, pool, limits, joined):
        slot = one.head
        request = pool[slot]
        if joined > 0 and fresh + request.fresh > limits.chunk:
            break
        one.head = request.next
        if one.head == _NOBODY:
            one.tail = _NOBODY
        request.next = _NOBODY
        if last == _NOBODY:
            one.group = slot
        else:
            pool[last].next = slot
        last = slot
        joined += 1
        request.admitted = now
        fresh += request.fresh
        pairs += request.fresh * (2.0 * request.context - request.fresh)
        one.used += request.context + request.output
    if joined > 0:
        one.prompts = max(1, (fresh + limits.chunk - 1) // limits.chunk)
        one.extra = (prompt[one.busy] * fresh + limits.square * pairs) / one.prompts


@_compiled
def _begin(fleet: Fleet, r: int, now: float) -> None:
    """Start a run of steps at the end of another, or of nothing."""
    one = fleet.replicas[r]
    limits = fleet.limits[0]
    if one.prompts == 0:
        one.extra = 0.0
        _admit(one, fleet.pool, limits, fleet.prompt, now)
    steps = one.prompts
    if one.size > 0:
        ending = (fleet.heap[r * limits.slots] >> _SLOT_BITS) - one.done
        if steps == 0 or ending < steps:
            steps = ending
    one.steps = steps
    one.since = now
    one.due = math.inf
    if steps > 0:
        one.due = now + _seconds(one, fleet.start[one.busy], fleet.per_token[one.busy], steps)


@_compiled
def _end(one: Any, pool: Any, finished: Any, clock: Any, slot: int, now: float) -> None:
    """Record a request that ended and give back what it held."""
    request = pool[slot]
    record = finished[clock.ended]
    clock.ended += 1
    record.arrival = request.arrival
    record.admitted = request.admitted
    record.first = request.first
    record.end = now
    record.output = request.output
    one.used -= request.context + request.output
    one.load -= 1
    request.next = clock.free
    clock.free = slot
    clock.area += clock.inside * (now - clock.now)
    clock.now = now
    clock.inside -= 1


@_compiled
def _first_tokens(fleet: Fleet, r: int, now: float) -> None:
    """Give all whose prompts are done their first token, after which they decode."""
    one = fleet.replicas[r]
    slot = one.group
    one.group = _NOBODY
    while slot != _NOBODY:
        request = fleet.pool[slot]
        following = request.next
        request.first = now
        if request.output <= 1:
            _end(one, fleet.pool, fleet.finished, fleet.clock[0], slot, now)
        else:
            ends = one.done + request.output - 1
            _push(fleet.heap, r * fleet.limits[0].slots, one.size, (ends << _SLOT_BITS) | slot)
            one.size += 1
            one.busy += 1
            one.held += request.context + 1
        slot = following


@_compiled
def _advance(fleet: Fleet, r: int) -> None:
    """Do what happens at the end of a replica's run: answers end, first tokens come, somebody is let in."""
    one = fleet.replicas[r]
    clock = fleet.clock[0]
    limits = fleet.limits[0]
    now = one.due
    if one.state == STARTING:
        one.state = READY
        one.due = math.inf
        if one.load > 0:
            _begin(fleet, r, now)
        return
    spent = now - one.since
    of_prompts = one.steps * one.extra
    clock.joules += (spent - of_prompts) * fleet.watts[one.busy] + of_prompts * limits.prompt_watts
    clock.busy_s += spent
    clock.batch_s += spent * one.busy
    one.done += one.steps
    one.held += one.busy * one.steps
    first = r * limits.slots
    while one.size > 0 and (fleet.heap[first] >> _SLOT_BITS) <= one.done:
        slot = fleet.heap[first] & _SLOT_MASK
        _pop(fleet.heap, first, one.size)
        one.size -= 1
        one.busy -= 1
        one.held -= fleet.pool[slot].context + fleet.pool[slot].output
        _end(one, fleet.pool, fleet.finished, clock, slot, now)
    if one.prompts > 0:
        one.prompts -= one.steps
        if one.prompts == 0:
            _first_tokens(fleet, r, now)
    _begin(fleet, r, now)
    if one.state == DRAINING and one.load == 0:
        _switch_off(one, clock, now)


@_compiled
def _switch_off(one: Any, clock: Any, now: float) -> None:
    """Stop paying for a replica."""
    clock.replica_s += now - one.billed_from
    one.state = OFF
    one.due = math.inf


@_compiled
def _start(fleet: Fleet, now: float, missing: int) -> None:
    """Start so many replicas: first those that are being stopped, then others, which serve after a cold start."""
    rule = fleet.rule[0]
    for r in range(rule.most):
        one = fleet.replicas[r]
        if missing > 0 and one.state == DRAINING:
            one.state = READY
            missing -= 1
    for r in range(rule.most):
        one = fleet.replicas[r]
        if missing > 0 and one.state == OFF:
            one.state = STARTING
            one.due = now + rule.cold_start_s
            one.billed_from = now
            fleet.clock[0].starts += 1
            missing -= 1


@_compiled
def _stop(fleet: Fleet, now: float, spare: int) -> int:
    """Stop up to so many replicas: first those that do not serve yet, then the idlest, each after the work it has.

    One that requests wait for is not stopped before it serves. Returns how many were.
    """
    most = fleet.rule[0].most
    asked = spare
    for r in range(most - 1, -1, -1):
        one = fleet.replicas[r]
        if spare > 0 and one.state == STARTING and one.load == 0:
            _switch_off(one, fleet.clock[0], now)
            spare -= 1
    while spare > 0:
        idlest = _NOBODY
        for r in range(most):
            one = fleet.replicas[r]
            if one.state == READY and (idlest == _NOBODY or one.load <= fleet.replicas[idlest].load):
                idlest = r
        if idlest == _NOBODY:
            break
        one = fleet.replicas[idlest]
        one.state = DRAINING
        if one.load == 0:
            _switch_off(one, fleet.clock[0], now)
        spare -= 1
    return asked - spare


@_compiled
def halve(series: Any) -> None:
    """Add up a figure of two spans of time into one, all along its series."""
    for i in range(BUCKETS // 2):
        series[i] = series[2 * i] + series[2 * i + 1]
    for i in range(BUCKETS // 2, BUCKETS):
        series[i] = 0.0


@_compiled
def widen(fleet: Fleet, until: float) -> None:
    """Make spans of time wide enough to hold a time, two into one."""
    clock = fleet.clock[0]
    while until >= clock.width * BUCKETS:
        halve(fleet.running)
        clock.width *= 2.0


@_compiled
def _tick(fleet: Fleet, now: float) -> None:
    """Let the rule decide, at the end of each of its periods."""
    clock = fleet.clock[0]
    rule = fleet.rule[0]
    area = clock.area + clock.inside * (now - clock.now)
    mean = (area - clock.area_at_tick) / rule.period_s
    clock.area_at_tick = area
    running = clock.replicas
    widen(fleet, now)
    fleet.running[int((now - rule.period_s) / clock.width + 1e-9)] += running
    wanted = running
    if rule.kind == TARGET and running > 0:
        in_use = mean / (running * fleet.limits[0].slots)
        wanted = desired_replicas(running, in_use, rule.target, rule.tolerance)
    elif rule.kind == SCHEDULE:
        wanted = fleet.schedule[int(now / 3600.0) % len(fleet.schedule)]
    wanted = min(max(wanted, rule.least), rule.most)
    if rule.kind == TARGET:
        # What is stopped stays wanted for a while: the highest of the last recommendations counts.
        fleet.wanted[clock.ticks % rule.stabilisation] = wanted
        if wanted < running:
            for recent in range(rule.stabilisation):
                wanted = max(wanted, min(fleet.wanted[recent], running))
    clock.ticks += 1
    clock.tick = now + rule.period_s
    if wanted == running:
        return
    if wanted > running:
        _start(fleet, now, wanted - running)
    else:
        wanted = running - _stop(fleet, now, running - wanted)
    clock.replicas = wanted
    clock.largest = max(clock.largest, wanted)


@_compiled
def _until(fleet: Fleet, time: float) -> None:
    """Do all that happens up to a time; up to an infinite one, until nobody is left."""
    replicas = fleet.replicas
    clock = fleet.clock[0]
    most = fleet.rule[0].most
    while True:
        r = 0
        due = replicas[0].due
        for other in range(1, most):
            if replicas[other].due < due:
                r = other
                due = replicas[other].due
        if clock.tick <= time and clock.tick < due:
            if clock.inside == 0 and time == math.inf:
                return
            _tick(fleet, clock.tick)
        elif due <= time and due < math.inf:
            _advance(fleet, r)
        else:
            return


@_compiled
def _serving(fleet: Fleet, state: int) -> int:
    """Return the replica in a state that has the fewest requests, none where no replica is in it."""
    r = _NOBODY
    least = 0
    for other in range(fleet.rule[0].most):
        one = fleet.replicas[other]
        if one.state == state and (r == _NOBODY or one.load < least):
            r = other
            least = one.load
    return r


@_compiled
def _awaited(fleet: Fleet, now: float) -> int:
    """Return the replica that a request waits for where none serves: one that starts, or is started for it."""
    r: int = _serving(fleet, STARTING)
    if r == _NOBODY:
        clock = fleet.clock[0]
        _start(fleet, now, 1)
        clock.replicas += 1
        clock.largest = max(clock.largest, clock.replicas)
        r = _serving(fleet, READY)
    if r == _NOBODY:
        r = _serving(fleet, STARTING)
    return r


@_compiled
def _arrive(fleet: Fleet, now: float, fresh: int, context: int, output: int) -> None:
    """Send a request to the replica with the fewest."""
    clock = fleet.clock[0]
    r = _serving(fleet, READY)
    if r == _NOBODY:
        r = _awaited(fleet, now)
    one = fleet.replicas[r]
    slot = clock.free
    request = fleet.pool[slot]
    clock.free = request.next
    request.next = _NOBODY
    request.arrival = now
    request.fresh = fresh
    request.context = context
    request.output = output
    clock.area += clock.inside * (now - clock.now)
    clock.now = now
    clock.inside += 1
    one.load += 1
    if one.tail == _NOBODY:
        one.head = slot
    else:
        fleet.pool[one.tail].next = slot
    one.tail = slot
    if one.due == math.inf:
        _begin(fleet, r, now)
    elif one.state == READY and one.prompts == 0 and _fits(one, fleet.pool, fleet.limits[0], 0):
        _shortened(one, fleet.start[one.busy], fleet.per_token[one.busy], now)


@_compiled
def replay(fleet: Fleet, arrival: Any, fresh: Any, context: Any, output: Any, last: bool) -> None:
    """Replay requests that arrive one after the other: prompt tokens to compute and to hold, answer tokens.

    After the `last` of a trace everybody is served to the end.
    """
    for i in range(len(arrival)):
        _until(fleet, arrival[i])
        _arrive(fleet, arrival[i], fresh[i], context[i], output[i])
    if last:
        _until(fleet, math.inf)
