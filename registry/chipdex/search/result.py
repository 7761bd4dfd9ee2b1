"""Answers: frozen records that can print, serialise, turn into tables and explain themselves."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from chipdex.domain.grid import Grid
from chipdex.domain.offer import Offer
from chipdex.values import Value

HOURS_PER_MONTH = 730
JOULES_PER_KWH = 3.6e6


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Throughput(Value):
    """Of the whole deployment; `low` and `high` hold in `level` of cases and belong to the primary figure.

    That is the output tokens of a language model, and the inferences of any other; what does not apply is None.
    """

    inferences_per_s: float | None = None
    output_tokens_per_s: float | None = None
    total_tokens_per_s: float | None = None
    requests_per_s: float
    low: float
    high: float
    level: float


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Latency(Value):
    """At `percentile`, in milliseconds; `low` and `high` map each figure to its interval.

    A language model has the first three, any other `latency_ms`.
    """

    ttft_ms: float | None = None
    tpot_ms: float | None = None
    request_ms: float | None = None
    latency_ms: float | None = None
    percentile: float
    low: Mapping[str, float]
    high: Mapping[str, float]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Boundary(Value):
    """Watts and joules inside a wider boundary than the accelerators; figures of two boundaries are never compared."""

    boundary: str
    power_w: float
    j_per_output_token: float | None = None
    j_per_inference: float | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Energy(Value):
    """Joules per output token, or per inference, inside `boundary`; None where the device's power is unknown.

    `node` is what a whole node draws, hosts and fans included, at its plugs; nothing says how a facility cools it.
    """

    j_per_output_token: float | None = None
    j_per_inference: float | None = None
    low: float | None = None
    high: float | None = None
    boundary: str = "accelerators"
    node: Boundary | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Carbon(Value):
    """Grams of CO2-equivalent of the electricity inside `boundary`; None where no grid record says what it emits.

    `grid` is that record's id, `g_per_kwh` its yearly average, `emissions` what that counts ("direct", "lifecycle").
    Figures of two of those are not comparable. Cooling and the making of the hardware are left out.
    """

    g_per_million_output_tokens: float | None = None
    g_per_million_inferences: float | None = None
    boundary: str = "accelerators"
    grid: str | None = None
    g_per_kwh: float | None = None
    emissions: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether there is a figure."""
        return self.g_per_million_output_tokens is not None or self.g_per_million_inferences is not None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Cost(Value):
    """US dollars at full load, and per month for the deployments that serve the asked rate."""

    usd_per_million_output_tokens: float | None = None
    usd_per_million_inferences: float | None = None
    usd_per_month: float | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Estimate(Value):
    """What one deployment does: all its replicas together; `batch` is per replica."""

    accelerator: str
    count: int
    precision: str
    kv_precision: str | None
    parallelism: Mapping[str, int]
    batch: int
    throughput: Throughput
    latency: Latency
    power_w: float | None
    energy: Energy
    bound: str
    basis: str
    rests_on: tuple[str, ...]
    explanation: Mapping[str, Sequence[Mapping[str, Any]]]
    warnings: tuple[Mapping[str, str], ...] = ()
    carbon: Carbon = Carbon()

    def on(self, grid: Grid | None) -> "Estimate":
        """Return the estimate with the carbon of its electricity, as it is where nobody knows either."""
        each = self.energy.j_per_inference if self.energy.j_per_output_token is None else self.energy.j_per_output_token
        if grid is None or grid.g_per_kwh is None or each is None:
            return self
        grams = each * 1e6 / JOULES_PER_KWH * grid.g_per_kwh
        carbon = Carbon(
            g_per_million_output_tokens=None if self.energy.j_per_output_token is None else grams,
            g_per_million_inferences=grams if self.energy.j_per_output_token is None else None,
            boundary=self.energy.boundary,
            grid=grid.id,
            g_per_kwh=grid.g_per_kwh,
            emissions=None if grid.emissions is None else grid.emissions.value,
        )
        return attrs.evolve(self, carbon=carbon, rests_on=(*self.rests_on, grid.id))

    def as_json(self) -> dict[str, Any]:
        """Return the estimate as JSON-ready values, by the contract of `estimate`."""
        return {**_body_of(self), "schema": "chipdex/estimate@1"}


_OF_LANGUAGE = frozenset(
    {
        "output_tokens_per_s",
        "total_tokens_per_s",
        "ttft_ms",
        "tpot_ms",
        "request_ms",
        "j_per_output_token",
        "usd_per_million_output_tokens",
        "g_per_million_output_tokens",
        "kv_precision",
    }
)
_OF_NETWORKS = frozenset(
    {"inferences_per_s", "latency_ms", "j_per_inference", "usd_per_million_inferences", "g_per_million_inferences"}
)


def _of_the_other_kind(estimate: Estimate) -> frozenset[str]:
    return _OF_NETWORKS if estimate.throughput.inferences_per_s is None else _OF_LANGUAGE


def _without(figures: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in figures.items() if value is not None or key not in names}


