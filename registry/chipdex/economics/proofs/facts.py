"""Published facts against what is computed here: each with its own error, or with what it needs.

A fact comes from anybody's plugin. Whatever is wrong with one is the reason of its own row.
"""

import inspect
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import attrs

from chipdex.domain import Fact
from chipdex.domain.fact import Input
from chipdex.economics.proofs.quantities import QUANTITIES, UNITS, Numbers
from chipdex.economics.proofs.record_quantities import NotHereError
from chipdex.errors import ChipdexError, OptionError
from chipdex.progress import Heard, unheard
from chipdex.values import Value

if TYPE_CHECKING:
    from chipdex.catalog import Registry

_REGISTRY: Final = "registry"
LONGEST_S: Final = 30.0
"""The seconds that the facts of one plugin may take: a waiting line of ten million servers takes two."""

_ROUNDING: Final = 1e-9
"""By how much of a value an error may pass its tolerance: what binary fractions are off."""


class Verdict(StrEnum):
    """What came of a fact."""

    WITHIN = "within"
    """It was computed, and is within its tolerance."""
    OUTSIDE = "outside"
    """It was computed, and is not."""
    NEEDS = "needs"
    """It needs data or a run that is not here; the reason says which."""
    FAILED = "failed"
    """Its quantity could not be computed from its inputs; the reason says why."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Checked(Value):
    """A fact with what was computed: `error` is computed less published in the fact's unit, None where nothing was."""

    fact: Fact
    verdict: Verdict
    computed: float | None = None
    reason: str | None = None

    @property
    def unheld(self) -> bool:
        """Whether it names a quantity, and is not found within its tolerance: for whatever reason."""
        return self.verdict is not Verdict.WITHIN and not (self.verdict is Verdict.NEEDS and self.fact.quantity is None)

    @property
    def error(self) -> float | None:
        """Computed less published."""
        return None if self.computed is None else self.computed - self.fact.value

    @property
    def error_fraction(self) -> float | None:
        """The error as a share of the published value; None where that is 0."""
        return None if self.error is None or self.fact.value == 0.0 else self.error / abs(self.fact.value)


def check_facts(
    facts: Iterable[Fact],
    registry: "Registry",
    brought_by: Callable[[Fact], str] = lambda _: "",
    heard: Heard = unheard,
) -> tuple[Checked, ...]:
    """Return the facts by topic and id, each with its verdict. No fact of whatever plugin makes it raise.

    Those that `brought_by` says one plugin brings are computed for so many seconds; what is left of them then fails.
    """
    spent: dict[str, float] = {}
    checked: list[Checked] = []
    ordered = sorted(facts, key=lambda one: (one.topic, one.id))
    for one in ordered:
        heard("Facts", len(checked), len(ordered))
        bringer = brought_by(one)
        if one.quantity is not None and spent.get(bringer, 0.0) > LONGEST_S:
            reason = f"the facts of its plugin took more than {LONGEST_S:g} s, and no more of them are computed"
            checked.append(Checked(fact=one, verdict=Verdict.FAILED, reason=reason))
            continue
        started = time.monotonic()
        checked.append(check_fact(one, registry))
        spent[bringer] = spent.get(bringer, 0.0) + time.monotonic() - started
    return tuple(checked)


def check_fact(fact: Fact, registry: "Registry") -> Checked:
    """Return what came of one fact."""
    if fact.quantity is None:
        reason = fact.needs or "it names no quantity, and does not say what it needs"
        return Checked(fact=fact, verdict=Verdict.NEEDS if fact.needs else Verdict.FAILED, reason=reason)
    units = UNITS.get(fact.quantity, ())
    if units and not any(_begins(fact.unit, one) for one in units):
        reason = f"its unit is {fact.unit!r}, where {fact.quantity} gives {units[0]}"
        return Checked(fact=fact, verdict=Verdict.FAILED, reason=reason)
    try:
        return _held(fact, computed(fact.quantity, fact.inputs, registry))
    except NotHereError as error:
        return Checked(fact=fact, verdict=Verdict.NEEDS, reason=f"{error}, which is not in the registry")
    except ImportError as error:
        return Checked(fact=fact, verdict=Verdict.NEEDS, reason=f"{error.name}: `pip install 'chipdex[economics]'`")
    except Exception as error:  # noqa: BLE001 - a stranger's figures may break a formula in any way
        return Checked(fact=fact, verdict=Verdict.FAILED, reason=_told(error))


