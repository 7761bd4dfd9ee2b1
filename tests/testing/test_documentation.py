"""The reference of the contract misses no test and no attribute, and what the how-to shows runs."""

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fakes.vendor import Vendor

from chipdex.testing import PluginContract, SourceContract

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = (DOCS / "reference" / "testing.md").read_text(encoding="utf-8")
HOW_TO = (DOCS / "how-to" / "test-a-plugin.md").read_text(encoding="utf-8")
CONTRACTS = (PluginContract, SourceContract)
ATTRIBUTES = [name for name in inspect.get_annotations(PluginContract) if not name.startswith("_")]
OF_SOURCES = [name for name in inspect.get_annotations(SourceContract) if not name.startswith("_")]
TESTS = [name for contract in CONTRACTS for name in vars(contract) if name.startswith("test_")]


@pytest.mark.parametrize("name", [*ATTRIBUTES, *OF_SOURCES, *TESTS])
def test_the_reference_has(name: str) -> None:
    assert f"`{name}`" in REFERENCE


def test_the_reference_has_no_test_that_there_is_not() -> None:
    assert set(re.findall(r"^\| `(test_\w+)`", REFERENCE, re.MULTILINE)) == set(TESTS)


@pytest.mark.parametrize("name", TESTS)
def test_each_test_says_in_a_sentence_what_it_holds_to(name: str) -> None:
    told: Callable[..., None] = next(getattr(one, name) for one in CONTRACTS if hasattr(one, name))
    assert (told.__doc__ or "").endswith(".")


def test_the_how_to_sets_attributes_that_there_are(vendor: Vendor) -> None:
    short, full = re.findall(r"```python\n(.*?)```", HOW_TO, re.DOTALL)
    for example in (short, full):
        names: dict[str, type[PluginContract]] = {}
        exec(example, names)  # noqa: S102 - the documentation's own example
        contract = names["TestAcme"]
        own = {name for name in vars(contract) if not name.startswith(("_", "test_"))}
        assert own <= set(ATTRIBUTES)
        assert contract().plugin.folder == vendor.root / "acme_chips"


def test_the_reference_names_every_fault() -> None:
    from chipdex.testing.faults import FAULTS

    told = REFERENCE.replace("429 once", "429, once").replace("a redirection", "redirect")
    prices = {"price of 0", "negative price", "NaN for a price", "text for a price"}
    assert [fault.name for fault in FAULTS if fault.name not in told and fault.name not in prices] == []


def test_the_example_of_a_price_source_sets_attributes_that_there_are() -> None:
    text = (DOCS / "how-to" / "write-a-price-source.md").read_text(encoding="utf-8")
    example = next(block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "SourceContract" in block)
    names: dict[str, Any] = {"SOURCE": None, "ANSWER": None}
    exec(example, names)  # noqa: S102 - the documentation's own example
    own = {name for name in vars(names["TestFaults"]) if not name.startswith("_")}
    assert own - {"serve"} <= set(OF_SOURCES)
