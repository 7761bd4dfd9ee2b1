"""What others measured of changes to a model or its engine: to hold a plan against, and never a default.

The signs change with the setting: a smaller format decodes faster and prefills slower, loses at one batch and wins at
another. So each figure stands with its setting, and none is put into a sum.
"""

from typing import Final

import attrs

from chipdex.values import Value

_ML_ENERGY: Final = "ML.ENERGY leaderboard data, February 2026, github.com/ml-energy/leaderboard"
_QUANTIZE: Final = "llama.cpp tools/quantize/README.md"


@attrs.frozen(eq=False, repr=False)
class Effect(Value):
    """One published figure of one change: its value, what that is a value of, under which setting, and who says so."""

    change: str
    value: float
    what: str
    setting: str
    source: str


def per_device(after: float, devices_after: int, before: float, devices_before: int) -> float:
    """Return how many times the throughput of one device is what it was."""
    return (after / devices_after) / (before / devices_before)


EFFECTS: Final = (
    Effect(
        "quantisation",
        821.81 / 923.49,
        "x prefill, Q4_K_M over F16",
        "Llama-3.1-8B, 512-token prompt, one machine: weights alone are small, and arithmetic stays in 16 bit",
        _QUANTIZE,
    ),
    Effect(
        "quantisation",
        71.93 / 29.17,
        "x decode, Q4_K_M over F16",
        "Llama-3.1-8B, one sequence: weights are 3.27 times smaller",
        _QUANTIZE,
    ),
    Effect(
        "quantisation",
        per_device(1262.3, 4, 1547.5, 8),
        "x tokens/s per GPU, FP8 on 4 over BF16 on 8",
        "Qwen3-235B-A22B chat on H100, batch up to 64: the gain is that half the GPUs hold it",
        _ML_ENERGY,
    ),
    Effect(
        "quantisation",
        0.88,
        "x energy, BF16 over FP8, median",
        "53 pairs of large mixtures of experts on as many GPUs: FP8 took more in 64 % of them, most at small batches",
        _ML_ENERGY,
    ),
    Effect(
        "quantisation",
        3.0,
        "% of accuracy lost, worst of tuned INT8",
        "Llama-3.1, INT8 weights and activations 1 to 3 %; FP8 effectively none, INT4 weights near to 8 bit",
        "Give Me BF16 or Give Me Death, ACL 2025, arXiv 2411.02355",
    ),
    Effect(
        "sparsity",
        0.36707 / 0.27189,
        "x energy per token saved, with a tenth of the active parameters",
        "Qwen3-30B-A3B against Qwen3-32B, 2 H100, chat, batch up to 64",
        _ML_ENERGY,
    ),
    Effect(
        "search",
        2.17,
        "x throughput at 98.4 % of the scores",
        "Llama-3.1-Nemotron-51B, derived from Llama-3.1-70B",
        "Puzzle, ICML 2025, arXiv 2411.19146",
    ),
    *(
        Effect(
            change,
            1.8,
            "x training compute saved for a family",
            "15B pruned and distilled to 8B and 4B, against training each",
            "Minitron, arXiv 2407.14679",
        )
        for change in ("distillation", "pruning")
    ),
    Effect(
        "compilation",
        2.27,
        "x inference, geometric mean",
        "torch.compile of 180 models on A100; engines of language models capture graphs already",
        "PyTorch 2, ASPLOS 2024",
    ),
    Effect(
        "fusion",
        740.0 / 989.4,
        "of the peak reached by fused attention",
        "H100, FP16: 740 of 989.4 TFLOP/s",
        "FlashAttention-3, arXiv 2407.08608",
    ),
    Effect(
        "fusion",
        2.0,
        "x attention at most, FlashAttention-3 over 2",
        "H100, FP16: 1.5 to 2.0",
        "FlashAttention-3, arXiv 2407.08608",
    ),
    Effect(
        "drafting",
        1.8,
        "x tokens/s at an acceptance of 0.85 to 0.9",
        "DeepSeek-V3, one token drafted by its own module",
        "DeepSeek-V3 report, section 5.4.3, arXiv 2412.19437",
    ),
    Effect(
        "caching",
        342.0 / 608.0,
        "of input tokens found in the cache",
        "DeepSeek's service over 24 hours, 608 billion input tokens",
        "DeepSeek-V3/R1 inference system overview, github.com/deepseek-ai/open-infra-index",
    ),
    Effect(
        "cascade",
        0.85,
        "of the cost saved at 95 % of the strong model's quality",
        "a router on MT-Bench; 0.45 on MMLU, 0.35 on GSM8K",
        "RouteLLM, ICLR 2025, arXiv 2406.18665",
    ),
)
"""Every figure, by change."""
