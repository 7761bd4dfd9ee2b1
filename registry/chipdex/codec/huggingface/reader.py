"""From the path of a config.json to a model: its text part, its layers, its format, its size."""

import json
import re
from pathlib import Path
from typing import Any, Final

from chipdex.codec.huggingface import builds
from chipdex.codec.huggingface.config import Config
from chipdex.codec.huggingface.precision import precision
from chipdex.codec.huggingface.stacks import blocks
from chipdex.codec.huggingface.vision import vision_parameters
from chipdex.domain.model import Decoder, Family, Model
from chipdex.domain.parameters import parameter_count
from chipdex.errors import ModelConfigError

_LARGEST_FILE_BYTES: Final = 16_000_000
_MOST_PARAMETERS: Final = 1e15
_TEXT_PARTS: Final = ("text_config", "llm_config", "language_config")
_OF_BOTH_PARTS: Final = (
    "tie_word_embeddings", "torch_dtype", "dtype", "quantization_config", "is_encoder_decoder", "architectures",
)  # fmt: skip
_NO_DECODER: Final = re.compile(
    r"ForMaskedLM|Classification|QuestionAnswering|ForCTC|ForPreTraining|ForSpeech|Detection"
)


def read_huggingface(path: str | Path) -> Model:
    """Return the model that a Hugging Face config.json describes, with the id `local/<folder or file name>`.

    A folder stands for the config.json inside it. The parameter counts are computed from the structure. A
    quantisation recipe of the same folder (`hf_quant_config.json`) is read where the config has none.
    Raises ModelConfigError, one sentence that names the field, for whatever cannot be costed.
    """
    file = Path(path)
    if file.is_dir():
        file /= "config.json"
    outer = Config({**_quantisation_beside(file), **_load(file)}, str(file))
    config = _text_part(outer)
    _refuse_other_families(config)
    decoder = Decoder(
        hidden_size=config.size("hidden_size", "n_embd", "d_model", "n_embed"),
        vocabulary=config.size("vocab_size", "padded_vocab_size"),
        tied_embeddings=config.flag("tie_word_embeddings", default=config.text("model_type") in builds.TIED),
        parallel_attention=_is_parallel(config),
        residual_streams=config.optional_size("hc_mult") or 1,
        block=blocks(config),
    )
    _refuse_per_layer_embeddings(config)
    shipped = precision(config)
    config.refuse_the_unknown()
    extra = vision_parameters(outer, decoder.hidden_size)
    count = parameter_count(decoder)
    if count.total > _MOST_PARAMETERS:
        raise config.refuse("hidden_size", f"and the layers make {count.total:.3g} parameters, more than any model has")
    name = _name(file)
    return Model(
        id=f"local/{_slug(name)}",
        name=name,
        family=Family.DECODER,
        params=float(count.total + extra),
        active_params=float(count.active + extra) if count.active != count.total else None,
        extra_params=float(extra),
        precisions=(shipped,),
        context_tokens=config.optional_size(
            "max_position_embeddings", "n_positions", "n_ctx", "max_sequence_length", "max_seq_len", "seq_length"
        ),
        decoder=decoder,
    )


def _load(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > _LARGEST_FILE_BYTES:
            raise ModelConfigError(f"{file}: the file is larger than 16 MB, so it is no config.json.")
        fields = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelConfigError(f"{file}: {error.strerror or error}.", fix="Name a readable config.json.") from error
    except (ValueError, RecursionError) as error:
        raise ModelConfigError(f"{file}: the file is not JSON ({str(error)[:80]}).") from error
    if not isinstance(fields, dict):
        raise ModelConfigError(f"{file}: the file holds a JSON {type(fields).__name__}, not an object.")
    return fields


def _quantisation_beside(file: Path) -> dict[str, Any]:
    recipe = file.with_name("hf_quant_config.json")
    if not recipe.is_file():
        return {}
    inner = _load(recipe).get("quantization")
    return {"quantization_config": inner} if isinstance(inner, dict) else {}


def _text_part(outer: Config) -> Config:
    """Return the language model's fields, with what the outer object says about both parts and class defaults."""
    inner = outer.section(*_TEXT_PARTS)
    config = outer if inner is None else inner.over(outer, *_OF_BOTH_PARTS)
    defaults = builds.DEFAULTS.get(config.text("model_type"))
    return config if defaults is None else config.over(Config(defaults, ""), *defaults)


def _refuse_other_families(config: Config) -> None:
    if config.flag("is_encoder_decoder"):
        raise config.refuse("is_encoder_decoder", "is true: only decoder-only language models are costed")
    names = config.items("architectures") or ()
    if names and _NO_DECODER.search(str(names[0])):
        raise config.refuse("architectures", f"is {names[0]!r:.60}, not a decoder-only language model")
    if (build := config.text("model_type")) in builds.ENCODERS:
        raise config.refuse("model_type", f"is {build!r}, an encoder, not a decoder-only language model")


def _refuse_per_layer_embeddings(config: Config) -> None:
    if config.count("hidden_size_per_layer_input"):
        raise config.refuse("hidden_size_per_layer_input", "is not 0: chipdex cannot cost per-layer embeddings")


def _is_parallel(config: Config) -> bool:
    default = config.text("model_type") in builds.PARALLEL
    return config.flag("parallel_attn", default=config.flag("use_parallel_residual", default=default))


def _name(file: Path) -> str:
    return (file.absolute().parent.name if file.name == "config.json" else file.stem) or "model"


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9._+-]+", "-", name.lower()).strip("-._+") or "model"
