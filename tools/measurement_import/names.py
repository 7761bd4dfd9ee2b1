"""Which device and which model a published name means: the mapping file first, then the profiles of the repository."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Final

import attrs

from chipdex.catalog.resolve import Entry, Resolver, device_description, device_resolver, model_resolver
from chipdex.codec import Plain, read_folder
from chipdex.codec.row_ids import spelled

_CHANNELS: Final = 4
"""Numbers up to this in a shape are channels or a batch, not a size."""

_FILE: Final = Path(__file__).with_name("names.toml")


@attrs.define
class Names:
    """The ids behind published names; `unknown` counts the rows whose device or model no profile describes."""

    repository: Path
    unknown: dict[str, Counter[str]] = attrs.field(factory=lambda: {"devices": Counter(), "models": Counter()})
    ids: dict[str, set[str]] = attrs.field(factory=dict)

    def device(self, *names: str) -> str:
        """Return the device's id; the first name that is known decides."""
        return self._id("devices", names)

    def model(self, *names: str) -> str:
        """Return the model's id; the first name that is known decides."""
        return self._id("models", names)

    def model_of_shape(self, name: str, shape: str, publisher: str) -> str:
        """Return the id of a model fed with inputs of a shape, whose profile must be of that shape.

        A model that no profile describes is called by who published the figure, with the shape where it is an image's.
        """
        size = image_size(shape)
        mapped = self._mapped["models"].get(f"{name}@{shape}") or self._mapped["models"].get(name)
        known = (mapped,) if mapped else self._resolvers["models"].known_as(name)
        described = image_size(self._inference.get(known[0], "")) if len(known) == 1 else None
        if len(known) == 1 and (size is None or described is None or size == described):
            return self._id("models", known)
        suffix = f"-{size[0]}x{size[1]}" if size else ""
        return self._id("models", (f"{publisher}/{spelled(name.replace('/', '-'))}{suffix}",))

    def _id(self, kind: str, names: Iterable[str]) -> str:
        given = [name for name in names if name]
        mapped = next((self._mapped[kind][name] for name in given if name in self._mapped[kind]), None)
        found = mapped or next(
            (ids[0] for name in given if len(ids := self._resolvers[kind].known_as(name)) == 1), None
        )
        record_id = found or _best_effort(given[0])
        self.ids.setdefault(kind, set()).add(record_id)
        if len(self._resolvers[kind].known_as(record_id)) != 1:
            self.unknown[kind][record_id] += 1
        return record_id

    @cached_property
    def _mapped(self) -> dict[str, dict[str, str]]:
        with _FILE.open("rb") as stream:
            mapped: dict[str, dict[str, str]] = tomllib.load(stream)
        return mapped

    @cached_property
    def _inference(self) -> dict[str, str]:
        return {plain.id: plain.data.get("inference", "") for plain in self._records if plain.folder == "models"}

    @cached_property
    def _resolvers(self) -> dict[str, Resolver]:
        return {
            "devices": device_resolver(_entries(self._records, "devices")),
            "models": model_resolver(_entries(self._records, "models")),
        }

    @cached_property
    def _records(self) -> list[Plain]:
        packages = sorted([*self.repository.glob("plugins/*/chipdex_*"), self.repository / "profiles/chipdex_profiles"])
        return [plain for package in packages for plain in read_folder(package, cache_dir=None).records]


def image_size(text: str) -> tuple[int, int] | None:
    """Return height and width of an image input: 640x640x3, [1, 3, 640, 640], 320, or "640 x 640 image"."""
    numbers = [int(size) for size in re.findall(r"\d+", text) if int(size) > _CHANNELS]
    if re.fullmatch(r"seq\d+|1x\d+|.*(tokens|audio|seconds).*", text) or not numbers:
        return None
    return (numbers[0], numbers[1]) if len(numbers) > 1 else (numbers[0], numbers[0])


def _entries(records: Iterable[Plain], folder: str) -> list[Entry]:
    unique = {plain.id: plain for plain in records if plain.folder == folder}
    return [
        Entry(id=plain.id, names=plain.names, describe=lambda plain=plain: device_description(plain.data))  # type: ignore[misc]
        for plain in unique.values()
    ]


def _best_effort(name: str) -> str:
    """Return an id for a name that nobody describes: vendor/name where it has a vendor, else its first word twice."""
    owner, slash, rest = name.partition("/")
    return f"{spelled(owner)}/{spelled(rest)}" if slash else f"unlisted/{spelled(name)}"
