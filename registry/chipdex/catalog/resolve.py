"""The one resolver of names: what people, drivers, benchmarks and clouds write -> a record's id.

A name is looked for as an id, then among names and aliases, then as an id without its namespace, and last
word by word. Word by word, every word that tells devices apart must be the record's own, so that H100 never
answers A100 and 80 GB never answers 40 GB; where that leaves several records, all of them are listed.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, Final

import attrs

from chipdex.catalog.spelling import DEVICES, MODELS, Spelling, Words, is_memory, is_technology, memory_word
from chipdex.errors import AmbiguousNameError, UnknownIdError
from chipdex.ids import namespace, normal_form
from chipdex.values import Value

LONGEST_NAME: Final = 200
_MODEL_NUMBER: Final = re.compile(r"[a-z]+\d{2,}[a-z]*")
_SHOWN: Final = 8
_SUGGESTIONS: Final = 3


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Description(Value):
    """Words that may describe a record besides its names.

    `slices` is True where a trailing number is the size of a slice (TPU v5e-8).
    """

    texts: tuple[str, ...] = ()
    memory_gb: tuple[float, ...] = ()
    slices: bool = False


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Entry(Value):
    """What a record is called; `describe` is asked only when a name has to be compared word by word."""

    id: str
    names: tuple[str, ...] = ()
    describe: Callable[[], Description] = Description


def device_description(data: Mapping[str, Any]) -> Description:
    """Return what describes an accelerator, from its plain data."""
    memory = data.get("memory", {})
    texts = (data.get("architecture"), data.get("form_factor"), memory.get("technology"), data.get("kind"))
    sizes = (memory.get("capacity_gb"), memory.get("usable_gb"))
    return Description(
        texts=tuple(text for text in texts if text),
        memory_gb=tuple(size for size in sizes if size is not None),
        slices=data.get("kind") == "tpu",
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class _Card(Value):
    """An entry taken apart into words."""

    id: str
    spellings: tuple[Words, ...]
    words: frozenset[str]
    technologies: frozenset[str]
    slices: bool

    def told_by(self, words: tuple[str, ...], query: Words) -> frozenset[str] | None:
        """Return the telling words of a query that are this record's, or None when one of them is not."""
        told = set()
        for word in query.telling:
            if word in self.words:
                told.add(word)
            elif word.isdigit() and memory_word(float(word)) in self.words:
                told.add(memory_word(float(word)))
            elif not (self.slices and word.isdigit() and word == words[-1]):
                return None
        return frozenset(told) if self._may_have(query.describing) else None

    def _may_have(self, describing: frozenset[str]) -> bool:
        """Return whether no memory technology contradicts this record's (HBM3 may be said of HBM3e)."""
        named = {word.rstrip("e") for word in describing if is_technology(word)}
        own = {word.rstrip("e") for word in self.technologies}
        return not named or not own or bool(named & own)

    def covered(self, told: frozenset[str]) -> int:
        """Return how many words the longest of this record's spellings has that `told` holds wholly; else 0."""
        return max((len(own.telling) for own in self.spellings if own.telling <= told), default=0)

    def missing(self, told: frozenset[str]) -> frozenset[str]:
        """Return the words that `told` lacks for this record's nearest spelling."""
        return min((own.telling - told for own in self.spellings), key=len)

    def shared(self, query: Words, boards: frozenset[str]) -> frozenset[str]:
        """Return the words of a query that one of this record's own names holds, memory sizes and `boards` aside."""
        own = frozenset(word for spelling in self.spellings for word in spelling.telling)
        return frozenset(word for word in query.telling & own - boards if not is_memory(word))

    def identified(self, told: frozenset[str]) -> bool:
        """Return whether `told` holds a word of one of this record's own names."""
        return any(not is_memory(word) and word in own.telling for own in self.spellings for word in told)


