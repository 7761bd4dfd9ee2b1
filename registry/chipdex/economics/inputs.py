"""The inputs of a decision: what each means, what it may be, what it is, and who said so."""

import math
import reprlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import attrs

from chipdex.errors import OptionError, StorageError
from chipdex.files import read_text
from chipdex.values import Value

LARGEST: Final = 1e15
_OUT: Final = 0.25
_WHOLE_FROM: Final = 1e5
_LONGEST_KEY: Final = 100
_MOST_NEAR: Final = 3
_NEAR: Final = 0.75
"""From how alike two spellings are, 1 being the same, a reader may have meant the other one."""

_LONGEST_BITS: Final = 128
_ONE_A_LINE: Final = "Write key = number, one a line."


def spelt(value: float) -> str:
    """Return a number as a sentence has it: six significant digits, thousands set apart."""
    return f"{value:,.0f}" if _WHOLE_FROM <= abs(value) < LARGEST else f"{value:,.6g}"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Parameter(Value):
    """One figure that a decision takes: its key carries the unit.

    `default` None is a figure that has none: a `required` one has to be given, another stays unknown, and what it
    would say is left out. `source` says where a default was read. A sensitivity varies the figure over `usual`, a
    range that it is stretched to hold, or, without one, by a quarter up and down.
    """

    key: str
    meaning: str
    default: float | None = None
    source: str = "none said"
    low: float = 0.0
    high: float = LARGEST
    whole: bool = False
    above: bool = False
    required: bool = False
    usual: tuple[float, float] | None = None

    @property
    def words(self) -> str:
        """What the figure must be, for a sentence."""
        kind = "a whole number" if self.whole else "a number"
        start = f"above {self.low:g}" if self.above else f"from {self.low:g}"
        return f"{kind} {start}, up to {self.high:g}"

    @property
    def option(self) -> str:
        """The option that gives the figure."""
        return "--" + self.key.replace("_", "-")

    def varied(self, value: float) -> tuple[float, float]:
        """Return the least and the most that the figure, which is `value`, may turn out to be."""
        least, most = self.usual or sorted((value * (1.0 - _OUT), value * (1.0 + _OUT)))
        if self.whole:
            least, most = math.floor(least), math.ceil(most)
        return max(min(least, value), self.low), min(max(most, value), self.high)

    def holds(self, value: Any) -> bool:
        """Return whether `value` is such a number; true and false are none."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        if isinstance(value, float) and not math.isfinite(value):
            return False
        if self.whole and value != int(value):
            return False
        return (value > self.low if self.above else value >= self.low) and value <= self.high


@attrs.frozen(eq=False, repr=False)
class Given(Value):
    """A figure and who said it."""

    value: float
    source: str


class Inputs(Mapping[str, float]):
    """The figures that a decision uses, by key; a key without a figure is not in it."""

    def __init__(self, parameters: Sequence[Parameter], figures: Mapping[str, Given]) -> None:
        self.parameters = {one.key: one for one in parameters}
        self.figures = dict(figures)

    def __getitem__(self, key: str) -> float:
        return self.figures[key].value

    def __iter__(self) -> Iterator[str]:
        return (key for key in self.parameters if key in self.figures)

    def __len__(self) -> int:
        return len(self.figures)

    def replaced(self, **figures: float) -> "Inputs":
        """Return the same inputs with other figures for some keys."""
        changed = Inputs((), self.figures | {key: Given(value, "varied") for key, value in figures.items()})
        changed.parameters = self.parameters
        return changed

    def without(self, *keys: str) -> "Inputs":
        """Return the same inputs, nothing said of some keys."""
        kept = Inputs((), {key: one for key, one in self.figures.items() if key not in keys})
        kept.parameters = self.parameters
        return kept

    def as_rows(self) -> list[dict[str, Any]]:
        """Return a row per figure: key, value, what it means, and its source."""
        return [
            {
                "key": key,
                "value": self.figures[key].value,
                "meaning": self.parameters[key].meaning,
                "source": self.figures[key].source,
            }
            for key in self
        ]


def settled(parameters: Sequence[Parameter], *stated: Mapping[str, Given]) -> Inputs:
    """Return the inputs: of each key the first figure that is stated, else its default.

    Raises OptionError for a key that is none, a figure out of its range, and a required one that nobody gave.
    """
    known = {one.key for one in parameters}
    for key in (key for source in stated for key in source if key not in known):
        raise OptionError(f"{key}: there is no such input.", fix=suggestion(key, known))
    figures: dict[str, Given] = {}
    for one in parameters:
        said = next((source[one.key] for source in stated if one.key in source), None)
        if said is None and one.default is not None:
            said = Given(one.default, f"default: {one.source}")
        if said is not None:
            figures[one.key] = checked(one, said)
    lacking = [one for one in parameters if one.required and one.key not in figures]
    if lacking:
        names = " and ".join(one.option for one in lacking)
        raise OptionError(
            f"{names} {'is' if len(lacking) == 1 else 'are'} missing.",
            fix="Give " + "; ".join(f"{one.option}: {one.meaning}" for one in lacking) + ".",
        )
    return Inputs(parameters, figures)


def checked(parameter: Parameter, given: Given, where: str = "") -> Given:
    """Return `given` if the parameter can be that. Raises OptionError with what it must be."""
    if not parameter.holds(given.value):
        name = where or parameter.option
        raise OptionError(f"{name} is {shown(given.value)}.", fix=f"Give {parameter.words}.")
    return given


def read_inputs(file: Path, parameters: Sequence[Parameter]) -> dict[str, Given]:
    """Return the figures of a TOML file: `key = number`, or `key = {value = number, source = "who said so"}`.

    Raises StorageError where the file cannot be read, OptionError with file and key for anything it may not hold.
    """
    known = {one.key: one for one in parameters}
    found: dict[str, Given] = {}
    for key, stated in read_table(file).items():
        if key not in known:
            raise OptionError(f"{file}: {key[:_LONGEST_KEY]}: there is no such input.", fix=suggestion(key, known))
        found[key] = checked(known[key], given_of(file, key, stated), where=f"{file}: {key}")
    return found


def suggestion(key: str, known: Iterable[str]) -> str:
    """Return the fix for a key that is none: those that hold its words or are spelt like it, else all there are."""
    names, words = list(known), set(key[:_LONGEST_KEY].split("_"))
    holding = [name for name in names if words <= set(name.split("_"))]
    near = holding or get_close_matches(key[:_LONGEST_KEY], names, n=_MOST_NEAR, cutoff=_NEAR)
    if 0 < len(near) <= _MOST_NEAR:
        return f"Did you mean {' or '.join(near)}?"
    return f"The keys are {', '.join(near or names)}."


def read_table(file: Path) -> dict[str, Any]:
    """Return a TOML file's table. Raises StorageError where it cannot be read, OptionError where it is no TOML."""
    called, fix = f"--inputs {file}", "Name a TOML file."
    try:
        return tomllib.loads(read_text(file, called=called, fix=fix))
    except OSError as error:
        raise StorageError(f"{called} cannot be read: {error.strerror}.", fix=fix) from error
    except UnicodeDecodeError as error:
        raise OptionError(f"{called} is no text in UTF-8.", fix=fix) from error
    except RecursionError as error:
        raise OptionError(f"{called} nests too deeply.", fix=_ONE_A_LINE) from error
    except tomllib.TOMLDecodeError as error:
        raise OptionError(f"{called} is no TOML: {error}.", fix=_ONE_A_LINE) from error
    except ValueError as error:  # what Python makes of thousands of digits
        raise OptionError(f"{called} holds a number of thousands of digits.", fix=_ONE_A_LINE) from error


def shown(value: Any) -> str:
    """Return what somebody stated, as a sentence tells it: short, whatever it is."""
    if isinstance(value, int) and value.bit_length() > _LONGEST_BITS:
        return f"a number of about {round(value.bit_length() * math.log10(2.0)):,} digits"
    return reprlib.repr(value)


def given_of(file: Path, key: str, stated: Any) -> Given:
    """Return what a file says of a key. Raises OptionError where it is neither a value nor one with its source."""
    if not isinstance(stated, dict):
        return Given(stated, str(file))
    unknown = sorted(set(stated) - {"value", "source"})
    if unknown or "value" not in stated or not isinstance(stated.get("source", ""), str):
        what = f"{unknown[0]!r} is no key of an input" if unknown else "value and source do not say what they should"
        raise OptionError(f"{file}: {key}: {what}.", fix='Write {value = 3.5, source = "quote of 2026-11-02"}.')
    return Given(stated["value"], f"{stated['source']} ({file})" if "source" in stated else str(file))
