"""What was measured: counts, the best of each, which of them are told first, and what several devices share."""

import datetime as dt

from fakes.lab import kernel, official, row

from chipdex.catalog.results import headlines, ranked, results, shared
from chipdex.domain import Load, Scenario
from chipdex.domain.measurement import PowerScope


def test_a_rate_is_per_accelerator_and_the_best_of_its_kind() -> None:
    found = results([official(value=800.0, count=8), official(value=150.0), official(value=90.0)])
    (only,) = found.performance
    assert (only.value, only.rows, only.per_accelerator) == (150.0, 3, True)
    assert found.rows == 3


def test_the_best_time_is_the_shortest_and_is_not_divided() -> None:
    rows = [official(metric="latency_ms", value=value, count=2) for value in (4.0, 2.0)]
    (only,) = results(rows).performance
    assert (only.value, only.per_accelerator) == (2.0, False)


def test_a_run_that_nobody_tuned_is_the_best_only_where_there_is_no_other() -> None:
    found = results([row(load=Load.STATIC, value=900.0, tuned=False), row(load=Load.STATIC, value=500.0)])
    assert found.performance[0].value == 500.0
    alone = results([row(load=Load.STATIC, value=900.0, tuned=False)])
    assert alone.performance[0].value == 900.0


def test_timings_of_kernels_are_counted_apart() -> None:
    found = results([kernel("acme/a", "gemm_share_of_peak", 0.7), row()])
    assert (found.rows, found.kernels, found.models) == (1, 1, 1)


def test_power_stands_apart_by_what_it_includes() -> None:
    rows = [
        row(metric="power_w", value=value, power_scope=scope)
        for value, scope in zip((600.0, 900.0), PowerScope, strict=False)
    ]
    found = results([*rows, row()])
    assert [one.best.power_scope for one in found.power] == [PowerScope.ACCELERATORS, PowerScope.NODE]
    assert len(found.performance) == 1


def test_headlines_are_official_first_the_newest_model_first_and_two_scenarios_of_each() -> None:
    rows = [
        official(model="acme/m1", scenario=scenario, date=dt.date(2024, 1, 1))
        for scenario in (Scenario.OFFLINE, Scenario.SERVER, Scenario.INTERACTIVE)
    ]
    rows += [official(model="acme/m2", date=dt.date(2026, 1, 1)), row(model="acme/m3", load=Load.STATIC)]
    rows += [official(model="acme/m1", metric="ttft_ms", value=5.0)]
    told = [(one.model, one.scenario, one.metric) for one in headlines(results(rows).performance)]
    assert told == [
        ("acme/m2", "offline", "output_tokens_per_s"),
        ("acme/m1", "offline", "output_tokens_per_s"),
        ("acme/m1", "server", "output_tokens_per_s"),
        ("acme/m3", "static", "output_tokens_per_s"),
    ]


def test_devices_of_one_model_are_ranked_by_scenario() -> None:
    rows = [official(accelerator=f"acme/{name}", value=value) for name, value in (("a", 1.0), ("b", 2.0))]
    assert [one.accelerator for one in ranked(results(rows).performance)] == ["acme/b", "acme/a"]


def test_only_what_several_devices_were_officially_measured_on_is_shared() -> None:
    a = results([official(value=10.0), official(model="acme/m2"), row(model="acme/m3")])
    b = results([official(accelerator="acme/b", value=20.0), row(accelerator="acme/b", model="acme/m3")])
    ((first, values),) = shared({"acme/a": a, "acme/b": b})
    assert (first.model, first.scenario) == ("acme/m1", "offline")
    assert {device: one.value for device, one in values.items()} == {"acme/a": 10.0, "acme/b": 20.0}
