"""A command run in this process, in folders of its own, and what it printed."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from chipdex.cli.main import run


@attrs.frozen
class Outcome:
    """The exit status and both streams of one command."""

    code: int
    out: str
    err: str


Chipdex = Callable[..., Outcome]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of this test's own to work in, and forget what the reader's end can show."""
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return tmp_path


@pytest.fixture
def chipdex(home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Chipdex:
    """Return a function that runs `chipdex` with arguments, as the program would, in this process."""

    assert Path.cwd().is_relative_to(home)

    def call(*arguments: str, stdin: str | bytes = "") -> Outcome:
        content = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        capfd.readouterr()
        code = run(arguments)
        streams = capfd.readouterr()
        return Outcome(code, streams.out, streams.err)

    return call


SOURCE = """
schema = 1
[source.ds]
title = "Datasheet"
url = "https://example.com/ds.pdf"
retrieved = 2026-11-01
kind = "vendor_datasheet"
[source.blog]
title = "A blog"
url = "https://example.com/blog"
retrieved = 2026-11-02
kind = "community"
"""
DEVICE = """
id = "acme/{name}"
name = "Acme {name}"
kind = "gpu"
status = "shipping"
aliases = ["ACME {name} board"]
[memory]
capacity_gb = {memory}
bandwidth_gb_per_s = 4000
technology = "HBM3"
from = "ds"
[compute.dense]
bf16_tflops = 900
fp8_tflops = 1800
from = ["ds", "blog"]
[link.scale_up]
bandwidth_gb_per_s = 450
from = "ds"
[topology]
scale_up_domain = 8
devices_per_host = 8
from = "ds"
[power]
tdp_w = 700
from = "ds"
"""
MODEL = """
id = "acme/m1"
name = "Acme M1"
family = "decoder"
params = 8.03e9
precisions = ["bf16"]
aliases = ["m-one"]
from = "ds"
[decoder]
hidden_size = 4096
vocabulary = 128256
[[decoder.block]]
count = 32
[decoder.block.mixer]
kind = "full"
heads = 32
kv_heads = 8
head_dim = 128
[decoder.block.mlp]
kind = "dense"
intermediate_size = 14336
"""
OFFER = """
[[offer]]
provider = "{provider}"
instance = "a{count}"
accelerator = "acme/x100"
count = {count}
region = "eu-1"
term = "on-demand"
usd_per_hour = {usd}
as_of = 2026-10-01
date_basis = "stated"
from = "blog"
"""
MEASUREMENT = """
[[measurement]]
id = "acme/x100-m1-offline"
accelerator = "acme/x100"
count = 1
model = "acme/m1"
precision = "bf16"
scenario = "offline"
input_tokens = 1024
output_tokens = 256
metric = "output_tokens_per_s"
value = 5120.0
unit = "tokens/s"
from = "blog"
"""


@pytest.fixture
def shelf(home: Path) -> Path:
    """Write a project folder with two devices, one model, two offers and a measurement; return it."""
    folder = home / "work" / ".chipdex"
    files = {
        "devices/acme/x100.toml": DEVICE.format(name="x100", memory=96),
        "devices/acme/x10.toml": DEVICE.format(name="x10", memory=0),
        "models/acme/m1.toml": MODEL,
        "offers/acme.toml": OFFER.format(provider="cloud-a", count=1, usd=2.5)
        + OFFER.format(provider="cloud-b", count=8, usd=16),
        "measurements/acme.toml": MEASUREMENT,
    }
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        head, _, rest = SOURCE.partition("[source.ds]")
        # Keys of the record itself come before any table.
        own, bracket, tables = text.partition("\n[")
        file.write_text(f"{head}{own}\n[source.ds]{rest}\n{bracket.strip()}{tables}", encoding="utf-8")
    return folder
