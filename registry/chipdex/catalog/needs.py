"""What a model needs to be held: its weights in each format it is run in, and the cache of a sequence."""

from typing import Final

import attrs

from chipdex.domain import PRECISIONS, Model, kv_bytes_per_token
from chipdex.domain.formats import PRECISION_ALIASES
from chipdex.units import GB
from chipdex.values import Value

_BITS_PER_BYTE: Final = 8
_ALWAYS: Final = ("fp8", "w4a16")
_PER_TOKEN: Final = 1000.0


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Need(Value):
    """One need: `formula` names the figures it was computed from."""

    name: str
    value: float
    unit: str
    formula: str


def needs(model: Model) -> tuple[Need, ...]:
    """Return the weights in the publisher's formats and in 8 and 4 bits, then a token's cache and a full context's.

    Formats that hold the experts alone in few bits are left out: what they save depends on the structure.
    """
    shipped = [PRECISION_ALIASES.get(name, name) for name in model.precisions]
    formats = [PRECISIONS[name] for name in dict.fromkeys((*shipped, *_ALWAYS)) if name in PRECISIONS]
    found = [
        Need(
            name=f"weights in {one.name}",
            value=model.params * one.weight_bits / _BITS_PER_BYTE / GB,
            unit="GB",
            formula=f"params x {one.weight_bits:g} bits / 8",
        )
        for one in formats
        if not one.experts_only
    ]
    per_token = kv_bytes_per_token(model)
    if per_token:
        found.append(
            Need(
                name="cache per token, bf16", value=per_token / _PER_TOKEN, unit="KB", formula="2 bytes x cached values"
            )
        )
        if model.context_tokens:
            whole = per_token * model.context_tokens / GB
            formula = f"{model.context_tokens:,} tokens x {per_token:,.6g} B"
            found.append(Need(name="cache of a full context, bf16", value=whole, unit="GB", formula=formula))
    return tuple(found)
