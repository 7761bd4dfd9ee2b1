"""What accuracy is worth: of an accuracy point, of a gain, and of changes that trade it for price.

With A the accuracy, c the price of an answer, v what a right answer brings and l what a wrong one costs, a share r of
answers reviewed by people, at c_review each, and put right, w the price of an hour of waiting, V answers to come and
C what a change costs once:

    right answers            R = 1 - (1 - r) (1 - A)
    cost of an answer        c_all = c + r c_review + w t + C / V
    cost of a solved task    c_all / R                                     Cost-of-Pass, with r = 0: c / A
    net value of an answer   R v - (1 - R) l - c_all
    value of a point         0.01 (1 - r) (v + l)
    break-even gain          dA* = (dc + w dt + C / V) / ((1 - r) (v + l))
    largest price            c_new* = c + (1 - r) dA (v + l) - w dt - C / V

What an input that nobody gave would say is None, and `unanswered` says what would answer it.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import attrs

from chipdex.economics.accuracy import changes, evaluation, formats, hosting
from chipdex.economics.accuracy.changes import CHANGES
from chipdex.economics.accuracy.choices import KEEP, NEW, SECONDS_PER_HOUR, Choice, choices_of, stake_of
from chipdex.economics.accuracy.evaluation import Evaluation
from chipdex.economics.accuracy.hosting import Hosting
from chipdex.economics.inputs import Given, Inputs, Parameter, settled
from chipdex.economics.sensitivity import Outcome
from chipdex.errors import InfeasibleError, OptionError
from chipdex.values import Value

OWN: Final = (
    Parameter(key="accuracy", meaning="share of answers that are right today", high=1.0),
    Parameter(key="usd_per_answer", meaning="price of an answer today"),
    Parameter(key="usd_if_right", meaning="what a right answer brings"),
    Parameter(key="usd_if_wrong", meaning="what a wrong answer costs"),
    Parameter(key="answers", meaning="answers to come, over which costs that fall once are spread", above=True),
    Parameter(key="new_accuracy", meaning="share of right answers of what may replace it", high=1.0),
    Parameter(key="new_usd_per_answer", meaning="price of an answer of what may replace it"),
    Parameter(key="new_one_off_usd", meaning="what replacing costs once: training, evaluation, migration"),
    Parameter(key="wait_s", meaning="how long somebody waits for an answer today"),
    Parameter(key="new_wait_s", meaning="how long somebody waits for one of what may replace it"),
    Parameter(key="usd_per_hour_of_wait", meaning="what an hour of waiting costs", default=0.0),
    Parameter(
        key="review_share",
        meaning="share of answers that people review and put right",
        default=0.0,
        high=1.0,
        usual=(0.0, 0.2),
    ),
    Parameter(key="review_usd", meaning="what reviewing an answer costs", default=0.0),
    *evaluation.PARAMETERS,
    *hosting.PARAMETERS,
    *formats.PARAMETERS,
)
"""What `quality` takes besides the figures of changes."""

PARAMETERS: Final = (*OWN, *changes.PARAMETERS)
"""Everything that `quality` takes."""

MEASURES: Final[Mapping[str, str]] = {
    "net_usd_per_answer": "net value per answer",
    "usd_per_solved_task": "cost of a solved task",
    "usd_in_all": "cost per answer",
}
"""What choices may be judged by, best first: the first that is known of what is there today."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Gain(Value):
    """What the gain of the new choice is worth: the largest price per answer it justifies, and the least that pays.

    `break_even_gain` is a share, None where no price is known, or no accuracy makes good what it costs.
    """

    gain: float
    largest_usd_per_answer: float | None
    break_even_gain: float | None
    worth_usd_per_answer: float | None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Quality(Value):
    """The answers that the inputs allow; `choices` come best first, those of which too little is known last."""

    choices: tuple[Choice, ...]
    judged_by: str | None
    usd_per_point: float | None
    gain: Gain | None
    evaluation: Evaluation | None = None
    hosting: Hosting | None = None
    unanswered: tuple[tuple[str, str], ...] = ()

    def named(self, name: str) -> Choice:
        """Return the choice called `name`."""
        return next(one for one in self.choices if one.choice == name)

    @property
    def best(self) -> Choice | None:
        """The best choice by `judged_by`; None where nothing is compared."""
        return None if self.judged_by is None else self.choices[0]

    @property
    def counted_in(self) -> str:
        """What the figures of `judged_by` are of."""
        return "solved task" if self.judged_by == "usd_per_solved_task" else "answer"

    @property
    def margin_usd(self) -> float | None:
        """What the best change saves, or adds in value, against keeping what is there; below zero it costs."""
        if self.judged_by is None:
            return None
        kept = self.named(KEEP).score(self.judged_by)
        scores = [one.score(self.judged_by) for one in self.choices if one.choice != KEEP]
        known = [score for score in scores if score is not None]
        return None if kept is None or not known else max(known) - kept


