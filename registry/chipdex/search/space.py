"""The deployments worth trying: every way to spread one replica over devices, as rows of arrays."""

from collections.abc import Iterable, Sequence
from typing import Final

import attrs
import numpy as np

from chipdex.domain.accelerator import Accelerator
from chipdex.domain.model import Family, FullAttention, LatentAttention, MixtureOfExperts, Model
from chipdex.estimate.decoder import Deployments
from chipdex.estimate.hardware import Hardware, Platform, hardware
from chipdex.estimate.layout import Layout, layout
from chipdex.estimate.lengths import Lengths
from chipdex.search.engines import Engine
from chipdex.values import Value

_POWERS: Final = (1, 2, 4, 8, 16, 32, 64)
_STAGES: Final = (1, 2, 4, 8)
CARDS_PER_HOST: Final = 8
_SPARE: Final = 8
"""Replicas of more than this many times the fewest devices that hold the model are not tried."""


@attrs.frozen(eq=False, repr=False)
class Split(Value):
    """Tensor, pipeline and expert parallelism of one replica."""

    tensor: int
    pipeline: int
    expert: int

    @property
    def devices(self) -> int:
        """Devices of one replica."""
        return max(self.tensor, self.expert) * self.pipeline


def splits(
    model: Model,
    largest: int,
    *,
    tensor: int | None = None,
    pipeline: int | None = None,
    expert: int | None = None,
) -> list[Split]:
    """Return the splits of `model` over at most `largest` devices; what is given is kept.

    A network without a decoder runs on one device, but a recommender's tables are cut over several.
    """
    if model.decoder is None:
        return _splits_of_network(model, largest, tensor=tensor, pipeline=pipeline, expert=expert)
    heads = max_heads(model)
    experts = max_experts(model)
    tensors = (tensor,) if tensor else tuple(t for t in _POWERS if t <= heads)
    stages = (pipeline,) if pipeline else tuple(p for p in _STAGES if p <= layers(model))
    found = []
    for t in tensors:
        spreads = {1, t, *_POWERS} if t == 1 else {1, t}
        wanted = (expert,) if expert else tuple(sorted(e for e in spreads if e <= experts))
        found += [Split(t, p, e) for p in stages for e in wanted]
    return [split for split in found if split.devices <= largest]


def _splits_of_network(
    model: Model, largest: int, *, tensor: int | None, pipeline: int | None, expert: int | None
) -> list[Split]:
    if (pipeline or 1) > 1 or (expert or 1) > 1:
        return []
    may = _POWERS if model.family is Family.RECOMMENDATION else (1,)
    wanted = may if tensor is None else tuple(t for t in may if t == tensor)
    return [Split(t, 1, 1) for t in wanted if t <= largest]


def layers(model: Model) -> int:
    """Return the layers of a model's decoder."""
    return model.decoder.layers if model.decoder else 1


def max_heads(model: Model) -> int:
    """Return the most ways attention can be cut: the fewest query heads of any layer."""
    blocks = model.decoder.block if model.decoder else ()
    heads = [b.mixer.heads for b in blocks if isinstance(b.mixer, FullAttention | LatentAttention)]
    return min(heads, default=_POWERS[-1])


def max_experts(model: Model) -> int:
    """Return the most devices that experts can be spread over, 1 for a model without experts."""
    blocks = model.decoder.block if model.decoder else ()
    return min((b.mlp.experts for b in blocks if isinstance(b.mlp, MixtureOfExperts)), default=1)


def fabric_size(accelerator: Accelerator) -> int:
    """Return how many devices can exchange activations every layer: the scale-up domain, or one host's cards."""
    domain = accelerator.topology.scale_up_domain
    if accelerator.link.scale_up.bandwidth_gb_per_s and domain and domain > 1:
        return max(domain, accelerator.topology.devices_per_host or 1)
    return accelerator.topology.devices_per_host or CARDS_PER_HOST


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Space(Value):
    """Rows of candidate deployments: `platform[i]` indexes `hw.platforms`, `split[i]` is its split."""

    hw: Hardware
    platform: tuple[int, ...]
    split: tuple[Split, ...]

    def deployments(self, model: Model, lengths: Lengths) -> Deployments:
        """Return the rows as arrays for the estimator."""
        return Deployments(
            hw=self.hw.take(self.platform),
            layout=_layout(self.split),
            model=model,
            lengths=lengths,
        )

    def keep(self, rows: Iterable[int]) -> "Space":
        """Return the space with only these rows."""
        chosen = list(rows)
        return attrs.evolve(
            self, platform=tuple(self.platform[i] for i in chosen), split=tuple(self.split[i] for i in chosen)
        )


def _layout(rows: Sequence[Split]) -> Layout:
    columns = np.array([[s.tensor, s.pipeline, s.expert] for s in rows], dtype=float).reshape(len(rows), 3)
    return layout(columns[:, 0:1], columns[:, 1:2], columns[:, 2:3])


def space(platforms: Sequence[Platform], choices: Sequence[Split]) -> Space:
    """Return every platform with every split that its fabric allows."""
    rows = [
        (index, split)
        for index, platform in enumerate(platforms)
        for split in choices
        if max(split.tensor, split.expert) <= fabric_size(platform.accelerator)
    ]
    return Space(hw=hardware(platforms), platform=tuple(i for i, _ in rows), split=tuple(split for _, split in rows))


def fitting(engine: Engine, candidates: Space, model: Model, lengths: Lengths) -> tuple[Space, dict[int, float]]:
    """Return the rows that hold the model and at least one sequence, and what the others lack.

    The second value maps a platform none of whose rows fit to the bytes that its widest split needs on a device.
    """
    held = engine.capacity(candidates.deployments(model, lengths))
    fits = held.largest_batch[:, 0] >= 1
    need = (held.weights + held.activations + held.per_sequence + np.zeros_like(held.usable))[:, 0]
    smallest: dict[int, int] = {}
    missing: dict[int, float] = {}
    for row, index in enumerate(candidates.platform):
        devices = candidates.split[row].devices
        if fits[row]:
            smallest[index] = min(smallest.get(index, devices), devices)
        else:
            missing[index] = min(missing.get(index, float("inf")), float(need[row]))
    rows = [
        row
        for row, index in enumerate(candidates.platform)
        if fits[row] and candidates.split[row].devices <= _SPARE * smallest[index]
    ]
    return candidates.keep(rows), {index: value for index, value in missing.items() if index not in smallest}
