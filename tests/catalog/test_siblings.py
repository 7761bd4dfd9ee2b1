"""The nearest record: kin before strangers, then the smallest distance of the figures, and why."""

import attrs
import pytest
from fakes.lab import LANGUAGE_MODEL, NETWORK, SMALL_MODEL, chip

from chipdex.catalog.siblings import alike, nearest_device, nearest_model
from chipdex.domain import Kind, Memory, Power


def sized(device_id: str, gb: float, **changes):
    memory = Memory(capacity_gb=gb, bandwidth_gb_per_s=2000.0)
    return chip(device_id, memory=memory, **({"architecture": "other"} | changes))


def test_one_of_the_same_vendor_and_architecture_goes_before_a_stranger_that_is_nearer() -> None:
    kin, stranger = sized("acme/b", 10.0, architecture="acme one"), sized("rival/x", 80.0)
    found = nearest_device(chip(), [stranger, kin])
    assert found is not None
    assert found.id == "acme/b"
    assert "same vendor and architecture (acme one)" in found.reason


def test_what_stands_in_brackets_tells_no_architectures_apart() -> None:
    kin = sized("acme/b", 10.0, architecture="Acme One (die 2)")
    found = nearest_device(chip(architecture="acme one"), [kin, sized("rival/x", 80.0)])
    assert found is not None
    assert found.id == "acme/b"


def test_without_kin_it_is_the_nearest_of_its_kind_by_its_figures() -> None:
    others = [sized("rival/x", 40.0), sized("rival/y", 96.0), sized("rival/z", 80.0, kind=Kind.EDGE)]
    found = nearest_device(chip(), others)
    assert found is not None
    assert found.id == "rival/y"
    assert found.factors["memory"] == pytest.approx(80 / 96)
    assert "of 2 of kind gpu" in found.reason


def test_a_device_that_lacks_figures_is_further_than_one_that_is_a_little_different() -> None:
    bare = chip("rival/bare", architecture="other", memory=Memory(capacity_gb=80.0), power=Power())
    found = nearest_device(chip(), [bare, sized("rival/y", 96.0)])
    assert found is not None
    assert found.id == "rival/y"


def test_the_device_itself_is_never_its_sibling() -> None:
    assert nearest_device(chip(), [chip()]) is None


def test_models_are_compared_within_their_family() -> None:
    found = nearest_model(LANGUAGE_MODEL, [NETWORK, SMALL_MODEL, attrs.evolve(LANGUAGE_MODEL, id="rival/m")])
    assert found is not None
    assert found.id == "acme/m2"
    assert found.factors["parameters"] == pytest.approx(8.03 / 1.9)


def test_a_sibling_that_is_named_is_taken_as_it_is() -> None:
    found = alike(chip(), sized("rival/x", 40.0), "named")
    assert (found.id, found.shared, found.factors["memory"]) == ("rival/x", "named", 2.0)
