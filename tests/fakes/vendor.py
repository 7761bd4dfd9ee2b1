"""A vendor's plugin as its authors have it: a project with README and changelog, a package, and its metadata."""

from collections.abc import Mapping
from pathlib import Path

import attrs

README = "# acme-chips\n\n    pip install acme-chips\n"
CHANGELOG = "# Changelog\n\n## 1.0\n\n- The first devices.\n"
METADATA = """\
Metadata-Version: 2.4
Name: acme-chips
Version: 1.0
Summary: Acme accelerators for chipdex
Requires-Python: >=3.11
Requires-Dist: chipdex>=0.1,<99
Description-Content-Type: text/markdown

The description of acme-chips.
"""
DATA = "[chipdex.profiles]\nacme = acme_chips\n"
CODE = "[chipdex]\nacme = acme_chips\n"

X100 = """\
schema = 1
id = "acme/x100"
name = "Acme X100"
kind = "gpu"
status = "shipping"
released = 2026-03-01
aliases = ["SLEDGE-1", "Anvil card 96"]
from = "ds"

[source.ds]
title = "X100 datasheet"
url = "https://example.com/x100.pdf"
retrieved = 2026-11-01
kind = "vendor_datasheet"

[source.half]
title = "Half of the sparse rate"
retrieved = 2026-11-01
kind = "derived"
rule = "the datasheet prints the rate with sparsity"
of = ["ds"]

[memory]
capacity_gb = 96
usable_gb = 95
bandwidth_gb_per_s = 4000

[[memory_tier]]
name = "L2"
capacity_mb = 100

[compute.dense]
bf16_tflops = 800
fp8_tflops = 1600
from = "half"

[compute.sparse]
fp8_tflops = 3200

[link.host]
bandwidth_gb_per_s = 64

[power]
tdp_w = 600
idle_w = 60

[[power.mode]]
name = "quiet"
power_w = 400

[[partition]]
name = "2 instances"
count = 2
capacity_gb = 48

[[disputed]]
figure = "power.tdp_w"
value = 650
from = "ds"
"""
X50 = """\
schema = 1
id = "acme/x50"
name = "Acme X50"
kind = "asic"
status = "announced"
aliases = ["TONGS-1", "Anvil card 48"]

[source.ds]
title = "X50 brief"
url = "https://example.com/x50.pdf"
retrieved = 2026-11-01
kind = "vendor_docs"

[memory]
capacity_gb = 48
from = "ds"

[compute.dense]
int8_tops = 100
from = "ds"
"""

HOOKS = '''
"""Acme's accelerators, made by code."""

import datetime as dt

from chipdex.api import Accelerator, Kind, LintRule, Memory, Peaks, Compute, Source, SourceKind, Status, hookimpl

DATASHEET = Source(
    title="X200 datasheet",
    kind=SourceKind.VENDOR_DATASHEET,
    retrieved=dt.date(2026, 11, 1),
    url="https://example.com/x200.pdf",
)


@hookimpl
def chipdex_accelerators():
    yield Accelerator(
        id="acme/x200",
        name="Acme X200",
        kind=Kind.GPU,
        status=Status.SHIPPING,
        memory=Memory(capacity_gb=192),
        compute=Compute(dense=Peaks(bf16_tflops=1600)),
        sources={"ds": DATASHEET},
        provenance={"memory.capacity_gb": ("ds",), "compute.dense.bf16_tflops": ("ds",)},
    )


@hookimpl
def chipdex_lint_rules():
    yield LintRule(id="acme-memory", check=lambda record: (), help="Nothing to do.")
'''


@attrs.define
class Vendor:
    """The project folder of one plugin, its package installed in place."""

    root: Path
    is_code: bool = False
    files: dict[str, str] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.write({
            "README.md": README,
            "CHANGELOG.md": CHANGELOG,
            "acme_chips-1.0.dist-info/METADATA": METADATA,
            "acme_chips-1.0.dist-info/entry_points.txt": CODE if self.is_code else DATA,
            "acme_chips/__init__.py": HOOKS if self.is_code else '"""Acme accelerators: profiles, no code."""\n',
        })  # fmt: skip
        if not self.is_code:
            self.write({"acme_chips/devices/acme/x100.toml": X100, "acme_chips/devices/acme/x50.toml": X50})

    def write(self, files: Mapping[str, str]) -> None:
        """Write files below the project folder."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            self.files[name] = text

    def change(self, name: str, old: str, new: str) -> None:
        """Replace a text that stands in a file of the project once."""
        assert self.files[name].count(old) == 1, f"{old!r} in {name}"
        self.write({name: self.files[name].replace(old, new)})
