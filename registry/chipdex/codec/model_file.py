"""A model described by a file of the user's: a Hugging Face config.json, its folder, or a TOML profile."""

from pathlib import Path

from chipdex.codec import read_file, structure
from chipdex.domain.model import Model
from chipdex.errors import OptionError, UnknownIdError


def model_file(name: str) -> Path | None:
    """Return the file that `name` means, existing or not, or None where it can only be a model's name."""
    if name.endswith((".json", ".toml")):
        return Path(name)
    config = Path(name, "config.json")
    return config if config.is_file() else None


def read_model(file: Path) -> Model:
    """Return the model that a file describes.

    Raises UnknownIdError where there is no file, ModelConfigError or ProfileError where it cannot be read, and
    OptionError where it describes something else.
    """
    if not file.is_file():
        raise UnknownIdError(f"There is no file {file}.", fix="Give a model's id, a config.json or a TOML profile.")
    if file.suffix == ".json":
        from chipdex.codec.huggingface import read_huggingface  # noqa: PLC0415 - most questions name a model by id

        return read_huggingface(file)
    record = structure(read_file(file, "models")[0])
    if not isinstance(record, Model):
        raise OptionError(f"{file} is not a model's profile.", fix="Give a profile of the folder models/.")
    return record
