"""What number formats cost in quality, by family and size, as measured; what nobody measured is unknown, never nothing.

Perplexities are of Wikitext-2, without an importance matrix, against the 16-bit model. They compare formats of one
model; between models they do not compare, the relative rise does.
"""

import math
from typing import Final

import attrs

from chipdex.economics.inputs import Parameter
from chipdex.values import Value

_SCOREBOARD: Final = "llama.cpp tools/perplexity/README.md, "
_OF_LLAMA_3: Final = _SCOREBOARD + "LLaMA 3 8b Scoreboard, revision f364eb6f"
_OF_LLAMA_2_7B: Final = _SCOREBOARD + "LLaMA 2 vs. LLaMA 3, revision f364eb6f"
_OF_LLAMA_2_70B: Final = _SCOREBOARD + "Llama 2 70B Scoreboard (old numbers)"

FULL_BITS: Final = 16.0

_LEAST, _MOST = 1e-9, 1e9

PARAMETERS: Final = (
    Parameter(key="weights_gb", meaning="what the weights take in 16 bit, a dense model's", low=_LEAST, high=_MOST),
    Parameter(key="kv_cache_gb", meaning="what the cache of all sequences takes", default=0.0, high=_MOST),
    Parameter(key="device_memory_gb", meaning="what one device holds", low=_LEAST, high=_MOST),
    Parameter(
        key="memory_overhead",
        meaning="memory for weights over the weights themselves",
        default=1.2,
        source="EcoLogits methodology, ecologits.ai",
        low=1.0,
        high=10.0,
    ),
    Parameter(
        key="points_per_perplexity_percent",
        meaning="accuracy points that your task loses per percent of perplexity",
        high=100.0,
    ),
)
"""What formats are weighed with; the last is nobody's to know but the owner of the task."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Loss(Value):
    """What a format does to one model: bits a weight takes, perplexity in 16 bit, and its rise; None is unknown."""

    format: str
    family: str
    params_b: float | None = None
    bits_per_weight: float | None = None
    base_perplexity: float | None = None
    perplexity_rise: float | None = None
    kl_divergence: float | None = None
    source: str = "no measurement known"

    @property
    def model(self) -> str:
        """Family and size, as `losses` takes them."""
        return self.family if self.params_b is None else f"{self.family}-{self.params_b:g}b"

    @property
    def relative_rise(self) -> float | None:
        """The rise over the perplexity in 16 bit; this one compares between models."""
        if self.perplexity_rise is None or self.base_perplexity is None:
            return None
        return self.perplexity_rise / self.base_perplexity

    def points_lost(self, points_per_percent: float) -> float | None:
        """Return the accuracy points lost by a task that loses so many per percent of perplexity."""
        return None if self.relative_rise is None else 100.0 * self.relative_rise * points_per_percent

    def weights_gb(self, full_gb: float) -> float | None:
        """Return what weights take that take `full_gb` in 16 bit."""
        return None if self.bits_per_weight is None else full_gb * self.bits_per_weight / FULL_BITS

    def decode_gain_limit(self, full_gb: float, kv_cache_gb: float) -> float | None:
        """Return how many times faster a dense model decodes at most: bytes read a step, before over after.

        The cache, `kv_cache_gb` of all sequences, stays as it is.
        """
        weights = self.weights_gb(full_gb)
        return None if weights is None else (full_gb + kv_cache_gb) / (weights + kv_cache_gb)

    def devices(self, full_gb: float, kv_cache_gb: float, device_gb: float, overhead: float) -> int | None:
        """Return the fewest devices that hold weights, their overhead and the cache."""
        weights = self.weights_gb(full_gb)
        return None if weights is None else math.ceil((weights * overhead + kv_cache_gb) / device_gb)


def _llama_3_8b(name: str, bits: float, rise: float, divergence: float) -> Loss:
    return Loss(
        format=name,
        family="llama-3",
        params_b=8.0,
        bits_per_weight=bits,
        base_perplexity=6.231633,
        perplexity_rise=rise,
        kl_divergence=divergence,
        source=_OF_LLAMA_3,
    )


def _llama_2_7b(name: str, bits: float | None, rise: float, divergence: float) -> Loss:
    return Loss(
        format=name,
        family="llama-2",
        params_b=7.0,
        bits_per_weight=bits,
        base_perplexity=5.794552,
        perplexity_rise=rise,
        kl_divergence=divergence,
        source=_OF_LLAMA_2_7B,
    )


def _llama_2_70b(name: str, gib: float, perplexity: float) -> Loss:
    return Loss(
        format=name,
        family="llama-2",
        params_b=70.0,
        bits_per_weight=FULL_BITS * gib / 128.5,
        base_perplexity=3.4313,
        perplexity_rise=perplexity - 3.4313,
        source=_OF_LLAMA_2_70B,
    )


LOSSES: Final = (
    _llama_3_8b("q8_0", 8.5008, 0.002650, 0.001355),
    _llama_3_8b("q6_k", 6.5633, 0.021748, 0.005452),
    _llama_3_8b("q5_k_m", 5.7036, 0.056974, 0.010762),
    _llama_3_8b("q5_k_s", 5.5704, 0.104964, 0.016595),
    _llama_3_8b("q5_1", FULL_BITS * 5.65 / 14.97, 0.106223, 0.018045),
    _llama_3_8b("q5_0", FULL_BITS * 5.21 / 14.97, 0.131591, 0.022239),
    _llama_3_8b("q4_k_m", 4.8944, 0.175482, 0.031273),
    _llama_3_8b("q4_k_s", 4.6672, 0.268895, 0.043136),
    _llama_3_8b("q4_1", FULL_BITS * 4.78 / 14.97, 0.451103, 0.071683),
    _llama_3_8b("q4_0", FULL_BITS * 4.34 / 14.97, 0.468514, 0.071940),
    _llama_3_8b("q3_k_l", 4.2979, 0.556242, 0.087176),
    _llama_3_8b("q3_k_m", FULL_BITS * 3.74 / 14.97, 0.656864, 0.101913),
    _llama_3_8b("q3_k_s", 3.6429, 1.632152, 0.228217),
    _llama_3_8b("q2_k", 3.1593, 3.519934, 0.445132),
    _llama_2_7b("q8_0", None, 0.003990, 0.000369),
    _llama_2_7b("q6_k", 6.56, 0.013941, 0.002098),
    _llama_2_7b("q4_k_m", 4.84, 0.082526, 0.012686),
    _llama_2_7b("q2_k", 3.35, 0.625552, 0.108903),
    _llama_2_70b("q6_k", 52.70, 3.4367),
    _llama_2_70b("q5_k_m", 45.41, 3.4451),
    _llama_2_70b("q5_k_s", 44.20, 3.4483),
    _llama_2_70b("q5_0", 44.20, 3.4744),
    _llama_2_70b("q4_k_m", 38.54, 3.4725),
    _llama_2_70b("q4_k_s", 36.39, 3.4852),
    _llama_2_70b("q4_1", 40.20, 3.5125),
    _llama_2_70b("q4_0", 36.20, 3.5550),
    _llama_2_70b("q3_k_l", 33.67, 3.5617),
    _llama_2_70b("q3_k_m", 30.83, 3.5932),
    _llama_2_70b("q3_k_s", 27.86, 3.7019),
    _llama_2_70b("q2_k", 27.27, 3.7339),
)
"""Every measured loss.

Bits per weight: llama.cpp tools/quantize/README.md (Llama-3.1-8B, and Llama 2 7B in its revisions of 2024), else of the
sizes beside the perplexities.
"""

FORMATS: Final = tuple(dict.fromkeys(one.format for one in LOSSES))
"""Formats that anything is known of."""

MODELS: Final = tuple(dict.fromkeys(one.model for one in LOSSES))
"""Models, `family-size`, that anything is known of."""

FAMILIES: Final = tuple(dict.fromkeys(one.family for one in LOSSES))
"""Their families."""


def losses(name: str | None = None, model: str | None = None) -> list[Loss]:
    """Return what is known of a format, of a model, or of both: at least one row, if of nothing known.

    `model` is a family or a family with its size, `llama-2` or `llama-2-70b`.
    """
    found = [
        one
        for one in LOSSES
        if (name is None or one.format == name) and (model is None or model in {one.family, one.model})
    ]
    return found or [Loss(format=name or "any", family=model or "any")]
