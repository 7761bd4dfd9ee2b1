"""Rules about names: devices described twice, names that two devices claim, rows of devices that nobody describes."""

from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

import attrs

from chipdex.domain import Accelerator, Measurement, Model, Offer, Record
from chipdex.hooks import LintFinding, LintRule
from chipdex.ids import namespace
from chipdex.plausibility.view import KIND_OF, View, letters_of
from chipdex.plausibility.waivers import RULE as ACCEPTED

_ENOUGH: Final = 6
_ALIKE: Final = 0.85
_FEWEST: Final = 3


def _names(record: Record, view: View) -> Iterator[LintFinding]:
    if not isinstance(record, Accelerator | Model):
        return
    kind = KIND_OF[type(record)]
    named = (("name", record.name), *((f"aliases.{place}", alias) for place, alias in enumerate(record.aliases)))
    for key, name in named:
        others = [other for other in view.named(kind, name) if other != record.id]
        if others:
            yield LintFinding(f'"{name}" is also a name of {", ".join(others)}.', key)
    spelt = [alias.lower() for alias in record.aliases]
    for place, alias in enumerate(record.aliases):
        if spelt[place] in spelt[:place]:
            yield LintFinding(f'"{alias}" is given twice.', f"aliases.{place}")


Figures = tuple[tuple[str, object], ...]


def _figures(device: Accelerator) -> Figures:
    """Return all numbers of a device that describe the hardware, by key path."""
    parts = (device.memory, device.compute.dense, device.compute.sparse, device.power, device.neuromorphic)
    found: list[tuple[str, object]] = [
        (field.name, value)
        for part in parts
        if part is not None
        for field in attrs.fields(type(part))
        if isinstance(value := getattr(part, field.name), int | float) and not isinstance(value, bool)
    ]
    return (*found, *((tier.name, tier.capacity_mb) for tier in device.memory_tier))


def _by_figures(view: View) -> dict[Figures, list[Accelerator]]:
    index: dict[Figures, list[Accelerator]] = {}
    for device in view.accelerators.values():
        index.setdefault(_figures(device), []).append(device)
    return index


def _twice(device: Accelerator, view: View) -> Iterator[LintFinding]:
    own = _figures(device)
    if len(own) < _ENOUGH:
        return
    for other in view.derived(_by_figures).get(own, ()):
        if other.id != device.id and (other.link, other.released) == (device.link, device.released):
            yield LintFinding(f"has every figure of {other.id}.", "id")


def _known(row: Measurement | Offer, view: View) -> Iterator[LintFinding]:
    yield from _unknown(row.accelerator, "accelerator", "accelerators", view)
    if isinstance(row, Measurement):
        yield from _unknown(row.model, "model", "models", view)
        if row.count < 1:
            yield LintFinding(f"is {row.count}.", "count")
    elif view.accelerators and view.resolve("accelerators", row.accelerator) is None:
        yield LintFinding(f'is "{row.accelerator}", and no device is called so.', "accelerator")


def _unknown(name: str, key: str, kind: str, view: View) -> Iterator[LintFinding]:
    """Yield a name that nobody has, and that is a known one but for its spelling; a number makes another product."""
    near = view.derived(_spellings).get((kind, name))
    if near is None:
        near = _near(name, kind, view) if view.resolve(kind, name) is None else ()
        view.derived(_spellings)[kind, name] = near
    if near:
        yield LintFinding(f'is "{name}", and there is {near[0]}.', key)


def _spellings(_: View) -> dict[tuple[str, str], tuple[str, ...]]:
    return {}


def _near(name: str, kind: str, view: View) -> tuple[str, ...]:
    known = view.accelerators if kind == "accelerators" else view.models
    digits = _digits(name)
    alike = [
        one for one in known
        if _digits(one) == digits and len(digits) > 0 and (namespace(one) == namespace(name) or "/" not in name)
    ]  # fmt: skip
    alike = [one for one in alike if sorted(letters_of(one)) == sorted(letters_of(name)) or _is_slip(one, name)]
    return tuple(get_close_matches(name, alike, n=1, cutoff=_ALIKE))


def _is_slip(known: str, name: str) -> bool:
    """Return whether one name is the other with a single letter more, less or changed."""
    shorter, longer = sorted((known, name), key=len)
    if len(longer) - len(shorter) > 1:
        return False
    start = next((at for at, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter))
    rest = start + (len(longer) == len(shorter))
    return shorter[rest:] == longer[start + 1 :] and len(shorter) > _FEWEST


def _digits(name: str) -> str:
    return "".join(letter for letter in name if letter.isdigit())


def _makers(view: View) -> Counter[str]:
    return Counter(device.vendor for device in view.accelerators.values())


def _maker(device: Accelerator, view: View) -> Iterator[LintFinding]:
    """Yield a namespace that is another maker's but for its spelling."""
    own, makers = device.vendor, view.derived(_makers)
    if makers[own] - (device.id in view.accelerators):
        return
    others = [maker for maker in makers if maker != own]
    near = [maker for maker in others if len(maker) > _FEWEST and _is_slip(maker, own)]
    near += [maker for maker in others if sorted(maker) == sorted(own)]
    if near:
        yield LintFinding(f'is "{device.id}", and other devices are of {near[0]}.', "id")


RULES: Final = (
    LintRule(
        id="name-clash",
        about=(Accelerator, Model),
        compare=_names,
        finds="A name or an alias that another record has too, or that is given twice.",
        help="A name leads to one record: keep it where it belongs, and make the other more specific.",
    ),
    LintRule(
        id="described-twice",
        about=(Accelerator,),
        compare=_twice,
        finds="Two devices with the same figures throughout.",
        help="Where they are one device, join them and make one name an alias; else look for the figures that differ.",
    ),
    LintRule(
        id="unknown-name",
        about=(Measurement, Offer),
        compare=_known,
        finds="A row of a device or a model that is misspelt, or an offer of a device that nobody describes.",
        help="Write the id of the record, as `chipdex resolve` gives it.",
    ),
    LintRule(
        id="vendor-name",
        about=(Accelerator,),
        compare=_maker,
        finds="A vendor's name in an id that differs from a known one by a letter.",
        help="The part before the slash is the same for all devices of a vendor.",
    ),
    ACCEPTED,
)
