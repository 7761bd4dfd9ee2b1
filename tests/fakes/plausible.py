"""A small world of good profiles, of which a test makes one wrong."""

from pathlib import Path

import attrs
from fakes.bench import Bench, write

from chipdex.errors import Problem
from chipdex.hooks import PluginHost
from chipdex.plausibility import lint_files

SOURCES = """
[source.ds]
title = "Datasheet"
url = "https://example.com/ds.pdf"
retrieved = 2026-11-01
kind = "vendor_datasheet"
"""

DEVICE = """schema = 1
id = "{maker}/{stem}-{form}"
name = "{maker} {name}"
kind = "gpu"
status = "shipping"
released = {released}
architecture = "{design}"
scope = "package"
process_nm = 5
aliases = ["{maker} {name} board"]
from = "ds"
{sources}
[memory]
capacity_gb = {gb}
bandwidth_gb_per_s = {bandwidth}
technology = "{technology}"
from = "ds"

[[memory_tier]]
name = "L2"
capacity_mb = 50
from = "ds"

[compute.dense]
fp32_tflops = {fp32}
bf16_tflops = {bf16}
fp8_tflops = {fp8}
from = "ds"

[compute.sparse]
fp8_tflops = {sparse}
from = "ds"

[link.scale_up]
name = "{maker}Link 2 (8 links)"
bandwidth_gb_per_s = 400
from = "ds"

[link.host]
name = "PCIe 5.0 x16"
bandwidth_gb_per_s = 64
from = "ds"

[topology]
devices_per_host = 8
scale_up_domain = 8
from = "ds"

[power]
tdp_w = {tdp}
idle_w = 60
from = "ds"

[[power.mode]]
name = "quiet"
power_w = 300
dense = {{ bf16_tflops = 400 }}
from = "ds"

[price]
list_usd = {usd}
as_of = 2025-06-01
from = "ds"

[[partition]]
name = "half"
count = 2
capacity_gb = 40
from = "ds"

[[node]]
name = "eight of them"
count = 8
power_w = 10000
from = "ds"
"""

MODEL = """schema = 1
id = "acme/writer-8b"
name = "Acme Writer 8B"
family = "decoder"
params = 8.03e9
aliases = ["writer-8b"]
from = "ds"

[source.ds]
title = "config.json"
url = "https://example.com/config.json"
retrieved = 2026-11-01
kind = "vendor_docs"

[limits.server]
ttft_ms = 2000
tpot_ms = 100

[decoder]
hidden_size = 4096
vocabulary = 128256
[[decoder.block]]
count = 32
mixer = { kind = "full", heads = 32, kv_heads = 8, head_dim = 128 }
mlp = { kind = "dense", intermediate_size = 14336 }
"""

OFFER = """
[[offer]]
provider = "cloud-{letter}"
instance = "eight"
accelerator = "acme/x100-oam"
count = 8
region = "eu-1"
term = "on-demand"
usd_per_hour = {usd}
as_of = 2026-10-01
from = "ds"
"""

MEASUREMENT = """schema = 1
[source.ds]
title = "Benchmark"
url = "https://example.com/run"
retrieved = 2026-11-01
kind = "benchmark"

[[measurement]]
accelerator = "acme/x100-oam"
count = 1
model = "acme/writer-8b"
precision = "bf16"
input_tokens = 128
output_tokens = 128
metric = "output_tokens_per_s"
value = 9000
unit = "tokens/s"
date = 2026-10-01
from = "ds"

[[measurement]]
accelerator = "acme/x100-oam"
count = 1
model = "acme/writer-8b"
metric = "power_w"
value = 650
unit = "W"
power_scope = "accelerators"
from = "ds"
"""

GRID = """schema = 1
[source.ds]
title = "Grid report"
url = "https://example.com/grid"
retrieved = 2026-11-01
kind = "vendor_docs"

[[grid]]
provider = "cloud-a"
region = "eu-1"
year = 2025
g_per_kwh = 250
usd_per_kwh = 0.12
from = "ds"
"""


FACT = """schema = 1
[source.ds]
title = "Study of servers"
url = "https://example.com/study"
retrieved = 2026-11-01
kind = "paper"

[[fact]]
id = "acme/server-pays"
topic = "capex-opex"
statement = "Hours of use after which buying has paid"
published = "2026-10"
value = 2500
unit = "h"
tolerance = 25
quantity = "break_even_hours"
inputs = { capex_usd = 200000, rent_usd_per_hour = 85, own_usd_per_hour = 5 }
from = "ds"
"""


def _device(stem: str, form: str, **figures: object) -> str:
    good = {
        "released": "2025-03-01", "gb": 80, "bandwidth": 3350, "technology": "HBM3", "fp32": 60, "bf16": 900,
        "fp8": 1800, "sparse": 3600, "tdp": 700, "usd": 20000, "name": f"{stem.upper()} {form.upper()} 80GB",
        "maker": "acme", "design": "Summit",
    }  # fmt: skip
    return DEVICE.format(stem=stem, form=form, sources=SOURCES, **{**good, **figures})


WORLD = {
    "devices/acme/x100-oam.toml": _device("x100", "oam"),
    "devices/acme/x100-pcie.toml": _device("x100", "pcie", bandwidth=2000, technology="HBM2e", tdp=450, usd=16000,
                                           bf16=700, fp8=1400, sparse=2800, fp32=47),
    "devices/acme/x110-oam.toml": _device("x110", "oam", name="X110 OAM 96GB", gb=96, bandwidth=4000, tdp=750,
                                          bf16=950, fp8=1900, sparse=3800, fp32=63.3, usd=24000, released="2025-09-01"),
    "devices/acme/x120-oam.toml": _device("x120", "oam", name="X120 OAM 144GB", gb=144, bandwidth=4900, tdp=800,
                                          bf16=960, fp8=1920, sparse=3840, fp32=64, usd=28000, released="2026-02-01"),
    "devices/bolt/b1-oam.toml": _device("b1", "oam", maker="bolt", design="Spark", bandwidth=3600, bf16=870, fp8=1740,
                                        sparse=3480, fp32=58, tdp=720, usd=21000),
    "devices/bolt/b2-oam.toml": _device("b2", "oam", maker="bolt", design="Spark", bandwidth=3700, bf16=880, fp8=1760,
                                        sparse=3520, fp32=59, tdp=730, usd=22000),
    "models/acme/writer-8b.toml": MODEL,
    "offers/acme.toml": f"schema = 1\n{SOURCES}" + "".join(
        OFFER.format(letter=letter, usd=usd) for letter, usd in zip("abcdef", (16, 17, 18, 19, 20, 21), strict=True)
    ),
    "measurements/acme.toml": MEASUREMENT,
    "grids/acme.toml": GRID,
    "facts/acme.toml": FACT,
}  # fmt: skip
"""Path -> text of good profiles: six devices of two makers, what runs on them, and what they cost."""


Found = tuple[Problem, str]


@attrs.frozen
class World:
    """The good profiles in a folder, and what lint finds where one of them is changed."""

    root: Path
    bench: Bench

    def lint(self, file: str = "", text: str = "") -> tuple[Found, ...]:
        """Return what is found in one file, or in all of them, where `file` holds `text`."""
        write(self.root, {**WORLD, **({file: text} if text else {})})
        registry = self.bench.load()
        host = PluginHost(attrs.evolve(registry.settings, no_plugins=True))
        names = [file] if file else list(WORLD)
        return lint_files({self.root / name: name.partition("/")[0] for name in names}, registry, host).problems
