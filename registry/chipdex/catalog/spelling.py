"""How devices and models are spelt: which words of a name tell one from another, and which do not.

No device or model is listed here. The words are those that drivers, benchmarks and clouds put around a
device's own name: counts, vendors, memory sizes and technologies, boards, power limits, partition modes.
"""

import re
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from typing import Final

import attrs

from chipdex.ids import normal_form
from chipdex.values import Value

_MEMORY: Final = re.compile(r"(\d+(?:\.\d+)?)(?:gb|gib|g|c|q)")  # 80C and 24Q are full-size virtual GPU profiles
_TECHNOLOGY: Final = re.compile(r"(?:hbm|gddr|lpddr|ddr)\d?[a-z]{0,2}")
_COUNT: Final = re.compile(r"\d{1,4}x|x\d{1,2}|\d{1,4}gpus?|0\d|nvl\d+")  # 8x, x8, 8gpu, a copy's 02, a rack's NVL72
_WATTS: Final = re.compile(r"\d+w")
_BOARD: Final = {"sxm2": "sxm", "sxm3": "sxm", "sxm4": "sxm", "sxm5": "sxm", "sxm6": "sxm", "hgx": "sxm", "pci": "pcie"}
_BOARDS: Final = frozenset({"sxm", "pcie", "oam", "nvl"})
_DEVICE_NOISE: Final = frozenset(
    {
        "gpu", "gpus", "accelerator", "accelerators", "card", "board", "module", "graphics", "tensor", "core",
        "geforce", "tesla", "instinct", "radeon", "edition", "generation", "superchip", "virtualized", "virtual",
        "cts", "nvlink", "ib", "power", "cap", "w", "nps1", "nps4", "spx", "tm", "r",
    }
)  # fmt: skip
_MODEL_NOISE: Final = frozenset(
    {
        "instruct", "chat", "it", "base", "hf", "model", "fp32", "bf16", "fp16", "fp8", "fp4", "nvfp4", "mxfp4",
        "int8", "int4", "awq", "gptq", "w4a16", "w8a16", "w8a8", "dynamic", "static", "99", "99.9", "offline",
        "server", "interactive",
    }
)  # fmt: skip
_FAMILY_AND_VERSION: Final = re.compile(r"([a-z]{3,})(\d+(?:\.\d+)*)")
_COPIES: Final = re.compile(r"(.+?)x\d{1,3}")  # A100x8
_APART: Final = re.compile(r"\b(\d+(?:\.\d+)?) (gb|gib|w|x)\b")  # 80 GB, 1000 W, 8 x
_MIN_PIECE: Final = 2
_MIN_DIGITS: Final = 3
_MAX_SPLIT: Final = 40


@attrs.frozen(eq=False, repr=False)
class Words(Value):
    """A name taken apart: words that tell one record from another, and words that only describe."""

    telling: frozenset[str]
    describing: frozenset[str]


@attrs.frozen(eq=False, repr=False)
class Spelling(Value):
    """How the names of one kind of record are taken apart.

    `rewrite` turns one raw word into the words that are compared; `is_noise` marks words that never tell
    records apart. `drops_owner` leaves out what stands before a slash, because anybody publishes copies.
    """

    rewrite: Callable[[str], tuple[str, ...]]
    is_noise: Callable[[str], bool]
    boards: frozenset[str] = frozenset()
    drops_owner: bool = False

    def words(self, name: str, vocabulary: Collection[str] = ()) -> tuple[str, ...]:
        """Return the words of `name` in order; words outside a given vocabulary are joined or split to fit it."""
        text = name.rpartition("/")[2] if self.drops_owner else name
        raw_words = _APART.sub(r"\1\2", normal_form(text)).split()
        words = [word for raw in raw_words for word in self.rewrite(raw)]
        return tuple(_fitted(words, vocabulary, self.is_noise) if vocabulary else words)

    def sort(self, words: Iterable[str]) -> Words:
        """Divide words into telling and describing ones."""
        said = frozenset(words)
        describing = frozenset(word for word in said if self.is_noise(word))
        return Words(said - describing, describing)


def memory_word(capacity_gb: float) -> str:
    """Return the word for a memory size, as `DEVICES` spells it."""
    return f"{capacity_gb:.0f}gb"


def is_memory(word: str) -> bool:
    """Return whether a rewritten word is a memory size."""
    return word.endswith("gb") and word[:-2].isdigit()


def is_technology(word: str) -> bool:
    """Return whether a word names a memory technology (HBM3, GDDR6X)."""
    return _TECHNOLOGY.fullmatch(word) is not None


def _device_words(raw: str) -> tuple[str, ...]:
    memory = _MEMORY.fullmatch(raw)
    if memory is not None:
        return (memory_word(float(memory[1])),)
    return (_BOARD.get(raw, raw),)


@lru_cache(maxsize=4096)
def _is_device_noise(word: str) -> bool:
    return (
        word in _DEVICE_NOISE
        or is_technology(word)
        or _COUNT.fullmatch(word) is not None
        or _WATTS.fullmatch(word) is not None
    )


def _model_words(raw: str) -> tuple[str, ...]:
    together = _FAMILY_AND_VERSION.fullmatch(raw)
    return (together[1], together[2]) if together is not None and raw not in _MODEL_NOISE else (raw,)


def _is_model_noise(word: str) -> bool:
    return word in _MODEL_NOISE


DEVICES: Final = Spelling(_device_words, _is_device_noise, boards=_BOARDS)
MODELS: Final = Spelling(_model_words, _is_model_noise, drops_owner=True)


def _fitted(words: list[str], vocabulary: Collection[str], is_noise: Callable[[str], bool]) -> list[str]:
    """Join neighbours that the vocabulary knows as one word ("MI 300X"), split what it knows as several."""

    def known(word: str) -> bool:
        return word in vocabulary or is_noise(word)

    fitted: list[str] = []
    for word in words:
        if fitted and fitted[-1] + word in vocabulary and not (known(fitted[-1]) and known(word)):
            fitted[-1] += word
        elif known(word) or is_memory(word):
            fitted.append(word)
        else:
            copies = _COPIES.fullmatch(word)
            if copies is not None and copies[1] in vocabulary:
                fitted.append(copies[1])
            else:
                fitted.extend(_pieces(word, vocabulary) or [word])
    return fitted


def _pieces(word: str, vocabulary: Collection[str]) -> list[str] | None:
    """Split a word into known ones ("h100sxm5", "rtx6000ada"); None when that cannot be done."""
    if not word:
        return []
    if len(word) > _MAX_SPLIT:
        return None
    for end in range(len(word), _MIN_PIECE - 1, -1):
        head = word[:end]
        if head.isdigit() and len(head) < _MIN_DIGITS:
            continue
        piece = _device_words(head)[0]
        if piece in vocabulary or is_memory(piece):
            rest = _pieces(word[end:], vocabulary)
            if rest is not None:
                return [piece, *rest]
    return None
