"""A model over its life: training against serving, its size, tuning against a longer prompt, and reasoning.

What is given decides which of these are answered; `NEEDS` says what each one asks for.

    life     C_train + C_tune + sum of V_t c_t / (1 + d)^t, and when the sum passes what was spent before (`spending`)
    size     least 6 N D + 2 N D_inf at equal loss, in FLOP, and in USD with each term at its own MFU and price
             (`scaling`)
    tuning   C_tune / (dL_in c_in (1 - h) - e) requests pay for the tuning that makes the prompt dL_in tokens shorter
             and the rest of a request dearer by e
    length   what a request costs with x times the output tokens, a token q(x) times as much as it did
"""

from collections.abc import Mapping
from typing import Final

import attrs

from chipdex.economics.inputs import Given, Inputs, settled
from chipdex.economics.lives import sizes
from chipdex.economics.lives.inputs import PARAMETERS
from chipdex.economics.lives.lengths import Length, lengths
from chipdex.economics.lives.scaling import train_flop
from chipdex.economics.lives.sizes import Sizes
from chipdex.economics.lives.spending import DAYS_PER_YEAR, Ledger, Passing, Stream, continuous, passing
from chipdex.economics.sensitivity import Judge, Outcome
from chipdex.errors import OptionError
from chipdex.values import Value

NEEDS: Final[Mapping[str, str]] = {
    "training": "--train-usd, or --train-hours and --usd-per-hour, or these with --params-b: --train-tokens-b, "
    "--peak-tflops, --train-mfu and --usd-per-hour",
    "serving": "what training needs, and --serve-usd-per-day, or --requests-per-day with --usd-per-request, or with "
    "--input-tokens, --output-tokens and their prices",
    "energy": "--train-kwh and --kwh-per-request",
    "size": "--params-b, and --serve-tokens-b, or --requests-per-day with --input-tokens and --output-tokens",
    "size in USD": "--peak-tflops, --usd-per-hour, --train-mfu and --serve-mfu, with what the size needs",
    "tuning": "--tune-usd, --prompt-tokens and --usd-per-million-input",
    "length": "--reasoning-factor and --output-tokens, with --usd-per-million-output or --kwh-per-request",
}
"""Question -> the options that answer it."""

SIGNS: Final[Mapping[str, frozenset[str]]] = {
    "training": frozenset({"train_hours", "usd_per_request", "serve_usd_per_day"}),
    "serving": frozenset({"usd_per_request", "requests_per_day"}),
    "energy": frozenset({"train_kwh", "tune_kwh"}),
    "size": frozenset({"params_b", "other_params_b", "serve_tokens_b"}),
    "size in USD": frozenset({"train_mfu"}),
    "tuning": frozenset({"prompt_tokens"}),
    "length": frozenset({"reasoning_factor"}),
}
"""Question -> inputs that are given by those who ask it."""

_TWICE: Final = (
    ("train_usd", "train_hours", "what training costs"),
    ("serve_usd_per_day", "usd_per_request", "what serving costs"),
)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Tuning(Value):
    """Tuning against a longer prompt: what a request saves, and when that has paid for the tuning.

    `stream` is what each day saves, `saved_usd` what the life does, the tuning paid; None where no demand says.
    """

    tune_usd: float
    usd_per_request: float
    stream: Stream | None
    pays: Passing
    saved_usd: float | None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Lifetime(Value):
    """The answers; None is a question whose inputs are not all given."""

    money: Ledger | None = None
    energy: Ledger | None = None
    size: Sizes | None = None
    tuning: Tuning | None = None
    length: tuple[Length, ...] | None = None

    @property
    def unanswered(self) -> tuple[str, ...]:
        """The questions, as in NEEDS, that the inputs do not answer."""
        known: dict[str, object] = {
            "training": self.money,
            "serving": None if self.money is None else self.money.serving,
            "energy": self.energy,
            "size": self.size,
            "size in USD": None if self.size is None else self.size.model.prices,
            "tuning": self.tuning,
            "length": self.length,
        }
        return tuple(question for question, answer in known.items() if answer is None)


