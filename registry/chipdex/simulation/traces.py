"""Request traces, read in pieces: when each request came, its tokens, and what its prompt shares with others.

Formats, each as its publisher writes it, at github.com:

- Azure/AzurePublicDataset: TIMESTAMP (date and time), ContextTokens, GeneratedTokens
- HPMLL/BurstGPT: Timestamp (seconds), Request tokens, Response tokens; those that failed have no response
- kvcache-ai/Mooncake: lines of JSON with timestamp (milliseconds), input_length, output_length, and hash_ids of the
  prompt's blocks of 512 tokens
- a CSV of your own: arrival_s, input_tokens, output_tokens and, if you have any, prefix_hashes with spaces between
"""

import csv
import json
import math
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from itertools import chain, islice
from pathlib import Path
from stat import S_ISREG
from typing import IO, Any, Final

import attrs
import numpy as np
from numpy.typing import NDArray

from chipdex.errors import ChipdexError, OptionError, StorageError
from chipdex.values import Value

BLOCK_TOKENS: Final = 512
"""Tokens that a hash of a prompt's block stands for."""
LARGEST_TOKENS: Final = 10_000_000
"""Most tokens of a prompt or an answer that a trace may have."""
LONGEST_S: Final = 366 * 86_400.0
"""Most seconds that a trace, or its replay, may last: a year."""

_PIECE: Final = 8_192
_NUMBERS: Final = (int, float)
_SORT: Final = "Sort the file by the time of arrival."


class Format(StrEnum):
    """How a trace is written."""

    AZURE = "azure"
    BURSTGPT = "burstgpt"
    MOONCAKE = "mooncake"
    CSV = "csv"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Piece(Value):
    """Requests one after the other: seconds since the first of the trace, tokens, and the hashes of prompts' blocks.

    `hashes` is None where the trace has none. Left out were `skipped` requests without prompt or answer, and `too_long`
    ones beyond the model's context, the first of them on `too_long_line`.
    """

    arrival_s: NDArray[np.float64]
    input_tokens: NDArray[np.int64]
    output_tokens: NDArray[np.int64]
    hashes: Sequence[Sequence[Any]] | None = None
    skipped: int = 0
    too_long: int = 0
    too_long_line: int | None = None

    def __len__(self) -> int:
        return len(self.arrival_s)


_Column = Sequence[Any] | NDArray[np.float64]


@attrs.frozen(eq=False, repr=False)
class _Block(Value):
    """Lines of a file, column by column: as they are written, or numbers that are known to be in their range."""

    lines: Sequence[int]
    arrival: _Column
    input: _Column
    output: _Column
    hashes: Sequence[Sequence[Any]] | None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class _Shape(Value):
    """The columns of a format, and how many of its units of time make a second; None is a date and time."""

    arrival: str
    input: str
    output: str
    hashes: str | None
    per_second: float | None


