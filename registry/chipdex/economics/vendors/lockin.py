"""What being stuck with a vendor costs: the way out, the discount that makes up for it, and the right to switch.

Over T years at the discount rate d, with bills that fall by g a year, a bill of 1 a year has the present value

    a(g) = sum over t = 1..T of (1 - g)^(t-1) / (1 + d)^t

and a closed option that is left with probability P after tau years, at the price C of switching, is worth

    NPV = open a(g_open) - closed a(g_closed) - P C / (1 + d)^tau

more than an open one. The discount it must give is the one at which that is nothing. The right to swap one bill for
another is an exchange option: W. Margrabe, The value of an option to exchange one asset for another, Journal of
Finance 33 (1978). Concentration is the index of Hirschman and Herfindahl.
"""

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Final

import attrs

from chipdex.economics.inputs import Given, Inputs, Parameter, settled
from chipdex.economics.sensitivity import Outcome
from chipdex.errors import InfeasibleError, OptionError
from chipdex.values import Value

_YEARS: Final = 50.0
_EGRESS: Final = "Azure's list price of early 2026, first 10 TB a month, as cloudtoolstack.com quotes it; Google's 0.12"

PARAMETERS: Final = (
    Parameter(key="open_usd_per_year", meaning="bill of the first year under the open option", above=True),
    Parameter(key="closed_usd_per_year", meaning="bill of the first year under the closed option"),
    Parameter(
        key="open_decline", meaning="fall of the open bill a year, as a share", default=0.0, high=0.99, usual=(0.0, 0.3)
    ),
    Parameter(
        key="closed_decline",
        meaning="fall of the closed bill a year, as a share",
        default=0.0,
        high=0.99,
        usual=(0.0, 0.3),
    ),
    Parameter(
        key="horizon_years",
        meaning="years that are compared",
        default=3.0,
        source="life of a server, EcoLogits",
        above=True,
        high=_YEARS,
    ),
    Parameter(key="discount_rate", meaning="interest a year, as a share", default=0.0, high=1.0, usual=(0.0, 0.15)),
    Parameter(key="leave_probability", meaning="chance that the closed option is left", high=1.0, usual=(0.0, 1.0)),
    Parameter(
        key="leave_years",
        meaning="when it would be left; unless said, at the end of the horizon",
        above=True,
        high=_YEARS,
    ),
    Parameter(key="engineer_months", meaning="work of moving"),
    Parameter(key="usd_per_engineer_month", meaning="what a month of an engineer costs"),
    Parameter(key="retune_usd", meaning="tuning kernels, formats and batches again"),
    Parameter(key="requalify_usd", meaning="evaluating and approving again"),
    Parameter(key="dual_running_usd_per_month", meaning="bill of running both meanwhile, a month"),
    Parameter(key="dual_running_months", meaning="how long both run"),
    Parameter(key="egress_gb", meaning="data that moves out"),
    Parameter(
        key="egress_usd_per_gb", meaning="price of moving it out", default=0.087, source=_EGRESS, usual=(0.087, 0.12)
    ),
    Parameter(key="stranded_capex_usd", meaning="worth of what cannot be used any more"),
    Parameter(
        key="resale_share", meaning="share of that which selling it brings", default=0.0, high=1.0, usual=(0.0, 0.3)
    ),
    Parameter(
        key="stay_usd",
        meaning="present value of the bills that the right to switch is about; unless said, of the closed option's "
        "after --leave-years",
    ),
    Parameter(
        key="move_usd", meaning="present value of the same bills elsewhere; unless said, of the open option's then"
    ),
    Parameter(key="volatility", meaning="yearly standard deviation of the logarithm of the ratio of both", high=10.0),
)
"""What `lockin` takes; nothing is needed, and what is not given is not answered."""