def lifetime(inputs: Inputs | None = None, /, **figures: float) -> Lifetime:
    """Return what settled inputs, or figures by key, answer of a model's life.

    Raises OptionError for figures that are out of range, that contradict each other, or that answer nothing, and
    InfeasibleError for another size that cannot reach the loss.
    """
    if inputs is None:
        inputs = settled(PARAMETERS, {key: Given(value, "given") for key, value in figures.items()})
    for one, other, what in _TWICE:
        if one in inputs and other in inputs:
            names = " and ".join(inputs.parameters[key].option for key in (one, other))
            raise OptionError(f"{names} both say {what}.", fix="Give one of them.")
    found = Lifetime(
        money=_money(inputs),
        energy=_energy(inputs),
        size=sizes.sizes(inputs),
        tuning=_tuning(inputs),
        length=lengths(inputs, usd_per_request(inputs)),
    )
    if len(found.unanswered) == len(NEEDS):
        wanted = asked(inputs, found) or [question for question in NEEDS if question != "serving"]
        ways = "; ".join(f"{question}: {NEEDS[question]}" for question in wanted)
        raise OptionError("These inputs answer no question of a model's life.", fix=f"Give, for {ways}.")
    if found.size is not None:
        found.size.check()
    return found


def asked(inputs: Inputs, found: Lifetime) -> list[str]:
    """Return the questions that some input asks, and that the inputs do not answer; serving, once training is known."""
    known = found.money is not None
    asks = [question for question in found.unanswered if SIGNS[question].intersection(inputs)]
    return [question for question in asks if known or question != "serving"]


def usd_per_request(inputs: Inputs) -> float | None:
    """Return what a request of the first day costs; None where neither it, nor its tokens and their prices, are given.

    Tokens without a price, or a price without tokens, are not free: both sides have to be known.
    """
    if "usd_per_request" in inputs:
        return inputs["usd_per_request"]
    if "serve_usd_per_day" in inputs:
        return inputs["serve_usd_per_day"] / inputs["requests_per_day"] if "requests_per_day" in inputs else None
    sides = [
        (inputs.get(f"{side}_tokens"), inputs.get(f"usd_per_million_{side}"), paid)
        for side, paid in (("input", 1.0 - inputs["cached_share"]), ("output", 1.0))
    ]
    costs = [tokens * usd * paid / 1e6 for tokens, usd, paid in sides if tokens is not None and usd is not None]
    return sum(costs) if len(costs) == len(sides) else None


def training_usd(inputs: Inputs) -> float | None:
    """Return what training costs: as given, by its hours, or by its operations; None where nothing says."""
    if "train_usd" in inputs:
        return inputs["train_usd"]
    if "usd_per_hour" not in inputs:
        return None
    if "train_hours" in inputs:
        return inputs["train_hours"] * inputs["usd_per_hour"]
    usd = sizes.usd_per_flop(inputs, "train")
    if usd is None or "params_b" not in inputs or "train_tokens_b" not in inputs:
        return None
    return train_flop(inputs["params_b"] * 1e9, inputs["train_tokens_b"] * 1e9) * usd


def _money(inputs: Inputs) -> Ledger | None:
    train = training_usd(inputs)
    if train is None:
        return None
    return Ledger(
        unit="USD",
        train=train,
        tune=inputs.get("tune_usd", 0.0),
        each=usd_per_request(inputs),
        stream=_spent(inputs),
        requests=requests(inputs),
        life_days=inputs["life_years"] * DAYS_PER_YEAR,
    )


