"""A good device, as text, and the folder it stands in."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

DEVICE = """\
schema = 1
id = "acme/x100"
name = "Acme X100"
kind = "gpu"
status = "shipping"
released = 2026-03-01
aliases = ["ACME X100 96GB"]
from = "ds"

[source.ds]
title = "X100 datasheet, revision 2"
url = "https://example.com/x100.pdf"
retrieved = 2026-11-01
kind = "vendor_datasheet"

[source.survey]
title = "A survey"
url = "https://example.com/survey"
retrieved = 2026-11-02
kind = "community"

[memory]
capacity_gb = 96
bandwidth_gb_per_s = 4000
technology = "HBM3"

[[memory_tier]]
name = "L2"
capacity_mb = 50

[power]
tdp_w = 700
"""

OFFERS = """\
schema = 1

[source.list]
title = "Price list"
url = "https://example.com/prices"
retrieved = 2026-11-01
kind = "vendor_docs"

[[offer]]
provider = "Acme Cloud"
instance = "x100.8"
accelerator = "acme/x100"
count = 8
region = "eu-west-1"
term = "on-demand"
usd_per_hour = 20.5
as_of = 2026-11-01
from = "list"

[[offer]]
provider = "Acme Cloud"
instance = "x100.8"
accelerator = "acme/x100"
count = 8
region = "eu-west-1"
term = "spot"
usd_per_hour = 8
as_of = 2026-11-01
from = "list"
"""

ROWS = """\
schema = 1
from = "sweep"

[source.sweep]
title = "Batch sweep"
url = "https://example.com/sweep"
retrieved = 2026-11-01
kind = "benchmark"

[[measurement]]
accelerator = "acme/x100"
count = 8
model = "acme/writer"
scenario = "offline"
metric = "output_tokens_per_s"
value = 24_000
unit = "tokens/s"
date = 2026-09-09

[[table]]
columns = ["model", "batch", "precision", "software", "value"]
common = { accelerator = "acme/x100", count = 1, load = "static", metric = "output_tokens_per_s", unit = "tokens/s" }
rows = [
  ["acme/writer", 1, "fp8", "vLLM 0.20", 61.5],
  ["acme/reader", 8, "fp8", "vLLM 0.20", 455],
  ["acme/writer", 8, "int4", "", 610],
]
"""


@pytest.fixture
def rows_text() -> str:
    return ROWS


@pytest.fixture
def device_text() -> str:
    return DEVICE


@pytest.fixture
def offers_text() -> str:
    return OFFERS


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "profiles"


@pytest.fixture
def write(root: Path) -> Callable[[str, str], Path]:
    """Write a file below the root, dated an hour back so that it counts as settled."""

    def write_file(place: str, text: str) -> Path:
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        settled = path.stat().st_mtime_ns - 3_600_000_000_000
        os.utime(path, ns=(settled, settled))
        return path

    return write_file
