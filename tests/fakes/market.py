"""Made-up chips, offers and a question: what the tests of the ranking are about."""

import datetime as dt

import attrs

from chipdex.domain import (
    Accelerator,
    Compute,
    Grid,
    Kind,
    Link,
    Links,
    Memory,
    Model,
    Offer,
    Peaks,
    Power,
    Status,
    Term,
    Topology,
    Workload,
)
from chipdex.domain.model import Block, Decoder, DenseMlp, Family, FullAttention
from chipdex.search import Query, best
from chipdex.search.query import Choice, default_precisions, demand

MODEL = Model(
    id="meta/test-8b",
    name="Test 8B",
    family=Family.DECODER,
    params=8.03e9,
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


def chip(name, **changes):
    device = Accelerator(
        id=f"acme/{name}",
        name=name,
        kind=Kind.GPU,
        status=Status.SHIPPING,
        form_factor="SXM5",
        memory=Memory(capacity_gb=80.0, bandwidth_gb_per_s=2000.0),
        compute=Compute(dense=Peaks(bf16_tflops=400.0, fp8_tflops=800.0)),
        link=Links(scale_up=Link(bandwidth_gb_per_s=400.0)),
        topology=Topology(scale_up_domain=8, devices_per_host=8),
        power=Power(tdp_w=500.0),
    )
    return attrs.evolve(device, **changes)


def offer(device, usd_per_hour, count=8, **changes):
    base = Offer(
        id=f"cloud/{device}-{count}-{usd_per_hour}",
        provider="cloud",
        instance=f"{count}x",
        accelerator=f"acme/{device}",
        count=count,
        region="here",
        term=Term.ON_DEMAND,
        usd_per_hour=usd_per_hour,
        as_of=dt.date(2026, 1, 1),
    )
    return attrs.evolve(base, **changes)


@attrs.frozen
class Shelf:
    accelerators: dict
    offers: tuple
    grids_by_id: dict

    @property
    def rented(self):
        return frozenset(offer.accelerator for offer in self.offers if offer.is_quote)


def shelf(*records):
    devices = {r.id: r for r in records if isinstance(r, Accelerator)}
    offers, grids = (tuple(r for r in records if isinstance(r, kind)) for kind in (Offer, Grid))
    return Shelf(devices, offers, {grid.id: grid for grid in grids})


def ask(records, *, workload=None, model=MODEL, **choice):
    wanted = demand(workload or Workload(), model)
    return best(
        records, Query(model=model, demand=wanted, precisions=default_precisions(model), choice=Choice(**choice))
    )