def _energy(inputs: Inputs) -> Ledger | None:
    if "train_kwh" not in inputs or "kwh_per_request" not in inputs:
        return None
    demand = requests(inputs)
    fall = -continuous(-inputs["energy_decline"]) - continuous(inputs["demand_growth"])
    each = inputs["kwh_per_request"]
    return Ledger(
        unit="kWh",
        train=inputs["train_kwh"],
        tune=inputs.get("tune_kwh", 0.0),
        each=each,
        stream=None if demand is None else Stream(first=demand.first * each, fall=fall),
        requests=demand,
        life_days=inputs["life_years"] * DAYS_PER_YEAR,
    )


def requests(inputs: Inputs) -> Stream | None:
    """Return the requests of each day; None where no demand is given."""
    if "requests_per_day" not in inputs:
        return None
    return Stream(first=inputs["requests_per_day"], fall=-continuous(inputs["demand_growth"]))


def _spent(inputs: Inputs) -> Stream | None:
    """Return what serving costs each day, in today's money."""
    each = usd_per_request(inputs)
    if "serve_usd_per_day" in inputs:
        return _valued(inputs, inputs["serve_usd_per_day"])
    if each is None or "requests_per_day" not in inputs:
        return None
    return _valued(inputs, each * inputs["requests_per_day"])


def _valued(inputs: Inputs, usd: float) -> Stream:
    """Return a stream of money that demand, prices and interest change."""
    rates = (inputs["cost_of_capital"], -inputs["price_decline"], inputs["demand_growth"])
    interest, price, growth = map(continuous, rates)
    return Stream(first=usd, fall=interest - price - growth)


def _tuning(inputs: Inputs) -> Tuning | None:
    if any(key not in inputs for key in ("tune_usd", "prompt_tokens", "usd_per_million_input")):
        return None
    prompt = inputs["prompt_tokens"] * inputs["usd_per_million_input"] * (1.0 - inputs["cached_share"]) / 1e6
    each = prompt - inputs["tuned_usd_per_request"]
    demand = requests(inputs)
    saved = None if demand is None else _valued(inputs, demand.first * each)
    return Tuning(
        tune_usd=inputs["tune_usd"],
        usd_per_request=each,
        stream=saved,
        pays=passing(inputs["tune_usd"], "USD", each=each, stream=saved, requests=demand) or Passing(),
        saved_usd=None if saved is None else saved.until(inputs["life_years"] * DAYS_PER_YEAR) - inputs["tune_usd"],
    )


def judges(found: Lifetime) -> dict[str, Judge]:
    """Return, by question, who wins and by how much: for the questions that have two sides, what a sensitivity asks.

    Margins: USD or kWh that serving spends beyond training and tuning; the cost of the model over that of the other
    size, less 1; USD that tuning saves over the life.
    """
    two_sided = {
        "training": (found.money is not None and found.money.serving is not None, _judge_money),
        "energy": (found.energy is not None and found.energy.serving is not None, _judge_energy),
        "size": (found.size is not None and found.size.other is not None, _judge_size),
        "tuning": (found.tuning is not None and found.tuning.saved_usd is not None, _judge_tuning),
    }
    return {question: judge for question, (asked, judge) in two_sided.items() if asked}


def _judge_money(inputs: Inputs) -> Outcome:
    return _outcome(_beyond(_money(inputs)), "serving", "training")


def _judge_energy(inputs: Inputs) -> Outcome:
    return _outcome(_beyond(_energy(inputs)), "serving", "training")


def _judge_size(inputs: Inputs) -> Outcome:
    found = sizes.sizes(inputs)
    return _outcome(0.0 if found is None else found.ratio, "the other", "the model")


def _judge_tuning(inputs: Inputs) -> Outcome:
    found = _tuning(inputs)
    return _outcome(0.0 if found is None or found.saved_usd is None else found.saved_usd, "tuning", "the prompt")


def _beyond(ledger: Ledger | None) -> float:
    return 0.0 if ledger is None or ledger.serving is None else ledger.serving - ledger.once


def _outcome(margin: float, first: str, second: str) -> Outcome:
    return Outcome(winner=first if margin > 0.0 else second, margin=margin)
