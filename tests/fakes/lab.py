"""Devices, models and measured rows that a test makes up, and a shelf that holds them as a registry would."""

import datetime as dt
from collections.abc import Mapping, Sequence

import attrs

from chipdex.domain import (
    Accelerator,
    BenchmarkWorkload,
    Compute,
    Kind,
    Link,
    Links,
    Measurement,
    Memory,
    Model,
    Peaks,
    Power,
    Scenario,
    Stage,
    StageKind,
    Status,
    Topology,
)
from chipdex.domain.measurement import METRICS
from chipdex.domain.model import Block, Decoder, DenseMlp, Family, FullAttention

LANGUAGE_MODEL = Model(
    id="acme/m1",
    name="M1",
    family=Family.DECODER,
    params=8.03e9,
    input_tokens=1024,
    output_tokens=256,
    decoder=Decoder(
        hidden_size=4096,
        vocabulary=128256,
        block=(
            Block(
                count=32, mixer=FullAttention(heads=32, kv_heads=8, head_dim=128), mlp=DenseMlp(intermediate_size=14336)
            ),
        ),
    ),
)
SMALL_MODEL = attrs.evolve(
    LANGUAGE_MODEL,
    id="acme/m2",
    params=1.9e9,
    decoder=attrs.evolve(
        LANGUAGE_MODEL.decoder, block=(attrs.evolve(LANGUAGE_MODEL.decoder.block[0], count=6),), tied_embeddings=True
    ),
)
NETWORK = Model(
    id="acme/net",
    name="Net",
    family=Family.CLASSIFICATION,
    params=25e6,
    precisions=("fp8", "bf16"),
    stage=(Stage(name="network", kind=StageKind.CONVOLUTION, macs=4e9, params=25e6, values_moved=11e6, layers=50),),
)


def chip(device_id="acme/a", **changes) -> Accelerator:
    """Return a GPU of 400 TFLOP/s in 16 bits, 2 TB/s and 80 GB."""
    device = Accelerator(
        id=device_id,
        name=device_id,
        kind=Kind.GPU,
        status=Status.SHIPPING,
        architecture=f"{device_id.partition('/')[0]} one",
        memory=Memory(capacity_gb=80.0, bandwidth_gb_per_s=2000.0, technology="HBM3"),
        compute=Compute(dense=Peaks(bf16_tflops=400.0, fp8_tflops=800.0)),
        link=Links(scale_up=Link(bandwidth_gb_per_s=400.0)),
        topology=Topology(scale_up_domain=8, devices_per_host=8),
        power=Power(tdp_w=500.0),
    )
    return attrs.evolve(device, **changes)


_numbers = iter(range(10**9))


def row(accelerator="acme/a", model="acme/m1", metric="output_tokens_per_s", value=1000.0, **changes) -> Measurement:
    """Return a measured row of one device in bf16; `id` counts up."""
    base = {
        "id": f"lab/{next(_numbers):06}",
        "accelerator": accelerator,
        "count": 1,
        "model": model,
        "precision": "bf16",
        "metric": metric,
        "value": value,
        "unit": METRICS[metric],
    }
    return Measurement(**(base | changes))


def official(round_="v5.1", scenario=Scenario.OFFLINE, **changes) -> Measurement:
    """Return a row as MLPerf publishes it."""
    return row(**({"round": round_, "scenario": scenario, "date": dt.date(2025, 9, 9)} | changes))


def kernel(accelerator, metric, value, kind="gemm", **changes) -> Measurement:
    """Return a constant of a kernel of one device."""
    return row(**({"accelerator": accelerator, "model": f"kernel/{kind}", "metric": metric, "value": value} | changes))


@attrs.frozen
class Lab:
    """What calibration reads of a registry."""

    accelerators: Mapping[str, Accelerator]
    models: Mapping[str, Model]
    measurements: Sequence[Measurement]
    workloads: Mapping[str, BenchmarkWorkload] = attrs.field(factory=dict)

    def measurement_digests(self) -> dict[str, str]:
        return {"chipdex-lab": "0123"}


def lab(*records) -> Lab:
    """Return a lab of the given records, with the three models of this module."""
    devices = {r.id: r for r in records if isinstance(r, Accelerator)}
    models = {m.id: m for m in (LANGUAGE_MODEL, SMALL_MODEL, NETWORK, *records) if isinstance(m, Model)}
    rows = [r for r in records if isinstance(r, Measurement)]
    workloads = {r.id: r for r in records if isinstance(r, BenchmarkWorkload)}
    return Lab(devices or {"acme/a": chip()}, models, rows, workloads)
