"""Which accelerator or model a source means: names through the registry's resolver, memory to tell twins apart."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from chipdex.domain import Accelerator

LEAST_MEMORY: Final = 0.85
MOST_MEMORY: Final = 1.12
"""Between what drivers leave of the printed memory, and GiB that are called GB; twins differ by a third at least."""


class Devices(Protocol):
    """What a registry answers of accelerators."""

    @property
    def accelerators(self) -> Mapping[str, Accelerator]:
        """Devices by id."""
        ...

    def matches(self, kind: str, name: str) -> tuple[str, ...]:
        """Every id that a name may mean."""
        ...


class KnownNames:
    """Answers names for all fetchers of a refresh, each name looked up once."""

    def __init__(self, registry: Devices) -> None:
        self._registry = registry
        self._known: dict[tuple[str, float | None], str | None] = {}
        self._models: dict[str, str | None] = {}
        self._lock = threading.Lock()

    @property
    def ids(self) -> Mapping[str, Accelerator]:
        """The accelerators that there are, by id."""
        return self._registry.accelerators

    def counting_models(self, unknown: Counter[str]) -> Callable[..., str | None]:
        """Return the function that a fetcher asks for models, by all the names that an API has for one."""

        def model(*names: str) -> str | None:
            found = next((one for name in names if (one := self._model(str(name)))), None)
            if found is None and names:
                unknown[str(names[0])] += 1
            return found

        return model

    def _model(self, name: str) -> str | None:
        if name not in self._models:
            with self._lock:
                found = self._registry.matches("models", name)
            self._models[name] = found[0] if len(found) == 1 else None
        return self._models[name]

    def counting(self, unknown: Counter[str]) -> Callable[[str, float | None], str | None]:
        """Return the function that a fetcher asks; what has no one answer is counted in `unknown`."""

        def accelerator(name: str, memory_gb: float | None = None) -> str | None:
            found = self.find(name, memory_gb)
            if found is None:
                unknown[name if memory_gb is None else f"{name} ({memory_gb:g} GB)"] += 1
            return found

        return accelerator

    def find(self, name: str, memory_gb: float | None = None) -> str | None:
        """Return the id of what a cloud calls an accelerator; None where nothing or several are called so.

        One whose memory is not what the cloud says is not meant: a slice of a device, or an older one.
        """
        key = (name, memory_gb)
        if key not in self._known:
            with self._lock:
                self._known[key] = self._looked_up(name, memory_gb)
        return self._known[key]

    def _looked_up(self, name: str, memory_gb: float | None) -> str | None:
        found = [one for one in self._registry.matches("accelerators", str(name)) if self._holds(one, memory_gb)]
        return found[0] if len(found) == 1 else None

    def _holds(self, accelerator: str, memory_gb: float | None) -> bool:
        memory = self._registry.accelerators[accelerator].memory
        capacity = memory.capacity_gb if memory else None
        if not memory_gb or not capacity:
            return True
        return capacity * LEAST_MEMORY <= memory_gb <= capacity * MOST_MEMORY