def quality(inputs: Inputs | None = None, /, **figures: float) -> Quality:
    """Return what accuracy is worth: of settled inputs, or of figures by key, USD and shares throughout.

    Raises OptionError for figures out of range, a change that is half described, and one that loses more points than
    there are; InfeasibleError where the sums are beyond what numbers hold.
    """
    if inputs is None:
        inputs = settled(PARAMETERS, {key: Given(value, "given") for key, value in figures.items()})
    for name in (name for name, change in CHANGES.items() if change.asked(inputs)):
        lost = inputs.get(f"{name}_points_lost", 0.0)
        if "accuracy" in inputs and not 0.0 <= inputs["accuracy"] - lost / 100.0 <= 1.0:
            raise OptionError(
                f"{name} loses {lost:g} points of {100 * inputs['accuracy']:g}.", fix="Give points that it can lose."
            )
    found = attrs.evolve(_judged(inputs), evaluation=_evaluation(inputs), hosting=Hosting.of(inputs))
    answers = (*found.choices, found, found.gain, found.evaluation, found.hosting)
    if not all(math.isfinite(one) for answer in answers for one in _figures(answer)):
        raise InfeasibleError("These sums are beyond what numbers hold.", fix="Give figures of an ordinary size.")
    return attrs.evolve(found, unanswered=tuple(_unanswered(inputs, found)))


def verdict(inputs: Inputs) -> Outcome:
    """Return which choice wins, and what the best change is worth against keeping: the margin of a sensitivity."""
    found = _judged(inputs)
    return Outcome(winner="none" if found.best is None else found.best.choice, margin=found.margin_usd or 0.0)


def weighed(inputs: Inputs) -> Inputs:
    """Return the inputs that the verdict may hang on; accuracies with the range of what they may be off.

    An accuracy stays within what its changes can lose, and a loss within the accuracy.
    """
    beside = {one.key for one in (*evaluation.PARAMETERS, *hosting.PARAMETERS, *formats.PARAMETERS)}
    figures = {key: given for key, given in inputs.figures.items() if key not in beside}
    parameters = evaluation.ranged(inputs).parameters
    lost = [key for key in figures if key.endswith("_points_lost")]
    accuracy = inputs.get("accuracy")
    if lost and accuracy is not None:
        least = max(0.0, *(inputs[key] / 100.0 for key in lost))
        most = min(1.0, *(1.0 + inputs[key] / 100.0 for key in lost))
        parameters["accuracy"] = attrs.evolve(parameters["accuracy"], low=least, high=most)
        for key in lost:
            points = 100.0 * (accuracy - 1.0), 100.0 * accuracy
            parameters[key] = attrs.evolve(parameters[key], low=points[0], high=points[1])
    return Inputs(tuple(parameters.values()), figures)


def _figures(answer: attrs.AttrsInstance | None) -> Iterable[float]:
    values = () if answer is None else attrs.asdict(answer, recurse=False).values()
    return (value for value in values if isinstance(value, float))


def _judged(inputs: Inputs) -> Quality:
    """Return the choices, best first, and what they are judged by; what takes two accuracies apart is not asked."""
    choices = choices_of(inputs)
    kept, others = choices[0], choices[1:]
    measure = next((one for one in MEASURES if kept.score(one) is not None), None)
    if measure is None or all(one.score(measure) is None for one in others):
        measure = None
    else:
        choices.sort(key=lambda one: _goodness(one, measure), reverse=True)
    stake = stake_of(inputs)
    return Quality(
        choices=tuple(choices),
        judged_by=measure,
        usd_per_point=None if stake is None else stake / 100.0,
        gain=_gain(inputs, stake),
    )