_PAIRS: Final[Mapping[str, str]] = {
    "engineer_months": "usd_per_engineer_month",
    "usd_per_engineer_month": "engineer_months",
    "dual_running_months": "dual_running_usd_per_month",
    "dual_running_usd_per_month": "dual_running_months",
    "stay_usd": "move_usd",
    "move_usd": "stay_usd",
}
_NOBODY: Final = NormalDist()


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Lockin(Value):
    """What is known of being stuck; None is what the inputs do not say, with what it lacks in `unanswered`.

    `parts` are those of the switching cost in USD, `discount` is the share of the open bill that the closed option
    must be cheaper by, `npv_usd` what the closed option is worth more than the open one over the horizon, and
    `right_to_switch_usd` what it is worth to be able to move the bills that are left without paying for it.
    """

    parts: Mapping[str, float]
    discount: float | None
    discount_offered: float | None
    npv_usd: float | None
    right_to_switch_usd: float | None
    right_to_switch_share: float | None
    unanswered: Mapping[str, str]

    @property
    def switching_usd(self) -> float | None:
        """What leaving costs; None where no part of it is given."""
        return sum(self.parts.values()) if self.parts else None

    @property
    def verdict(self) -> str | None:
        """Which option is worth more; None where the bills or the way out are not known."""
        if self.npv_usd is None:
            return None
        return "closed" if self.npv_usd > 0.0 else "open"


def lockin(inputs: Inputs | None = None, /, **figures: float) -> Lockin:
    """Return what being locked in costs, and what must make up for it: of settled inputs, or of figures by key.

    Raises OptionError for figures out of range and for half of a pair, InfeasibleError where the sums are beyond what
    numbers hold.
    """
    if inputs is None:
        inputs = settled(PARAMETERS, {key: Given(value, "given") for key, value in figures.items()})
    _check(inputs)
    return _found(inputs)


def _found(inputs: Inputs) -> Lockin:
    parts = switching_parts(inputs)
    worth, unanswered = _compared(inputs, parts)
    right, share, lacking = _right(inputs)
    if lacking:
        unanswered["right_to_switch_usd"] = lacking
    if not all(math.isfinite(one or 0.0) for one in (*parts.values(), *worth.values(), right)):
        raise InfeasibleError("These sums are beyond what numbers hold.", fix="Give figures of an ordinary size.")
    return Lockin(parts=parts, right_to_switch_usd=right, right_to_switch_share=share, unanswered=unanswered, **worth)


def _compared(inputs: Inputs, parts: Mapping[str, float]) -> tuple[dict[str, float | None], dict[str, str]]:
    """Return the discounts and the worth of the closed option, and what those lack that are not known."""
    unanswered = {} if parts else {"switching_usd": "a part of what leaving costs, such as --engineer-months"}
    switching, opened = sum(parts.values()), inputs.get("open_usd_per_year")
    closed = inputs.get("closed_usd_per_year")
    found: dict[str, float | None] = {
        "discount": None,
        "npv_usd": None,
        "discount_offered": None if opened is None or closed is None else 1.0 - closed / opened,
    }
    lacking = [inputs.parameters[key].option for key in _OF_DISCOUNT if key not in inputs]
    lacking += [] if parts else ["a part of what leaving costs"]
    if lacking:
        unanswered["discount"] = _and(lacking)
    else:
        found["discount"] = _discount(inputs, switching)
    if lacking or closed is None:
        unanswered["npv_usd"] = _and([*lacking, *(["--closed-usd-per-year"] if closed is None else [])])
    else:
        found["npv_usd"] = _npv(inputs, closed, switching)
    return found, unanswered


