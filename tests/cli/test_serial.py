"""JSON holds finite numbers only, and says where there was none."""

import json
import math

from chipdex.cli.serial import dumped, loss


def test_finite_documents_stay_as_they_are() -> None:
    text, lost = dumped({"a": [1, 2.5, None], "b": "naïve"})
    assert (json.loads(text), lost) == ({"a": [1, 2.5, None], "b": "naïve"}, [])


def test_what_is_not_finite_is_null_and_named() -> None:
    text, lost = dumped({"cost": {"usd": math.inf}, "rows": [{"x": math.nan}, {"x": 1.0}], "low": -math.inf})
    assert json.loads(text) == {"cost": {"usd": None}, "rows": [{"x": None}, {"x": 1.0}], "low": None}
    assert lost == ["cost.usd", "rows.0.x", "low"]


def test_the_warning_names_the_first_few() -> None:
    assert loss(["a", "b"])["sentence"] == "No finite number came out for a, b."
    assert loss(["a", "b", "c", "d", "e"])["sentence"] == "No finite number came out for a, b, c and 2 more."