def _goodness(choice: Choice, measure: str) -> float:
    """Return what choices are sorted by: those that nothing is known of come last, what is there today wins a tie."""
    score = choice.score(measure)
    return -math.inf if score is None else score


def _gain(inputs: Inputs, stake: float | None) -> Gain | None:
    if "accuracy" not in inputs or "new_accuracy" not in inputs or stake is None:
        return None
    gain, price = inputs["new_accuracy"] - inputs["accuracy"], inputs.get("usd_per_answer")
    wait = inputs.get("wait_s", 0.0)
    slower = inputs["usd_per_hour_of_wait"] * (inputs.get("new_wait_s", wait) - wait) / SECONDS_PER_HOUR
    other = slower + (inputs.get("new_one_off_usd", 0.0) / inputs["answers"] if "answers" in inputs else 0.0)
    if price is None:
        return Gain(gain=gain, largest_usd_per_answer=None, break_even_gain=None, worth_usd_per_answer=None)
    dearer = inputs["new_usd_per_answer"] - price + other if "new_usd_per_answer" in inputs else None
    return Gain(
        gain=gain,
        largest_usd_per_answer=price + gain * stake - other,
        break_even_gain=None if dearer is None or not stake else dearer / stake,
        worth_usd_per_answer=None if dearer is None else gain * stake - dearer,
    )


def _evaluation(inputs: Inputs) -> Evaluation | None:
    if "accuracy" not in inputs or "new_accuracy" not in inputs or inputs["accuracy"] == inputs["new_accuracy"]:
        return None
    return Evaluation.of(inputs["accuracy"], inputs["new_accuracy"], inputs)


_STAKES: Final = ("usd_if_right", "usd_if_wrong")

_QUESTIONS: Final[tuple[tuple[str, Callable[[Quality], bool], tuple[str, ...]], ...]] = (
    ("what an accuracy point is worth", lambda found: found.usd_per_point is not None, _STAKES),
    (
        "what a solved task costs",
        lambda found: found.named(KEEP).usd_per_solved_task is not None,
        ("usd_per_answer", "accuracy"),
    ),
    (
        "what price a gain justifies",
        lambda found: found.gain is not None and found.gain.largest_usd_per_answer is not None,
        ("accuracy", "new_accuracy", "usd_per_answer", *_STAKES),
    ),
    ("how many items prove a gain", lambda found: found.evaluation is not None, ("accuracy", "new_accuracy")),
)


def _unanswered(inputs: Inputs, found: Quality) -> Iterable[tuple[str, str]]:
    """Return each question that the inputs do not answer, and the options that would."""
    for question, answered, keys in _QUESTIONS:
        settled_of = _STAKES if any(key in inputs for key in _STAKES) else ()
        lacking = [inputs.parameters[key].option for key in keys if key not in {*inputs, *settled_of}]
        if not answered(found) and lacking:
            yield question, " ".join(lacking)
    if found.judged_by is None:
        yield "which choice is the best", "prices of two: --usd-per-answer, and --new-usd-per-answer or --change"
    for one in found.choices:
        if one.choice == KEEP:
            continue
        if found.judged_by is not None and one.score(found.judged_by) is None and one.accuracy != 0.0:
            yield f"how good {one.choice} is", _accuracy_of(one.choice)
        if one.one_off_usd is None and None not in {one.usd_per_answer, inputs.get("usd_per_answer")}:
            yield f"when {one.choice} pays back", _figure_of(one.choice, "one_off_usd")


def _accuracy_of(name: str) -> str:
    if name == NEW:
        return "--new-accuracy --new-usd-per-answer"
    return _figure_of(name, "accuracy" if name == "cascade" else "points_lost")


def _figure_of(name: str, key: str) -> str:
    return f"--new-{key.replace('_', '-')}" if name == NEW else f"--change {name}:...,{key}=X"
