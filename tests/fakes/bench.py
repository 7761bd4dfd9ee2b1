"""A registry of a test's own: profiles written into folders, brought by plugins that are only pretended."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import attrs

from chipdex.catalog import Registry
from chipdex.domain import Level, Origin, Record
from chipdex.settings import Settings

SOURCES = """
[source.ds]
title = "{title}"
url = "https://example.com/{title}"
retrieved = 2026-11-01
kind = "vendor_datasheet"
"""


def origin(distribution: str, entry_point: str = "profiles") -> Origin:
    """Return the origin of a pretended plugin."""
    return Origin(level=Level.PLUGIN, distribution=distribution, version="1.0", entry_point=entry_point)


@attrs.define
class FakeHost:
    """What the registry asks of a plugin host, without any plugin installed."""

    settings: Settings
    folders: list[tuple[Path, Origin]] = attrs.field(factory=list)
    made: dict[str, list[tuple[Record, Origin]]] = attrs.field(factory=dict)
    problems: tuple[str, ...] = ()
    asked: list[str] = attrs.field(factory=list)

    def profile_folders(self) -> list[tuple[Path, Origin]]:
        return self.folders

    def records(self, kind: str) -> list[tuple[Record, Origin]]:
        self.asked.append(kind)
        return self.made.get(kind, [])


@attrs.define
class Bench:
    """A place to put profiles: as plugins, as the user, as the project, or as files named on the command line."""

    root: Path
    prefer: dict[str, str] = attrs.field(factory=dict)
    strict: bool = False
    host: FakeHost | None = None
    plugins: list[tuple[Path, Origin]] = attrs.field(factory=list)
    made: dict[str, list[tuple[Record, Origin]]] = attrs.field(factory=dict)
    extra: list[Path] = attrs.field(factory=list)

    @property
    def user(self) -> Path:
        return self.root / "data" / "profiles"

    @property
    def project(self) -> Path:
        return self.root / "project" / ".chipdex"

    def plugin(self, distribution: str, files: Mapping[str, str], entry_point: str = "profiles") -> None:
        """Bring files as a data plugin."""
        folder = self.root / "plugins" / distribution / entry_point
        write(folder, files)
        self.plugins.append((folder, origin(distribution, entry_point)))

    def load(self, plugins: Iterable[tuple[Path, Origin]] | None = None) -> Registry:
        settings = Settings(
            config_file=self.root / "config.toml",
            cache_dir=self.root / "cache",
            data_dir=self.root / "data",
            project_dir=self.project if self.project.is_dir() else None,
            strict=self.strict,
            prefer=self.prefer,
        )
        self.host = FakeHost(settings, list(self.plugins if plugins is None else plugins), self.made)
        return Registry.load(settings, host=self.host, extra_files=self.extra)  # type: ignore[arg-type]


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write files below a folder."""
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def device(
    device_id: str = "acme/x100",
    *,
    name: str = "Acme X100",
    top: str = "",
    memory: str = "capacity_gb = 96",
    tables: str = "",
    title: str = "datasheet",
) -> str:
    """Return a device's profile; `top` are keys of the record, `memory` those of its memory."""
    memory_table = f'[memory]\n{memory}\nfrom = "ds"\n' if memory else ""
    return (
        f'schema = 1\nid = "{device_id}"\nname = "{name}"\nkind = "gpu"\nstatus = "shipping"\n{top}\n'
        f"{SOURCES.format(title=title)}\n{memory_table}{tables}"
    )


def offer(accelerator: str, *, usd: float = 2.5, instance: str = "i1", count: int = 1) -> str:
    """Return a file of one offer."""
    return (
        f'schema = 1\n{SOURCES.format(title="prices")}\n[[offer]]\nprovider = "cloud"\ninstance = "{instance}"\n'
        f'accelerator = "{accelerator}"\ncount = {count}\nregion = "eu-1"\nterm = "on-demand"\n'
        f'usd_per_hour = {usd}\nas_of = 2026-10-01\nfrom = "ds"\n'
    )


MODEL = """schema = 1
id = "acme/m1"
name = "Acme M1"
family = "decoder"
params = 8.03e9
context_tokens = 8192
aliases = ["m-one"]
from = "ds"

[source.ds]
title = "config.json"
url = "https://example.com/config.json"
retrieved = 2026-11-01
kind = "vendor_docs"

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
