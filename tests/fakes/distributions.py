"""Fake installed distributions: a `.dist-info` and a module, written into a folder that goes on the path.

`write_distribution(root, kind)` writes one of `KINDS` and returns `root`, for PYTHONPATH or sys.path.
`HOSTILE` names the kinds that do something wrong; a command must survive each of them.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from textwrap import dedent, indent

HOOKS = (
    "chipdex_profile_sources",
    "chipdex_accelerators",
    "chipdex_models",
    "chipdex_measurements",
    "chipdex_offers",
    "chipdex_grids",
    "chipdex_facts",
    "chipdex_pricing_sources",
    "chipdex_estimators",
    "chipdex_lint_rules",
    "chipdex_commands",
)

GOOD = """
import datetime as dt

from chipdex.api import Accelerator, Kind, Memory, Source, SourceKind, Status, hookimpl

DATASHEET = Source(
    title="datasheet",
    kind=SourceKind.VENDOR_DATASHEET,
    retrieved=dt.date(2026, 11, 1),
    url="https://example.com/ds.pdf",
)


def accelerator(id="acme/{name}", capacity_gb=96.0):
    return Accelerator(
        id=id,
        name="Acme",
        kind=Kind.GPU,
        status=Status.SHIPPING,
        memory=Memory(capacity_gb=capacity_gb, bandwidth_gb_per_s=4000.0),
        sources={{"ds": DATASHEET}},
        provenance={{"memory.capacity_gb": ("ds",), "memory.bandwidth_gb_per_s": ("ds",)}},
    )


@hookimpl
def chipdex_accelerators():
    yield accelerator()
"""

DEVICE = """
schema = 1
id = "acme/{name}"
name = "Acme {name}"
kind = "gpu"
status = "shipping"

[source.ds]
title = "datasheet"
url = "https://example.com/ds.pdf"
retrieved = 2026-11-01
kind = "vendor_datasheet"

