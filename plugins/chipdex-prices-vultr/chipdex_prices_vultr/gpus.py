"""Which GPUs, and how many, a Vultr plan holds: what the plan says, what its id says, and the table of both."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

_METAL_ID: Final = re.compile(r"vbm-.*?(?:-(?P<count>\d{1,2}))?-(?P<name>[a-z]+\d+[a-z]*)-gpu")
_CLOUD_ID: Final = re.compile(r"vcg-(?P<name>[a-z0-9]+)-.*-(?P<vram>\d+)vram")
_COUNTS: Final = (1, 2, 4, 8, 16)

Plan = Mapping[str, Any]


class UnclearPlanError(ValueError):
    """A GPU plan of which nobody can tell what it holds, with the reason."""


class SliceError(ValueError):
    """A plan that holds a part of one GPU, with how much of it: no price of an accelerator."""


class Held(NamedTuple):
    """What a plan holds: GPUs of the id `id`, or of what Vultr calls `name` where the table has no id."""

    name: str
    gpus: int
    memory_gb: float | None
    id: str | None = None


@cache
def known() -> Mapping[str, Mapping[str, Any]]:
    """Return the table's rows by Vultr's name of a GPU, and by bare-metal plan."""
    table = tomllib.loads(files(__package__).joinpath("gpus.toml").read_text(encoding="utf-8"))
    return {row["name"]: row for row in table["gpu"]} | {row["plan"]: row for row in table["metal"]}


def of_metal(plan_id: str) -> Held | None:
    """Return what a bare-metal plan holds, None where it has no GPU; raises UnclearPlanError."""
    if not plan_id.endswith("-gpu"):
        return None
    row = known().get(plan_id)
    if row:
        return Held(plan_id, row["count"], None, row["id"])
    found = _METAL_ID.fullmatch(plan_id)
    if not found or not found["count"]:
        raise UnclearPlanError("is a GPU plan whose id does not say how many GPUs of which kind it has")
    return Held(found["name"].upper(), int(found["count"]), None)


def of_cloud(plan_id: str, plan: Plan) -> Held | None:
    """Return what a cloud plan holds, None where it has no GPU; raises UnclearPlanError and SliceError."""
    named = _CLOUD_ID.fullmatch(plan_id)
    said = plan.get("gpu_type")
    if not said and not named:
        if plan_id.startswith("vcg-"):
            raise UnclearPlanError("is a GPU plan that does not say which GPU it has")
        return None
    name = str(said).partition("_")[2] or str(said) if said else str(named and named["name"]).upper()
    vram_gb = plan.get("gpu_vram_gb") or (float(named["vram"]) if named else None)
    row = known().get(name)
    if row is None:
        return Held(name, 0, None)
    if not isinstance(vram_gb, int | float):
        raise UnclearPlanError("is a GPU plan that does not say how much GPU memory it has")
    return Held(name, _whole(name, vram_gb, row["vram_gb"]), row["vram_gb"], row.get("id"))


def _whole(name: str, vram_gb: float, of_one_gb: float) -> int:
    """Return how many GPUs have `vram_gb` together."""
    if vram_gb < of_one_gb:
        raise SliceError(f"is a slice: {vram_gb:g} GB of the {of_one_gb:g} GB of one {name}")
    count = vram_gb / of_one_gb
    if count not in _COUNTS:
        raise UnclearPlanError(
            f"has {vram_gb:g} GB, which is {count:g} times the {of_one_gb:g} GB of one {name}: no plan has so many"
        )
    return int(count)
