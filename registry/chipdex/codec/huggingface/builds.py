"""What a model_type implies and its config.json leaves out: the defaults of the model's published code."""

from collections.abc import Mapping
from typing import Any, Final

UNGATED: Final = frozenset(
    {
        "bloom", "codegen", "falcon", "gpt2", "gpt_bigcode", "gpt_neo", "gpt_neox", "gptj", "mpt", "nemotron",
        "nemotron_h", "opt", "persimmon", "phi", "starcoder2",
    }
)  # fmt: skip
"""Feed-forward networks of two matrices. Everybody else's activation says `silu`, or is in `GATED_GELU`."""

GATED_GELU: Final = ("gemma", "cohere", "glm", "chatglm", "mimo", "t5gemma")
"""Families (by prefix) whose GELU is gated, so has three matrices."""

PARALLEL: Final = frozenset({"codegen", "cohere", "cohere2", "falcon", "gpt_neox", "gptj", "phi"})
"""Attention and feed-forward network side by side, summed once."""

TIED: Final = frozenset(
    {
        "bloom", "cohere", "cohere2", "falcon", "gemma", "gemma2", "gemma3", "gemma3_text", "gemma4", "gemma4_text",
        "gpt2", "gpt_bigcode", "gpt_neo", "mpt", "opt",
    }
)  # fmt: skip
"""Input and output embeddings are one matrix unless the config says otherwise."""

OUTPUT_GATE: Final = frozenset({"qwen3_next"})
"""Attention with an output gate that the config does not mention."""

ENCODERS: Final = frozenset(
    {
        "albert", "bart", "bert", "camembert", "clip", "convbert", "deberta", "deberta-v2", "distilbert", "electra",
        "ernie", "esm", "layoutlm", "longformer", "modernbert", "mpnet", "nomic_bert", "roberta", "siglip", "vit",
        "wav2vec2", "xlm-roberta", "xlnet",
    }
)  # fmt: skip
"""Model types that read a text and write none."""

DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "gemma3_text": {
        "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256, "vocab_size": 262208,
        "sliding_window_pattern": 6, "hidden_act": "gelu_pytorch_tanh", "max_position_embeddings": 131072,
    },
    "gemma2": {"sliding_window_pattern": 2, "head_dim": 256},
}  # fmt: skip
"""Values a config.json leaves out because they are its class's defaults (transformers, configuration_*.py)."""
