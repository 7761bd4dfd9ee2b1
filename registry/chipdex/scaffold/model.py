"""A model's profile from its Hugging Face config.json: complete, with a source for each figure."""

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from chipdex.codec import dumps_toml, unstructure
from chipdex.codec.huggingface import read_huggingface
from chipdex.domain import Source, SourceKind
from chipdex.errors import OptionError

_COUNTED: Final = frozenset({"params", "active_params", "extra_params"})
_FORMAT: Final = Source(
    title="Transformers documentation, configuration",
    kind=SourceKind.VENDOR_DOCS,
    retrieved=dt.date(2026, 11, 23),
    url="https://huggingface.co/docs/transformers/main/main_classes/configuration",
)
"""What the fields of a config.json mean, for a file of which nobody said where it is published."""

_HUB: Final = "https://huggingface.co"
_INTRODUCTION: Final = """\
# {name}, written by `chipdex new model` from a config.json.
# Worth adding where a source says it: `released`, `aliases`, and [limits.server] of a benchmark.

"""


def model_profile(config: Path, model_id: str | None, url: str | None, today: dt.date) -> tuple[str, str]:
    """Return the id and the profile of the model that a config.json, or the folder it is in, describes.

    Without `url` the address is that of the hub's cache, if the file lies there, else the figures are said to be
    derived from the file, by its digest. Raises ModelConfigError for what cannot be costed, OptionError for `url`.
    """
    if url is not None and not url.startswith(("https://", "http://")):
        raise OptionError(f"--url is {url!r}, which is no web address.", fix="Write it from https:// on.")
    model = read_huggingface(config)
    file = config / "config.json" if config.is_dir() else config
    repository, address = _in_hub_cache(file)
    name = repository.rpartition("/")[2] or model.name
    model = attrs.evolve(model, id=model_id or repository.lower() or model.id, name=name)
    sources = _sources(file, url or address, today)
    counted = {figure: figure in _COUNTED for figure in _figures(unstructure(model))}
    provenance = {figure: ("structure" if is_counted else "config",) for figure, is_counted in counted.items()}
    model = attrs.evolve(model, sources=sources, provenance=provenance)
    return model.id, _INTRODUCTION.format(name=model.name) + dumps_toml(model)


def _in_hub_cache(file: Path) -> tuple[str, str]:
    """Return repository and address of a file in the hub's cache, `models--A--B/snapshots/REVISION/config.json`."""
    *_, repository, snapshots, revision, _ = ("", "", "", *file.absolute().parts)
    if snapshots != "snapshots" or not repository.startswith("models--"):
        return "", ""
    name = "/".join(repository.removeprefix("models--").split("--", maxsplit=1))
    return name, f"{_HUB}/{name}/blob/{revision}/{file.name}"


def _sources(file: Path, url: str | None, today: dt.date) -> Mapping[str, Source]:
    """Return the sources of the figures: the config.json, and the counting over the layers that it describes."""
    structure = Source(
        title="Parameters of the structure",
        kind=SourceKind.DERIVED,
        retrieved=today,
        rule="counted over the embeddings and layers that the config.json describes",
        of=("config",),
    )
    if url:
        config = Source(title="config.json of the model", kind=SourceKind.VENDOR_DOCS, retrieved=today, url=url)
        return {"config": config, "structure": structure}
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    config = Source(
        title="config.json of the model, a file without an address",
        kind=SourceKind.DERIVED,
        retrieved=today,
        rule=f"read by `chipdex new model` from the file whose SHA-256 is {digest}",
        of=("format",),
    )
    return {"config": config, "structure": structure, "format": _FORMAT}


def _figures(data: Any, path: str = "") -> Iterator[str]:
    """Yield the key path of every number of a record's data."""
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in items:
        here = f"{path}.{key}" if path else str(key)
        if isinstance(value, dict | list):
            yield from _figures(value, here)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield here
