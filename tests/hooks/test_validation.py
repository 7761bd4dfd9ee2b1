"""A record that code made is checked field by field before anything computes with it."""

import datetime as dt
from typing import Any

import attrs
import numpy as np
import pytest

from chipdex.api import (
    Accelerator,
    Block,
    Command,
    Decoder,
    DenseMlp,
    Estimator,
    Fact,
    Family,
    FullAttention,
    Kind,
    Memory,
    Model,
    Offer,
    Power,
    PowerMode,
    Status,
    Term,
)
from chipdex.hooks.validation import faults_of

DEVICE = Accelerator(id="acme/x100", name="X100", kind=Kind.GPU, status=Status.SHIPPING)
OFFER = Offer(
    id="acme/a/eu/on-demand/x",
    provider="acme",
    instance="a",
    accelerator="acme/x100",
    count=8,
    region="eu",
    term=Term.ON_DEMAND,
    usd_per_hour=16.0,
    as_of=dt.date(2026, 11, 1),
)
MODEL = Model(
    id="acme/m",
    name="M",
    family=Family.DECODER,
    params=1e9,
    decoder=Decoder(
        hidden_size=8,
        vocabulary=10,
        block=(
            Block(
                count=1,
                mixer=FullAttention(heads=2, kv_heads=1, head_dim=4),
                mlp=DenseMlp(intermediate_size=16),
            ),
        ),
    ),
)


FACT = Fact(
    id="acme/falls",
    topic="t",
    statement="s",
    value=-2.0,
    unit="%",
    quantity="total",
    inputs={"change": -2.0},
    tolerance=0.1,
)


@pytest.mark.parametrize("record", [DEVICE, OFFER, MODEL, Command(name="a", help="b", target="c:d")])
def test_sound_records_have_no_fault(record: Any) -> None:
    assert faults_of(record, type(record)) == []


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        (attrs.evolve(DEVICE, kind="gpu"), "kind is 'gpu' (str): one of Kind's members is needed"),
        (attrs.evolve(DEVICE, name=None), "name is None (NoneType): a text is needed"),
        (attrs.evolve(DEVICE, aliases="x100"), "aliases is 'x100' (str): a tuple is needed"),
        (attrs.evolve(DEVICE, aliases=("a", 3)), "aliases.1 is 3 (int): a text is needed"),
        (attrs.evolve(DEVICE, id="Acme X100"), "id is 'Acme X100': namespace/name in lower case is needed"),
        (attrs.evolve(DEVICE, memory=None), "memory is None (NoneType): a Memory is needed"),
        (
            attrs.evolve(DEVICE, memory=Memory(capacity_gb=float("nan"))),
            "memory.capacity_gb is nan (float): a finite number, not negative, is needed",
        ),
        (
            attrs.evolve(DEVICE, memory=Memory(capacity_gb=-1.0)),
            "memory.capacity_gb is -1.0 (float): a finite number, not negative, is needed",
        ),
        (
            attrs.evolve(DEVICE, memory=Memory(capacity_gb=True)),
            "memory.capacity_gb is True (bool): a finite number, not negative, is needed",
        ),
        (
            attrs.evolve(DEVICE, memory=Memory(capacity_gb=np.float32(96))),
            "memory.capacity_gb is np.float32(96.0) (float32): a finite number, not negative, is needed",
        ),
        (
            attrs.evolve(DEVICE, power=Power(mode=(PowerMode(name="15W", power_w="15"),))),
            "power.mode.0.power_w is '15' (str): a finite number, not negative, is needed",
        ),
        (attrs.evolve(DEVICE, sources={"ds": "url"}), "sources.ds is 'url' (str): a Source is needed"),
        (attrs.evolve(OFFER, count=8.0), "count is 8.0 (float): a whole number, not negative, is needed"),
        (
            attrs.evolve(OFFER, as_of=dt.datetime(2026, 11, 1, tzinfo=dt.UTC)),
            "as_of is datetime.datetime(2026, 11, 1, 0, 0, tzinfo=datetime.time... (datetime): a date is needed",
        ),
        (
            attrs.evolve(FACT, id="No id"),
            "id is 'No id' (str): publisher/name in lower case is needed, of up to 200 letters",
        ),
        (
            attrs.evolve(FACT, tolerance=-1.0),
            "tolerance is -1.0 (float): a finite number, not negative, is needed",
        ),
        (attrs.evolve(FACT, value=float("inf")), "value is inf (float): a finite number is needed"),
        (attrs.evolve(FACT, value=10**400), f"value is {'1' + '0' * 56}... (int): a finite number is needed"),
        (attrs.evolve(MODEL, decoder={}), "decoder is {} (dict): a Decoder is needed"),
        (Estimator(name="a", applies=None, estimate=max), "applies is None (NoneType): a callable is needed"),
    ],
)
def test_a_fault_names_the_key_what_was_found_and_what_is_needed(record: Any, fault: str) -> None:
    assert faults_of(record, type(record)) == [fault]


def test_what_is_published_and_what_it_is_computed_from_may_be_negative() -> None:
    assert faults_of(FACT, Fact) == []


def test_the_fault_inside_one_of_several_kinds_is_told_rather_than_the_kinds_it_is_not() -> None:
    mixer = FullAttention(heads=2, kv_heads="1", head_dim=4)
    model = attrs.evolve(MODEL, decoder=Decoder(hidden_size=8, vocabulary=10, block=(Block(count=1, mixer=mixer),)))
    (fault,) = faults_of(model, Model)
    assert fault == "decoder.block.0.mixer.kv_heads is '1' (str): a whole number, not negative, is needed"


def test_a_value_whose_repr_raises_is_still_told() -> None:
    class Rude:
        def __repr__(self) -> str:
            raise RuntimeError

    assert faults_of(Rude(), Accelerator) == ["something that cannot be shown (Rude) is no Accelerator"]
