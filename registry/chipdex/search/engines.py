"""Which estimator answers for a model on a device: a plugin's that covers it, else the core's."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

import attrs
import numpy as np

from chipdex.domain.accelerator import Accelerator
from chipdex.domain.model import Family, Model
from chipdex.domain.source import Level, Origin
from chipdex.domain.workload import Load
from chipdex.errors import PluginError
from chipdex.estimate.decoder import Deployments, Performance
from chipdex.estimate.memory import Memory
from chipdex.estimate.operation import Array
from chipdex.hooks.builtin import chipdex_estimators

if TYPE_CHECKING:
    from chipdex.hooks.records import Estimator

_ANY: Final = 1e15


class Host(Protocol):
    """What is needed of a plugin host: its estimators, and a guard to call a stranger's under."""

    def estimators(self) -> Sequence[tuple["Estimator", Origin]]: ...  # noqa: D102 - a protocol

    def call(self, origin: Origin, function: Callable[..., Any], *arguments: Any) -> Any: ...  # noqa: D102 - likewise


@attrs.frozen
class Engine:
    """One estimator, with the guard that a stranger's is called under."""

    estimator: "Estimator"
    origin: Origin
    host: Host | None = None

    @property
    def name(self) -> str:
        """The estimator's name, with who brings it where that is not the core."""
        own = self.origin.level is Level.BUILT_IN
        return self.estimator.name if own else f"{self.origin.distribution}:{self.estimator.name}"

    def applies(self, model: Model, accelerator: Accelerator) -> bool:
        """Return whether the estimator covers the model on the device; one that fails covers nothing."""
        try:
            return bool(self._call(self.estimator.applies, model, accelerator))
        except PluginError:
            return False

    def capacity(self, deployments: Deployments) -> Memory:
        """Return what each deployment holds; any batch fits where the estimator does not say."""
        if self.estimator.capacity is None:
            nothing = np.zeros_like(deployments.layout.tensor)
            return Memory(usable=nothing + _ANY, weights=nothing, activations=nothing, per_sequence=nothing + 1.0)
        found: Memory = self._call(self.estimator.capacity, deployments)
        return found

    def estimate(self, deployments: Deployments, batch: Array, load: Load) -> Performance:
        """Return what the deployments do.

        Raises PluginError where a plugin's estimator fails or returns anything but a Performance.
        """
        found = self._call(self.estimator.estimate, deployments, batch, load)
        if not isinstance(found, Performance):
            raise PluginError(
                f"Estimator {self.name} returned a {type(found).__name__}.",
                fix="Its authors have to return a chipdex.api.Performance.",
            )
        return found

    def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        if self.host is None or self.origin.level is Level.BUILT_IN:
            return function(*arguments)
        return self.host.call(self.origin, function, *arguments)


_BUILT_IN: Final = Origin(level=Level.BUILT_IN)


def engines(host: Host | None) -> tuple[Engine, ...]:
    """Return the estimators in the order in which they are asked: plugins' first, then the core's."""
    if host is None:
        return tuple(Engine(estimator, _BUILT_IN) for estimator in chipdex_estimators())
    found = [Engine(estimator, origin, host) for estimator, origin in host.estimators()]
    return tuple(sorted(found, key=lambda engine: engine.origin.level is Level.BUILT_IN))


def engine_for(known: Iterable[Engine], model: Model, accelerator: Accelerator) -> Engine | None:
    """Return the first estimator that covers a model on a device, None where none does."""
    return next((engine for engine in known if engine.applies(model, accelerator)), None)


def no_engine(model: Model, accelerator: Accelerator) -> str:
    """Return the sentence that says why no estimator covers a model on a device."""
    part = accelerator.neuromorphic
    if part is not None and (model.family is not Family.SPIKING or not part.operating_point):
        return f"{accelerator.id} computes in events: it answers for spiking models, at a stated operating point."
    return f"No estimator covers a model of family {model.family.value} on {accelerator.id}."
