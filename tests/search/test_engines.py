"""Which estimator answers: a stranger's for what it covers, the core's wherever a stranger's fails or talks nonsense."""

import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import numpy as np
import pytest
from fakes.distributions import write_code
from fakes.lab import LANGUAGE_MODEL, NETWORK, SMALL_MODEL, chip
from fakes.rows import deployments
from fakes.tables import PLAIN_TABLE

from chipdex.domain import Compute, Kind, Load, Neuromorphic, Scenario, Stage, StageKind, Workload
from chipdex.errors import InfeasibleError, PluginError
from chipdex.hooks import PluginHost
from chipdex.search import Case, Knowledge, Query, best, estimate
from chipdex.search.engines import engine_for, engines, no_engine
from chipdex.search.query import Choice, Objective, default_precisions, demand
from chipdex.settings import load_settings

OURS, THEIRS = chip("acme/dataflow", kind=Kind.ASIC), chip("rival/x")

SOURCE = """
import numpy as np
from chipdex.api import Estimator, Footprint, batch_performance, hookimpl


def applies(model, accelerator):
    {applies}


def estimate(deployments, batch, load):
    {estimate}


def capacity(deployments):
    {capacity}


@hookimpl
def chipdex_estimators():
    yield Estimator(name="dataflow", applies=applies, estimate=estimate, capacity={given})
"""
GOOD = {
    "applies": 'return accelerator.id == "acme/dataflow"',
    "estimate": "return batch_performance(deployments, batch, seconds=0.001 * batch, power_w=50.0)",
    "capacity": "pass",
    "given": "None",
}
FOOTPRINT = (
    "nothing = np.zeros_like(deployments.layout.tensor); "
    "return Footprint(usable=nothing + 9.0, weights=nothing, activations=nothing, per_sequence=nothing + 2.0)"
)
RUBBISH = {
    "raises": {"estimate": "raise ValueError('no table for this model')"},
    "leaves": {"estimate": "raise SystemExit(3)"},
    "returns a number": {"estimate": "return 42"},
    "returns nothing": {"estimate": "pass"},
    "returns another shape": {
        "estimate": "return batch_performance(deployments, batch[:1, :1], seconds=np.array([[0.1]]))"
    },
    "returns times that are none": {"estimate": "return batch_performance(deployments, batch, seconds=np.nan * batch)"},
    "returns endless rates": {
        "estimate": "with np.errstate(all='ignore'): return batch_performance(deployments, batch, seconds=0.0 * batch)"
    },
    "raises in capacity": {"given": "capacity", "capacity": "raise KeyError('SRAM')"},
    "returns a number for its capacity": {"given": "capacity", "capacity": "return 42"},
    "returns the capacity of another question": {
        "given": "capacity",
        "capacity": "one = np.ones(7); return Footprint(usable=one, weights=one, activations=one, per_sequence=one)",
    },
    "does not say whether it applies": {"applies": "return accelerator.dataflow"},
}


@pytest.fixture
def host_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator:
    """Return a maker of hosts that see one plugin with an estimator, and no other plugin."""
    before = set(sys.modules)
    monkeypatch.setenv("CHIPDEX_PLUGINS", "acme-estimator")

    def make(*, no_plugins=False, strict=False, **parts):
        write_code(tmp_path, "acme-estimator", SOURCE.format(**GOOD | parts))
        monkeypatch.syspath_prepend(str(tmp_path))
        return PluginHost(attrs.evolve(load_settings(no_plugins=no_plugins), strict=strict))

    yield make
    for name in set(sys.modules) - before:
        if name.startswith("acme"):
            del sys.modules[name]


@attrs.frozen
class Shelf:
    accelerators: dict
    offers: tuple = ()
    grids_by_id: dict = attrs.field(factory=dict)

    @property
    def rented(self):
        return frozenset(offer.accelerator for offer in self.offers if offer.is_quote)


def ranked(known, *devices, model=SMALL_MODEL):
    """Return the answer of `best` over devices, fastest on one accelerator first."""
    question = Query(
        model=model,
        demand=demand(Workload(scenario=Scenario.OFFLINE), model),
        precisions=default_precisions(model),
        choice=Choice(objective=Objective.THROUGHPUT, max_accelerators=1),
    )
    return best(Shelf({device.id: device for device in devices}), question, known)


def knowing(host):
    return Knowledge(engines=engines(host), calibration=PLAIN_TABLE)


def rates(answer):
    return {one.accelerator: one.throughput.requests_per_s for one in answer}


@pytest.fixture(scope="module")
def cores():
    """Return what the core alone says."""
    return rates(ranked(Knowledge(calibration=PLAIN_TABLE), OURS, THEIRS))


