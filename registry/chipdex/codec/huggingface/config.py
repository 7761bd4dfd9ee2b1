"""A config.json as typed fields: each is read by name, checked, and remembered as understood."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from chipdex.errors import ModelConfigError

LARGEST_SIZE: Final = 100_000_000
"""No width, vocabulary or count of a real model is larger."""

_FIX: Final = "Pass the config.json of a decoder-only language model, or write its profile as TOML."

# Fields whose name announces something that changes a model's cost. One that nobody has read is a mechanism
# that chipdex does not know, and is refused rather than ignored.
_TELLING: Final = re.compile(
    r"lora_rank|compress|ssm|mamba|linear_|conv|state_size|d_state|expert|moe|^index_|indexer|sparse|window|chunk"
    r"|shared|layer_types?$|layers_block|_pattern|block_types?|block_configs|altup|laurel|per_layer|recurrent|^lru"
    r"|rwkv|retention|latent|cross_attention|attn_type|attention_types|^hc_mult|^cla_|kv_reuse|ffn_config"
)

# Fields that look telling and are not: numerics, training, the indexer's rotary layout, drafts for speculation.
_HARMLESS: Final = re.compile(
    r"^mtp_|_mtp_|_dtype$|_bias$|_act$|^use_mamba|_coef|_alpha|_beta|rope|routing|overlap|vocab_size_per_layer_input"
    r"|^(chunk_size|chunk_size_feed_forward|mamba_chunk_size|mamba_expand|max_window_layers|num_hash_layers"
    r"|index_skip_topk_offset|index_topk_freq|index_topk_pattern|shared_moe_mode|use_sliding_window"
    r"|sparse_score_type|sparse_disable_index_value|sparse_local_block|sparse_init_block)$"
)


class Config:
    """The fields of one JSON object; `place` names it in sentences about its faults."""

    def __init__(self, fields: Mapping[str, Any], place: str) -> None:
        self._fields = fields
        self._place = place
        self._read: set[str] = set()

    def refuse(self, field: str, found: str, fix: str = _FIX) -> ModelConfigError:
        """Return the error that names `field` and what is wrong with it."""
        return ModelConfigError(f"{self._place}: {field} {found}.", fix=fix)

    def get(self, *names: str) -> Any:
        """Return the value of the first of `names` that is present and not null, or None."""
        self._read.update(names)
        return next((self._fields[name] for name in names if self._fields.get(name) is not None), None)

    def size(self, *names: str) -> int:
        """Return a positive whole number that must be there."""
        value = self.optional_size(*names)
        if value is None:
            raise self.refuse(names[0], "is missing, so the size of the model is unknown")
        return value

    def optional_size(self, *names: str) -> int | None:
        """Return a positive whole number, or None where no name is given."""
        value = self.get(*names)
        return None if value is None else self.checked(self._name(names), value, smallest=1)

    def count(self, *names: str, default: int = 0) -> int:
        """Return a whole number that may be zero."""
        value = self.get(*names)
        return default if value is None else self.checked(self._name(names), value, smallest=0)

    def checked(self, name: str, value: Any, *, smallest: int = 1) -> int:
        """Return `value` when it is a whole number of a plausible size."""
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole:
            raise self.refuse(name, f"is {value!r:.60}, not a whole number")
        if not smallest <= value <= LARGEST_SIZE:
            raise self.refuse(name, f"is {value!r:.30}, outside {smallest} to {LARGEST_SIZE:,}")
        return int(value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return true or false."""
        value = self.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.refuse(name, f"is {value!r:.60}, not true or false")
        return value

    def text(self, *names: str) -> str:
        """Return a text, or an empty one where no name is given."""
        value = self.get(*names)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.refuse(self._name(names), f"is {value!r:.60}, not a text")
        return value

    def items(self, *names: str, length: int | None = None) -> Sequence[Any] | None:
        """Return a list, of `length` items where that is given, or None where no name is given."""
        value = self.get(*names)
        if value is None:
            return None
        if not isinstance(value, list):
            raise self.refuse(self._name(names), f"is {value!r:.60}, not a list")
        if length is not None and len(value) != length:
            raise self.refuse(self._name(names), f"has {len(value)} entries for {length} layers")
        return value

    def section(self, *names: str) -> "Config | None":
        """Return an object inside this one, or None where no name is given."""
        value = self.get(*names)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.refuse(self._name(names), f"is {value!r:.60}, not an object")
        return Config(value, f"{self._place}: in {self._name(names)}")

    def over(self, outer: "Config", *names: str) -> "Config":
        """Return this config with `names` taken from `outer` where it lacks them itself."""
        taken = {name: value for name in names if (value := outer.get(name)) is not None}
        own = {name: value for name, value in self._fields.items() if value is not None}
        return Config({**taken, **own}, self._place)

    def refuse_the_unknown(self) -> None:
        """Raise when a field that changes a model's cost has a value and nobody has read it."""
        for name, value in self._fields.items():
            telling = _TELLING.search(name) and not _HARMLESS.search(name) and name not in self._read
            if telling and value not in (None, False, 0, "", [], {}):
                raise self.refuse(name, f"is {value!r:.60}: chipdex does not know this mechanism and will not guess")

    def _name(self, names: Sequence[str]) -> str:
        """Return the name under which a value was found, for a sentence about it."""
        return next((name for name in names if self._fields.get(name) is not None), names[0])
