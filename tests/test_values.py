"""Values are equal by their fields, hash alike, and show themselves, as attrs' own would."""

import attrs

from chipdex.values import Value


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Size(Value):
    name: str
    bytes: int = attrs.field(default=0, eq=abs)
    note: str = attrs.field(default="", eq=False, repr=False)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Weight(Value):
    name: str


def test_values_of_a_class_are_equal_by_the_fields_that_count():
    assert Size(name="a", bytes=1, note="x") == Size(name="a", bytes=-1, note="y")
    assert Size(name="a") != Size(name="b")
    assert Size(name="a") != Weight(name="a")


def test_equal_values_are_one_key():
    assert {Size(name="a", bytes=1): 1}[Size(name="a", bytes=-1, note="y")] == 1
    assert hash(Size(name="a")) != hash(Weight(name="a"))


def test_a_value_shows_what_its_fields_say():
    assert repr(Size(name="a", bytes=2, note="x")) == "Size(name='a', bytes=2)"