class Resolver:
    """Answers names of one kind of record; `noun` is what the kind is called in messages."""

    def __init__(self, noun: str, entries: Iterable[Entry], spelling: Spelling, *, listing: str) -> None:
        self._noun = noun
        self._entries = {entry.id: entry for entry in entries}
        self._spelling = spelling
        self._listing = listing

    def resolve(self, name: str) -> str:
        """Return the id that `name` means.

        Raises UnknownIdError with near misses, or AmbiguousNameError with every match.
        """
        matches = self.matches(name)
        if len(matches) == 1:
            return matches[0]
        shown = name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}..."
        if matches:
            raise AmbiguousNameError(
                f'"{shown}" may mean {_listed(matches)}.', fix="Name one of them.", matches=matches
            )
        near = self.suggestions(name)
        fix = f"Did you mean {_listed(near)}?" if near else f"`{self._listing}` lists what is known."
        raise UnknownIdError(f'No {self._noun} is called "{shown}".', fix=fix)

    def matches(self, name: str) -> tuple[str, ...]:
        """Return every id that `name` may mean: one when it is clear, none when nothing is called so."""
        if len(name) > LONGEST_NAME or not normal_form(name):
            return ()
        return self.known_as(name) or self._by_words(name)

    def known_as(self, name: str) -> tuple[str, ...]:
        """Return the ids of which `name` is the id, a name or an alias, spacing and case aside."""
        text = name.strip()
        for candidate in (text, text.lower()):
            if candidate in self._entries:
                return (candidate,)
        normal = normal_form(text)
        for index, key in (
            (self._by_name, normal),
            (self._by_short_name, normal),
            (self._by_letters, normal.replace(" ", "")),
        ):
            if key in index:
                return tuple(sorted(index[key]))
        return ()

    def suggestions(self, name: str) -> tuple[str, ...]:
        """Return the ids that share most words with `name`, or whose names look most like it."""
        text = name[:LONGEST_NAME]
        query = self._spelling.sort(self._spelling.words(text, self._vocabulary))
        common = {card.id: card.shared(query, self._spelling.boards) for card in self._cards}
        shared = {record_id: len(words) for record_id, words in common.items() if _is_near(words, query)}
        alike = difflib.SequenceMatcher(b=normal_form(text))

        def likeness(record_id: str) -> tuple[int, float]:
            alike.set_seq1(normal_form(record_id))
            return (-shared[record_id], -alike.ratio())

        related = sorted(shared, key=likeness)
        if related:
            return tuple(related[:_SUGGESTIONS])
        known = {**self._by_short_name, **self._by_name}
        near = difflib.get_close_matches(normal_form(text), known, n=_SUGGESTIONS)
        return tuple(dict.fromkeys(record_id for spelt in near for record_id in sorted(known[spelt])))[:_SUGGESTIONS]

    @cached_property
    def _by_name(self) -> dict[str, set[str]]:
        return _index((name, entry.id) for entry in self._entries.values() for name in (entry.id, *entry.names))

    @cached_property
    def _by_short_name(self) -> dict[str, set[str]]:
        return _index((record_id.rpartition("/")[2], record_id) for record_id in self._entries)

    @cached_property
    def _by_letters(self) -> dict[str, set[str]]:
        letters: dict[str, set[str]] = {}
        for index in (self._by_name, self._by_short_name):
            for name, record_ids in index.items():
                letters.setdefault(name.replace(" ", ""), set()).update(record_ids)
        return letters

    @cached_property
    def _cards(self) -> tuple[_Card, ...]:
        return tuple(_card(entry, self._spelling) for entry in self._entries.values())

    @cached_property
    def _vocabulary(self) -> frozenset[str]:
        return frozenset(word for card in self._cards for word in card.words)

    def _candidates(self, text: str) -> tuple[Words, dict[_Card, frozenset[str]]]:
        words = self._spelling.words(text, self._vocabulary)
        query = self._spelling.sort(words)
        candidates = {}
        for card in self._cards:
            told = card.told_by(words, query)
            if told is not None and card.identified(told):
                candidates[card] = told
        return query, candidates

    def _by_words(self, text: str) -> tuple[str, ...]:
        query, candidates = self._candidates(text)
        covered = {card: card.covered(told) for card, told in candidates.items()}
        best = max(covered.values(), default=0)
        if best:
            complete = [card for card, count in covered.items() if count == best]
            return tuple(sorted(card.id for card in _as_described(complete, query)))
        if len(candidates) == 1:
            (card, told), *_ = candidates.items()
            # One device of this name is known, and only its board was left unsaid: "B200" for b200-sxm.
            return (card.id,) if card.missing(told) <= self._spelling.boards else ()
        return tuple(sorted(card.id for card in candidates))


def _is_near(words: frozenset[str], query: Words) -> bool:
    """Return whether shared words make a near miss: half of what was asked for, or a model number (H100)."""
    return bool(words) and (2 * len(words) >= len(query.telling) or any(map(_MODEL_NUMBER.fullmatch, words)))


def _as_described(cards: list[_Card], query: Words) -> list[_Card]:
    """Return the cards that the describing words fit exactly, where they fit any; else all of them."""
    technologies = {word for word in query.describing if is_technology(word)}
    for fitting in (
        [card for card in cards if technologies and technologies <= card.technologies],
        [card for card in cards if any(own.describing == query.describing for own in card.spellings)],
    ):
        if len(cards) > 1 and fitting:
            cards = [card for card in cards if card in fitting]
    return cards


def _card(entry: Entry, spelling: Spelling) -> _Card:
    owner = namespace(entry.id)
    names = (entry.id.partition("/")[2], *entry.names)
    description = entry.describe()
    sizes = {memory_word(size) for size in description.memory_gb}
    spellings = []
    for name in names:
        words = spelling.sort(_sized(spelling.words(name), sizes))
        telling = words.telling - {owner}
        if telling:
            spellings.append(Words(telling, words.describing))
    described = {word for text in description.texts for word in spelling.words(text)}
    said = {word for own in spellings for word in own.telling | own.describing}
    return _Card(
        id=entry.id,
        spellings=tuple(dict.fromkeys(spellings)) or (Words(frozenset({entry.id}), frozenset()),),
        words=frozenset(said | described | sizes | {owner}),
        technologies=frozenset(word for word in described if is_technology(word)),
        slices=description.slices,
    )


def _sized(words: Iterable[str], sizes: set[str]) -> list[str]:
    """Return the words with a bare number that is the device's memory size spelt as one (a100-sxm-80)."""
    return [memory_word(float(word)) if word.isdigit() and f"{word}gb" in sizes else word for word in words]


def _index(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    index: dict[str, set[str]] = {}
    for name, record_id in pairs:
        index.setdefault(normal_form(name), set()).add(record_id)
    return index


def _listed(record_ids: tuple[str, ...]) -> str:
    if len(record_ids) > _SHOWN:
        return f"{', '.join(record_ids[:_SHOWN])} and {len(record_ids) - _SHOWN} more"
    if len(record_ids) == 1:
        return record_ids[0]
    return f"{', '.join(record_ids[:-1])} or {record_ids[-1]}"


def device_resolver(entries: Iterable[Entry]) -> Resolver:
    """Return the resolver of accelerators."""
    return Resolver("accelerator", entries, DEVICES, listing="chipdex devices --all")


def model_resolver(entries: Iterable[Entry]) -> Resolver:
    """Return the resolver of models."""
    return Resolver("model", entries, MODELS, listing="chipdex models --all")
