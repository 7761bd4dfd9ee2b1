"""What ships holds: no rule finds anything in it that is not accepted with a reason."""

import pytest

from chipdex.catalog import Registry
from chipdex.plausibility import lint_registry


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.load()


def test_lint_finds_nothing_in_all_that_ships(registry: Registry) -> None:
    inspection = lint_registry(registry, registry.host)
    assert [f"{rule}: {problem}" for problem, rule in inspection.problems] == []
    assert inspection.checked > 10_000


def test_the_core_runs_its_rules_without_a_fault(registry: Registry) -> None:
    lint_registry(registry, registry.host)
    assert [problem for problem in registry.host.problems if problem.startswith("The core")] == []