def _and(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


_OF_DISCOUNT: Final = ("open_usd_per_year", "leave_probability")


def entering(inputs: Inputs) -> Inputs:
    """Return the inputs without the price of egress, where it is a default and nothing is said to move."""
    idle = "egress_gb" not in inputs and inputs.figures["egress_usd_per_gb"].source.startswith("default")
    kept = {key: one for key, one in inputs.figures.items() if not (idle and key == "egress_usd_per_gb")}
    return Inputs(tuple(inputs.parameters.values()), kept)


def verdict(inputs: Inputs) -> Outcome:
    """Return the margin of a sensitivity: the worth of the closed option, else the discount that it must give.

    Raises OptionError where neither is known.
    """
    found = _found(inputs)
    if found.npv_usd is not None:
        return Outcome(winner=str(found.verdict), margin=found.npv_usd)
    if found.discount is None:
        raise OptionError(
            "A sensitivity needs a discount to move.", fix=f"Give {found.unanswered['discount']} as well."
        )
    return Outcome(winner="open", margin=found.discount)


def switching_parts(inputs: Inputs) -> dict[str, float]:
    """Return what leaving costs, in USD by part; parts that nothing is given for are absent."""
    sold = 1.0 - inputs["resale_share"]
    parts = {
        "engineers": _product(inputs, "engineer_months", "usd_per_engineer_month"),
        "re-tuning": inputs.get("retune_usd"),
        "requalifying": inputs.get("requalify_usd"),
        "dual running": _product(inputs, "dual_running_usd_per_month", "dual_running_months"),
        "egress": _product(inputs, "egress_gb", "egress_usd_per_gb"),
        "stranded capex": None if "stranded_capex_usd" not in inputs else inputs["stranded_capex_usd"] * sold,
    }
    return {name: usd for name, usd in parts.items() if usd is not None}


def exchange_option(gained: float, given_up: float, volatility: float, years: float) -> float:
    """Return the worth of the right to swap an asset of `given_up` for one of `gained`, `years` from now (Margrabe).

    `volatility` is the yearly standard deviation of the logarithm of their ratio; neither pays anything meanwhile.
    """
    spread, now = volatility * math.sqrt(years), max(gained - given_up, 0.0)
    if spread == 0.0 or gained == 0.0 or given_up == 0.0:
        return now
    high = (math.log(gained) - math.log(given_up) + spread**2 / 2.0) / spread
    return max(gained * _NOBODY.cdf(high) - given_up * _NOBODY.cdf(high - spread), now)


def _product(inputs: Inputs, one: str, other: str) -> float | None:
    return inputs[one] * inputs[other] if one in inputs and other in inputs else None


def _check(inputs: Inputs) -> None:
    for given, lacking in _PAIRS.items():
        if given in inputs and lacking not in inputs:
            one, other = inputs.parameters[given], inputs.parameters[lacking]
            raise OptionError(
                f"{one.option} is given without {other.option}.", fix=f"Give {other.option}: {other.meaning}."
            )
    if inputs.get("leave_years", 0.0) > inputs["horizon_years"]:
        raise OptionError(
            f"--leave-years {inputs['leave_years']:g} is after the {inputs['horizon_years']:g} years compared.",
            fix="Give a longer --horizon-years, or leave earlier.",
        )


def _leaves(inputs: Inputs) -> float:
    """Return when the closed option would be left: within the horizon, however short a sensitivity makes that."""
    return min(inputs.get("leave_years", math.inf), inputs["horizon_years"])


def _worth(inputs: Inputs, decline: str, start: float = 0.0) -> float:
    """Return the present value of a bill of 1 in the first year from `start` to the horizon: a(g)."""
    rate = 1.0 + inputs["discount_rate"]
    gap = 1.0 - (1.0 - inputs[decline]) / rate

    def until(years: float) -> float:
        return (years if gap == 0.0 else -math.expm1(years * math.log1p(-gap)) / gap) / rate

    return until(inputs["horizon_years"]) - (until(start) if start else 0.0)


def _left(inputs: Inputs, switching: float) -> float:
    """Return what leaving is expected to cost, in today's money."""
    today: float = (1.0 + inputs["discount_rate"]) ** -_leaves(inputs)
    return inputs["leave_probability"] * switching * today


def _npv(inputs: Inputs, closed: float, switching: float) -> float:
    opened = inputs["open_usd_per_year"] * _worth(inputs, "open_decline")
    return opened - closed * _worth(inputs, "closed_decline") - _left(inputs, switching)


def _discount(inputs: Inputs, switching: float) -> float:
    """Return the discount at which the closed option is worth as much as the open one: the worth is linear in it."""
    at_par = _npv(inputs, inputs["open_usd_per_year"], switching)
    return -at_par / (inputs["open_usd_per_year"] * _worth(inputs, "closed_decline"))


def _right(inputs: Inputs) -> tuple[float | None, float | None, str]:
    """Return the worth of the right to switch, its share of the bills that it is about, and what is lacking."""
    if "volatility" not in inputs:
        return None, None, "--volatility"
    years = _leaves(inputs)
    if "stay_usd" in inputs:
        stay, move = inputs["stay_usd"], inputs["move_usd"]
    elif "open_usd_per_year" not in inputs or "closed_usd_per_year" not in inputs:
        return None, None, "--open-usd-per-year and --closed-usd-per-year, or --stay-usd and --move-usd"
    elif years >= inputs["horizon_years"]:
        return None, None, "--leave-years before the end of --horizon-years, or --stay-usd and --move-usd"
    else:
        stay = inputs["closed_usd_per_year"] * _worth(inputs, "closed_decline", years)
        move = inputs["open_usd_per_year"] * _worth(inputs, "open_decline", years)
    worth = exchange_option(stay, move, inputs["volatility"], years)
    return worth, worth / stay if stay else None, ""