def _begins(unit: str, with_one: str) -> bool:
    """Return whether a unit is another one, or that of something: `USD/day` and `USD` are, `kg` and `k` are not."""
    return unit.startswith(with_one) and not unit[len(with_one) : len(with_one) + 1].isalnum()


def _held(fact: Fact, found: float) -> Checked:
    """Return the verdict on a computed figure."""
    if not math.isfinite(found):
        return Checked(fact=fact, verdict=Verdict.FAILED, reason=f"it comes to {found}, which is no figure")
    if fact.allowed is None:
        reason = "it has no tolerance to hold the figure against"
        return Checked(fact=fact, verdict=Verdict.FAILED, computed=found, reason=reason)
    off = abs(found - fact.value) - abs(fact.value) * _ROUNDING
    return Checked(fact=fact, verdict=Verdict.WITHIN if off <= fact.allowed else Verdict.OUTSIDE, computed=found)


def computed(name: str, inputs: Mapping[str, Input], registry: "Registry") -> float:
    """Return a quantity of its inputs.

    Raises OptionError for a quantity that is none and for inputs that it does not take, NotHereError for
    records that are not there, and whatever its formula makes of figures that it cannot take.
    """
    quantity = QUANTITIES.get(name)
    if quantity is None:
        from chipdex.codec.suggest import did_you_mean  # noqa: PLC0415 - only for a name that is wrong

        raise OptionError(f"There is no quantity {name!r}.", fix=did_you_mean(name, QUANTITIES) or "")
    parameters = inspect.signature(quantity).parameters
    given = _taken([one for one in parameters.values() if one.name != _REGISTRY], inputs)
    return float(quantity(registry, **given) if _REGISTRY in parameters else quantity(**given))


def _taken(parameters: Sequence[inspect.Parameter], inputs: Mapping[str, Input]) -> dict[str, Any]:
    """Return the inputs as a function of these parameters takes them; one that takes any takes numbers."""
    named = {one.name: one for one in parameters if one.kind is not one.VAR_KEYWORD}
    if len(named) == len(parameters):
        for key in inputs:
            if key not in named:
                raise OptionError(f"{key} is no input of it.", fix=f"Those are {', '.join(named)}.")
        for key, one in named.items():
            if one.default is one.empty and key not in inputs:
                raise OptionError(f"The input {key} is missing.")
    elif not inputs:
        raise OptionError("It has no inputs.")
    return {key: _as(named[key].annotation if key in named else float, key, value) for key, value in inputs.items()}


def _as(kind: Any, key: str, value: Input) -> Input:
    """Return a number, a text or numbers, whichever is asked for."""
    if kind is str:
        if isinstance(value, str):
            return value
        raise OptionError(f"{key} is {value!r}, where a name is needed.")
    if kind == Numbers:
        if isinstance(value, tuple):
            return value
        raise OptionError(f"{key} is {value!r}, where a list of numbers is needed.")
    if isinstance(value, str | tuple):
        raise OptionError(f"{key} is {value!r}, where a number is needed.")
    return value


def _told(error: Exception) -> str:
    if isinstance(error, ChipdexError):
        return str(error)
    if isinstance(error, ZeroDivisionError):
        return "it divides by zero"
    if isinstance(error, OverflowError):
        return "it is beyond what numbers hold"
    return f"its inputs are beyond the formula ({type(error).__name__}: {error})"
