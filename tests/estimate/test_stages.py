"""Time of a network's stages, worked out by hand: what bounds each, and what stays on the chip."""

import attrs
import numpy as np
import pytest
from fakes.lab import NETWORK, chip
from fakes.rows import columns

from chipdex.domain import Memory, MemoryTier, Neuromorphic, OperatingPoint, Stage, StageKind
from chipdex.estimate.energy import STAGE_POWER_SHARE, stage_power_w
from chipdex.estimate.stages import BYTES_PER_OPERATION, live_bytes, stage_time, stored_bytes

PEAK, BANDWIDTH = 400e12, 2000e9
CONVOLUTION, MEMORY, GATHER, LAYER = 0.5, 0.81, 0.3, 7e-6
"""The shares of the plain table: of the peak by convolutions, of bandwidth by streams and by random reads."""


def stage(kind=StageKind.CONVOLUTION, **changes):
    return Stage(name="s", kind=kind, **changes)


def seconds(one, batch=1.0, device=None):
    found = stage_time(columns(device or chip()), [one], np.array([[batch]]))
    return found.total[0, 0]


def test_a_stage_of_much_arithmetic_takes_flops_over_the_reached_peak():
    assert seconds(stage(macs=1e12)) == pytest.approx(2e12 / (PEAK * CONVOLUTION) + LAYER)
    assert seconds(stage(macs=1e12), 8) == pytest.approx(8 * 2e12 / (PEAK * CONVOLUTION) + LAYER)


@pytest.mark.parametrize(
    ("kind", "share"), [(StageKind.DEPTHWISE, 0.1), (StageKind.ATTENTION, 0.6), (StageKind.RECURRENT, 0.5)]
)
def test_each_kind_of_stage_has_its_share_of_the_peak(kind, share):
    assert seconds(stage(kind, macs=1e12)) == pytest.approx(2e12 / (PEAK * share) + LAYER)


def test_a_stage_of_many_weights_takes_their_bytes_over_the_bandwidth_whatever_the_batch():
    streamed = 2 * 1e9 / (BANDWIDTH * MEMORY) + LAYER
    assert seconds(stage(params=1e9)) == pytest.approx(streamed)
    assert seconds(stage(params=1e9), 64) == pytest.approx(streamed)


def test_activations_are_written_and_read_again_for_every_item():
    moved = 8 * 2 * 1e8 * 2 / (BANDWIDTH * MEMORY)
    assert seconds(stage(values_moved=1e8), 8) == pytest.approx(moved + LAYER)


def test_arithmetic_and_traffic_of_the_same_length_make_the_corner_round():
    macs = 1e12
    params = 2 * macs / (PEAK * CONVOLUTION) * BANDWIDTH * MEMORY / 2
    assert seconds(stage(macs=macs, params=params)) == pytest.approx(2**0.25 * 0.01 + LAYER)


def test_a_stage_of_many_small_layers_takes_their_launches():
    assert seconds(stage(macs=1.0, layers=200)) == pytest.approx(200 * LAYER, rel=1e-6)


def test_runs_follow_one_another_and_items_run_side_by_side():
    one = stage(macs=1e9, params=1e6, layers=10)
    alone = seconds(one)
    assert seconds(attrs.evolve(one, runs=20)) == pytest.approx(20 * alone)
    assert seconds(attrs.evolve(one, items=4)) == pytest.approx(seconds(one, 4))
    assert seconds(one, 4) < 4 * alone


def test_what_fits_on_the_chip_is_not_read_again():
    with_cache = chip(memory_tier=(MemoryTier(name="L2", capacity_mb=50.0),))
    assert seconds(stage(params=24e6), device=with_cache) == pytest.approx(LAYER)
    streamed = 2 * 26e6 / (BANDWIDTH * MEMORY)
    assert seconds(stage(params=26e6), device=with_cache) == pytest.approx(streamed + LAYER)


def test_activations_stay_on_the_chip_as_long_as_one_layers_fit():
    with_cache = chip(memory_tier=(MemoryTier(name="L2", capacity_mb=50.0),))
    one = stage(values_moved=1e8, layers=10)  # 40 MB a layer for one item
    assert seconds(one, 1, with_cache) == pytest.approx(10 * LAYER)
    spilled = 2 * 2 * 2 * 1e8 / (BANDWIDTH * MEMORY)
    assert seconds(one, 2, with_cache) == pytest.approx(spilled + 10 * LAYER)


def test_memory_that_is_not_on_the_die_holds_nothing_back():
    with_flash = chip(memory_tier=(MemoryTier(name="Flash", capacity_mb=1e6),))
    assert seconds(stage(params=1e9), device=with_flash) == pytest.approx(seconds(stage(params=1e9)))


