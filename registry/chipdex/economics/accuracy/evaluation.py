"""How many items an evaluation needs before a gain in accuracy is proved, and what a given number proves.

Each of two arms answers `n` items of its own, right with probability A: a binomial, whose share has the variance
A (1 - A) / n. A gain d is proved where it exceeds z times the standard error of the difference, z of the two-sided
confidence; it does so with the probability `power`. Both arms are given the larger of their two variances, so that
the numbers err on the safe side. Source: the normal approximation to the binomial.

Asked the same items, two models are often right on the same ones: what proves a gain then rests on the items that just
one of both answers right. Source: Connor, Sample size for testing differences in proportions for the paired-sample
design, Biometrics 43 (1987).
"""

import math
from statistics import NormalDist
from typing import Final

import attrs

from chipdex.economics.inputs import LARGEST, Inputs, Parameter
from chipdex.errors import InfeasibleError, OptionError
from chipdex.values import Value

PARAMETERS: Final = (
    Parameter(
        key="confidence",
        meaning="confidence at which a gain counts as proved, two-sided",
        default=0.95,
        source="the custom of evaluations",
        low=0.5,
        high=0.9999,
    ),
    Parameter(
        key="power",
        meaning="chance that an evaluation shows a gain that is there",
        default=0.5,
        source="an even chance, the least that anybody would pay for",
        low=0.5,
        high=0.9999,
    ),
    Parameter(key="eval_items", meaning="items that each arm of your evaluation has", whole=True, low=1.0),
    Parameter(
        key="differ_share",
        meaning="share of items that just one of both answers right, where both are asked the same",
        high=1.0,
    ),
)

_UNSURE: Final = 0.02
_EDGE: Final = 1e-9
_STANDARD: Final = NormalDist()


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Evaluation(Value):
    """What it takes to prove a gain, in items per arm; the others are of `eval_items` or `differ_share`, else None.

    `paired_items` are the items that both are asked, where they differ on a known share of them. `margin` is the half
    width of the interval of one arm's accuracy, `least_gain` the smallest gain that these items prove at the confidence
    and power asked, `power` the chance that they show the gain in question, `paired_power` that where both are asked
    the same. Margin and least gain are None for an accuracy of 0 or 1, of which the normal approximation knows no
    spread.
    """

    gain: float
    items_per_arm: int
    margin: float | None = None
    least_gain: float | None = None
    power: float | None = None
    paired_items: int | None = None
    paired_power: float | None = None

    @classmethod
    def of(cls, accuracy: float, other: float, inputs: Inputs) -> "Evaluation":
        """Return what proves that accuracies differ.

        Raises InfeasibleError where they do not, OptionError where they cannot differ on such a share of items.
        """
        asked = inputs["confidence"], inputs["power"]
        items, differ = inputs.get("eval_items"), inputs.get("differ_share")
        found = cls(
            gain=other - accuracy,
            items_per_arm=items_per_arm(accuracy, other, *asked),
            paired_items=None if differ is None else paired_items(accuracy, other, differ, *asked),
        )
        if items is None:
            return found
        spread = 0.0 < accuracy < 1.0
        return attrs.evolve(
            found,
            margin=interval(accuracy, items, asked[0]) if spread else None,
            least_gain=least_gain(accuracy, items, *asked) if spread else None,
            power=shown(accuracy, other, items, asked[0]),
            paired_power=None if differ is None else paired_power(accuracy, other, differ, items, asked[0]),
        )


def items_per_arm(accuracy: float, other: float, confidence: float = 0.95, power: float = 0.5) -> int:
    """Return the items that each arm needs: 2 A (1 - A) ((z_confidence + z_power) / gain)^2, rounded up.

    Raises InfeasibleError where that is more than anybody could ask, with the nearest gain that is not.
    """
    gain, spread = other - accuracy, _deviates(confidence, power) * math.sqrt(2.0 * _variance(accuracy, other))
    root = spread / abs(gain) if gain else math.inf
    needed = root * root
    if needed > LARGEST:
        took = f"{needed:.3g} items per arm" if math.isfinite(needed) else "more items than there are"
        raise InfeasibleError(
            f"To tell the accuracies {accuracy!r} and {other!r} apart takes {took}; chipdex counts up to {LARGEST:g}.",
            fix=f"Give two that are {spread / math.sqrt(LARGEST):.2g} apart, or more.",
        )
    return max(math.ceil(needed), 1)