def test_a_strangers_estimator_wins_for_its_device_and_for_no_other(host_of, cores):
    known = knowing(host_of())
    assert engine_for(known.engines, SMALL_MODEL, OURS).name == "acme-estimator:dataflow"
    assert engine_for(known.engines, SMALL_MODEL, THEIRS).name == "decoder"
    found = ranked(known, OURS, THEIRS)
    assert rates(found) == {"acme/dataflow": pytest.approx(1000.0), "rival/x": cores["rival/x"]}
    (ours,) = [answer for answer in found if answer.accelerator == "acme/dataflow"]
    assert ours.estimate.power_w == pytest.approx(50.0)


def test_it_covers_a_chip_that_the_core_has_no_estimator_for(host_of):
    device = attrs.evolve(OURS, neuromorphic=Neuromorphic())
    assert list(ranked(Knowledge(calibration=PLAIN_TABLE), device)) == []
    assert rates(ranked(knowing(host_of()), device)) == {"acme/dataflow": pytest.approx(1000.0)}


def test_its_capacity_decides_how_large_a_batch_fits(host_of):
    known = knowing(host_of(given="capacity", capacity=FOOTPRINT))
    engine = engine_for(known.engines, SMALL_MODEL, OURS)
    assert engine.capacity(deployments(SMALL_MODEL, OURS)).largest_batch[0, 0] == 4  # 9 bytes, 2 for each
    (answer,) = ranked(known, OURS)
    assert answer.estimate.batch <= 4


@pytest.mark.parametrize("fault", RUBBISH)
def test_where_it_fails_the_core_answers_and_its_plugin_is_named(host_of, cores, fault):
    host = host_of(**RUBBISH[fault])
    found = ranked(knowing(host), OURS, THEIRS)
    assert rates(found) == cores
    (problem,) = [line for line in host.problems if "acme-estimator" in line]
    assert problem.startswith("Plugin acme-estimator:")
    assert "degraded" in problem


@pytest.mark.parametrize("fault", RUBBISH)
def test_one_estimate_survives_it_too(host_of, fault):
    case = Case(
        model=SMALL_MODEL,
        accelerator=OURS,
        count=1,
        demand=demand(Workload(scenario=Scenario.OFFLINE), SMALL_MODEL),
    )
    alone = estimate(case, Knowledge(calibration=PLAIN_TABLE))
    assert estimate(case, knowing(host_of(**RUBBISH[fault]))).throughput == alone.throughput


@pytest.mark.parametrize("fault", RUBBISH)
def test_strict_settings_make_it_fatal(host_of, fault):
    with pytest.raises(PluginError, match="acme-estimator"):
        ranked(knowing(host_of(strict=True, **RUBBISH[fault])), OURS)


def test_a_sentence_says_what_was_wrong(host_of):
    host = host_of(**RUBBISH["returns a number"])
    ranked(knowing(host), OURS)
    assert any("returned a int, not a Performance" in line for line in host.problems)


def test_without_plugins_the_core_still_has_its_own(host_of, cores):
    host = host_of(no_plugins=True)
    assert [engine.name for engine in engines(host)] == [engine.name for engine in engines(None)]
    assert rates(ranked(knowing(host), OURS, THEIRS)) == cores


def test_strangers_are_asked_before_the_core(host_of):
    names = [engine.name for engine in engines(host_of())]
    assert names[0] == "acme-estimator:dataflow"
    assert names[1:] == [engine.name for engine in engines(None)]


def test_where_nobody_answers_it_is_said_why():
    events = chip("acme/events", compute=Compute(), neuromorphic=Neuromorphic())
    assert engine_for(engines(None), LANGUAGE_MODEL, events) is None
    assert "computes in events: no spiking network" in no_engine(LANGUAGE_MODEL, events)
    spoken = attrs.evolve(LANGUAGE_MODEL, spiking_stage=(Stage(name="s", kind=StageKind.SPIKING),))
    assert "computes in events: no rate of synaptic operations" in no_engine(spoken, events)
    assert "family decoder" in no_engine(LANGUAGE_MODEL, chip())
    case = Case(model=LANGUAGE_MODEL, accelerator=events, count=1, demand=demand(Workload(), LANGUAGE_MODEL))
    with pytest.raises(InfeasibleError, match="computes in events"):
        estimate(case)


def test_an_estimator_that_says_nothing_of_capacity_fits_any_batch(host_of):
    engine = engine_for(engines(host_of()), NETWORK, OURS)
    held = engine.capacity(deployments(NETWORK, OURS))
    assert held.largest_batch[0, 0] > 1e12
    assert np.all(engine.estimate(deployments(NETWORK, OURS), np.array([[4.0]]), Load.MAX).serving.ttft_s == 0.004)
