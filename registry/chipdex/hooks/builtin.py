"""The core's own implementations, registered through the same hooks as a stranger's."""

from collections.abc import Iterable
from importlib import import_module
from typing import Final

from chipdex.hooks.locate import package_folder
from chipdex.hooks.records import Estimator, ProfileSource
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


class DataPlugin:
    """The core's implementation on behalf of one data plugin: it yields the plugin's folder and executes nothing."""

    def __init__(self, package: str) -> None:
        self.package = package
        self.folder = package_folder(package)

    @hookimpl
    def chipdex_profile_sources(self) -> Iterable[ProfileSource]:
        """Yield the package's own folder."""
        yield ProfileSource(package=self.package, folder=str(self.folder))
