"""The cost profile of a model that is not a decoder-only language model: stages, each run some times per inference."""

from enum import StrEnum

import attrs

from chipdex.values import Value


class StageKind(StrEnum):
    """What most of a stage's arithmetic is; it decides how much of a peak software reaches.

    `convolution` dense and grouped convolutions, `depthwise` networks built on depthwise ones, `attention`
    transformer blocks over many tokens or patches, `recurrent` one small matrix-vector product per time step
    (LSTM cells, a decoder generating token by token), `embedding` gathers from large tables, `spiking`
    synaptic events.
    """

    CONVOLUTION = "convolution"
    DEPTHWISE = "depthwise"
    ATTENTION = "attention"
    RECURRENT = "recurrent"
    EMBEDDING = "embedding"
    SPIKING = "spiking"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Stage(Value):
    """A part of a network, passed `runs` times one after the other, each time over `items` items of one inference.

    `macs`, `values_moved` and `gathered_values` are of one item in one run; `params` and `layers` are read and
    launched once per run, whatever the batch. So 20 denoising steps with guidance are 20 runs of 2 items, and the
    windows of a volume are items of one run.
    `macs` are multiply-accumulates (FLOPs / 2). `params` are the weights a run reads; those of an `embedding`
    stage are only stored, and `gathered_values` of them are read. `values_moved` are the activations written and
    read again, counted once, with a generating stage's cached keys and values. `layers` are the kernels that
    follow one another. `synaptic_operations` are a spiking stage's events, each over one synapse.
    """

    name: str
    kind: StageKind
    macs: float = 0
    params: float = 0
    values_moved: float = 0
    gathered_values: float = 0
    synaptic_operations: float = 0
    layers: float = 1
    runs: float = 1
    items: float = 1
