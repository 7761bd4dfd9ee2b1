"""The trees whose every line is expected: run this file to write what is generated now into golden/, and read the diff."""

import datetime as dt
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from chipdex.domain import (
    Accelerator,
    Compute,
    Kind,
    Memory,
    MemoryTier,
    Peaks,
    Power,
    PowerMode,
    Source,
    SourceKind,
    Status,
)
from chipdex.scaffold import Place, Plugin, Tree, device_profile, model_profile, plugin_tree

GOLDEN = Path(__file__).with_name("golden")
SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
PUBLISHED = "(as docs/schemas has it)\n"
TODAY = dt.date(2026, 11, 23)

CONFIG = {
    "architectures": ["MixtralForCausalLM"],
    "model_type": "mixtral",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "num_hidden_layers": 32,
    "num_local_experts": 8,
    "num_experts_per_tok": 2,
    "vocab_size": 32000,
    "max_position_embeddings": 32768,
    "torch_dtype": "bfloat16",
    "hidden_act": "silu",
}

SIBLING = Accelerator(
    id="acme/nano",
    name="ACME Nano",
    kind=Kind.EDGE,
    status=Status.SHIPPING,
    architecture="Anvil",
    memory=Memory(capacity_gb=16, unified=True),
    memory_tier=(MemoryTier(name="SRAM", capacity_mb=8), MemoryTier(name="LPDDR5", bandwidth_gb_per_s=51.2)),
    compute=Compute(dense=Peaks(int8_tops=33)),
    power=Power(tdp_w=25, mode=(PowerMode(name="15W", power_w=15, dense=Peaks(int8_tops=20)),)),
    sources={
        "guide": Source(
            title="Nano guide",
            kind=SourceKind.VENDOR_DOCS,
            retrieved=dt.date(2026, 11, 1),
            url="https://example.com/nano",
        )
    },
)

PROFILE = """\
#:schema elsewhere/devices.json
schema = 1
id = "acme/x100"
name = "Acme X100"
kind = "gpu"
status = "shipping"
aliases = ["ACME X100 96GB"]
from = "ds"

[source.ds]
title = "X100 datasheet, revision 2"
url = "https://example.com/x100.pdf"
retrieved = 2026-11-01
kind = "vendor_datasheet"

[memory]
capacity_gb = 96 # with ECC
"""


def new_device(folder: Path, kind: Kind, sibling: Accelerator | None = None) -> Tree:
    place = Place("devices", folder)
    return place.with_schema(place.file("acme/x100"), device_profile("acme/x100", kind, sibling))


def new_model(folder: Path) -> Tree:
    config = folder / "writer" / "config.json"
    config.parent.mkdir()
    config.write_text(json.dumps(CONFIG), encoding="utf-8")
    place = Place("models", folder)
    address = "https://example.com/acme/writer/config.json"
    model_id, text = model_profile(config, "acme/writer", address, TODAY)
    return place.with_schema(place.file(model_id), text)


def new_plugin_with_a_profile(folder: Path) -> Tree:
    profile = folder / "devices" / "acme" / "x100.toml"
    profile.parent.mkdir(parents=True)
    profile.write_text(PROFILE, encoding="utf-8")
    return plugin_tree(Plugin.called("acme-chips", profiles=[profile]), folder, TODAY)


TREES: Mapping[str, Callable[[Path], Tree]] = {
    "device-gpu": lambda folder: new_device(folder, Kind.GPU),
    "device-neuromorphic": lambda folder: new_device(folder, Kind.NEUROMORPHIC),
    "device-like": lambda folder: new_device(folder, Kind.EDGE, SIBLING),
    "model": new_model,
    "plugin": lambda folder: plugin_tree(Plugin.called("acme"), folder, TODAY),
    "plugin-code": lambda folder: plugin_tree(Plugin.called("chipdex-acme", code=True), folder, TODAY),
    "plugin-profile": new_plugin_with_a_profile,
}
"""Name of a file in golden/ -> what writes the tree."""


def generated(name: str, folder: Path) -> str:
    """Return a tree as one text: `-- PATH --` and what the file holds; a schema is named, where it is the published one."""
    parts = []
    for file, text in sorted(TREES[name](folder).items()):
        place = file.relative_to(folder).as_posix()
        published = SCHEMAS.joinpath(*file.parts[-2:])
        same = published.is_file() and published.read_text(encoding="utf-8") == text
        parts.append(f"-- {place} --\n{PUBLISHED if same else text}")
    return "".join(parts)


def main() -> None:
    GOLDEN.mkdir(exist_ok=True)
    for name in TREES:
        with tempfile.TemporaryDirectory() as folder:
            (GOLDEN / f"{name}.txt").write_text(generated(name, Path(folder)), encoding="utf-8")


if __name__ == "__main__":
    main()
