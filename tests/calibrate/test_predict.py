"""Predictions of cells: the estimators' own answer, the same for a cell alone and in company."""

import attrs
import numpy as np
import pytest
from fakes.lab import LANGUAGE_MODEL, NETWORK, chip, lab, official, row
from fakes.tables import PLAIN_TABLE

from chipdex.calibrate.cells import Measure, cells_of
from chipdex.calibrate.predict import predictions, residuals
from chipdex.domain import PRECISIONS, Compute, Load, Memory, Neuromorphic, PowerScope, Scenario
from chipdex.search import Case, Knowledge, estimate

SMALL = chip("acme/small", memory=Memory(capacity_gb=4.0, bandwidth_gb_per_s=100.0))
EVENTS = chip("acme/events", compute=Compute(), neuromorphic=Neuromorphic(synapses=1e6))

DEVICES = (chip("acme/a"), chip("acme/b", memory=Memory(capacity_gb=40.0, bandwidth_gb_per_s=900.0)), SMALL, EVENTS)
ROWS = (
    official(),
    official(count=8, precision="fp8"),
    official("v5.0", accelerator="acme/b", model="acme/m2"),
    official(accelerator="acme/small"),
    official(accelerator="acme/events"),
    official(precision="fp4"),
    row("acme/b", load=Load.STATIC, batch=4, count=4, tensor=2),
    row("acme/a", load=Load.STATIC, batch=4, count=4, tensor=2),
    row("acme/a", metric="ttft_ms", load=Load.SINGLE),
    row("acme/a", metric="tpot_ms", load=Load.SINGLE),
    row("acme/a", metric="power_w", value=400.0, power_scope=PowerScope.ACCELERATORS, load=Load.MAX),
    official(model="acme/net", metric="inferences_per_s"),
    official(accelerator="acme/b", model="acme/net", metric="inferences_per_s"),
    official(model="acme/net", metric="latency_ms", scenario=Scenario.SINGLE_STREAM),
    official(model="acme/net", metric="latency_ms", scenario=Scenario.MULTI_STREAM),
)


@pytest.fixture(scope="module")
def cells():
    return cells_of(lab(*DEVICES, *ROWS))


@pytest.fixture(scope="module")
def together(cells):
    return predictions(cells, PLAIN_TABLE)


def test_a_cell_in_company_is_predicted_as_alone(cells, together):
    alone = np.concatenate([predictions([cell], PLAIN_TABLE) for cell in cells])
    np.testing.assert_allclose(together, alone, rtol=1e-12)


def test_the_order_of_cells_changes_nothing(cells, together):
    np.testing.assert_allclose(predictions(cells[::-1], PLAIN_TABLE)[::-1], together, rtol=1e-12)


def test_what_no_estimator_answers_for_is_nan(cells, together):
    unanswered = {(cell.accelerator.id, cell.precision.name) for cell in np.array(cells)[np.isnan(together)]}
    # It does not fit, it computes in events, and nothing runs fp4.
    assert unanswered == {("acme/small", "bf16"), ("acme/events", "bf16"), ("acme/a", "fp4")}
    assert np.all(together[np.isfinite(together)] > 0)


@pytest.mark.parametrize(
    ("model", "scenario", "measure"),
    [
        (LANGUAGE_MODEL, Scenario.OFFLINE, Measure.RATE),
        (NETWORK, Scenario.OFFLINE, Measure.RATE),
        (NETWORK, Scenario.SINGLE_STREAM, Measure.LATENCY),
    ],
)
def test_a_prediction_is_what_the_user_would_be_told(cells, together, model, scenario, measure):
    wanted = [
        i
        for i, cell in enumerate(cells)
        if (cell.model, cell.accelerator.id, cell.demand.scenario, cell.measure, cell.count, cell.precision.name)
        == (model, "acme/a", scenario, measure, 1, "bf16")
        and cell.official
    ]
    (i,) = wanted
    case = Case(model=model, accelerator=DEVICES[0], count=1, demand=cells[i].demand, precision=PRECISIONS["bf16"])
    told = estimate(case, Knowledge(calibration=PLAIN_TABLE))
    value = told.throughput.requests_per_s if measure is Measure.RATE else told.latency.latency_ms / 1e3
    assert together[i] == pytest.approx(value, rel=1e-9)


def test_several_devices_run_as_many_replicas():
    rows = [official(model="acme/net", metric="inferences_per_s", count=count) for count in (1, 4)]
    one, four = predictions(cells_of(lab(*DEVICES, *rows)), PLAIN_TABLE)
    assert four == pytest.approx(4 * one)


def test_effects_change_no_prediction(cells, together):
    everywhere = {"quantity": {f"{q}|{f}": 0.7 for q in ("throughput", "single") for f in ("language", "network")}}
    moved = attrs.evolve(PLAIN_TABLE, effects=everywhere)
    np.testing.assert_allclose(predictions(cells, moved), together, rtol=1e-12)


def test_constants_change_predictions(cells, together):
    slower = attrs.evolve(
        PLAIN_TABLE, constants={**PLAIN_TABLE.constants, "device:acme/b": {"memory": 0.2, "stage:convolution": 0.1}}
    )
    changed = predictions(cells, slower) != together
    of_b = np.array([cell.accelerator.id == "acme/b" for cell in cells])
    assert np.array_equal(changed & np.isfinite(together), of_b)


@pytest.mark.parametrize(
    ("record", "predicted", "faster"),
    [
        (official(value=2560.0), 5.0, np.log(2)),
        (official(model="acme/net", metric="latency_ms", value=4.0, scenario=Scenario.SINGLE_STREAM), 0.008, np.log(2)),
        (official(metric="power_w", value=400.0, power_scope=PowerScope.ACCELERATORS), 200.0, np.log(2)),
    ],
)
def test_a_residual_is_how_much_faster_or_hotter_was_measured(record, predicted, faster):
    found = residuals(cells_of(lab(record)), np.array([predicted]))
    assert found == pytest.approx([faster])
