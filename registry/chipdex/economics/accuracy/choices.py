"""The choices between which quality decides: what is there today, what may replace it, and what may change it.

The equations are those of `chipdex.economics.accuracy.quality`, whose inputs these are.
"""

from typing import Final

import attrs

from chipdex.economics.accuracy.changes import CHANGES, changed_accuracy, changed_usd, payback_answers, time_left
from chipdex.economics.inputs import Inputs
from chipdex.values import Value

KEEP: Final = "keep"
"""The choice of leaving everything as it is."""

NEW: Final = "new"
"""The choice that is described outright: another model, whatever it is."""

SECONDS_PER_HOUR: Final = 3600.0


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Choice(Value):
    """What an answer is worth under one choice, in USD; None is unknown.

    `usd_in_all` is the price and a share of reviews, waiting and what is paid once. `payback_answers` counts what
    answers cost, `payback_answers_with_quality` also what they are worth, or, where nobody says that, how many are
    right; None where either does not pay or is unknown, which `pays_back` tells apart.
    """

    choice: str
    speed_up: float | None
    usd_per_answer: float | None
    accuracy: float | None
    usd_in_all: float | None
    usd_per_solved_task: float | None
    net_usd_per_answer: float | None
    one_off_usd: float | None
    payback_answers: float | None = None
    payback_answers_with_quality: float | None = None
    pays_back: bool | None = None

    def score(self, measure: str) -> float | None:
        """Return how good it is by a measure: more is better."""
        value: float | None = getattr(self, measure)
        return value if value is None or measure == "net_usd_per_answer" else -value


def choices_of(inputs: Inputs) -> list[Choice]:
    """Return what is there today, and whatever may replace or change it."""
    wait = inputs.get("wait_s", 0.0)
    today = _choice(inputs, KEEP, inputs.get("usd_per_answer"), inputs.get("accuracy"), wait, 0.0)
    found = [attrs.evolve(today, speed_up=1.0)]
    if "new_accuracy" in inputs or "new_usd_per_answer" in inputs:
        price, accuracy = inputs.get("new_usd_per_answer"), inputs.get("new_accuracy")
        later, once = inputs.get("new_wait_s", wait), inputs.get("new_one_off_usd")
        new = _choice(inputs, NEW, price, accuracy, later, once)
        found.append(_paid_back(inputs, new, _choice(inputs, NEW, price, accuracy, later, 0.0), today))
    for name in (name for name, change in CHANGES.items() if change.asked(inputs)):
        price, accuracy = changed_usd(name, inputs), changed_accuracy(name, inputs)
        left, once = time_left(name, inputs), inputs.get(f"{name}_one_off_usd")
        changed = _choice(inputs, name, price, accuracy, wait, once)
        paid = _paid_back(inputs, changed, _choice(inputs, name, price, accuracy, wait, 0.0), today)
        found.append(attrs.evolve(paid, speed_up=1.0 / left if left else None))
    return found


def _choice(
    inputs: Inputs, name: str, price: float | None, accuracy: float | None, wait_s: float, once: float | None
) -> Choice:
    right = _right(inputs, accuracy)
    spread = (once or 0.0) / inputs["answers"] if "answers" in inputs else 0.0
    waiting = inputs["usd_per_hour_of_wait"] * wait_s / SECONDS_PER_HOUR
    cost = None if price is None else price + inputs["review_share"] * inputs["review_usd"] + waiting + spread
    worth = None
    if cost is not None and right is not None and stake_of(inputs) is not None:
        worth = right * inputs.get("usd_if_right", 0.0) - (1.0 - right) * inputs.get("usd_if_wrong", 0.0) - cost
    return Choice(
        choice=name,
        speed_up=None,
        usd_per_answer=price,
        accuracy=accuracy,
        usd_in_all=cost,
        usd_per_solved_task=cost / right if cost is not None and right else None,
        net_usd_per_answer=worth,
        one_off_usd=once,
    )


def _paid_back(inputs: Inputs, choice: Choice, running: Choice, today: Choice) -> Choice:
    """Return the choice with the answers after which what it costs once has paid; `running` leaves that out."""
    if choice.one_off_usd is None or running.usd_in_all is None or today.usd_in_all is None:
        return choice
    plain = payback_answers(choice.one_off_usd, today.usd_in_all - running.usd_in_all)
    right = _right(inputs, running.accuracy)
    if running.net_usd_per_answer is not None and today.net_usd_per_answer is not None:
        gained = running.net_usd_per_answer - today.net_usd_per_answer
    elif right is not None and today.usd_per_solved_task is not None:
        gained = right * (today.usd_per_solved_task - (running.usd_per_solved_task or 0.0))
    else:
        return attrs.evolve(choice, payback_answers=plain, pays_back=plain is not None)
    full = payback_answers(choice.one_off_usd, gained)
    return attrs.evolve(choice, payback_answers=plain, payback_answers_with_quality=full, pays_back=full is not None)


def _right(inputs: Inputs, accuracy: float | None) -> float | None:
    """Return the share of answers that are right, those among them that people put right."""
    return None if accuracy is None else 1.0 - (1.0 - inputs["review_share"]) * (1.0 - accuracy)


def stake_of(inputs: Inputs) -> float | None:
    """Return what turns on an answer that nobody reviews: (1 - r) (v + l); None where neither is given."""
    if "usd_if_right" not in inputs and "usd_if_wrong" not in inputs:
        return None
    return (1.0 - inputs["review_share"]) * (inputs.get("usd_if_right", 0.0) + inputs.get("usd_if_wrong", 0.0))
