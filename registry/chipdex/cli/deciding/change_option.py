"""`--change NAME:FIGURE=X,...`: a change to a model or its engine, described in one word and some figures."""

from collections.abc import Iterable
from difflib import get_close_matches

from chipdex.economics.accuracy.changes import CHANGES, Change
from chipdex.economics.inputs import Given, checked
from chipdex.errors import OptionError


def stated_changes(texts: Iterable[str]) -> dict[str, Given]:
    """Return the inputs that `--change` gives: `drafting:tokens=1` is `drafting_tokens`.

    Raises OptionError for a change or figure that is none, one given twice, and a value that it cannot be.
    """
    found: dict[str, Given] = {}
    for text in texts:
        name, _, figures = text.partition(":")
        change = _change(name.strip())
        for stated in figures.split(","):
            key, value = _figure(change, stated)
            if key in found:
                raise OptionError(f"--change {text}: {stated.strip()} is said twice.", fix="Say it once.")
            found[key] = value
    return found


def _change(name: str) -> Change:
    if name not in CHANGES:
        near = get_close_matches(name, CHANGES, n=1)
        fix = f"Did you mean {near[0]}?" if near else f"Choose from {', '.join(CHANGES)}."
        raise OptionError(f"--change {name!r}: there is no such change.", fix=fix)
    return CHANGES[name]


def _figure(change: Change, stated: str) -> tuple[str, Given]:
    key, equals, text = (part.strip() for part in stated.partition("="))
    known = {one.key: one for one in change.figures}
    if not equals or key not in known:
        shape = ",".join(f"{one}=X" for one in known)
        what = f"{stated.strip()!r} is none of its figures" if stated.strip() else "no figure is given"
        raise OptionError(f"--change {change.name}: {what}.", fix=f"Write {change.name}:{shape}, some or all.")
    where = f"--change {change.name}: {key}"
    try:
        value = Given(float(text), f"given: {where}")
    except ValueError:
        raise OptionError(f"{where} is {text!r}.", fix=f"Give {known[key].words}.") from None
    return f"{change.name}_{key}", checked(known[key], value, where=where)
