"""Which estimator answers for a model on a device: a plugin's that covers it, else the core's."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

import attrs
import numpy as np

from chipdex.domain.accelerator import Accelerator
from chipdex.domain.model import Model
from chipdex.domain.source import Level, Origin
from chipdex.domain.workload import Load
from chipdex.errors import PluginError
from chipdex.estimate.decoder import Deployments, Performance
from chipdex.estimate.memory import Memory
from chipdex.estimate.operation import Array
from chipdex.hooks.builtin import chipdex_estimators
from chipdex.values import Value

if TYPE_CHECKING:
    from chipdex.hooks.records import Estimator
    from chipdex.settings import Settings

_ANY: Final = 1e15


class Host(Protocol):
    """What is needed of a plugin host: its estimators, and a guard to call a stranger's under."""

    settings: "Settings"

    def estimators(self) -> Sequence[tuple["Estimator", Origin]]: ...  # noqa: D102 - a protocol

    def call(self, origin: Origin, function: Callable[..., Any], *arguments: Any) -> Any: ...  # noqa: D102 - likewise


@attrs.frozen(eq=False, repr=False)
class Engine(Value):
    """One estimator, with the guard that a stranger's is called under.

    A stranger's that fails or returns rubbish is its plugin's problem, and raises FailedEngineError: the question is
    then put again without it (see `chipdex.search.asking`).
    """

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
        except FailedEngineError:
            if self.is_strict:
                raise
            return False

    def capacity(self, deployments: Deployments) -> Memory:
        """Return what each deployment holds; any batch fits where the estimator does not say."""
        if self.estimator.capacity is None:
            nothing = np.zeros_like(deployments.layout.tensor)
            return Memory(usable=nothing + _ANY, weights=nothing, activations=nothing, per_sequence=nothing + 1.0)
        found: Memory = self._call(self._capacity, deployments)
        return found

    def estimate(self, deployments: Deployments, batch: Array, load: Load) -> Performance:
        """Return what the deployments do at each batch, (rows, points)."""
        found: Performance = self._call(self._estimate, deployments, batch, load)
        return found

    def _capacity(self, deployments: Deployments) -> Any:
        found: Any = self.estimator.capacity(deployments) if self.estimator.capacity is not None else None
        if self.origin.level is not Level.BUILT_IN:
            self._check(found, Memory)
            self._check_shape(found.largest_batch, deployments.layout.tensor, "largest_batch")
        return found

    def _estimate(self, deployments: Deployments, batch: Array, load: Load) -> Any:
        found = self.estimator.estimate(deployments, batch, load)
        if self.origin.level is not Level.BUILT_IN:
            self._check(found, Performance)
            served = found.serving
            for name in ("requests_per_s", "ttft_s", "tpot_s"):
                self._check_shape(getattr(served, name), batch, name)
                if not np.all(np.isfinite(getattr(served, name))):
                    raise PluginError(f"Estimator {self.name} returned {name} that are no numbers.", fix=_FIX)
                if np.any(np.asarray(getattr(served, name)) < 0):
                    raise PluginError(f"Estimator {self.name} returned {name} below 0.", fix=_FIX)
            self._check_shape(found.power_w, batch, "power_w")
            if np.any(np.asarray(found.power_w) < 0):
                raise PluginError(f"Estimator {self.name} returned power_w below 0.", fix=_FIX)
        return found

    def _check(self, found: Any, wanted: type[Any]) -> None:
        if not isinstance(found, wanted):
            what = "Footprint" if wanted is Memory else wanted.__name__
            raise PluginError(f"Estimator {self.name} returned a {type(found).__name__}, not a {what}.", fix=_FIX)

    def _check_shape(self, found: Any, like: Array, name: str) -> None:
        if np.shape(found) != like.shape:
            sentence = f"Estimator {self.name} returned {name} of shape {np.shape(found)}; {like.shape} is needed."
            raise PluginError(sentence, fix=_FIX)

    @property
    def is_strict(self) -> bool:
        """Whether the settings make any problem of a plugin fatal."""
        return self.host is not None and self.host.settings.strict

    def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        if self.host is None or self.origin.level is Level.BUILT_IN:
            return function(*arguments)
        try:
            return self.host.call(self.origin, function, *arguments)
        except PluginError as error:
            raise FailedEngineError(error, self) from error


class FailedEngineError(PluginError):
    """A plugin's estimator failed, or returned what is no answer; `engine` is that estimator."""

    def __init__(self, error: PluginError, engine: Engine) -> None:
        super().__init__(error.message, fix=error.fix)
        self.engine = engine


_FIX: Final = "Its authors have to return a chipdex.api.Footprint and Performance, numbers for every batch and row."
_BUILT_IN: Final = Origin(level=Level.BUILT_IN)


def engines(host: Host | None) -> tuple[Engine, ...]:
    """Return the estimators in the order in which they are asked: plugins' first, then the core's."""
    if host is None:
        return tuple(Engine(estimator, _BUILT_IN) for estimator in chipdex_estimators())
    known = [Engine(estimator, origin, host) for estimator, origin in host.estimators()]
    return tuple(sorted(known, key=lambda engine: engine.origin.level is Level.BUILT_IN))


def engine_for(known: Iterable[Engine], model: Model, accelerator: Accelerator) -> Engine | None:
    """Return the first estimator that covers a model on a device, None where none does."""
    return next((engine for engine in known if engine.applies(model, accelerator)), None)


_SILENT: Final = "no rate of synaptic operations, or no energy of one at an operating point, is published"


def no_engine(model: Model, accelerator: Accelerator) -> str:
    """Return the sentence that says why no estimator covers a model on a device."""
    if accelerator.computes_in_events:
        lacks = "no spiking network is known for the model" if not model.events else _SILENT
        return f"{accelerator.id} computes in events: {lacks}."
    return f"No estimator covers a model of family {model.family.value} on {accelerator.id}."
