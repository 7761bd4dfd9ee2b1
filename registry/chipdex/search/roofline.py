"""Where each term of an estimate stands under its device's roofs: arithmetic intensity, rate, and what bounds it.

Operations and bytes are not counted a second time. The estimator is asked about devices that exist on paper only:
one that does one operation per second and moves bytes in no time takes as many seconds as a term has operations;
one that moves one byte per second and computes in no time takes as many as it moves bytes.
Williams, Waterman and Patterson, "Roofline: an insightful visual performance model", CACM 52 (4), 2009.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import attrs
import numpy as np

from chipdex.domain.source import Level
from chipdex.domain.stage import StageKind
from chipdex.errors import InfeasibleError
from chipdex.estimate.decoder import Deployments
from chipdex.estimate.hardware import Hardware
from chipdex.estimate.step import ELEMENTWISE_FRACTION, Span, attended_tokens, cached_tokens
from chipdex.search.engines import Engine, engine_for
from chipdex.search.knowledge import Knowledge
from chipdex.search.operate import operate
from chipdex.search.query import Case, Objective
from chipdex.search.rebuilt import deployments_of, rate_factor
from chipdex.search.result import Estimate
from chipdex.values import Value

_HALF_BYTES: Final = 2.0
_AT_ONCE: Final = math.inf
"""A rate at which nothing takes any time."""
_SHARES: Final = tuple(f"share_{kind.value}" for kind in StageKind if kind is not StageKind.SPIKING)
_NO_STARTS: Final = dict.fromkeys(
    ("kernel_start", "attention_start", "expert_start", "layer_start", "link_start", "host"), 0.0
)
_COMPUTE: Final = ("gemm_rate", "gemm_rate_16bit", "attention_rate", "peak", "synaptic_rate")
_TRAFFIC: Final = ("weight_rate", "cache_rate", "bandwidth", "link")
_COUNTS_OPERATIONS: Final = {
    **_NO_STARTS,
    **dict.fromkeys((*_COMPUTE, *_SHARES), 1.0),
    **dict.fromkeys(_TRAFFIC, _AT_ONCE),
}
_COUNTS_BYTES: Final = {
    **_NO_STARTS,
    **dict.fromkeys(_COMPUTE, _AT_ONCE),
    **dict.fromkeys(("weight_rate", "cache_rate"), 1.0),
    # Streaming kernels reach this share of the bandwidth, gathers theirs: both move a byte per second here.
    "bandwidth": 1.0 / ELEMENTWISE_FRACTION,
    "gather_share": ELEMENTWISE_FRACTION,
    "link": _AT_ONCE,
}
_UNCOUNTED: Final = frozenset({"network", "host", "elementwise"})
"""Terms of a step in which no operation is counted: they take time, and have no place under a roof."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Term(Value):
    """One term of a step or batch: its time and share, and on one device its operations and the bytes they need.

    `operations` is None where none are counted. `traffic` is 0 where everything stays on the chip.
    """

    name: str
    ms: float
    share: float
    bound_by: str
    operations: float | None = None
    traffic: float = 0.0

    @property
    def intensity(self) -> float | None:
        """Operations per byte; infinite without traffic, None without operations."""
        if self.operations is None:
            return None
        return self.operations / self.traffic if self.traffic > 0 else math.inf

    @property
    def rate_per_s(self) -> float | None:
        """Operations per second that one device does in this term."""
        return None if self.operations is None else self.operations / (self.ms / 1e3)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Roof(Value):
    """What one device can do at most, in operations and bytes per second; NaN bytes are unknown.

    `sustained` roofs are what software reaches, the other one is the datasheet's.
    """

    name: str
    operations_per_s: float
    bytes_per_s: float
    sustained: bool


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Roofline(Value):
    """Every term of one estimate, longest first, and the roofs over it; `whole` is what they add up to."""

    terms: tuple[Term, ...]
    roofs: tuple[Roof, ...]
    whole: str
    total_ms: float


