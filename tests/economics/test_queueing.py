"""Queues agree with textbooks, with one another, and with Little."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipdex.economics.queueing import (
    Queue,
    blocking_probability,
    least_servers,
    limiting_wait_probability,
    square_root_staffing,
    wait_probability,
)
from chipdex.errors import InfeasibleError, OptionError

SERVERS = st.integers(1, 400)
LOAD = st.floats(0.01, 0.99)


@pytest.mark.parametrize(
    ("servers", "load", "waiting"),
    [(1, 0.8, 0.8), (2, 1.6, 0.71111), (10, 8.0, 0.40918), (100, 90.0, 0.21694)],
)
def test_the_share_that_waits_is_erlangs(servers: int, load: float, waiting: float) -> None:
    assert wait_probability(servers, load) == pytest.approx(waiting, abs=1e-5)


def test_the_blocking_formula_is_that_of_the_textbook() -> None:
    terms = [4.0**k / math.factorial(k) for k in range(7)]
    assert blocking_probability(6, 4.0) == pytest.approx(terms[-1] / sum(terms), rel=1e-12)


def test_one_server_waits_as_the_closed_form_says() -> None:
    queue = Queue(servers=1, offered_load=0.8, service_time=5.0)
    assert queue.mean_wait == pytest.approx(20.0)
    assert queue.tail(10.0) == pytest.approx(0.8 * math.exp(-0.2 * 10.0 / 5.0))


def test_constant_services_wait_half_as_long() -> None:
    assert Queue(servers=1, offered_load=0.8, scv_service=0.0).mean_wait == pytest.approx(2.0)


@given(SERVERS, LOAD)
def test_it_is_little_that_joins_queue_and_wait(servers: int, share: float) -> None:
    queue = Queue(servers=servers, offered_load=share * servers, service_time=0.25)
    arrivals_per_s = queue.offered_load / queue.service_time
    in_system = queue.mean_queue + queue.offered_load
    assert in_system == pytest.approx(arrivals_per_s * queue.mean_response)


@given(SERVERS, LOAD, st.floats(50.0, 99.9))
def test_a_percentile_is_where_the_tail_says(servers: int, share: float, percentile: float) -> None:
    queue = Queue(servers=servers, offered_load=share * servers)
    wait = queue.wait_percentile(percentile)
    assert wait == 0.0 or queue.tail(wait) == pytest.approx(1.0 - percentile / 100.0, rel=1e-6)


@given(SERVERS, LOAD)
def test_one_server_more_never_waits_longer(servers: int, share: float) -> None:
    load = share * servers
    assert (
        Queue(servers=servers + 1, offered_load=load).mean_wait <= Queue(servers=servers, offered_load=load).mean_wait
    )


@given(st.floats(0.1, 300.0), st.floats(0.001, 0.9))
def test_the_fewest_servers_are_the_fewest(load: float, waiting: float) -> None:
    servers = least_servers(load, most_waiting=waiting)
    assert wait_probability(servers, load) <= waiting
    assert servers == 1 or wait_probability(servers - 1, load) > waiting


@pytest.mark.parametrize(("load", "waiting"), [(400.0, 0.5), (400.0, 0.1), (2000.0, 0.01)])
def test_the_square_root_rule_is_near_the_exact_count_where_many_serve(load: float, waiting: float) -> None:
    assert square_root_staffing(load, most_waiting=waiting) == pytest.approx(
        least_servers(load, most_waiting=waiting), abs=2.0
    )


def test_a_beta_of_nothing_waits_always() -> None:
    assert limiting_wait_probability(0.0) == 1.0
    assert limiting_wait_probability(1.0) == pytest.approx(0.2234, abs=1e-4)


def test_what_is_not_held_is_refused_with_what_would_be() -> None:
    with pytest.raises(InfeasibleError, match="at least 9 servers"):
        Queue(servers=8, offered_load=8.0)


@pytest.mark.parametrize("wrong", [{"servers": 0}, {"scv_service": -1.0}, {"offered_load": math.nan}])
def test_what_no_queue_has_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(OptionError):
        Queue(**{"servers": 2, "offered_load": 1.0, **wrong})


def test_regular_arrivals_and_services_never_wait() -> None:
    queue = Queue(servers=13, offered_load=10.0, scv_arrival=0.0, scv_service=0.0)
    assert (queue.wait_probability, queue.mean_wait, queue.wait_percentile(99.0), queue.tail(0.0)) == (0.0,) * 4
    assert queue.mean_wait_if_waiting is None
    assert queue.model == "D/D/13, exact"
    assert queue.exact


def test_nobody_waits_where_nobody_comes() -> None:
    queue = Queue(servers=2, offered_load=0.0)
    assert (queue.wait_probability, queue.mean_wait, queue.mean_queue) == (0.0, 0.0, 0.0)
    assert queue.mean_wait_if_waiting is None


def test_a_load_that_fills_the_servers_is_unstable() -> None:
    with pytest.raises(InfeasibleError, match=r"10,000,000 erlangs.*unstable"):
        Queue(servers=10_000_000, offered_load=1e7)


@given(st.floats(0.0, 2e4), st.integers(1, 30_000))
def test_the_blocking_formula_starts_late_without_a_trace(load: float, servers: int) -> None:
    blocked = 1.0
    for busy in range(1, servers + 1):
        blocked = load * blocked / (busy + load * blocked)
    assert blocking_probability(servers, load) == pytest.approx(blocked, rel=1e-12, abs=0.0)


def test_the_largest_fleet_is_staffed_at_once() -> None:
    assert least_servers(1e7, most_waiting=0.2) == pytest.approx(square_root_staffing(1e7, most_waiting=0.2), abs=2.0)


@given(st.floats(5e-324, 1e9), st.floats(0.0, 1e6), st.floats(0.0, 1e6), st.floats(0.0, 1.0, exclude_max=True))
def test_every_figure_of_a_queue_is_finite(time: float, arrival: float, service: float, share: float) -> None:
    queue = Queue(servers=3, offered_load=3.0 * share, scv_arrival=arrival, scv_service=service, service_time=time)
    figures = (queue.mean_wait, queue.mean_queue, queue.mean_response, queue.wait_percentile(99.9), queue.tail(1.0))
    assert all(math.isfinite(one) for one in figures)
