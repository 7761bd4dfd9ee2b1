"""From a row of arrays to an estimate that a reader can check: figures, intervals, bound, explanation."""

import math
from collections.abc import Sequence
from typing import Any, Final

import attrs
import numpy as np

from chipdex.domain.accelerator import Accelerator
from chipdex.domain.measurement import PowerScope
from chipdex.domain.model import Model
from chipdex.domain.stage import StageKind
from chipdex.estimate.hardware import Platform, hardware
from chipdex.estimate.interval import LEVEL, around
from chipdex.estimate.stacks import TUNED
from chipdex.estimate.stages import StageTime
from chipdex.search.knowledge import Judgement, judge
from chipdex.search.operate import WEIGHT_BOUND, Operation
from chipdex.search.query import Demand
from chipdex.search.result import Boundary, Energy, Estimate, Latency, Throughput
from chipdex.search.space import Split
from chipdex.units import GB, TERA
from chipdex.values import Value

_NETWORK_BOUND: Final = 0.35
_TOLD: Final = 0.005
_BOUND_OF_TERM: Final = {
    "gemm": "compute",
    "experts": "compute",
    "decode_attention": "memory",
    "prefill_attention": "compute",
    "state": "memory",
    "network": "network",
    "elementwise": "memory",
    "head": "memory",
    "host": "host",
}


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Row(Value):
    """One row of an operation, with what it was computed from."""

    operation: Operation
    index: int
    platform: Platform
    split: Split
    replicas: int
    stack: str = TUNED

    @property
    def devices(self) -> int:
        """Accelerators of the whole deployment."""
        return self.split.devices * self.replicas

    @property
    def requests_per_s(self) -> float:
        """Requests per second of all replicas."""
        return float(self.operation.requests_per_s[self.index]) * self.replicas

    def estimate(self, model: Model, demand: Demand) -> Estimate:
        """Return the row as an estimate."""
        op, i = self.operation, self.index
        judged = judge(self.platform, model, demand, stack=self.stack)
        power = float(op.power_w[i]) * self.replicas
        known = not np.isnan(power)
        return Estimate(
            accelerator=self.platform.accelerator.id,
            count=self.devices,
            precision=self.platform.precision.name,
            kv_precision=self.platform.kv_precision if demand.generates else None,
            parallelism={
                "tensor": self.split.tensor,
                "pipeline": self.split.pipeline,
                "expert": self.split.expert,
                "replicas": self.replicas,
            },
            batch=max(1, round(float(op.batch[i]))),
            throughput=self._throughput(model, demand, judged),
            latency=_latency(float(op.ttft_s[i]), float(op.tpot_s[i]), demand, judged),
            power_w=power if known else None,
            energy=self._energy(power if known else None, demand, judged),
            bound=self._bound(),
            basis=judged.basis.value,
            rests_on=(self.platform.accelerator.id, model.id, f"efficiency:{self.platform.efficiency.level}"),
            explanation={
                "step time" if demand.generates else "batch time": self._terms(),
                "inputs": _inputs(self.platform.accelerator, self.platform.precision.compute),
                "efficiencies": _efficiencies(self.platform, model),
                "calibration of the rate": _corrections(judged),
            },
        )

    def _throughput(self, model: Model, demand: Demand, judged: Judgement) -> Throughput:
        requests = self.requests_per_s
        if not demand.generates:
            low, high = around(requests, judged.rate)
            outputs = model.outputs_per_inference
            return Throughput(
                inferences_per_s=requests,
                output_tokens_per_s=None if outputs is None else requests * outputs,
                requests_per_s=requests,
                low=low,
                high=high,
                level=LEVEL,
            )
        low, high = around(requests * demand.output_tokens, judged.rate)
        return Throughput(
            output_tokens_per_s=requests * demand.output_tokens,
            total_tokens_per_s=requests * (demand.input_tokens + demand.output_tokens),
            requests_per_s=requests,
            low=low,
            high=high,
            level=LEVEL,
        )

    def _energy(self, watts: float | None, demand: Demand, judged: Judgement) -> Energy:
        if watts is None or not self.requests_per_s > 0:
            return Energy()
        joules = watts / (self.requests_per_s * (demand.output_tokens if demand.generates else 1.0))
        low, high = around(joules, judged.power)
        wider = judged.node_factor / judged.power_factor
        node = Boundary(
            boundary=PowerScope.NODE.value,
            power_w=watts * wider,
            j_per_output_token=joules * wider if demand.generates else None,
            j_per_inference=None if demand.generates else joules * wider,
        )
        if demand.generates:
            return Energy(j_per_output_token=joules, low=low, high=high, node=node)
        return Energy(j_per_inference=joules, low=low, high=high, node=node)

    def _bound(self) -> str:
        if self.operation.latency_bound[self.index]:
            return "latency"
        step = self.operation.performance.serving.step
        if isinstance(step, StageTime):
            parts = {"compute": step.compute, "memory": step.memory, "latency": step.start}
            column = int(self.operation.column[self.index])
            shape = self.operation.performance.serving.batch.shape
            return max(parts, key=lambda name: float(np.broadcast_to(parts[name], shape)[self.index, column]))
        if self.operation.memory_bound[self.index]:
            return "capacity"
        terms = self.operation.terms(self.index)
        total = sum(terms.values())
        if terms.get("network", 0.0) > _NETWORK_BOUND * total:
            return "network"
        streaming = self.operation.term(WEIGHT_BOUND, self.index)
        compute = sum(terms.get(name, 0.0) for name in ("gemm", "experts", "prefill_attention")) - streaming
        return "compute" if compute > total - compute - terms.get("host", 0.0) else "memory"

    def _terms(self) -> list[dict[str, Any]]:
        terms, step = self.operation.terms(self.index), self.operation.performance.serving.step
        total = sum(terms.values())
        streaming = self.operation.term(WEIGHT_BOUND, self.index)
        matrix = terms.get("gemm", 0.0) + terms.get("experts", 0.0)
        rows = []
        for name, seconds in sorted(terms.items(), key=lambda item: -item[1]):
            if isinstance(step, StageTime):
                bound = step.bound_of(name, self.index, int(self.operation.column[self.index]))
            else:
                bound = _BOUND_OF_TERM[name]
                if name in {"gemm", "experts"} and streaming > matrix / 2:
                    bound = "memory"
            rows.append({"term": name, "ms": seconds * 1e3, "share": seconds / total, "bound_by": bound})
        whole = "batch" if isinstance(step, StageTime) else "step"
        return [*rows, {"term": whole, "ms": total * 1e3, "share": 1.0, "bound_by": self._bound()}]


