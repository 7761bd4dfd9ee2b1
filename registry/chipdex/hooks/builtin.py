"""The core's own implementations, registered through the same hooks as a stranger's."""

from collections.abc import Iterable
from importlib import import_module
from typing import Final

from chipdex.hooks.records import Estimator, LintRule
from chipdex.hooks.specs import hookimpl

FAMILIES: Final = (
    "decoder",
    "vision_language",
    "encoder",
    "classification",
    "segmentation",
    "detection",
    "diffusion",
    "speech",
    "recommendation",
    "tiny",
    "spiking",
)
"""Modules of `chipdex.estimate.families`, each an estimator."""


@hookimpl
def chipdex_estimators() -> Iterable[Estimator]:
    """Yield the core's estimators; their modules are imported now, because nothing asks before it needs one."""
    for family in FAMILIES:
        module = import_module(f"chipdex.estimate.families.{family}")
        yield Estimator(
            name=family.replace("_", "-"),
            applies=module.applies,
            estimate=module.estimate,
            capacity=module.capacity,
        )


LINT_THEMES: Final = (
    "ranges",
    "formats",
    "memory",
    "links",
    "power",
    "nodes",
    "balance",
    "dates",
    "prices",
    "facts",
    "identity",
    "measured",
    "models",
)
"""Modules of `chipdex.plausibility.rules`, each with the lint rules of one theme."""


@hookimpl
def chipdex_lint_rules() -> Iterable[LintRule]:
    """Yield the core's lint rules; their modules are imported now, because only `lint` asks for them."""
    for theme in LINT_THEMES:
        yield from import_module(f"chipdex.plausibility.rules.{theme}").RULES
