"""Changes to a model or its engine that may make an answer cheaper: what each does to time, price and accuracy.

A change leaves a share of the time that an answer takes, and of its price with it:

    smaller or sparser model, other format    1 / gain                         gain: times the throughput
    compiled graph, fused kernels             (1 - f) + f / g                  Amdahl (1967)
    drafted tokens (speculative decoding)     (g c + 1) / tokens_per_step      Leviathan et al., arXiv 2211.17192
    prefix cache                              1 - f h                          prefill is the share f, h is found
    cascade                                   c_weak + p c_strong + c_router   FrugalGPT, arXiv 2305.05176

Its one-off cost pays back after one_off / (c_old - c_new) answers.
"""

from collections.abc import Mapping
from typing import Final

import attrs

from chipdex.economics.inputs import Inputs, Parameter
from chipdex.errors import OptionError
from chipdex.estimate.policy import Policy
from chipdex.values import Value


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Change(Value):
    """A kind of change: its figures, of which `needs` have to be given, and whether answers stay what they were."""

    name: str
    meaning: str
    figures: tuple[Parameter, ...]
    needs: tuple[str, ...]
    same_answers: bool = False

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The figures under the keys that they have among all inputs: `drafting_tokens`."""
        return tuple(attrs.evolve(one, key=f"{self.name}_{one.key}") for one in self.figures)

    def asked(self, inputs: Inputs) -> bool:
        """Return whether `inputs` say anything of it; raises OptionError where they do not say enough."""
        given = [one.key for one in self.figures if f"{self.name}_{one.key}" in inputs.figures]
        lacking = [one for one in self.figures if one.key in self.needs and one.key not in given]
        if given and lacking:
            names = " and ".join(one.key for one in lacking)
            shape = ",".join(f"{one.key}={'...' if one in lacking else 'X'}" for one in self._shown(given))
            told = "; ".join(f"{one.key}: {one.meaning}" for one in lacking)
            raise OptionError(
                f"--change {self.name} does not say {names}.", fix=f"Give --change {self.name}:{shape} ({told})."
            )
        return bool(given)

    def _shown(self, given: list[str]) -> list[Parameter]:
        return [one for one in self.figures if one.key in given or one.key in self.needs]


_ONE_OFF: Final = Parameter(key="one_off_usd", meaning="what it costs once: training, evaluation, migration")
_POINTS: Final = Parameter(key="points_lost", meaning="accuracy points that it loses", low=-100.0, high=100.0)
_GAIN: Final = Parameter(key="gain", meaning="times the throughput at the same hardware", low=1e-6, high=1e6)
_SHARE: Final = Parameter(key="share", meaning="share of the time that it speeds up", high=1.0)


def _smaller(name: str, meaning: str) -> Change:
    return Change(name=name, meaning=meaning, figures=(_GAIN, _POINTS, _ONE_OFF), needs=("gain",))


def _faster(name: str, meaning: str) -> Change:
    gain = attrs.evolve(_GAIN, meaning="times as fast as that share was")
    return Change(
        name=name, meaning=meaning, figures=(_SHARE, gain, _ONE_OFF), needs=("share", "gain"), same_answers=True
    )


CHANGES: Final[Mapping[str, Change]] = {
    one.name: one
    for one in (
        _smaller("distillation", "a smaller model, taught by the present one"),
        _smaller("pruning", "the present model with parts removed"),
        _smaller("search", "an architecture searched for the hardware"),
        _smaller("sparsity", "a mixture of experts: fewer active parameters"),
        _smaller("quantisation", "weights in fewer bits"),
        _faster("compilation", "compiled graphs"),
        _faster("fusion", "fused kernels"),
        Change(
            name="drafting",
            meaning="speculative decoding",
            figures=(
                Parameter(key="tokens", meaning="tokens drafted per step", low=1.0, high=64.0, whole=True),
                Parameter(key="acceptance", meaning="share of drafted tokens that are accepted", high=1.0),
                Parameter(
                    key="cost",
                    meaning="cost of drafting a token and of verifying it at your batch, in steps of the model",
                    high=100.0,
                ),
                _ONE_OFF,
            ),
            needs=("tokens", "acceptance", "cost"),
            same_answers=True,
        ),
        Change(
            name="caching",
            meaning="a prefix cache",
            figures=(
                Parameter(key="hit", meaning="share of input tokens found in it", high=1.0),
                Parameter(key="share", meaning="share of the price that is prefill", high=1.0),
                Parameter(key="tier_usd", meaning="price of storing and fetching, per answer"),
                Parameter(key="input_tokens", meaning="input tokens of an answer", above=True),
                _ONE_OFF,
            ),
            needs=("hit", "share"),
            same_answers=True,
        ),
        Change(
            name="cascade",
            meaning="a weak model first, a strong one where that does not do",
            figures=(
                Parameter(key="weak_usd", meaning="price of an answer of the weak model"),
                Parameter(key="strong_usd", meaning="price of an answer of the strong one"),
                Parameter(key="escalated", meaning="share of answers that the strong one gives too", high=1.0),
                Parameter(key="router_usd", meaning="price of deciding, per answer"),
                Parameter(key="accuracy", meaning="share of answers that it gets right", high=1.0),
                _ONE_OFF,
            ),
            needs=("weak_usd", "strong_usd", "escalated"),
        ),
    )
}
"""Every change that can be priced, by its name."""

PARAMETERS: Final = tuple(one for change in CHANGES.values() for one in change.parameters)
"""Their figures, each `CHANGE_FIGURE`."""


def amdahl(share: float, gain: float) -> float:
    """Return how many times faster the whole is when `share` of its time gets `gain` times faster."""
    return 1.0 / ((1.0 - share) + share / gain)


def tokens_per_step(acceptance: float, drafted: int) -> float:
    """Return the tokens that a verified step yields: (1 - a^(g+1)) / (1 - a)."""
    return Policy(draft_tokens=drafted, draft_acceptance_fraction=acceptance).tokens_per_step


def speculative_speed_up(acceptance: float, drafted: int, cost: float) -> float:
    """Return how many times faster decode is: tokens per step over g c + 1 steps."""
    return tokens_per_step(acceptance, drafted) / (drafted * cost + 1.0)


def cascade_usd(weak: float, strong: float, escalated: float, router: float = 0.0) -> float:
    """Return what an answer of a cascade costs: c_weak + p c_strong + c_router."""
    return weak + escalated * strong + router


def payback_answers(one_off_usd: float, saving_usd: float) -> float | None:
    """Return after how many answers a one-off cost has paid back; None where an answer saves nothing."""
    return one_off_usd / saving_usd if saving_usd > 0.0 else None


def time_left(name: str, inputs: Inputs) -> float | None:
    """Return the share of an answer's time that change `name` leaves; None for one that is priced another way."""

    def of(key: str) -> float:
        return inputs[f"{name}_{key}"]

    if name == "cascade":
        return None
    if name == "drafting":
        return 1.0 / speculative_speed_up(of("acceptance"), round(of("tokens")), of("cost"))
    if name == "caching":
        return 1.0 - of("share") * of("hit")
    return 1.0 / amdahl(of("share") if f"{name}_share" in inputs else 1.0, of("gain"))


def changed_usd(name: str, inputs: Inputs) -> float | None:
    """Return the price of an answer after change `name`; None where the present price is not known."""
    if name == "cascade":
        weak, strong, escalated = (inputs[f"cascade_{key}"] for key in ("weak_usd", "strong_usd", "escalated"))
        return cascade_usd(weak, strong, escalated, inputs.get("cascade_router_usd", 0.0))
    left, price = time_left(name, inputs), inputs.get("usd_per_answer")
    if left is None or price is None:
        return None
    return price * left + (inputs.get("caching_tier_usd", 0.0) if name == "caching" else 0.0)


def changed_accuracy(name: str, inputs: Inputs) -> float | None:
    """Return the share of right answers after change `name`, within 0 and 1; None where that is not known."""
    if name == "cascade":
        return inputs.get("cascade_accuracy")
    accuracy = inputs.get("accuracy")
    lost = 0.0 if CHANGES[name].same_answers else inputs.get(f"{name}_points_lost")
    if accuracy is None or lost is None:
        return None
    return min(max(accuracy - lost / 100.0, 0.0), 1.0)
