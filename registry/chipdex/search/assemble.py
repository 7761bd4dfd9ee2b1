"""From a row of arrays to an estimate that a reader can check: figures, intervals, bound, explanation."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs
import numpy as np

from chipdex.domain.accelerator import Accelerator
from chipdex.domain.model import Model
from chipdex.estimate.hardware import Platform, hardware
from chipdex.estimate.interval import LEVEL, Basis, interval
from chipdex.estimate.step import StepTime
from chipdex.search.operate import Operation
from chipdex.search.query import Demand
from chipdex.search.result import Energy, Estimate, Latency, Throughput
from chipdex.search.space import Split
from chipdex.units import GB, TERA

_NETWORK_BOUND: Final = 0.35
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


def basis_of(platform: Platform) -> Basis:
    """Return what an estimate of this platform rests on."""
    return Basis.CALIBRATED if platform.efficiency.calibrated else Basis.ROOFLINE


@attrs.frozen(kw_only=True)
class Row:
    """One row of an operation, with what it was computed from."""

    operation: Operation
    index: int
    platform: Platform
    split: Split
    replicas: int

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
        basis = basis_of(self.platform)
        outputs = self.requests_per_s * demand.output_tokens
        low, high = interval(outputs, basis)
        power = float(op.power_w[i]) * self.replicas
        known = not np.isnan(power)
        joules = power / outputs if known else None
        around = interval(joules, basis) if joules is not None else (None, None)
        return Estimate(
            accelerator=self.platform.accelerator.id,
            count=self.devices,
            precision=self.platform.precision.name,
            kv_precision=self.platform.kv_precision,
            parallelism={
                "tensor": self.split.tensor,
                "pipeline": self.split.pipeline,
                "expert": self.split.expert,
                "replicas": self.replicas,
            },
            batch=max(1, round(float(op.batch[i]))),
            throughput=Throughput(
                output_tokens_per_s=outputs,
                total_tokens_per_s=self.requests_per_s * (demand.input_tokens + demand.output_tokens),
                requests_per_s=self.requests_per_s,
                low=low,
                high=high,
                level=LEVEL,
            ),
            latency=_latency(float(op.ttft_s[i]), float(op.tpot_s[i]), demand, basis),
            power_w=power if known else None,
            energy=Energy(j_per_output_token=joules, low=around[0], high=around[1]),
            bound=self._bound(),
            basis=basis.value,
            rests_on=(self.platform.accelerator.id, model.id, f"efficiency:{self.platform.efficiency.level}"),
            explanation={
                "step time": self._terms(),
                "inputs": _inputs(self.platform.accelerator, self.platform.precision.compute),
                "efficiencies": _efficiencies(self.platform),
            },
        )

    def _shares(self) -> dict[str, float]:
        seconds = {name: self.operation.term(name, self.index) for name in StepTime.TERMS}
        return {name: value for name, value in seconds.items() if value > 0}

    def _bound(self) -> str:
        if self.operation.latency_bound[self.index]:
            return "latency"
        if self.operation.memory_bound[self.index]:
            return "capacity"
        terms = self._shares()
        total = sum(terms.values())
        if terms.get("network", 0.0) > _NETWORK_BOUND * total:
            return "network"
        streaming = self.operation.term("weight_bound", self.index)
        compute = sum(terms.get(name, 0.0) for name in ("gemm", "experts", "prefill_attention")) - streaming
        return "compute" if compute > total - compute - terms.get("host", 0.0) else "memory"

    def _terms(self) -> list[dict[str, Any]]:
        terms = self._shares()
        total = sum(terms.values())
        streaming = self.operation.term("weight_bound", self.index)
        matrix = terms.get("gemm", 0.0) + terms.get("experts", 0.0)
        rows = []
        for name, seconds in sorted(terms.items(), key=lambda item: -item[1]):
            bound = _BOUND_OF_TERM[name]
            if name in {"gemm", "experts"} and streaming > matrix / 2:
                bound = "memory"
            rows.append({"term": name, "ms": seconds * 1e3, "share": seconds / total, "bound_by": bound})
        return [*rows, {"term": "step", "ms": total * 1e3, "share": 1.0, "bound_by": self._bound()}]


def _latency(ttft_s: float, tpot_s: float, demand: Demand, basis: Basis) -> Latency:
    values = {
        "ttft_ms": ttft_s * 1e3,
        "tpot_ms": tpot_s * 1e3,
        "request_ms": (ttft_s + tpot_s * max(demand.output_tokens - 1.0, 0.0)) * 1e3,
    }
    ends = {key: interval(value, basis) for key, value in values.items()}
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
    return [
        {"figure": key, "value": value, "unit": unit, "source": _source(accelerator, key)}
        for key, (value, unit) in figures.items()
        if value is not None
    ]


def _source(accelerator: Accelerator, figure: str) -> str:
    keys = accelerator.provenance.get(figure, ())
    return "; ".join(accelerator.sources[key].title for key in keys if key in accelerator.sources)


def _efficiencies(platform: Platform) -> list[dict[str, Any]]:
    found, hw = platform.efficiency, hardware([platform])
    rows: Mapping[str, tuple[float, str]] = {
        "large matrix products": (float(hw.gemm_rate[0]) / TERA, "10^12/s"),
        "prefill attention": (float(hw.attention_rate[0]) / TERA, "10^12/s"),
        "streaming weights": (float(hw.weight_rate[0]) / GB, "GB/s"),
        "reading the KV cache": (float(hw.cache_rate[0]) / GB, "GB/s"),
        "all-reduce": (float(hw.link[0]) / GB, "GB/s"),
    }
    return [
        {"operation": name, "sustained": value, "unit": unit, "level": found.level}
        for name, (value, unit) in rows.items()
    ]
