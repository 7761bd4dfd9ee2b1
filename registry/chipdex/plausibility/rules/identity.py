"""Rules about names: devices described twice, names that two devices claim, rows of devices that nobody describes."""

from collections import Counter
from collections.abc import Hashable, Iterator
from difflib import get_close_matches
from itertools import islice
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
_SHOWN: Final = 3


def _names(record: Record, view: View) -> Iterator[LintFinding]:
    if not isinstance(record, Accelerator | Model):
        return
    kind = KIND_OF[type(record)]
    names = (("name", record.name), *((f"aliases.{place}", alias) for place, alias in enumerate(record.aliases)))
    for key, name in names:
        named = view.named(kind, name)
        if count := len(named) - (record.id in named):
            others = [other for other in islice(named, _SHOWN + 1) if other != record.id][:_SHOWN]
            more = f" and {count - len(others)} more" if count > len(others) else ""
            yield LintFinding(f'"{name}" is also a name of {", ".join(others)}{more}.', key)
    spelt: set[str] = set()
    for place, alias in enumerate(record.aliases):
        if alias.lower() in spelt:
            yield LintFinding(f'"{alias}" is given twice.', f"aliases.{place}")
        spelt.add(alias.lower())


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


def _by_figures(view: View) -> dict[Hashable, dict[str, None]]:
    index: dict[Hashable, dict[str, None]] = {}
    for device in view.accelerators.values():
        index.setdefault((_figures(device), device.link, device.released), {})[device.id] = None
    return index


def _twice(device: Accelerator, view: View) -> Iterator[LintFinding]:
    own = _figures(device)
    if len(own) < _ENOUGH:
        return
    twins = view.derived(_by_figures).get((own, device.link, device.released), {})
    if count := len(twins) - (device.id in twins):
        first = next(other for other in twins if other != device.id)
        more = f", and of {count - 1} more" if count > 1 else ""
        yield LintFinding(f"has every figure of {first}{more}.", "id")


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
    digits = _digits(name)
    numbered = view.derived(_by_digits).get((kind, digits), ()) if digits else ()
    alike = [one for one in numbered if namespace(one) == namespace(name) or "/" not in name]
    alike = [one for one in alike if sorted(letters_of(one)) == sorted(letters_of(name)) or _is_slip(one, name)]
    return tuple(get_close_matches(name, alike, n=1, cutoff=_ALIKE))


def _by_digits(view: View) -> dict[tuple[str, str], list[str]]:
    index: dict[tuple[str, str], list[str]] = {}
    for kind, known in (("accelerators", view.accelerators), ("models", view.models)):
        for name in known:
            index.setdefault((kind, _digits(name)), []).append(name)
    return index


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
    alike = dict.fromkeys(maker for form in _forms(own) for maker in view.derived(_by_form).get(form, ()))
    near = [maker for maker in alike if maker != own and (_is_mistyped(maker, own) or sorted(maker) == sorted(own))]
    if near:
        yield LintFinding(f'is "{device.id}", and other devices are of {near[0]}.', "id")


def _is_mistyped(maker: str, own: str) -> bool:
    return len(maker) > _FEWEST and _is_slip(maker, own)


def _by_form(view: View) -> dict[str, list[str]]:
    index: dict[str, list[str]] = {}
    for maker in view.derived(_makers):
        for form in _forms(maker):
            index.setdefault(form, []).append(maker)
    return index


def _forms(maker: str) -> set[str]:
    """Return what a name has in common with every name that is a letter, or the order of letters, away from it."""
    return {maker, "".join(sorted(maker)), *(maker[:place] + maker[place + 1 :] for place in range(len(maker)))}


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