def _body_of(estimate: Estimate) -> dict[str, Any]:
    """Return an estimate as JSON-ready values, without the figures of models of the other kind."""
    other = _of_the_other_kind(estimate)
    body = _without(attrs.asdict(estimate, recurse=True), other)
    for part in ("throughput", "latency", "energy", "carbon"):
        body[part] = _without(body[part], other)
    if body["energy"]["node"] is not None:
        body["energy"]["node"] = _without(body["energy"]["node"], other)
    if "latency_ms" in body["latency"]:
        body["latency"]["latency_percentile"] = estimate.latency.percentile
    return body


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Answer(Value):
    """One ranked deployment with its price."""

    rank: int
    estimate: Estimate
    offer: Offer | None
    instances: int
    cost: Cost
    replicas_for_rate: int

    @property
    def accelerator(self) -> str:
        """The device's id."""
        return self.estimate.accelerator

    @property
    def carbon(self) -> Carbon:
        """Grams of CO2-equivalent of the accelerators' electricity."""
        return self.estimate.carbon

    @property
    def throughput(self) -> Throughput:
        """Tokens and requests per second of the whole deployment."""
        return self.estimate.throughput

    @property
    def latency(self) -> Latency:
        """Time to first token, per output token and per request."""
        return self.estimate.latency

    def as_json(self) -> dict[str, Any]:
        """Return the answer as JSON-ready values, by the contract of `best`."""
        body = _body_of(self.estimate)
        body.pop("warnings")
        explanation, rests_on = body.pop("explanation"), body.pop("rests_on")
        return {
            "rank": self.rank,
            **body,
            "offer": self._offer(),
            "cost": _without(attrs.asdict(self.cost), _of_the_other_kind(self.estimate)),
            "replicas_for_rate": self.replicas_for_rate,
            "rests_on": list(rests_on),
            "explanation": explanation,
        }

    def _offer(self) -> dict[str, Any] | None:
        if self.offer is None:
            return None
        offer = self.offer
        return {
            "id": offer.id,
            "provider": offer.provider,
            "instance": offer.instance,
            "count": offer.count,
            "instances": self.instances,
            "region": offer.region,
            "term": offer.term.value,
            "usd_per_hour": offer.usd_per_hour * offer.rate_to_usd * self.instances,
            "as_of": offer.as_of.isoformat(),
            "date_basis": offer.date_basis.value,
            "fetched_at": offer.fetched_at.isoformat() if offer.fetched_at else None,
            "source": "; ".join(source.title for source in offer.sources.values()),
            "state": offer.state.value,
        }


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Rejection(Value):
    """A device that cannot answer: which constraint it failed, by how much."""

    accelerator: str
    constraint: str
    value: float | None = None
    limit: float | None = None
    unit: str | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class BestAnswer(Value, Sequence[Answer]):
    """The ranking, what was asked, what was rejected, and what the reader must know besides."""

    query: Mapping[str, Any]
    answers: tuple[Answer, ...]
    rejected: tuple[Rejection, ...]
    warnings: tuple[Mapping[str, str], ...]

    def __getitem__(self, index: Any) -> Any:
        return self.answers[index]

    def __len__(self) -> int:
        return len(self.answers)

    def __iter__(self) -> Iterator[Answer]:
        return iter(self.answers)

    def as_json(self) -> dict[str, Any]:
        """Return the whole answer as JSON-ready values, by the contract of `best`."""
        return {
            "schema": "chipdex/best@1",
            "query": dict(self.query),
            "answers": [answer.as_json() for answer in self.answers],
            "rejected": [attrs.asdict(item) for item in self.rejected],
            "warnings": [dict(warning) for warning in self.warnings],
        }

    def to_rows(self) -> list[dict[str, Any]]:
        """Return one flat row per answer, with the figures most people compare that apply to its model."""
        rows = [
            {
                "rank": a.rank,
                "accelerator": a.accelerator,
                "count": a.estimate.count,
                "precision": a.estimate.precision,
                "output_tokens_per_s": a.throughput.output_tokens_per_s,
                "inferences_per_s": a.throughput.inferences_per_s,
                "low": a.throughput.low,
                "high": a.throughput.high,
                "ttft_ms": a.latency.ttft_ms,
                "tpot_ms": a.latency.tpot_ms,
                "latency_ms": a.latency.latency_ms,
                "power_w": a.estimate.power_w,
                "usd_per_million_output_tokens": a.cost.usd_per_million_output_tokens,
                "usd_per_million_inferences": a.cost.usd_per_million_inferences,
                "provider": a.offer.provider if a.offer else None,
                "basis": a.estimate.basis,
            }
            for a in self.answers
        ]
        return [
            _without(row, _of_the_other_kind(answer.estimate)) for row, answer in zip(rows, self.answers, strict=True)
        ]

    def to_pandas(self) -> Any:
        """Return the rows as a pandas DataFrame (extra `frames`)."""
        import pandas as pd  # noqa: PLC0415 - an extra, imported where it is used

        return pd.DataFrame(self.to_rows())

    def to_polars(self) -> Any:
        """Return the rows as a polars DataFrame (extra `frames`)."""
        import polars as pl  # noqa: PLC0415 - likewise

        return pl.DataFrame(self.to_rows())

    def to_arrow(self) -> Any:
        """Return the rows as a pyarrow Table (extra `frames`)."""
        import pyarrow as pa  # noqa: PLC0415 - likewise

        return pa.Table.from_pylist(self.to_rows())

    def _repr_html_(self) -> str:
        rows = self.to_rows()
        import html  # noqa: PLC0415 - notebooks alone need it

        head = "".join(f"<th>{html.escape(key)}</th>" for key in rows[0]) if rows else ""
        body = "".join(f"<tr>{''.join(f'<td>{_cell(value)}</td>' for value in row.values())}</tr>" for row in rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    if value is None:
        return "unknown"
    import html  # noqa: PLC0415 - likewise

    return f"{value:,.4g}" if isinstance(value, float) else html.escape(str(value))
