"""JSON that every reader takes: a number that is not finite becomes null, and what was lost is told."""

import json
import math
from collections.abc import Mapping
from typing import Any, Final

NOT_FINITE: Final = "not_finite"
_NAMED: Final = 3


def dumped(document: Any, *, indent: int | None = None) -> tuple[str, list[str]]:
    """Return a document as JSON text, and the dotted keys of figures that were no finite number."""
    try:
        return json.dumps(document, indent=indent, ensure_ascii=False, allow_nan=False), []
    except ValueError:
        lost: list[str] = []
        return json.dumps(_finite(document, "", lost), indent=indent, ensure_ascii=False, allow_nan=False), lost


def loss(lost: list[str]) -> dict[str, str]:
    """Return the warning that figures came out as no finite number."""
    more = f" and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
    return {"code": NOT_FINITE, "sentence": f"No finite number came out for {', '.join(lost[:_NAMED])}{more}."}


def _finite(value: Any, path: str, lost: list[str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(inner, f"{path}.{key}" if path else str(key), lost) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner, f"{path}.{position}", lost) for position, inner in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        lost.append(path)
        return None
    return value
