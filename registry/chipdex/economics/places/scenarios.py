"""A scenario of tiers as a TOML file: the tiers, the parts of the model, and what the data allows."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from chipdex.economics.inputs import LARGEST, Given, Parameter, checked, given_of, read_table, shown, suggestion
from chipdex.economics.places.tiers import KINDS, TWO_TIERS, Layer, Scene, Tier
from chipdex.errors import OptionError

MOST_TIERS: Final = 6
MOST_PARTS: Final = 500

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_TIER: Final = ("name", "kind", "region", "accelerator", "count")
_PART: Final = ("name", "ms", "j", "usd", "output_kb", "kv_kb", "gb")
_COUNT: Final = Parameter(key="count", meaning="accelerators there", low=1.0, high=1e6, whole=True)


def read_scene(file: Path) -> Scene:
    """Return the scene of a TOML file; without `[[tier]]` its tiers are `edge` and `cloud`.

    Raises StorageError where the file cannot be read, OptionError with file and key for anything it may not hold.
    """
    table = read_table(file)
    said = _tables(file, table.pop("tier", []), "tier", MOST_TIERS)
    tiers = tuple(_tier(f"{file}: tier {number}", one) for number, one in enumerate(said, 1)) or TWO_TIERS.tiers
    _check_order(file, tiers)
    names = [tier.name for tier in tiers]
    scene = Scene(
        tiers=tiers,
        layers=_parts(file, table.pop("layer", []), "layer", names),
        phases=_parts(file, table.pop("phase", []), "phase", names),
        data_stays=_kind(f"{file}: data_stays", table.pop("data_stays")) if "data_stays" in table else None,
        residency=_places(f"{file}: residency", table.pop("residency", [])),
    )
    for tier, one in zip(tiers, said, strict=False):
        table |= {tier.key(key): value for key, value in one.items() if key not in _TIER}
    return attrs.evolve(scene, figures=dict(_figures(file, table, scene)))


def _figures(file: Path, stated: Mapping[str, Any], scene: Scene) -> Iterator[tuple[str, Given]]:
    known = {one.key: one for one in scene.parameters}
    for key, value in stated.items():
        if key not in known:
            raise OptionError(f"{file}: {key}: there is no such input.", fix=suggestion(key, known))
        yield key, checked(known[key], given_of(file, key, value), where=f"{file}: {key}")


def _tables(file: Path, stated: Any, key: str, most: int) -> list[dict[str, Any]]:
    if not isinstance(stated, list) or not all(isinstance(one, dict) for one in stated):
        raise OptionError(f"{file}: {key} is no list of tables.", fix=f"Write [[{key}]] above each one.")
    if len(stated) > most:
        raise OptionError(f"{file}: there are {len(stated)} times [[{key}]].", fix=f"Give up to {most}.")
    return stated


def _tier(where: str, one: Mapping[str, Any]) -> Tier:
    name = one.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise OptionError(
            f"{where}: its name is {shown(name)}.", fix='Write name = "phone": small letters, digits and underscores.'
        )
    where = f"{where}, {name}"
    for key in ("region", "accelerator"):
        if not isinstance(one.get(key, "-"), str) or not one.get(key, "-").strip():
            raise OptionError(f"{where}: its {key} is {shown(one[key])}.", fix=f'Write {key} = "...".')
    count = checked(_COUNT, Given(one.get("count", 1), where), where=f"{where}: its count")
    return Tier(
        name=name,
        kind=_kind(f"{where}: its kind", one.get("kind")),
        region=one.get("region"),
        accelerator=one.get("accelerator"),
        count=int(count.value),
    )


def _check_order(file: Path, tiers: Sequence[Tier]) -> None:
    names, kinds = [tier.name for tier in tiers], [KINDS.index(tier.kind) for tier in tiers]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise OptionError(f"{file}: two tiers are called {twice}.", fix="Give each a name of its own.")
    if kinds != sorted(kinds):
        raise OptionError(
            f"{file}: the tiers are not in order.", fix="Write them outwards: each device, then each site, then clouds."
        )
    keys = [parameter.key for parameter in Scene(tiers=tuple(tiers)).parameters]
    if len(set(keys)) < len(keys):
        one = next(key for key in keys if keys.count(key) > 1)
        raise OptionError(f"{file}: {one} may mean two tiers.", fix="Give the tiers other names.")


def _kind(where: str, stated: Any) -> str:
    if stated not in KINDS:
        raise OptionError(f"{where} is {shown(stated)}.", fix=f"Write one of {', '.join(KINDS)}.")
    return str(stated)


def _places(where: str, stated: Any) -> tuple[str, ...]:
    if not isinstance(stated, list) or not all(isinstance(one, str) and one for one in stated):
        raise OptionError(f"{where} is {shown(stated)}.", fix='Write residency = ["eu", "ch"].')
    return tuple(stated)


def _parts(file: Path, stated: Any, key: str, tiers: Collection[str]) -> tuple[Layer, ...]:
    every = _tables(file, stated, key, MOST_PARTS)
    return tuple(_part(f"{file}: {key} {number}", one, tiers) for number, one in enumerate(every, 1))


def _part(where: str, one: Mapping[str, Any], tiers: Collection[str]) -> Layer:
    unknown = next((key for key in one if key not in _PART), None)
    if unknown is not None:
        raise OptionError(f"{where}: {unknown}: there is no such key.", fix=suggestion(unknown, _PART))
    if not isinstance(one.get("name", ""), str):
        raise OptionError(f"{where}: its name is {shown(one['name'])}.", fix='Write name = "...".')
    by_tier = {key: _by_tier(f"{where}: {key}", one.get(key, {}), tiers) for key in ("ms", "j", "usd")}
    sizes = {key: _amount(f"{where}: {key}", one[key]) for key in ("output_kb", "kv_kb", "gb") if key in one}
    return Layer(name=one.get("name", where.rpartition(" ")[2]), **by_tier, **sizes)  # type: ignore[arg-type]


def _by_tier(where: str, stated: Any, tiers: Collection[str]) -> dict[str, float]:
    if not isinstance(stated, dict):
        raise OptionError(f"{where} is {shown(stated)}.", fix=f"Write {{ {' = 1.5, '.join(tiers)} = 0.2 }}.")
    unknown = next((name for name in stated if name not in tiers), None)
    if unknown is not None:
        raise OptionError(f"{where}: there is no tier {unknown!r}.", fix=f"The tiers are {', '.join(tiers)}.")
    return {name: _amount(f"{where}.{name}", value) for name, value in stated.items()}


def _amount(where: str, stated: Any) -> float:
    amount = Parameter(key="amount", meaning="", high=LARGEST)
    return float(checked(amount, Given(stated, where), where=where).value)
