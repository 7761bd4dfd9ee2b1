"""Rules about models: parameters against the structure they follow from, formats that are known, costs in range."""

from collections.abc import Iterator
from typing import Final

from chipdex.domain import PRECISIONS, BenchmarkWorkload, Model, Record, parameter_count
from chipdex.domain.formats import PRECISION_ALIASES
from chipdex.hooks import LintFinding, LintRule

_NEAR: Final = 0.1
_MOST_PARAMS: Final = 2e13
_REUSE: Final = 0.4
"""The least multiply-accumulates per weight of a network that reads each weight once."""


def _params(model: Model) -> Iterator[LintFinding]:
    if model.active_params is not None and model.active_params > model.params * 1.001:
        yield LintFinding(f"is {model.active_params:g}, more than params ({model.params:g}).", "active_params")
    if model.params > _MOST_PARAMS:
        yield LintFinding(f"is {model.params:g}: params is a plain number, 70e9 for 70 billion.", "params")
    if model.decoder is not None:
        counted = parameter_count(model.decoder)
        expected = counted.total + model.extra_params
        if not (1 - _NEAR) * expected <= model.params <= (1 + _NEAR) * expected:
            yield LintFinding(f"is {model.params:.4g}, and the decoder as described has {expected:.4g}.", "params")
        active = model.active_params
        if active is not None and active < (1 - 3 * _NEAR) * (counted.active - _embeddings(model)):
            yield LintFinding(f"is {active:.4g}, and one token passes through {counted.active:.4g}.", "active_params")
    stored = sum(stage.params for stage in model.stage)
    if model.decoder is None and stored > model.params * (1 + _NEAR):
        yield LintFinding(f"is {model.params:.4g}, and the stages have {stored:.4g}.", "params")


def _embeddings(model: Model) -> float:
    decoder = model.decoder
    return 2.0 * decoder.hidden_size * decoder.vocabulary if decoder else 0.0


def _formats(record: Record) -> Iterator[LintFinding]:
    if isinstance(record, Model):
        for place, name in enumerate(record.precisions):
            if name not in PRECISIONS and name not in PRECISION_ALIASES:
                yield LintFinding(f'is "{name}", which is no known format.', f"precisions.{place}")
        for scenario, limits in record.limits.items():
            if limits.ttft_ms and limits.tpot_ms and limits.tpot_ms > limits.ttft_ms:
                message = f"is {limits.tpot_ms:g}, above the time to the first token ({limits.ttft_ms:g})."
                yield LintFinding(message, f"limits.{scenario}.tpot_ms")
    elif isinstance(record, BenchmarkWorkload):
        limits = record.limits
        if limits and limits.ttft_ms and limits.tpot_ms and limits.tpot_ms > limits.ttft_ms:
            message = f"is {limits.tpot_ms:g}, above ttft_ms ({limits.ttft_ms:g})."
            yield LintFinding(message, "limits.tpot_ms")


RULES: Final = (
    LintRule(
        id="model-params",
        about=(Model,),
        check=_params,
        finds="A number of parameters that is not what the model's structure has.",
        help="Check hidden_size, vocabulary, layers, heads and widths against the model's configuration.",
    ),
    LintRule(
        id="model-limits",
        about=(Model, BenchmarkWorkload),
        check=_formats,
        finds="A format nobody knows, or a limit per token above that of the first token.",
        help="Formats are those of `chipdex best --precision`; ttft_ms is to the first token, tpot_ms per further one.",
    ),
)
