"""Encoders, and encoders with a decoder: cost grows with the tokens, and for attention with their square."""

import attrs

from chipdex.domain.accelerator import Accelerator
from chipdex.domain.model import Family, Model
from chipdex.domain.stage import Stage, StageKind
from chipdex.domain.workload import Load
from chipdex.estimate.decoder import Deployments, Performance
from chipdex.estimate.families import batched
from chipdex.estimate.operation import Array

capacity = batched.capacity


def applies(model: Model, accelerator: Accelerator) -> bool:
    """Return whether this estimator covers the model on the device."""
    return batched.is_family(model, Family.ENCODER, Family.ENCODER_DECODER) and batched.has_peaks(accelerator)


def estimate(deployments: Deployments, batch: Array, load: Load) -> Performance:
    """Return the rate of sequences of the question's length; the profile's stages are for its `input_tokens`."""
    return batched.estimate(deployments, batch, load, stages=stages_for(deployments))


def stages_for(deployments: Deployments) -> tuple[Stage, ...]:
    """Return the stages for the question's lengths: token-wise work in proportion, generation by the output.

    The quadratic part of attention is left in proportion too: at the lengths of encoders it is a few per cent.
    """
    model, asked = deployments.model, deployments.lengths
    ratio = asked.input_tokens / model.input_tokens if model.input_tokens else 1.0
    generated = asked.output_tokens / model.output_tokens if model.output_tokens else 1.0
    return tuple(_scaled(stage, generated if stage.kind is StageKind.RECURRENT else ratio) for stage in model.stage)


def _scaled(stage: Stage, ratio: float) -> Stage:
    if stage.kind is StageKind.RECURRENT:
        return attrs.evolve(stage, runs=stage.runs * ratio)
    return attrs.evolve(stage, macs=stage.macs * ratio, values_moved=stage.values_moved * ratio)
