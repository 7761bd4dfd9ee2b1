"""Lines of key paths, where TOML can be written in more than one way."""

import pytest

from chipdex.codec.locate import Lines

TEXT = '''\
# a comment with [brackets] and key = value
schema = 1
title = """
[not.a.table]
fake = 1
"""
list = [
  "a]", # a comment ]
  "b",
]
a."b.c".d = 5

[table]
key = 'its [x]'
[ table . sub ]
key = 2

[[rows]]
key = 1
[rows.part]
key = 2
[[rows]]
inline = { x = { y = 1 } }
[[rows.deep]]
key = 1
[[rows.deep]]
key = 2
last = 1'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("schema",), 2),
        (("title",), 3),
        (("fake",), 1),
        (("list",), 7),
        (("list", 0), 8),
        (("list", 1), 9),
        (("a", "b.c", "d"), 11),
        (("table",), 13),
        (("table", "key"), 14),
        (("table", "missing"), 13),
        (("table", "sub", "key"), 16),
        (("rows",), 18),
        (("rows", 0), 18),
        (("rows", 0, "key"), 19),
        (("rows", 0, "part", "key"), 21),
        (("rows", 1), 22),
        (("rows", 1, "inline", "x", "y"), 23),
        (("rows", 1, "key"), 22),
        (("rows", 1, "deep", 0, "key"), 25),
        (("rows", 1, "deep", 1, "key"), 27),
        (("rows", 1, "deep", 1, "last"), 28),
        (("nowhere",), 1),
    ],
)
def test_a_key_is_found_on_its_line_or_its_tables(path: tuple[str | int, ...], line: int) -> None:
    assert Lines(TEXT).find(path) == line
