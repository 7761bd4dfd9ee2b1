"""A replay: one trace through one fleet, its figures, and many replays side by side."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, Final

import attrs
import numpy as np
from numpy.typing import NDArray

from chipdex.errors import InfeasibleError
from chipdex.progress import Heard, unheard
from chipdex.simulation import engine
from chipdex.simulation.describe import PrefixCache
from chipdex.simulation.engine import BUCKETS, FIXED, LARGEST_POOL, READY, Fleet
from chipdex.simulation.quantiles import Quantiles
from chipdex.simulation.traces import BLOCK_TOKENS, Piece, Trace
from chipdex.values import Value

PERCENTILES: Final = (50.0, 95.0, 99.0)

_FIRST_WIDTH_S: Final = 1.0
_NOBODY: Final = -1


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Scaling(Value):
    """A rule that scales a fleet: none, by a target share of the slots in use, or by a schedule of hours.

    `target` None and `schedule` empty is a fixed fleet. Seconds; `schedule` are replicas by the hour, which repeat.
    """

    target: float | None = None
    schedule: tuple[int, ...] = ()
    least: int = 1
    most: int = 1
    tolerance: float = 0.1
    period_s: float = 15.0
    stabilisation_s: float = 300.0
    cold_start_s: float = 360.0

    def rule(self, replicas: int) -> dict[str, Any]:
        """Return the rule as the event loop takes it, for a fleet that begins with so many replicas."""
        kind = engine.TARGET if self.target is not None else engine.SCHEDULE if self.schedule else FIXED
        return {
            "kind": kind,
            "period_s": self.period_s,
            "target": self.target or 1.0,
            "tolerance": self.tolerance,
            "stabilisation": max(1, math.ceil(self.stabilisation_s / self.period_s - 1e-9)),
            "cold_start_s": self.cold_start_s,
            "least": replicas if kind == FIXED else self.least,
            "most": replicas if kind == FIXED else max(self.most, replicas),
        }


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Service(Value):
    """A replica: its steps in seconds by the sequences that decode (0 to the most), its memory and what it draws.

    As `chipdex.estimate.pacing.Pacing`, in tuples that can be sent to another machine; `idle_watts` and all watts are
    None where they are unknown. `chunk_tokens` are the most prompt tokens of a step.
    """

    start_s: tuple[float, ...]
    per_token_s: tuple[float, ...]
    prompt_s: tuple[float, ...]
    square_s: float
    kv_tokens: int
    chunk_tokens: int
    watts: tuple[float, ...] | None = None
    prompt_watts: float = 0.0
    idle_watts: float | None = None

    @property
    def slots(self) -> int:
        """The most sequences at a time."""
        return len(self.start_s) - 1


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Job(Value):
    """One replay: what comes, who serves it, and what counts as missed.

    With a `seed` the lengths are dealt anew among the requests that stand near each other in the trace; without, every
    request has its own. `prefix_cache_tokens` are kept of earlier prompts by the whole fleet, for traces with hashes.
    """

    name: str
    trace: Trace
    service: Service
    replicas: int
    scaling: Scaling = attrs.field(factory=Scaling)
    ttft_s: float | None = None
    tpot_s: float | None = None
    prefix_cache_tokens: float = 0.0
    seed: int | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Span(Value):
    """What happened to the requests that came in one span of time, from `start_s` on; `replicas` is their mean."""

    start_s: float
    length_s: float
    requests: int
    missed: int
    mean_ttft_s: float | None
    replicas: float


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Replay(Value):
    """What became of a trace. Times in seconds; percentiles by "p50" and the like, to within half a per cent.

    `missed` is the share of requests beyond a limit, `refused` those whose prompt and answer no replica can hold.
    `batch` is the mean of sequences that decode while a replica works, `busy` the share of paid time that it does.
    `kwh` is None where watts are unknown; `idle_known` says whether the draw at rest is in it.
    """

    name: str
    requests: int
    refused: int
    skipped: int
    duration_s: float
    output_tokens: int
    ttft_s: dict[str, float | None]
    tpot_s: dict[str, float | None]
    wait_s: dict[str, float | None]
    request_s: dict[str, float | None]
    missed: float
    missed_ttft: float
    missed_tpot: float
    batch: float | None
    busy: float | None
    replica_hours: float
    mean_replicas: float
    most_replicas: int
    cold_starts: int
    prefix_hits: float | None
    kwh: float | None
    idle_known: bool
    spans: tuple[Span, ...]


def replay(job: Job, heard: Callable[[int], None] = lambda _requests: None) -> Replay:
    """Return what becomes of a job's trace, reading it once; memory does not grow with it.

    `heard` is told how many requests each piece of it has.

    Raises what reading the trace raises, and InfeasibleError where more requests wait than can be kept.
    """
    run = _Run(job)
    pieces = _with_last(job.trace.pieces())
    for number, (piece, last) in enumerate(pieces):
        run.take(_dealt(piece, job.seed, number), last=last)
        heard(len(piece))
    return run.told()


def replay_all(
    jobs: Sequence[Job], executor: Executor | None = None, heard: Heard = unheard, requests: int | None = None
) -> list[Replay]:
    """Return what becomes of each job, in order; side by side where an executor is given.

    Any `concurrent.futures.Executor` will do; its workers have to see the trace under the same path. Numbers are the
    same to the bit wherever a job runs. `heard` is told of whole replays, or of `requests` of each where they run here.
    """
    if executor is None:
        done = 0

        def piece(number: int) -> None:
            nonlocal done
            done += number
            heard("Requests replayed", done, None if requests is None else requests * len(jobs))

        return [replay(job, piece) for job in jobs]
    waiting = [executor.submit(replay, job) for job in jobs]
    found: list[Replay] = []
    for future in waiting:
        heard("Replays", len(found), len(jobs))
        found.append(future.result())
    return found


class _Run:
    """The state of a replay between pieces, and the figures so far."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.fleet = _fleet(job)
        self.clock, self.rule = self.fleet.clock[0], self.fleet.rule[0]
        self.capacity = 0
        self.cache = PrefixCache(int(job.prefix_cache_tokens // BLOCK_TOKENS))
        self.ttft, self.tpot, self.wait, self.whole = Quantiles(), Quantiles(), Quantiles(), Quantiles()
        self.requests = self.refused = self.skipped = self.output_tokens = 0
        self.missed = self.missed_ttft = self.missed_tpot = 0
        self.cached = self.prompted = 0
        self.hashed = False
        self.end = 0.0
        self.width = float(self.clock.width)
        self.came, self.late, self.waited = (np.zeros(BUCKETS) for _ in range(3))

    def take(self, piece: Piece, *, last: bool) -> None:
        """Replay a piece."""
        self.skipped += piece.skipped
        fits = piece.input_tokens + piece.output_tokens <= self.job.service.kv_tokens
        self.refused += int(len(fits) - fits.sum())
        fresh = self._fresh(piece)[fits]
        arrival = piece.arrival_s[fits]
        self._grow(len(arrival))
        self.clock.ended = 0
        engine.replay(
            self.fleet,
            _vector(arrival, np.float64),
            _vector(fresh, np.int64),
            _vector(piece.input_tokens[fits], np.int64),
            _vector(piece.output_tokens[fits], np.int64),
            last,
        )
        self._count()

    def _fresh(self, piece: Piece) -> NDArray[np.int64]:
        """Return the prompt tokens that have to be computed: the last one always is, for it makes the first token."""
        tokens = piece.input_tokens
        self.prompted += int(tokens.sum())
        if piece.hashes is None or not self.cache.blocks:
            return tokens
        self.hashed = True
        cached = [
            self.cache.cached_tokens(hashes, count - 1)
            for hashes, count in zip(piece.hashes, tokens.tolist(), strict=True)
        ]
        self.cached += sum(cached)
        return tokens - np.array(cached, dtype=np.int64)

    def _widen(self) -> None:
        """Make spans of time wide enough for what has ended, two into one, as wide as the fleet's."""
        engine.widen(self.fleet, self.end)
        while self.width < self.clock.width:
            for series in (self.came, self.late, self.waited):
                engine.halve(series)
            self.width *= 2.0

    def _grow(self, more: int) -> None:
        """Make room in the pool for all who are inside and those who come."""
        needed = int(self.clock.inside) + more
        if needed <= self.capacity:
            return
        size = max(2 * self.capacity, needed)
        if size > LARGEST_POOL:
            raise InfeasibleError(
                f"{self.job.name}: more than {LARGEST_POOL - more:,} requests wait for {self.job.replicas} replicas.",
                fix="Take more --replicas, a faster device, or a smaller --rate-factor.",
            )
        chain = [*range(self.capacity + 1, size), int(self.clock.free)]
        self.clock.free = self.capacity
        self.fleet = self.fleet._replace(
            pool=_joined(self.fleet.pool, _records(engine.REQUEST, size - self.capacity, next=chain)),
            finished=_records(engine.FINISHED, size),
        )
        self.capacity = size

    def _count(self) -> None:
        """Add up what ended."""
        number = int(self.clock.ended)
        if not number:
            return
        ended = self.fleet.finished[:number]
        arrival, admitted, first, end, tokens = (_column(ended, name) for name in engine.FINISHED)
        job, several = self.job, tokens > 1
        ttft, tpot = first - arrival, (end - first) / np.maximum(tokens - 1, 1)
        for kept, values in (
            (self.ttft, ttft),
            (self.tpot, tpot[several]),
            (self.wait, admitted - arrival),
            (self.whole, end - arrival),
        ):
            kept.add(values)
        late = ttft > job.ttft_s if job.ttft_s is not None else np.zeros(number, dtype=bool)
        slow = several & (tpot > job.tpot_s) if job.tpot_s is not None else np.zeros(number, dtype=bool)
        self.requests += number
        self.output_tokens += int(tokens.sum())
        self.missed_ttft += int(late.sum())
        self.missed_tpot += int(slow.sum())
        self.missed += int((late | slow).sum())
        self.end = max(self.end, float(end.max()))
        self._widen()
        spans = (arrival / self.width).astype(np.int64)
        self.came += np.bincount(spans, minlength=BUCKETS)
        self.late += np.bincount(spans, weights=(late | slow).astype(float), minlength=BUCKETS)
        self.waited += np.bincount(spans, weights=ttft, minlength=BUCKETS)

    def told(self) -> Replay:
        """Return the figures."""
        if not self.requests:
            raise InfeasibleError(
                f"{self.job.name}: no request fits into a replica, which holds {self.job.service.kv_tokens:,} tokens.",
                fix="Take more devices to a replica.",
            )
        clock, service = self.clock, self.job.service
        on = [one for one in self.fleet.replicas if one.state != engine.OFF]
        paid = float(clock.replica_s) + sum(self.end - float(one.billed_from) for one in on)
        busy = float(clock.busy_s)
        idle = service.idle_watts
        joules = float(clock.joules) + (0.0 if idle is None else idle * max(0.0, paid - busy))
        return Replay(
            name=self.job.name,
            requests=self.requests,
            refused=self.refused,
            skipped=self.skipped,
            duration_s=self.end,
            output_tokens=self.output_tokens,
            ttft_s=_told(self.ttft),
            tpot_s=_told(self.tpot),
            wait_s=_told(self.wait),
            request_s=_told(self.whole),
            missed=self.missed / self.requests,
            missed_ttft=self.missed_ttft / self.requests,
            missed_tpot=self.missed_tpot / self.requests,
            batch=float(clock.batch_s) / busy if busy else None,
            busy=busy / paid if paid else None,
            replica_hours=paid / 3600.0,
            mean_replicas=paid / self.end if self.end else float(self.job.replicas),
            most_replicas=int(clock.largest),
            cold_starts=int(clock.starts),
            prefix_hits=self.cached / self.prompted if self.hashed else None,
            kwh=None if service.watts is None else joules / 3.6e6,
            idle_known=idle is not None,
            spans=tuple(self._spans()),
        )

    def _spans(self) -> Iterator[Span]:
        width, period = self.width, self.job.scaling.period_s
        replicas = float(self.job.replicas)
        for number in range(int(self.end / width) + 1):
            came, start = int(self.came[number]), number * width
            length = min(width, self.end - start)
            decisions = int(length / period + 1e-9)
            if int(self.rule.kind) != FIXED and decisions:
                replicas = float(self.fleet.running[number]) / decisions
            yield Span(
                start_s=start,
                length_s=length,
                requests=came,
                missed=int(self.late[number]),
                mean_ttft_s=float(self.waited[number]) / came if came else None,
                replicas=replicas,
            )


class _Object:
    """A record where nothing is compiled."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.__dict__.update(fields)


def _vector(values: Any, kind: Any) -> Any:
    """Return values as the event loop takes them: an array where it is compiled, else a list."""
    made = np.array(values, dtype=kind)
    return made if engine.COMPILED else made.tolist()


def _records(fields: Mapping[str, Any], number: int, **columns: Any) -> Any:
    """Return so many records; `columns` are a value for all or one each, and the other fields hold nothing."""
    made = np.zeros(number, dtype=np.dtype(list(fields.items()), align=True))
    for name, values in columns.items():
        made[name] = values
    if engine.COMPILED:
        return made.view(np.recarray)
    return [_Object(dict(zip(fields, row, strict=True))) for row in made.tolist()]


def _joined(records: Any, more: Any) -> Any:
    return np.concatenate([records, more]).view(np.recarray) if engine.COMPILED else records + more


def _column(records: Any, name: str) -> NDArray[Any]:
    found = records[name] if engine.COMPILED else [getattr(one, name) for one in records]
    return np.array(found, dtype=engine.FINISHED[name])


def _fleet(job: Job) -> Fleet:
    rule, service = job.scaling.rule(job.replicas), job.service
    most = rule["most"]
    states = [READY if number < job.replicas else engine.OFF for number in range(most)]
    return Fleet(
        replicas=_records(engine.REPLICA, most, state=states, due=np.inf, head=_NOBODY, tail=_NOBODY, group=_NOBODY),
        heap=_vector([0] * (most * service.slots), np.int64),
        pool=_records(engine.REQUEST, 0),
        finished=_records(engine.FINISHED, 0),
        clock=_records(
            engine.CLOCK,
            1,
            free=_NOBODY,
            replicas=job.replicas,
            largest=job.replicas,
            tick=np.inf if rule["kind"] == FIXED else job.scaling.period_s,
            width=_FIRST_WIDTH_S if rule["kind"] == FIXED else job.scaling.period_s,
        ),
        limits=_records(
            engine.LIMITS,
            1,
            square=service.square_s,
            prompt_watts=service.prompt_watts,
            slots=service.slots,
            room=service.kv_tokens,
            chunk=service.chunk_tokens,
        ),
        rule=_records(engine.RULE, 1, **rule),
        start=_vector(service.start_s, np.float64),
        per_token=_vector(service.per_token_s, np.float64),
        prompt=_vector(service.prompt_s, np.float64),
        watts=_vector(service.watts or (0.0,) * len(service.start_s), np.float64),
        running=_vector([0.0] * BUCKETS, np.float64),
        wanted=_vector([job.replicas] * rule["stabilisation"], np.int64),
        schedule=_vector(job.scaling.schedule or (1,), np.int64),
    )


def _told(kept: Quantiles) -> dict[str, float | None]:
    return {"mean": kept.mean, **{f"p{percentile:g}": kept.at(percentile) for percentile in PERCENTILES}}


def _with_last(pieces: Iterable[Piece]) -> Iterator[tuple[Piece, bool]]:
    """Yield each piece and whether it is the last."""
    held: Piece | None = None
    for piece in pieces:
        if held is not None:
            yield held, False
        held = piece
    if held is not None:
        yield held, True


def _dealt(piece: Piece, seed: int | None, number: int) -> Piece:
    if seed is None:
        return piece
    order = np.random.default_rng([seed, number]).permutation(len(piece))
    hashes = piece.hashes
    return attrs.evolve(
        piece,
        input_tokens=piece.input_tokens[order],
        output_tokens=piece.output_tokens[order],
        hashes=None if hashes is None else [hashes[at] for at in order],
    )
