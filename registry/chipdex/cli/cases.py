"""Cases of `estimate`: one deployment each, from the options or from a line of JSON, checked in one place."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, NoReturn, Protocol

import attrs

from chipdex.cli.numbers import COUNT
from chipdex.cli.questions import FIGURES, electricity_of, kv_precision_of, member, model_of, workload_of
from chipdex.cli.session import Session
from chipdex.domain import Grid
from chipdex.errors import ChipdexError, OptionError
from chipdex.estimate.interval import Basis
from chipdex.estimate.modes import in_mode
from chipdex.search.query import Case, demand, precision_named
from chipdex.values import Value


class Rule(Protocol):
    """What the value of a key must be."""

    @property
    def words(self) -> str: ...  # noqa: D102 - a protocol

    def holds(self, value: Any) -> bool: ...  # noqa: D102 - likewise


@attrs.frozen(eq=False, repr=False)
class Plain(Value):
    """A value of one type of JSON's own."""

    type: type
    words: str

    def holds(self, value: Any) -> bool:
        """Return whether `value` is of that type."""
        return isinstance(value, self.type)


TEXT: Final = Plain(str, "a text")
FLAG: Final = Plain(bool, "true or false")

KEYS: Final[Mapping[str, Rule]] = {
    **dict.fromkeys(("model", "accelerator", "precision", "kv_precision", "scenario", "load", "prefill"), TEXT),
    **dict.fromkeys(("framework", "power_mode", "basis", "grid"), TEXT),
    **dict.fromkeys(("accelerators", "nodes", "batch", "tensor", "pipeline", "expert"), COUNT),
    **{key: figure.number for key, figure in FIGURES.items()},
    "disaggregated": FLAG,
}
"""Key of a case -> what its value must be; `id` may be anything and is echoed."""

REQUIRED: Final = ("model", "accelerator", "accelerators")
OPTIONS: Final[Mapping[str, str]] = {"device": "accelerator", "count": "accelerators"}
"""The options' names for the device and the number of them, which cases may use as well."""


def read_case(line: str) -> dict[str, Any]:
    """Return the case that a line of JSON holds. Raises OptionError for anything but an object."""
    try:
        case = json.loads(line, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except ValueError as error:
        raise OptionError(f"The line is not JSON: {error}.", fix="Write one JSON object per line.") from error
    except RecursionError as error:
        raise OptionError("The line nests too deeply.", fix="Write one flat JSON object per line.") from error
    if not isinstance(case, dict):
        raise OptionError(f"The line is a JSON {type(case).__name__}.", fix="Write one JSON object per line.")
    return case


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; one that gives a key twice means two things, and neither is taken."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise OptionError(f"The case gives {twice!r} twice.", fix="Give each key once.")
    return found


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
    device = session.registry.accelerators[session.registry.resolve("accelerators", given["accelerator"])]
    if "power_mode" in given:
        device = in_mode(device, given["power_mode"])
    spread: dict[str, Any] = {key: given.get(key) for key in ("nodes", "tensor", "pipeline", "expert", "framework")}
    return Case(
        model=model,
        accelerator=device,
        count=given["accelerators"],
        demand=demand(workload_of(given), model),
        grid=_grid_of(session, given.get("grid")),
        precision=precision_named(given["precision"]) if "precision" in given else None,
        kv_precision=kv_precision_of(given.get("kv_precision")),
        basis=member(Basis, "basis", given.get("basis")),
        **spread,
    )


def _grid_of(session: Session, name: str | None) -> Grid | None:
    found = electricity_of(session, name)
    if found is not None and found.carbon is None:
        raise OptionError(f"Of the grid {name!r} only the price is known.", fix="Name one whose carbon is known.")
    return None if found is None else found.carbon


def _checked(stated: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in stated.items():
        key = OPTIONS.get(name, name)
        if key == "id" or value is None:
            continue
        if key not in KEYS:
            near = get_close_matches(key, KEYS, n=1)
            fix = f"Did you mean {near[0]}?" if near else f"The keys are id, {', '.join(KEYS)}."
            raise OptionError(f"There is no key {name!r} in a case.", fix=fix)
        if not KEYS[key].holds(value):
            told = f"{name} is {json.dumps(value)[:80]}, which it cannot be."
            raise OptionError(told, fix=f"Write {KEYS[key].words}.")
        yield key, value


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
