"""Every option of a workload reaches the question."""

import pytest

from chipdex.cli.questions import FIGURES, pair_filter, workload_of
from chipdex.cli.session import Session
from chipdex.cli.words import serving_conditions
from chipdex.domain import Load, Scenario, Workload
from chipdex.domain.workload import Prefill


def test_what_is_not_given_stays_open() -> None:
    assert workload_of({}) == Workload()


def test_every_figure_lands_in_the_field_of_its_name() -> None:
    given = {key: position + 1 for position, key in enumerate(FIGURES)}
    workload = workload_of(given)
    assert workload.rate_per_s == given["rate"]
    assert {key: getattr(workload, key) for key in FIGURES if key != "rate"} | {"rate": given["rate"]} == given


def test_how_engines_serve_is_stated_where_it_was_asked_for() -> None:
    assert serving_conditions(Workload()) == []
    workload = Workload(
        input_cv=0.5,
        prefill=Prefill.SEPARATE,
        prefix_hit_fraction=0.25,
        draft_tokens=4,
        draft_acceptance_fraction=0.7,
        draft_cost_fraction=0.1,
        disaggregated=True,
        transfer_gb_per_s=50,
    )
    assert serving_conditions(workload) == [
        "input lengths spread by 0.5 of their mean",
        "separate prefill",
        "0.25 of each prompt cached",
        "4 tokens drafted per step, 0.7 of them accepted, each at 0.1 of a step",
        "prefill and decode apart, joined by 50 GB/s",
    ]


def test_choices_land_as_what_they_name() -> None:
    given = {"scenario": "offline", "load": "static", "prefill": "separate", "disaggregated": True, "batch": 4}
    assert workload_of(given) == Workload(
        scenario=Scenario.OFFLINE, load=Load.STATIC, prefill=Prefill.SEPARATE, disaggregated=True, batch=4
    )


@pytest.mark.parametrize("where", [None, "", "  "])
def test_an_empty_condition_filters_nothing(where: str | None) -> None:
    assert pair_filter(Session(), where) is None
