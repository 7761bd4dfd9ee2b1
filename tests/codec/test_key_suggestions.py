"""Advice about keys that a profile may not have."""

import pytest

from chipdex.codec.suggest import advice_for_unknown_key
from chipdex.domain import Accelerator, Memory, Offer, Peaks, Power, Source


@pytest.mark.parametrize(
    ("key", "table", "table_class", "advice"),
    [
        ("bandwidth_tb_s", ("memory",), Memory, "Write `bandwidth_gb_per_s` (10^9 bytes per second"),
        ("bandwidth_tb_s", ("memory",), Memory, "multiply by 1000."),
        ("capacity_gib", ("memory",), Memory, "Write `capacity_gb` (10^9 bytes): multiply by 1.073741824."),
        ("memory_gib", (), Accelerator, "Write `capacity_gb` in [memory] (10^9 bytes): multiply by 1.073741824."),
        ("memory_gb", (), Accelerator, "Write `capacity_gb` in [memory] (10^9 bytes)."),
        ("memory_bandwidth_gb_s", (), Accelerator, "Write `bandwidth_gb_per_s` in [memory]"),
        ("tdp_w", (), Accelerator, "Write `tdp_w` in [power] (watts)."),
        ("tdp_kw", ("power",), Power, "Write `tdp_w` (watts): multiply by 1000."),
        ("fp8_pflops", ("compute", "dense"), Peaks, "Write `fp8_tflops`"),
        ("int8_tflops", ("compute", "dense"), Peaks, "Write `int8_tops`"),
        ("capcity_gb", ("memory",), Memory, "Did you mean `capacity_gb`?"),
        ("zzz", ("power",), Power, "Remove it; the keys here are idle_w, maximum_w, minimum_w, mode, tdp_w."),
        ("provenance", (), Accelerator, "write `from`"),
        ("sources", (), Accelerator, "write `source`"),
        ("from", ("ds",), Source, "move it above the header"),
    ],
)
def test_the_right_key_is_named(key: str, table: tuple[str, ...], table_class: type, advice: str) -> None:
    record = Source if table_class is Source else Accelerator
    assert advice in advice_for_unknown_key(key, table=table, table_class=table_class, record_class=record)


def test_a_rows_key_is_named_too() -> None:
    advice = advice_for_unknown_key("price_usd_per_hour", table=(), table_class=Offer, record_class=Offer)
    assert "`usd_per_hour`" in advice