def roofline(case: Case, found: Estimate, knowledge: Knowledge | None = None) -> Roofline:
    """Return where the terms of `found`, the estimate of `case`, stand under the roofs of its device.

    Raises InfeasibleError where nothing can be drawn: a device that computes in events, or a plugin's own estimator.
    """
    known = knowledge or Knowledge()
    engine = engine_for(known.engines, case.model, case.accelerator)
    if engine is None or engine.origin.level is not Level.BUILT_IN or case.accelerator.neuromorphic is not None:
        raise InfeasibleError(
            f"{case.model.id} on {case.accelerator.id} has no roofline: its estimator counts no operations and bytes.",
            fix="Leave out --plot; --explain shows the terms.",
        )
    view = _View(case=case, found=found, known=known, engine=engine)
    (_, rows), *_ = found.explanation.items()
    *told, total = rows
    return Roofline(
        terms=tuple(view.term(row) for row in told),
        roofs=tuple(view.roofs()),
        whole=total["term"],
        total_ms=total["ms"],
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class _View(Value):
    """An estimate as one row of arrays again, at the batch it was made for."""

    case: Case
    found: Estimate
    known: Knowledge
    engine: Engine

    @cached_property
    def deployments(self) -> Deployments:
        """The deployment, one row."""
        return deployments_of(self.case, self.found, self.known)

    @cached_property
    def batch(self) -> float:
        """The batch of one replica, unrounded."""
        operation = operate(
            self.engine,
            self.deployments,
            self.case.demand,
            Objective.THROUGHPUT,
            replicas=np.array([[float(self.found.parallelism["replicas"])]]),
            factor=rate_factor(self.case, self.deployments),
        )
        return float(operation.batch[0])

    def seconds(self, **figures: float) -> Mapping[str, float]:
        """Return the seconds of each term on the device with some of its figures replaced."""
        hw = self.deployments.hw
        replaced: dict[str, Any] = {name: np.full_like(hw.peak, value) for name, value in figures.items()}
        with np.errstate(all="ignore"):  # power, queues and intervals of such devices mean nothing
            asked = attrs.evolve(self.deployments, hw=attrs.evolve(hw, **replaced))
            found = self.engine.estimate(asked, np.array([[self.batch]]), self.case.demand.load)
        terms = found.serving.step.terms
        return {name: float(np.ravel(value)[0]) for name, value in terms.items()}

    @cached_property
    def operations(self) -> Mapping[str, float]:
        """Operations of each term on one device."""
        return self.seconds(**_COUNTS_OPERATIONS)

    @cached_property
    def traffic(self) -> Mapping[str, float]:
        """Bytes of each term through one device's memory."""
        counted = dict(self.seconds(**_COUNTS_BYTES))
        if self.generates and self.operations["prefill_attention"] > 0:
            counted["prefill_attention"] = self.operations["prefill_attention"] * self._bytes_per_operation
        return counted

    @property
    def generates(self) -> bool:
        """Whether the terms are those of a decoder's step, not the stages of a network."""
        return self.case.model.decoder is not None

    @cached_property
    def _bytes_per_operation(self) -> float:
        """The least traffic of prefill attention: queries, keys, values and outputs once each.

        The estimate counts none, because fused kernels stay on the chip meanwhile (Dao et al., "FlashAttention", 2022).
        A head's products with n keys are 2n(query + value) operations, so half of `prefill_flops` is a token's queries
        and outputs.
        """
        hw, lay = self.deployments.hw, self.deployments.layout
        longest = self.deployments.lengths.input.size_biased
        seen = Span(longest * self.deployments.policy.prefix_hit_fraction, longest)
        operations = traffic = 0.0
        for op in self.deployments.cost.attention:
            heads = float(np.minimum(lay.tensor, op.heads)[0, 0])
            pieces = float(np.minimum(lay.tensor, op.kv_pieces)[0, 0])
            met = attended_tokens(op, seen) * op.prefill_flops / heads + cached_tokens(op, seen) * op.index_flops
            operations += op.count * met
            passed = op.prefill_flops / 2.0 / heads * _HALF_BYTES + op.kv_values / pieces * float(hw.kv_bytes[0, 0])
            traffic += op.count * passed
        return traffic / operations

    @cached_property
    def _stages(self) -> Mapping[str, str]:
        """What each stage of a network waits for: its arithmetic, its traffic, or its launches."""
        parts = {
            "compute": self.seconds(**_NO_STARTS, weight_rate=_AT_ONCE, bandwidth=_AT_ONCE),
            "memory": self.seconds(**_NO_STARTS, peak=_AT_ONCE),
        }
        whole, busy = self.seconds(), self.seconds(**_NO_STARTS)
        parts["latency"] = {name: whole[name] - busy[name] for name in whole}
        return {name: max(parts, key=lambda part: parts[part][name]) for name in whole}

    def term(self, row: Mapping[str, Any]) -> Term:
        """Return one row of the explanation with what it does."""
        name = row["term"]
        bound = row["bound_by"] if self.generates else self._stages[name]
        told = Term(name=name, ms=row["ms"], share=row["share"], bound_by=bound)
        if (self.generates and name in _UNCOUNTED) or not self.operations[name] > 0:
            return told
        return attrs.evolve(told, operations=self.operations[name], traffic=self.traffic[name])

    def roofs(self) -> Sequence[Roof]:
        """Return the datasheet's roof, then those of the efficiencies that the terms were computed with."""
        hw = self.deployments.hw
        reached = _of_step(hw) if self.generates else self._of_stages(hw)
        return [
            Roof(name="datasheet", operations_per_s=_of(hw.peak), bytes_per_s=_of(hw.bandwidth), sustained=False),
            *reached,
        ]

    def _of_stages(self, hw: Hardware) -> list[Roof]:
        kinds = dict.fromkeys(stage.kind for stage in self.case.model.stage if stage.macs)
        return [
            Roof(
                name=f"sustained, {kind.value}",
                operations_per_s=_of(hw.peak * hw.stage_share(kind)),
                bytes_per_s=_of(hw.weight_rate),
                sustained=True,
            )
            for kind in kinds
        ]


def _of_step(hw: Hardware) -> list[Roof]:
    figures = {
        "sustained, matrices": (hw.gemm_rate, hw.weight_rate),
        "sustained, attention": (hw.attention_rate, hw.cache_rate),
    }
    return [
        Roof(name=name, operations_per_s=_of(rate), bytes_per_s=_of(stream), sustained=True)
        for name, (rate, stream) in figures.items()
    ]


def _of(figure: Any) -> float:
    return float(np.ravel(figure)[0])