_SHAPES: Final = {
    Format.AZURE: _Shape(
        arrival="TIMESTAMP", input="ContextTokens", output="GeneratedTokens", hashes=None, per_second=None
    ),
    Format.BURSTGPT: _Shape(
        arrival="Timestamp", input="Request tokens", output="Response tokens", hashes=None, per_second=1.0
    ),
    Format.MOONCAKE: _Shape(
        arrival="timestamp", input="input_length", output="output_length", hashes="hash_ids", per_second=1000.0
    ),
    Format.CSV: _Shape(
        arrival="arrival_s", input="input_tokens", output="output_tokens", hashes="prefix_hashes", per_second=1.0
    ),
}
_KNOWN: Final = (
    "Write a CSV of arrival_s,input_tokens,output_tokens, or give a trace of Azure's, BurstGPT's or Mooncake's form."
)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Trace(Value):
    """A regular file of requests. Without `skip_empty` one without prompt or answer is an error, with it left out.

    Requests of more than `context_tokens`, prompt and answer together, are left out and counted, as a server answers
    them with an error. `faster` is what the rate is multiplied by: the gaps between arrivals shrink by it.
    """

    file: Path
    format: Format
    skip_empty: bool = False
    context_tokens: int | None = None
    faster: float = 1.0

    def pieces(self) -> Iterator[Piece]:
        """Yield the requests in order, a bounded number at a time.

        Raises StorageError where the file cannot be read, OptionError with the line for what is no request, for one
        that came before the one above it or more than a year after the first, for a line that is cut, and for a file
        without any.
        """
        first = last = None
        for block in self._blocks():
            columns = self._columns(block)
            arrival = columns.arrival_s
            if first is None:
                first = last = float(arrival[0])
            self._check_order(block.lines, arrival, last)
            last = float(arrival[-1])
            replayed = self._replayed_s(arrival, first, block.lines)
            yield self._kept(attrs.evolve(columns, arrival_s=replayed), block.lines)
        if first is None:
            raise OptionError(f"--trace {self.file} holds no request.", fix=_KNOWN)

    def _blocks(self) -> Iterator[_Block]:
        blocks = _json_blocks if self.format is Format.MOONCAKE else _csv_blocks
        with _opened(self.file) as stream:
            try:
                yield from blocks(stream, self.file, _SHAPES[self.format])
            except UnicodeDecodeError as error:
                raise OptionError(f"--trace {self.file} is not text in UTF-8.", fix=_KNOWN) from error
            except OSError as error:
                raise _unreadable(self.file, error) from error

    def _columns(self, block: _Block) -> Piece:
        shape, lines = _SHAPES[self.format], block.lines
        return Piece(
            arrival_s=_seconds(block.arrival, shape, self.file, lines),
            input_tokens=_tokens(block.input, shape.input, self.file, lines),
            output_tokens=_tokens(block.output, shape.output, self.file, lines),
            hashes=block.hashes,
        )

    def _check_order(self, lines: Sequence[int], arrival: NDArray[np.float64], last: float | None) -> None:
        before = np.concatenate([[arrival[0] if last is None else last], arrival[:-1]])
        early = np.flatnonzero(arrival < before)
        if early.size:
            by = float(before[early[0]]) - float(arrival[early[0]])
            raise _line(self.file, lines[early[0]], f"came {by:.6g} s before the one above it", _SORT)

    def _replayed_s(self, arrival: NDArray[np.float64], first: float, lines: Sequence[int]) -> NDArray[np.float64]:
        with np.errstate(over="ignore"):
            after = arrival - first
            found = after / self.faster
        if found[-1] > LONGEST_S:
            at = int(np.flatnonzero(found > LONGEST_S)[0])
            slowed, fix = "", "Mend its time, or replay a part of the trace."
            if after[at] <= LONGEST_S:
                slowed, fix = f" at {self.faster:g} times its rate", "Raise --rate-factor."
            told = f"comes {found[at]:.6g} s after the first{slowed}, more than a year"
            raise _line(self.file, lines[at], told, fix)
        return found

    def _kept(self, piece: Piece, lines: Sequence[int]) -> Piece:
        empty = (piece.input_tokens == 0) | (piece.output_tokens == 0)
        if not self.skip_empty and empty.any():
            at = int(np.flatnonzero(empty)[0])
            which = "input" if piece.input_tokens[at] == 0 else "output"
            told = f"has 0 {which} tokens, as one that failed"
            raise _line(self.file, lines[at], told, "Leave such out with --skip-empty, or mend the file.")
        most = 2 * LARGEST_TOKENS if self.context_tokens is None else self.context_tokens
        longer = (piece.input_tokens + piece.output_tokens > most) & ~empty
        keep = ~(empty | longer)
        if keep.all():
            return piece
        hashes = piece.hashes
        return Piece(
            arrival_s=piece.arrival_s[keep],
            input_tokens=piece.input_tokens[keep],
            output_tokens=piece.output_tokens[keep],
            hashes=None if hashes is None else [one for one, kept in zip(hashes, keep, strict=True) if kept],
            skipped=int(empty.sum()),
            too_long=int(longer.sum()),
            too_long_line=lines[int(np.argmax(longer))] if longer.any() else None,
        )