[memory]
capacity_gb = 96
bandwidth_gb_per_s = 4000
from = "ds"
"""


def write_metadata(
    root: Path,
    name: str,
    entry_points: Iterable[tuple[str, str, str]],
    *,
    version: str = "1.0",
    requires: Iterable[str] = ("chipdex",),
    suffix: str = ".dist-info",
) -> Path:
    """Write the metadata folder of a distribution and return it; entry points are (group, name, value)."""
    folder = root / f"{name.replace('-', '_')}-{version}{suffix}"
    folder.mkdir(parents=True)
    headers = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}"]
    headers += [f"Requires-Dist: {requirement}" for requirement in requires]
    text = "\n".join([*headers, "", f"The description of {name}."])
    (folder / ("METADATA" if suffix == ".dist-info" else "PKG-INFO")).write_text(text, encoding="utf-8")
    lines = [f"[{group}]\n{key} = {value}\n" for group, key, value in entry_points]
    (folder / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    return folder


def write_code(root: Path, name: str, source: str, *, entry_point: str = "", requires: tuple[str, ...] = ()) -> Path:
    """Write a code plugin: distribution, and a module of the same name holding `source`; return the path entry."""
    module = name.replace("-", "_")
    root.mkdir(parents=True, exist_ok=True)
    (root / f"{module}.py").write_text(dedent(source), encoding="utf-8")
    write_metadata(root, name, [("chipdex", entry_point or module, module)], requires=requires or ("chipdex>=0.1,<99",))
    return root


def write_data(root: Path, name: str, *, init: str = "", package: str = "") -> Path:
    """Write a data plugin with one device; `init` is what its package would execute, `package` names another."""
    module = name.replace("-", "_")
    vendor = root / module / "devices" / "acme"
    vendor.mkdir(parents=True)
    (root / module / "__init__.py").write_text(init, encoding="utf-8")
    (vendor / f"{name}.toml").write_text(DEVICE.format(name=name), encoding="utf-8")
    write_metadata(root, name, [("chipdex.profiles", module, package or module)])
    return root


def good_source(name: str) -> str:
    """Return the module of a plugin that brings the accelerator `acme/NAME`."""
    return GOOD.format(name=name)


def _every_hook(body: str) -> str:
    """Return a module that implements every hook with the same body."""
    functions = [f"@hookimpl\ndef {hook}():\n{indent(dedent(body).strip(), '    ')}\n" for hook in HOOKS]
    return "\n\n".join(["from chipdex.api import hookimpl\n", *functions])


def _good_after(*lines: str) -> Callable[[Path, str], Path]:
    """Return a writer of a good plugin that first does something at import."""
    return lambda root, name: write_code(root, name, "\n".join(lines) + "\n" + good_source(name))


def _hooks_that(body: str) -> Callable[[Path, str], Path]:
    return lambda root, name: write_code(root, name, _every_hook(body))


def _misspelt(root: Path, name: str) -> Path:
    extra = "\n\n@hookimpl\ndef chipdex_acelerators():\n    return []\n"
    return write_code(root, name, good_source(name) + extra)


def _half_way(root: Path, name: str) -> Path:
    extra = '\n    raise ValueError("the second row is broken")\n'
    return write_code(root, name, good_source(name).rstrip() + extra)


def _wrong_field(root: Path, name: str) -> Path:
    return write_code(root, name, good_source(name) + "    yield accelerator('acme/text', capacity_gb='96')\n")


def _duplicate(root: Path, name: str) -> Path:
    return write_code(root, name, good_source(name) + "    yield accelerator(capacity_gb=48.0)\n")


def _one_entry_point(root: Path, name: str) -> Path:
    for one in (f"{name}-a", f"{name}-b"):
        write_code(root, one, good_source(one), entry_point="shared")
    return root


def _found_twice(root: Path, name: str) -> Path:
    write_code(root, name, good_source(name))
    write_metadata(root, name, [("chipdex", name.replace("-", "_"), name.replace("-", "_"))], version="2.0")
    return root


def _source_that(body: str) -> Callable[[Path, str], Path]:
    """Return a writer of a plugin that brings a device, and a price source whose fetcher does this."""
    extra = (
        "\n\nfrom chipdex.api import PricingSource\n\n\n"
        f"def fetch(context):\n{indent(dedent(body).strip(), '    ')}\n\n\n"
        "@hookimpl\ndef chipdex_pricing_sources():\n"
        "    yield PricingSource(name='acme', fetch=fetch, max_age=dt.timedelta(days=1))\n"
    )
    return lambda root, name: write_code(root, name, good_source(name) + extra)


WRITERS: dict[str, Callable[[Path, str], Path]] = {
    "good": lambda root, name: write_code(root, name, good_source(name)),
    "good-data": write_data,
    "broken-import": _good_after("import a_module_that_nobody_has"),
    "syntax-error": lambda root, name: write_code(root, name, "def broken(:\n"),
    "exits-at-import": _good_after("import sys", "sys.exit('leaving')"),
    "misspelt-hook": _misspelt,
    "too-new-core": lambda root, name: write_code(root, name, good_source(name), requires=("chipdex>=99",)),
    "too-new-api": _good_after("CHIPDEX_API = '>=99'"),
    "raises-in-hook": _hooks_that("raise ValueError('the datasheet is empty')"),
    "exits-in-hook": _hooks_that("raise SystemExit(7)"),
    "raises-half-way": _half_way,
    "wrong-type": _hooks_that("yield 42"),
    "wrong-field": _wrong_field,
    "duplicate-record": _duplicate,
    "slow-import": _good_after("import time", "time.sleep(1.2)"),
    "prints-at-import": _good_after(
        "import os, subprocess, sys",
        "print('PRINTED by print')",
        "os.write(1, b'PRINTED by descriptor\\n')",
        "sys.__stdout__.write('PRINTED by the original stream\\n')",
        "subprocess.run([sys.executable, '-S', '-c', 'print(\"PRINTED by a child\")'], check=True)",
    ),
    "prints-in-hook": _hooks_that("print('PRINTED in a hook')\nreturn []"),
    "changes-folder": _good_after("import os", "os.chdir(os.path.sep)"),
    "leaves-thread": _good_after(
        "import threading, time", "threading.Thread(target=time.sleep, args=(10,), name='acme-left').start()"
    ),
    "one-entry-point": _one_entry_point,
    "found-twice": _found_twice,
    "source-raises": _source_that("raise ValueError('the feed is odd')"),
    "source-exits": _source_that("import sys\nsys.exit(0)"),
    "source-prints": _source_that("import os\nprint('PRINTED by print')\nos.write(1, b'PRINTED')\nreturn [42]"),
    "data-missing-package": lambda root, name: write_data(root, name, package="acme_nowhere"),
    "data-raising-init": lambda root, name: write_data(root, name, init="raise RuntimeError('executed')\n"),
}
KINDS = tuple(WRITERS)

HARMLESS = ("good", "good-data")
HOSTILE = tuple(kind for kind in KINDS if kind not in HARMLESS)
"""Kinds that break, mislead or disturb; `blocked` is any kind together with CHIPDEX_DISABLE_PLUGINS."""


def distribution_of(kind: str) -> str:
    """Return the distribution's name of a kind; `one-entry-point` has two, ending in `-a` and `-b`."""
    return f"acme-{kind}"


def write_distribution(root: Path, kind: str) -> Path:
    """Write the fake distribution(s) of a kind below `root` and return the folder to put on the path."""
    return WRITERS[kind](root, distribution_of(kind))
