"""Cases of `estimate`: one deployment each, from the options or from a line of JSON, checked in one place."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final, NoReturn

from chipdex.cli.questions import kv_precision_of, model_of
from chipdex.cli.session import Session
from chipdex.domain import Load, Scenario, Workload
from chipdex.errors import ChipdexError, OptionError
from chipdex.estimate.interval import Basis
from chipdex.search.query import Case, demand, precision_named

TEXT: Final = "a text"
WHOLE: Final = "a whole number above 0"
NUMBER: Final = "a number above 0"

KEYS: Final[Mapping[str, str]] = {
    "model": TEXT,
    "accelerator": TEXT,
    "accelerators": WHOLE,
    "nodes": WHOLE,
    "precision": TEXT,
    "kv_precision": TEXT,
    "scenario": TEXT,
    "load": TEXT,
    "input_tokens": NUMBER,
    "output_tokens": NUMBER,
    "batch": WHOLE,
    "concurrency": NUMBER,
    "rate": NUMBER,
    "ttft_ms": NUMBER,
    "tpot_ms": NUMBER,
    "percentile": NUMBER,
    "tensor": WHOLE,
    "pipeline": WHOLE,
    "expert": WHOLE,
    "framework": TEXT,
    "basis": TEXT,
}
"""Key of a case -> what its value must be; `id` may be anything and is echoed."""

REQUIRED: Final = ("model", "accelerator", "accelerators")
OPTIONS: Final[Mapping[str, str]] = {"device": "accelerator", "count": "accelerators"}
"""The options' names for the device and the number of them, which cases may use as well."""


def read_case(line: str) -> dict[str, Any]:
    """Return the case that a line of JSON holds. Raises OptionError for anything but an object."""
    try:
        case = json.loads(line, parse_constant=_refuse_constant)
    except ValueError as error:
        raise OptionError(f"The line is not JSON: {error}.", fix="Write one JSON object per line.") from error
    except RecursionError as error:
        raise OptionError("The line nests too deeply.", fix="Write one flat JSON object per line.") from error
    if not isinstance(case, dict):
        raise OptionError(f"The line is a JSON {type(case).__name__}.", fix="Write one JSON object per line.")
    return case


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def case_of(session: Session, stated: Mapping[str, Any]) -> Case:
    """Return the deployment that `stated` describes; null means not given.

    Raises OptionError for an unknown key or an unusable value, UnknownIdError for an unknown name.
    """
    given = dict(_checked(stated))
    for key in REQUIRED:
        if key not in given:
            raise OptionError(f"The case has no {key}.", fix=f"A case needs {', '.join(REQUIRED)}.")
    session.need("accelerators")
    model = model_of(session, given["model"])
    device = session.registry.resolve("accelerators", given["accelerator"])
    workload = Workload(
        scenario=_member(Scenario, "scenario", given.get("scenario")),
        load=_member(Load, "load", given.get("load")),
        rate_per_s=given.get("rate"),
        **{
            key: given.get(key)
            for key in ("input_tokens", "output_tokens", "batch", "concurrency", "ttft_ms", "tpot_ms", "percentile")
        },
    )
    return Case(
        model=model,
        accelerator=session.registry.accelerators[device],
        count=given["accelerators"],
        demand=demand(workload, model),
        precision=precision_named(given["precision"]) if "precision" in given else None,
        kv_precision=kv_precision_of(given.get("kv_precision")),
        basis=_member(Basis, "basis", given.get("basis")),
        **{key: given.get(key) for key in ("nodes", "tensor", "pipeline", "expert", "framework")},
    )


def _checked(stated: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in stated.items():
        key = OPTIONS.get(name, name)
        if key == "id" or value is None:
            continue
        if key not in KEYS:
            near = get_close_matches(key, KEYS, n=1)
            fix = f"Did you mean {near[0]}?" if near else f"The keys are id, {', '.join(KEYS)}."
            raise OptionError(f"There is no key {name!r} in a case.", fix=fix)
        if not _fits(value, KEYS[key]):
            raise OptionError(f"{name} is {json.dumps(value)[:80]}, which it cannot be.", fix=f"Write {KEYS[key]}.")
        yield key, value


def _fits(value: Any, wanted: str) -> bool:
    if wanted == TEXT:
        return isinstance(value, str)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return value > 0 and (isinstance(value, int) if wanted == WHOLE else math.isfinite(value))


def _member(kind: type[Any], key: str, text: str | None) -> Any:
    if text is None:
        return None
    values = [member.value for member in kind]
    if text not in values:
        raise OptionError(f"{key} is {text!r}, which it cannot be.", fix=f"Choose from {', '.join(values)}.")
    return kind(text)


def answers(lines: Iterator[bytes], answer: Callable[[dict[str, Any]], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield what `answer` makes of each case, in order, with the case's `id`; an error takes its case's place."""
    for line in lines:
        if not line.strip():
            continue
        identity: dict[str, Any] = {}
        try:
            case = read_case(_decoded(line))
            identity = {"id": case["id"]} if "id" in case else {}
            yield {**identity, **answer(case)}
        except ChipdexError as error:
            yield {**identity, "error": {"code": error.code, "message": str(error)}}
        except Exception as error:  # noqa: BLE001 - one case's fault must not end the stream
            told = f"chipdex met an error of its own: {type(error).__name__}: {error}."
            yield {**identity, "error": {"code": "unexpected", "message": told}}


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise OptionError(f"Byte {error.start} of the line is not UTF-8.", fix="Write the cases as UTF-8.") from error
