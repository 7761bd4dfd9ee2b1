"""The pace of one replica in plain figures: what a replay of single requests adds up instead of means.

A step of B sequences that hold K tokens of context and take in n prompt tokens is taken as

    start[B] + per_token[B] K + prompt[B] n + square (pairs of prompt tokens that see each other)

with the coefficients read from the step model (`chipdex.estimate.step`) around the lengths that are asked about.
"""

import attrs
import numpy as np

from chipdex.estimate import energy
from chipdex.estimate.decoder import Deployments
from chipdex.estimate.lengths import Lengths
from chipdex.estimate.memory import Memory
from chipdex.estimate.operation import Array
from chipdex.estimate.serving import CHUNK_TOKENS, Engine
from chipdex.estimate.step import StepTime
from chipdex.values import Value

_SHORT, _LONG = 0.5, 1.5


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Pacing(Value):
    """Seconds and watts of one replica's steps; vectors over the sequences that decode, 0 to the most.

    `watts` are of its accelerators, NaN where their TDP is unknown. `kv_tokens` is what its memory holds beside the
    weights, `idle_watts` what its accelerators draw at rest, NaN where unknown.
    """

    start_s: Array
    per_token_s: Array
    prompt_s: Array
    square_s: float
    watts: Array
    prompt_watts: float
    idle_watts: float
    kv_tokens: float

    def faster(self, factor: float) -> "Pacing":
        """Return the same with every time divided by `factor`."""
        times = ("start_s", "per_token_s", "prompt_s", "square_s")
        return attrs.evolve(self, **{name: getattr(self, name) / factor for name in times})


def pacing(deployments: Deployments, memory: Memory, slots: int) -> Pacing:
    """Return the pace of the first row of `deployments`, whose engines batch continuously, up to `slots` sequences."""
    live, prompt = deployments.lengths.live_tokens, deployments.lengths.input.mean
    batch = np.arange(1.0, slots + 1.0)[None, :] / deployments.layout.pipeline
    short, long = (_Steps(deployments, share * live) for share in (_SHORT, _LONG))
    per_token = np.maximum(long.plain(batch) - short.plain(batch), 0.0) / (
        (_LONG - _SHORT) * live * np.arange(1.0, slots + 1.0)
    )
    held = np.arange(1.0, slots + 1.0) * _SHORT * live
    start = np.maximum(short.plain(batch) - per_token * held, 1e-9)
    taken = min(prompt, float(deployments.policy.chunk_tokens or CHUNK_TOKENS))
    steps = _Steps(deployments, prompt)
    beside, pairs = steps.prompt(batch, taken)
    alone, _ = steps.prompt(np.zeros((1, 1)), taken)
    alone = alone - (start[:, :1] - steps.plain(np.zeros((1, 1))))
    middle = _Steps(deployments, live)
    watts = energy.power_w(deployments.hw, middle.step(batch, 0.0)) * deployments.layout.devices
    first = energy.power_w(deployments.hw, steps.step(np.zeros((1, 1)), taken)) * deployments.layout.devices
    return Pacing(
        start_s=_from_none(start[:, :1], start),
        per_token_s=_from_none(np.zeros((1, 1)), per_token),
        prompt_s=_from_none(np.maximum(alone, 0.0), beside) / taken,
        square_s=float(pairs[0, 0]) / (taken * prompt),
        watts=_from_none(watts[:, :1], watts),
        prompt_watts=float(first[0, 0]),
        idle_watts=float((deployments.hw.idle_w * deployments.layout.devices)[0, 0]),
        kv_tokens=_held_tokens(memory, live),
    )


def _held_tokens(memory: Memory, live: float) -> float:
    free = np.maximum(memory.usable - memory.weights - memory.activations, 0.0)
    return float((free / np.maximum(memory.per_sequence, 1.0) * live)[0, 0])


def _from_none(none: Array, others: Array) -> Array:
    """Return the vector over 0 to the most sequences."""
    both: Array = np.concatenate([none, np.broadcast_to(others, (1, others.shape[1]))], axis=1)[0]
    return both


class _Steps:
    """Steps of sequences that all hold so many tokens."""

    def __init__(self, deployments: Deployments, context: float) -> None:
        self.engine = Engine(
            hw=deployments.hw,
            lay=deployments.layout,
            cost=deployments.cost,
            lengths=Lengths(input_tokens=context, output_tokens=1.0),
            policy=deployments.policy,
        )

    def step(self, batch: Array, prompt_tokens: float) -> StepTime:
        return self.engine.step(batch, np.full_like(batch, prompt_tokens))

    def plain(self, batch: Array) -> Array:
        """Return the seconds of steps without prompts."""
        return self.engine.staged(self.step(batch, 0.0))

    def prompt(self, batch: Array, tokens: float) -> tuple[Array, Array]:
        """Return the seconds that prompt tokens add to steps: those of each token, and those of pairs of them.

        Stages of a pipeline take in as many prompts at a time as there are stages, so each adds its share.
        """
        full = self.step(batch, tokens)
        seconds = self.engine.staged(full)
        pairs = full.prefill_attention * (seconds / full.total)
        stages = self.engine.lay.pipeline
        return np.maximum(seconds - self.plain(batch) - pairs, 0.0) / stages, pairs / stages