def test_a_table_is_stored_and_only_what_is_gathered_is_read():
    table = stage(StageKind.EMBEDDING, params=1e12, gathered_values=1e6)
    gathered = 16 * 1e6 * 2 / (BANDWIDTH * GATHER)
    assert seconds(table, 16) == pytest.approx(gathered + LAYER)
    assert seconds(attrs.evolve(table, params=0), 16) == seconds(table, 16)


def test_a_narrower_format_halves_bytes_and_doubles_the_peak():
    many, much = stage(params=1e9), stage(macs=1e12)
    found = [stage_time(columns(chip(), name), [many, much], np.array([[1.0]])).total[0, 0] for name in ("bf16", "fp8")]
    assert found[0] - 2 * LAYER == pytest.approx(2 * (found[1] - 2 * LAYER))


def test_events_take_their_time_at_the_chips_rate():
    device = chip(
        neuromorphic=Neuromorphic(
            synaptic_operations_per_s=1e9,
            operating_point=(OperatingPoint(name="n", energy_per_synaptic_operation_pj=20.0),),
        )
    )
    assert seconds(stage(StageKind.CONVOLUTION, synaptic_operations=1e6), 3, device) == pytest.approx(3e-3 + LAYER)


def test_stages_follow_one_another_and_the_parts_make_up_the_whole():
    stages = [
        Stage(name="compute", kind=StageKind.CONVOLUTION, macs=1e12),
        Stage(name="stream", kind=StageKind.CONVOLUTION, params=1e9),
        Stage(name="launch", kind=StageKind.CONVOLUTION, macs=1.0, layers=100, runs=5),
    ]
    found = stage_time(columns(chip()), stages, np.array([[1.0, 2.0]]))
    assert list(found.terms) == ["compute", "stream", "launch"]
    assert found.total == pytest.approx(found.compute + found.memory + found.start)
    alone = [stage_time(columns(chip()), [one], np.array([[1.0, 2.0]])).total for one in stages]
    assert found.total == pytest.approx(sum(alone))
    assert found.compute[0, 0] == pytest.approx(0.01, rel=1e-4)
    assert found.memory[0, 0] == pytest.approx(2e9 / (BANDWIDTH * MEMORY), rel=1e-4)
    assert found.start[0, 0] == pytest.approx(502 * LAYER)


@pytest.mark.parametrize(
    ("one", "kind"),
    [
        (stage(macs=1e15), "compute"),
        (stage(params=1e12), "memory"),
        (stage(macs=1.0, layers=1e6), "start"),
    ],
)
def test_watts_are_what_its_bound_draws(one, kind):
    hw = columns(chip())
    watts = stage_power_w(hw, stage_time(hw, [one], np.array([[1.0]])))
    assert watts[0, 0] == pytest.approx(500.0 * STAGE_POWER_SHARE[kind], rel=1e-3)


def test_watts_are_unknown_without_a_power_limit():
    hw = columns(chip(power=attrs.evolve(chip().power, tdp_w=None)))
    assert np.isnan(stage_power_w(hw, stage_time(hw, NETWORK.stage, np.array([[1.0]])))).all()


def test_a_device_whose_bandwidth_nobody_knows_has_little_of_it():
    unknown = chip(memory=Memory(capacity_gb=1.0))
    taken = seconds(stage(params=1e12), device=unknown) - LAYER
    peak = unknown.compute.dense.bf16_tflops * 1e12
    assert taken == pytest.approx(2e12 / (BYTES_PER_OPERATION * 2 * peak), rel=1e-3)
    assert taken > seconds(stage(params=1e12))


def test_a_decoders_keys_and_values_are_kept_from_step_to_step():
    hw = columns(chip())
    steps = stage(kind=StageKind.RECURRENT, values_moved=1e6, layers=100, runs=64)
    assert live_bytes(hw, [steps])[0, 0] == pytest.approx((2e6 / 100 + 1e6) * 2)


def test_what_is_stored_is_the_larger_of_the_models_count_and_its_stages():
    hw = columns(chip())
    assert stored_bytes(hw, NETWORK)[0, 0] == 2 * 25e6
    assert stored_bytes(hw, attrs.evolve(NETWORK, params=1.0))[0, 0] == 2 * 25e6
    assert stored_bytes(columns(chip(), "fp8"), NETWORK)[0, 0] == 25e6


def test_live_activations_are_two_layers_of_the_widest_stage():
    wide, narrow = stage(values_moved=1e8, layers=10, items=3), stage(values_moved=1e8, layers=100)
    assert live_bytes(columns(chip()), [wide, narrow])[0, 0] == pytest.approx(2 * 1e7 * 3 * 2)
    assert live_bytes(columns(chip()), [])[0, 0] == 0.0
