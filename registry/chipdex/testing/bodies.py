"""Answers of a price source gone wrong: the same JSON or CSV with other prices, another key, or no rows."""

import csv
import gzip
import io
import json
import re
from collections.abc import Callable, Collection
from typing import Any, Final

import attrs

_GZIP: Final = b"\x1f\x8b"
_NUMBER: Final = re.compile(r"-?\d[\d,]*(\.\d+)?")


@attrs.frozen
class Price:
    """A price that is none: as a number of JSON, and as the text where a source writes its prices as texts."""

    number: Any
    text: str

    def instead_of(self, value: Any) -> Any:
        """Return this price the way `value` is written: a number, a text, or a table of them."""
        if isinstance(value, dict):
            return {key: self.instead_of(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.instead_of(inner) for inner in value]
        if isinstance(value, str):
            return _NUMBER.sub(self.text, value, count=1) if _NUMBER.search(value) else value
        return value if value is None or isinstance(value, bool) else self.number


ZERO: Final = Price(0, "0")
NEGATIVE: Final = Price(-1.5, "-1.5")
NOT_A_NUMBER: Final = Price(float("nan"), "NaN")
TEXT: Final = Price("on request", "on request")


def with_price(body: bytes, keys: Collection[str], price: Price) -> bytes:
    """Return an answer whose values at `keys`, at any depth or in these columns, are `price`."""

    def swapped(key: str, value: Any) -> tuple[str, Any]:
        return key, price.instead_of(value) if key in keys else value

    def row(header: list[str], cells: list[str]) -> list[str]:
        pairs = zip(header, cells, strict=False)
        return [str(price.instead_of(cell)) if name in keys else cell for name, cell in pairs]

    return _changed(body, keys, swapped, lambda header: header, row)


def with_key_renamed(body: bytes, key: str) -> bytes:
    """Return an answer in which `key`, or the column of this name, is called otherwise."""

    def renamed(name: str) -> str:
        return f"{name}_v2" if name == key else name

    return _changed(
        body,
        (key,),
        lambda name, value: (renamed(name), value),
        lambda header: [renamed(name) for name in header],
        lambda _header, cells: cells,
    )


def without_rows(body: bytes, keys: Collection[str]) -> bytes:
    """Return an answer whose lists are empty, of a table its header; of JSON without a list, what it holds."""
    document = as_json(body)
    if document is None:
        lines = unpacked(body).decode().splitlines(keepends=True)
        header = next((place for place, line in enumerate(lines) if any(key in line for key in keys)), 0)
        return "".join(lines[: header + 1]).encode()
    emptied = _emptied(document)
    if emptied == document and isinstance(document, dict):
        emptied = {key: {} if isinstance(value, dict) else value for key, value in document.items()}
    return json.dumps(emptied).encode()


def leading_on(body: bytes, paging: "dict[str, Any]", url: str, number: int) -> bytes:
    """Return a page that names a next one: `{url}` and `{n}` in the values stand for an address and a number."""
    document = as_json(body)
    for path, value in paging.items():
        *tables, key = path.split(".")
        table = document
        for name in tables:
            table = table.setdefault(name, {}) if isinstance(table, dict) else None
        if isinstance(table, dict):
            table[key] = value.format(url=url, n=number) if isinstance(value, str) else value
    return body if document is None else json.dumps(document).encode()


def as_json(body: bytes) -> Any:
    """Return the JSON of a body, None where it is none."""
    try:
        return json.loads(unpacked(body))
    except ValueError:
        return None


def unpacked(body: bytes) -> bytes:
    """Return a body without the gzip around it."""
    return gzip.decompress(body) if body.startswith(_GZIP) else body


def _changed(
    body: bytes,
    keys: Collection[str],
    pair: Callable[[str, Any], tuple[str, Any]],
    header_of: Callable[[list[str]], list[str]],
    row_of: Callable[[list[str], list[str]], list[str]],
) -> bytes:
    """Return a body with each key and value of its JSON, or each row of its CSV below the header, changed."""
    document = as_json(body)
    if document is not None:
        return json.dumps(_walked(document, pair)).encode()
    rows = list(csv.reader(io.StringIO(unpacked(body).decode(errors="replace"))))
    place = next((place for place, row in enumerate(rows) if set(keys) & set(row)), None)
    if place is None:
        return body
    header, paper = rows[place], io.StringIO()
    changed = [*rows[:place], header_of(header), *(row_of(header, row) for row in rows[place + 1 :])]
    csv.writer(paper, lineterminator="\n").writerows(changed)
    return paper.getvalue().encode()


def _walked(node: Any, pair: Callable[[str, Any], tuple[str, Any]]) -> Any:
    if isinstance(node, dict):
        return dict(pair(key, _walked(value, pair)) for key, value in node.items())
    return [_walked(item, pair) for item in node] if isinstance(node, list) else node


def _emptied(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _emptied(value) for key, value in node.items()}
    return [] if isinstance(node, list) else node
