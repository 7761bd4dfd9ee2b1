"""What every answer must satisfy, whatever the chip and the question: money, energy, and Little's law."""

import pytest
from fakes.market import ask, chip, offer, shelf
from hypothesis import given, settings
from hypothesis import strategies as st

from chipdex.domain import Compute, Load, Memory, Peaks, Power, Scenario, Workload

CHIPS = st.builds(
    lambda capacity, bandwidth, peak, watts: chip(
        "a",
        memory=Memory(capacity_gb=capacity, bandwidth_gb_per_s=bandwidth),
        compute=Compute(dense=Peaks(bf16_tflops=peak, fp8_tflops=2 * peak)),
        power=Power(tdp_w=watts),
    ),
    st.floats(40.0, 300.0),
    st.floats(500.0, 8000.0),
    st.floats(50.0, 2500.0),
    st.floats(75.0, 1500.0),
)
LENGTHS = st.fixed_dictionaries({"input_tokens": st.integers(16, 8000), "output_tokens": st.integers(2, 2000)})


@settings(max_examples=60)
@given(CHIPS, LENGTHS, st.floats(0.5, 200.0), st.sampled_from([Load.OPEN, Load.MAX]))
def test_money_and_energy_are_prices_and_watts_over_tokens(device, lengths, usd, load):
    found = ask(shelf(device, offer("a", usd)), workload=Workload(scenario=Scenario.OFFLINE, load=load, **lengths))
    for answer in found:
        tokens = answer.throughput.output_tokens_per_s
        assert answer.cost.usd_per_million_output_tokens == pytest.approx(1e6 * usd / (3600 * tokens))
        assert answer.estimate.energy.j_per_output_token == pytest.approx(answer.estimate.power_w / tokens)
        assert tokens == pytest.approx(answer.throughput.requests_per_s * lengths["output_tokens"])


@settings(max_examples=60)
@given(CHIPS, LENGTHS, st.integers(1, 64))
def test_tokens_per_second_times_the_time_of_one_are_the_sequences_in_flight(device, lengths, batch):
    workload = Workload(scenario=Scenario.OFFLINE, load=Load.MAX, batch=batch, percentile=99, **lengths)
    for answer in ask(shelf(device, offer("a", 10.0)), workload=workload):
        estimate = answer.estimate
        inside = answer.throughput.output_tokens_per_s * estimate.latency.tpot_ms / 1000.0
        # The time of one is its 99th percentile, which is no less than the mean that Little's law is about.
        assert inside / estimate.parallelism["replicas"] >= batch * (1.0 - 1e-9)
