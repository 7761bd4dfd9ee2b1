"""Options that change nothing: an answer says which of those given it does not rest on, and why."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from chipdex.cli.session import Warned
from chipdex.economics.inputs import LARGEST, Inputs
from chipdex.errors import ChipdexError

_FACTORS: Final = (0.1, 0.5, 2.0, 10.0)


def idle_options(inputs: Inputs, answer: Callable[[Inputs], Any], why: Mapping[str, str]) -> list[Warned]:
    """Return a warning that names the options on which `answer` does not rest; `why` says of a key what it needs.

    An option is idle where no other value of it changes what is answered, nor is refused.
    """
    given = [key for key, one in inputs.figures.items() if one.source == f"given: {inputs.parameters[key].option}"]
    if not given:
        return []
    told = answer(inputs)
    idle = [key for key in given if all(_same(inputs, key, value, answer, told) for value in _others(inputs, key))]
    if not idle:
        return []
    names = [inputs.parameters[key].option + (f" ({why[key]})" if key in why else "") for key in idle]
    return [{"code": "without_effect", "sentence": f"No answer here rests on {', '.join(names)}."}]


def _same(inputs: Inputs, key: str, value: float, answer: Callable[[Inputs], Any], told: Any) -> bool:
    try:
        return bool(answer(inputs.replaced(**{key: value})) == told)
    except ChipdexError:
        return False


def _others(inputs: Inputs, key: str) -> Iterator[float]:
    """Return other values of an input, its ends among them where they are near."""
    parameter, value = inputs.parameters[key], inputs[key]
    ends = [end for end in (parameter.low, parameter.high) if abs(end) < LARGEST]
    middle = [(parameter.low + parameter.high) / 2.0] if len(ends) > 1 else []
    for one in (*(value * factor for factor in _FACTORS), value + 1.0, *middle, *ends):
        other = float(round(one)) if parameter.whole else one
        if other != value and parameter.holds(other):
            yield other
