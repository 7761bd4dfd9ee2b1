"""Values are pulled out of JSON piece by piece, wherever the pieces are cut."""

import json
from collections.abc import Iterator

import pytest

from chipdex_prices_aws.pulling import Puller

DOCUMENT = {"a": [1, 22.5, 'x]}"', {"b": None}], "skipped": {"deep": [[], {}, [True]]}, "empty": [], "n": -12}
TEXT = json.dumps(DOCUMENT, indent=1)


def cut(text: str, size: int) -> Iterator[str]:
    return (text[start : start + size] for start in range(0, len(text), size))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 10_000])
def test_cuts_change_nothing(size: int) -> None:
    puller, found = Puller(cut(TEXT, size)), {}
    for key in puller.entries():
        if key == "skipped":
            puller.skip()
        elif key == "a":
            found[key] = [puller.value() for _item in puller.items()]
        else:
            found[key] = puller.value()
    assert found == {"a": DOCUMENT["a"], "empty": [], "n": -12}


@pytest.mark.parametrize("end", [1, 5, 20, 40, -2])
def test_text_that_ends_early_is_no_json(end: int) -> None:
    with pytest.raises(ValueError, match=r"."):
        Puller(cut(TEXT[:end], 8)).skip()


@pytest.mark.parametrize("text", ["", "<html>", '{"a" 1}', "{1: 2}", "[1 2]", '{"a": nul}'])
def test_what_is_no_json_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Puller([text]).skip()


def test_a_value_without_an_end_is_given_up_before_it_fills_the_memory() -> None:
    read = 0

    def endless() -> Iterator[str]:
        nonlocal read
        yield '"'
        while True:
            read += 100_000
            yield "x" * 100_000

    with pytest.raises(ValueError, match="Unterminated string"):
        Puller(endless()).value()
    assert read < 5_000_000