def format_of(file: Path) -> Format:
    """Return how a trace is written, by its first line.

    Raises StorageError where it cannot be read, OptionError where no format is like it.
    """
    with _opened(file) as stream:
        try:
            line = stream.readline(65_536)
        except UnicodeDecodeError as error:
            raise OptionError(f"--trace {file} is not text in UTF-8.", fix=_KNOWN) from error
        except OSError as error:
            raise _unreadable(file, error) from error
    if line.lstrip().startswith("{"):
        return Format.MOONCAKE
    names = {name.strip() for row in csv.reader([line], skipinitialspace=True) for name in row}
    for known in (Format.AZURE, Format.BURSTGPT, Format.CSV):
        shape = _SHAPES[known]
        if {shape.arrival, shape.input, shape.output} <= names:
            return known
    told = (
        "is empty"
        if not line
        else "begins with an empty line"
        if not line.strip()
        else f"begins with {line.strip()[:60]!r}, which no format does"
    )
    raise OptionError(f"--trace {file} {told}.", fix=_KNOWN)


def _opened(file: Path) -> IO[str]:
    try:
        if file.name == "-" or not S_ISREG(file.stat().st_mode):
            told = f"--trace {file} is no regular file, which a trace has to be: it is read twice."
            raise OptionError(told, fix="Write it to a file, and name that.")
        return file.open(newline="", encoding="utf-8-sig")
    except OSError as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: OSError) -> StorageError:
    return StorageError(f"--trace {file} cannot be read: {error.strerror or error}.", fix="Name a file of requests.")


def _line(file: Path, number: int, told: str, fix: str) -> ChipdexError:
    return OptionError(f"{file}:{number}: the request {told}.", fix=fix)


def _csv_blocks(stream: IO[str], file: Path, shape: _Shape) -> Iterator[_Block]:
    """Yield the lines: as numbers while they hold nothing else, then as they are written."""
    rows, before = csv.reader(stream, strict=True, skipinitialspace=True), 0
    try:
        names = [name.strip() for name in next(rows, [])]
        _check_names(file, names, shape)
        arrival, prompts, answers = (names.index(name) for name in (shape.arrival, shape.input, shape.output))
        hashed = names.index(shape.hashes) if shape.hashes in names else None
        above = rows.line_num
        if hashed is None and shape.per_second is not None:
            while texts := list(islice(stream, _PIECE)):
                numbers = _numbers(texts, len(names), (arrival, prompts, answers))
                if numbers is None:
                    break
                yield _Block(range(above + 1, above + 1 + len(texts)), numbers[0], numbers[1], numbers[2], None)
                above += len(texts)
            rows, before = csv.reader(chain(texts, stream), strict=True, skipinitialspace=True), above
        while read := list(islice(rows, _PIECE)):
            lines: Sequence[int] = range(above + 1, above + 1 + len(read))
            above = before + rows.line_num
            if [] in read:
                lines = [line for line, row in zip(lines, read, strict=True) if row]
                read = [row for row in read if row]
            _check_columns(file, lines, read, len(names))
            if read:
                columns = list(zip(*read, strict=True))
                hashes = None if hashed is None else [one.split() for one in columns[hashed]]
                yield _Block(lines, columns[arrival], columns[prompts], columns[answers], hashes)
    except csv.Error as error:
        line = before + rows.line_num
        raise OptionError(f"{file}:{line}: not a line of CSV: {error}.", fix="Mend the line.") from error


def _numbers(texts: Sequence[str], columns: int, wanted: Sequence[int]) -> list[NDArray[np.float64]] | None:
    """Return the wanted columns of lines that hold plain numbers; None where any has to be looked at more closely."""
    text = "".join(texts)
    if '"' in text or not text.strip():
        return None
    kinds = [(f"{number}", np.float64 if number in wanted else "U1") for number in range(columns)]
    try:
        found = np.loadtxt(texts, delimiter=",", comments=None, dtype=kinds, ndmin=1)
    except ValueError:
        return None
    arrival, prompts, answers = (found[f"{number}"] for number in wanted)
    if len(found) != len(texts) or not np.isfinite(arrival).all():
        return None
    return [arrival, prompts, answers] if _are_tokens(prompts) and _are_tokens(answers) else None


def _check_names(file: Path, names: Sequence[str], shape: _Shape) -> None:
    for name in (shape.arrival, shape.input, shape.output):
        if name not in names:
            raise OptionError(f"--trace {file} has no column {name!r}.", fix=_KNOWN)
    for known in (shape.arrival, shape.input, shape.output, shape.hashes):
        if known is not None and names.count(known) > 1:
            raise OptionError(f"--trace {file} has the column {known!r} twice.", fix="Leave one of them out.")