def paired_items(accuracy: float, other: float, differ: float, confidence: float = 0.95, power: float = 0.5) -> int:
    """Return the items that both are asked, of which they `differ` on a share.

    They are ((z_confidence sqrt(differ) + z_power sqrt(differ - gain^2)) / gain)^2, rounded up. Raises
    OptionError where accuracies like these cannot differ on such a share.
    """
    gain = abs(other - accuracy)
    most = min(accuracy + other, 2.0 - accuracy - other)
    if not gain * (1.0 - _EDGE) <= differ <= most * (1.0 + _EDGE):
        raise OptionError(
            f"Of accuracies of {accuracy:g} and {other:g}, --differ-share cannot be {differ:g}.",
            fix=f"Give {gain:.4g} to {most:.4g}: the items that just one of both answers right.",
        )
    spread = _deviates(confidence) * math.sqrt(differ) + _STANDARD.inv_cdf(power) * _left(differ, gain)
    return max(math.ceil((spread / gain) ** 2), 1)


def paired_power(accuracy: float, other: float, differ: float, items: float, confidence: float = 0.95) -> float:
    """Return the chance that `items` which both are asked show the gain, where they differ on a share of them."""
    gain, left = abs(other - accuracy), _left(differ, abs(other - accuracy))
    beyond = gain * math.sqrt(items) - _deviates(confidence) * math.sqrt(differ)
    return _STANDARD.cdf(beyond / left) if left else float(beyond > 0.0)


def _left(differ: float, gain: float) -> float:
    return math.sqrt(max(0.0, differ - gain * gain))


def ranged(inputs: Inputs) -> Inputs:
    """Return the inputs with accuracies that a sensitivity varies by what they may be off, not by a quarter.

    That is the interval of `eval_items` at the confidence asked; without them, or where all or none of the answers are
    right, two points either way, a range of ours.
    """
    parameters = []
    for one in inputs.parameters.values():
        known, items = inputs.get(one.key), inputs.get("eval_items")
        if known is not None and one.key in {"accuracy", "new_accuracy"}:
            off = (0.0 if items is None else interval(known, items, inputs["confidence"])) or _UNSURE
            parameters.append(attrs.evolve(one, usual=(known - off, known + off)))
        else:
            parameters.append(one)
    return Inputs(parameters, inputs.figures)


def interval(accuracy: float, items: float, confidence: float = 0.95) -> float:
    """Return the half width of the interval of an accuracy that `items` were asked for, as a share."""
    return _deviates(confidence) * math.sqrt(accuracy * (1.0 - accuracy) / items)


def least_gain(accuracy: float, items: float, confidence: float = 0.95, power: float = 0.5) -> float:
    """Return the smallest gain that `items` per arm prove, as a share."""
    return _deviates(confidence, power) * math.sqrt(2.0 * accuracy * (1.0 - accuracy) / items)


def shown(accuracy: float, other: float, items: float, confidence: float = 0.95) -> float:
    """Return the chance that `items` per arm show the gain at that confidence."""
    error = math.sqrt(2.0 * _variance(accuracy, other) / items)
    return 1.0 if error == 0.0 else _STANDARD.cdf(abs(other - accuracy) / error - _deviates(confidence))


def _variance(accuracy: float, other: float) -> float:
    return max(accuracy * (1.0 - accuracy), other * (1.0 - other))


def _deviates(confidence: float, power: float = 0.5) -> float:
    return _STANDARD.inv_cdf(0.5 + confidence / 2.0) + _STANDARD.inv_cdf(power)