def _latency(first_s: float, next_s: float, demand: Demand, judged: Judgement) -> Latency:
    if demand.generates:
        values = {
            "ttft_ms": first_s * 1e3,
            "tpot_ms": next_s * 1e3,
            "request_ms": (first_s + next_s * max(demand.output_tokens - 1.0, 0.0)) * 1e3,
        }
    else:
        values = {"latency_ms": first_s * 1e3}
    ends = {
        key: around(value, judged.rate if key == "tpot_ms" or not demand.generates else judged.latency)
        for key, value in values.items()
    }
    return Latency(
        **values,
        percentile=demand.percentile,
        low={key: low for key, (low, _) in ends.items()},
        high={key: high for key, (_, high) in ends.items()},
    )


def _inputs(accelerator: Accelerator, formats: Sequence[str]) -> list[dict[str, Any]]:
    dense = accelerator.compute.dense
    peak = next((key for key in formats if getattr(dense, key) is not None), None)
    figures: dict[str, tuple[float | None, str]] = {
        "memory.capacity_gb": (accelerator.memory.capacity_gb, "GB"),
        "memory.bandwidth_gb_per_s": (accelerator.memory.bandwidth_gb_per_s, "GB/s"),
        "link.scale_up.bandwidth_gb_per_s": (accelerator.link.scale_up.bandwidth_gb_per_s, "GB/s per direction"),
        "power.tdp_w": (accelerator.power.tdp_w, "W"),
    }
    if peak is not None:
        figures[f"compute.dense.{peak}"] = (getattr(dense, peak), "10^12/s")
    if accelerator.computes_in_events:
        figures |= _events(accelerator)
    return [
        {"figure": key, "value": value, "unit": unit, "source": _source(accelerator, key)}
        for key, (value, unit) in figures.items()
        if value is not None
    ]


def _events(accelerator: Accelerator) -> dict[str, tuple[float | None, str]]:
    """Return the figures that a chip which computes in events is estimated from."""
    part = accelerator.neuromorphic
    if part is None or not part.operating_point:
        return {}
    energies = [point.energy_per_synaptic_operation_pj for point in part.operating_point]
    least = energies.index(min(energies))
    at = f"neuromorphic.operating_point.{least}"
    return {
        "neuromorphic.synaptic_operations_per_s": (part.synaptic_operations_per_s, "1/s"),
        f"{at}.energy_per_synaptic_operation_pj": (energies[least], "pJ"),
        f"{at}.static_power_w": (part.operating_point[least].static_power_w, "W"),
    }


def _source(accelerator: Accelerator, figure: str) -> str:
    keys = accelerator.provenance.get(figure, ())
    return "; ".join(accelerator.sources[key].title for key in keys if key in accelerator.sources)


def _corrections(judged: Judgement) -> list[dict[str, Any]]:
    """Return what measurements changed of the rate that the terms add up to, the largest change first."""
    ordered = sorted(judged.parts, key=lambda part: -abs(part[2]))
    rows = [
        {"by the": kind, "level": level.rpartition("|")[0], "factor": math.exp(value)}
        for kind, level, value in ordered
        if abs(value) >= _TOLD
    ]
    return [*rows, {"by the": "whole", "level": "", "factor": math.exp(sum(part[2] for part in judged.parts))}]


def _efficiencies(platform: Platform, model: Model) -> list[dict[str, Any]]:
    found, hw = platform.efficiency, hardware([platform])
    if model.decoder is None:
        rows: dict[str, tuple[float, str]] = {
            f"{kind.value} stages": (float(hw.peak[0] * hw.stage_share(kind)[0]) / TERA, "10^12/s")
            for kind in dict.fromkeys(stage.kind for stage in model.stage)
            if kind is not StageKind.SPIKING
        }
        rows["start of a layer"] = (float(hw.layer_start[0]) * 1e6, "us")
    else:
        rows = {
            "large matrix products": (float(hw.gemm_rate[0]) / TERA, "10^12/s"),
            "prefill attention": (float(hw.attention_rate[0]) / TERA, "10^12/s"),
            "reading the KV cache": (float(hw.cache_rate[0]) / GB, "GB/s"),
            "all-reduce": (float(hw.link[0]) / GB, "GB/s"),
        }
    rows["streaming weights"] = (float(hw.weight_rate[0]) / GB, "GB/s")
    return [
        {"operation": name, "sustained": value, "unit": unit, "level": found.level}
        for name, (value, unit) in rows.items()
        if not np.isnan(value)
    ]
