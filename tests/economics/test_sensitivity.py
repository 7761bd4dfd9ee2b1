"""A flip is a flip: on one side of it today's verdict stands, on the other it does not."""

import pytest

from chipdex.economics.accuracy.quality import PARAMETERS, quality, verdict, weighed
from chipdex.economics.inputs import Given, Inputs, Parameter, settled
from chipdex.economics.sensitivity import NOBODY, Outcome, Swing, swings
from chipdex.errors import InfeasibleError


def one(parameter: Parameter, value: float, least: float) -> Swing:
    """Return the swing of an input at which `high` wins above `least`."""
    inputs = Inputs((parameter,), {parameter.key: Given(value, "given")})

    def judge(moved: Inputs) -> Outcome:
        margin = moved[parameter.key] - least
        return Outcome(winner="high" if margin > 0.0 else "low", margin=margin)

    (found,) = swings(judge, inputs)
    return found


def test_a_figure_below_nothing_is_moved_both_ways() -> None:
    swing = one(Parameter(key="points", meaning="", low=-100.0, high=100.0), -4.0, -2.0)
    assert (swing.low, swing.high) == (-5.0, -3.0)
    assert swing.flips_below is None
    assert swing.flips_above == pytest.approx(-2.0)
    assert swing.winner_above == "high"


def test_a_figure_below_nothing_flips_across_nothing() -> None:
    parameter = Parameter(key="points", meaning="", low=-100.0, high=100.0)
    assert one(parameter, -4.0, 3.0).flips_above == pytest.approx(3.0)
    assert one(parameter, -4.0, -50.0).flips_below == pytest.approx(-50.0)


def test_a_whole_number_is_moved_to_whole_ones() -> None:
    swing = one(Parameter(key="devices", meaning="", low=1.0, high=64.0, whole=True), 1.0, 9.5)
    assert (swing.low, swing.high) == (1.0, 2.0)
    assert (swing.flips_above, swing.winner_above) == (9.0, "high")


def test_a_whole_number_flips_below_the_last_that_does_not() -> None:
    swing = one(Parameter(key="devices", meaning="", low=1.0, high=64.0, whole=True), 30.0, 9.0)
    assert (swing.flips_below, swing.winner_below) == (10.0, "low")


def test_an_accuracy_is_not_moved_to_where_a_change_loses_more_than_there_is() -> None:
    figures = {
        "accuracy": 0.8,
        "usd_per_answer": 0.004,
        "usd_if_wrong": 0.05,
        "distillation_gain": 2.0,
        "distillation_points_lost": 2.0,
    }
    inputs = settled(PARAMETERS, {key: Given(value, "given") for key, value in figures.items()})
    found = {swing.key: swing for swing in swings(verdict, weighed(inputs))}
    for key in ("accuracy", "distillation_points_lost"):
        for end in (found[key].low, found[key].high, found[key].flips_below, found[key].flips_above):
            if end is not None:
                quality(**{**figures, key: end})


def test_an_end_without_a_verdict_is_said_and_is_no_error() -> None:
    inputs = Inputs((Parameter(key="share", meaning="", high=1.0),), {"share": Given(1.0, "given")})

    def judge(moved: Inputs) -> Outcome:
        if moved["share"] < 1.0:
            raise InfeasibleError("Nothing holds it.", fix="Raise it.")
        return Outcome(winner="spot", margin=5.0)

    (found,) = swings(judge, inputs, flips=False)
    assert (found.margin_at_low, found.margin_at_high) == (None, 5.0)
    assert (found.winner_at_low, found.winner_at_high) == (NOBODY, None)
    assert found.matters


def test_without_flips_the_ends_say_who_else_wins() -> None:
    inputs = Inputs((Parameter(key="price", meaning=""),), {"price": Given(4.0, "given")})
    (found,) = swings(
        lambda at: Outcome(winner="rent" if at["price"] > 4.5 else "buy", margin=0.0), inputs, flips=False
    )
    assert (found.flips_above, found.winner_at_low, found.winner_at_high) == (None, None, "rent")
    assert found.matters


def test_it_tells_which_input_it_moves() -> None:
    inputs = Inputs(
        (Parameter(key="one", meaning=""), Parameter(key="two", meaning="")),
        {"one": Given(1.0, ""), "two": Given(2.0, "")},
    )
    told: list[tuple[str, int, int | None]] = []
    swings(lambda _: Outcome(winner="", margin=0.0), inputs, heard=lambda *how_far: told.append(how_far))
    assert told == [("Inputs moved", 0, 2), ("Inputs moved", 1, 2)]
