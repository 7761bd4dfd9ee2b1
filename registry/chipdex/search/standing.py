"""Where one device would stand: its rank among all devices for a few workloads, or what keeps it out."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import attrs

from chipdex.domain import Accelerator, Model, Status, Workload
from chipdex.estimate.hardware import missing_figure, usable_bytes
from chipdex.search.asking import best
from chipdex.search.engines import Engine, engine_for
from chipdex.search.knowledge import Knowledge
from chipdex.search.query import Choice, Objective, Query, default_precisions, demand
from chipdex.search.rank import Records
from chipdex.search.result import Answer, Rejection
from chipdex.values import Value

OBJECTIVES: Final = (Objective.COST, Objective.ENERGY, Objective.THROUGHPUT)
_EVERY_ANSWER: Final = 1_000_000
_TOGETHER: Final = 8
_BITS_PER_BYTE: Final = 8


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Standing(Value):
    """The rank of a device among `devices` that answer, and its neighbours; or why it does not answer."""

    model: str
    objective: Objective
    devices: int
    answer: Answer | None = None
    rejection: Rejection | None = None
    ahead: str | None = None
    behind: str | None = None

    @property
    def rank(self) -> int | None:
        """The rank, 1 being the best; None where the device does not answer."""
        return None if self.answer is None else self.answer.rank


def heaviest(device: Accelerator, models: Sequence[Model], engines: Sequence[Engine], count: int) -> list[Model]:
    """Return the first `count` of `models`, given heaviest first, that a device can run; then those it cannot.

    It can run what an estimator covers, what it has a peak for, and whose weights eight of it hold together.
    """
    able = [model for model in models if _runs(device, model, engines)]
    unable = [model for model in reversed(models) if model not in able]
    return [*able, *unable][:count]


def _runs(device: Accelerator, model: Model, engines: Sequence[Engine]) -> bool:
    if engine_for(engines, model, device) is None:
        return False
    formats = [p for p in default_precisions(model) if missing_figure(device, p, model) is None]
    if not formats:
        return False
    weights = min(model.params * p.weight_bits / _BITS_PER_BYTE for p in formats)
    return device.computes_in_events or weights <= _TOGETHER * usable_bytes(device)


def standings(
    registry: Records, device: Accelerator, models: Iterable[Model], knowledge: Knowledge
) -> Iterator[Standing]:
    """Yield where a device of `registry` stands for each model under its default workload, by each of `OBJECTIVES`.

    Its own status never keeps it out; devices that cannot be had are ranked only where it is such a one.
    """
    for model in models:
        for objective in OBJECTIVES:
            choice = Choice(
                objective=objective,
                announced=device.status is Status.ANNOUNCED,
                retired=device.status is Status.RETIRED,
                top=_EVERY_ANSWER,
            )
            query = Query(
                model=model, demand=demand(Workload(), model), precisions=default_precisions(model), choice=choice
            )
            yield _standing(registry, device, query, knowledge)


def _standing(registry: Records, device: Accelerator, query: Query, knowledge: Knowledge) -> Standing:
    answer = best(registry, query, knowledge)
    ids = [one.accelerator for one in answer]
    place = ids.index(device.id) if device.id in ids else None
    return Standing(
        model=query.model.id,
        objective=query.choice.objective,
        devices=len(ids),
        answer=None if place is None else answer[place],
        rejection=next((one for one in answer.rejected if one.accelerator == device.id), None),
        ahead=ids[place - 1] if place else None,
        behind=ids[place + 1] if place is not None and place + 1 < len(ids) else None,
    )