def _check_columns(file: Path, lines: Sequence[int], rows: Sequence[Sequence[str]], columns: int) -> None:
    if set(map(len, rows)) <= {columns}:
        return
    line, row = next((line, row) for line, row in zip(lines, rows, strict=True) if len(row) != columns)
    told = f"has {len(row)} of {columns} columns: the line is cut, or has too many"
    raise _line(file, line, told, "Mend the line, or leave it out.")


def _json_blocks(stream: IO[str], file: Path, shape: _Shape) -> Iterator[_Block]:
    hashed = None
    numbered = ((line, text) for line, text in enumerate(stream, start=1) if text.strip())
    while read := list(islice(numbered, _PIECE)):
        rows = [_json_row(file, line, text, shape) for line, text in read]
        lines, columns = [line for line, _ in read], list(zip(*rows, strict=True))
        with_hashes = [one is not None for one in columns[3]]
        hashed = with_hashes[0] if hashed is None else hashed
        if (not hashed) in with_hashes:
            told = f"has {'no' if hashed else 'a'} {shape.hashes}, unlike those above it"
            raise _line(file, lines[with_hashes.index(not hashed)], told, "Give hashes on every line, or on none.")
        yield _Block(lines, columns[0], columns[1], columns[2], columns[3] if hashed else None)


def _json_row(file: Path, line: int, text: str, shape: _Shape) -> tuple[Any, ...]:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:
        fix = "Mend the line, or leave it out."
        raise OptionError(f"{file}:{line}: not a line of JSON, or one that is cut.", fix=fix) from error
    if not isinstance(row, dict):
        raise _line(file, line, "is no JSON object", "Write one object a line.")
    for name in (shape.arrival, shape.input, shape.output):
        if type(row.get(name)) not in _NUMBERS:
            told = f"has {name} {row[name]!r}" if name in row else f"has no {name}"
            raise _line(file, line, told, "Give a number.")
    hashes = row.get(shape.hashes)
    if hashes is not None and not (isinstance(hashes, list) and all(isinstance(one, int | str) for one in hashes)):
        raise _line(file, line, f"has {shape.hashes} that are no list of hashes", "Give a list of numbers.")
    return row[shape.arrival], row[shape.input], row[shape.output], hashes


def _seconds(values: _Column, shape: _Shape, file: Path, lines: Sequence[int]) -> NDArray[np.float64]:
    parsed, per_second = (_date_s, 1.0) if shape.per_second is None else (float, shape.per_second)
    if isinstance(values, np.ndarray):
        return values / per_second
    try:
        found = np.fromiter(map(parsed, values), np.float64, len(values)) / per_second
        if np.isfinite(found).all():
            return found
    except (ValueError, TypeError, OverflowError):
        pass
    at = next((i for i, one in enumerate(values) if not _is_time(one, parsed)), 0)
    kind = "date and time" if shape.per_second is None else "number"
    raise _line(file, lines[at], f"has {shape.arrival} {values[at]!r}, which is no {kind}", "Mend the line.")


def _date_s(text: str) -> float:
    """Return the seconds since 1970 of a date and time in ISO 8601, in UTC unless it says otherwise."""
    moment = datetime.fromisoformat(text.strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _is_time(value: Any, parsed: Callable[[Any], float]) -> bool:
    try:
        return math.isfinite(parsed(value))
    except (ValueError, TypeError, OverflowError):
        return False


def _tokens(values: _Column, name: str, file: Path, lines: Sequence[int]) -> NDArray[np.int64]:
    if isinstance(values, np.ndarray):
        return values.astype(np.int64)
    try:
        found = np.fromiter(map(float, values), np.float64, len(values))
        if _are_tokens(found):
            return found.astype(np.int64)
    except (ValueError, TypeError, OverflowError):
        pass
    at = next((i for i, one in enumerate(values) if not _is_count(one)), 0)
    fix = f"Give a whole number from 0, up to {LARGEST_TOKENS:,}."
    raise _line(file, lines[at], f"has {name} {values[at]!r}", fix)


def _are_tokens(found: NDArray[np.float64]) -> bool:
    return bool(((found >= 0) & (found <= LARGEST_TOKENS) & (found == np.floor(found))).all())


def _is_count(value: Any) -> bool:
    try:
        number = float(value)
    except (ValueError, TypeError, OverflowError):
        return False
    return 0 <= number <= LARGEST_TOKENS and number == math.floor(number)
