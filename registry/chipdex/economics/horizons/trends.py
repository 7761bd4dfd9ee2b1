"""What time does to the inputs of a decision: which fall, which grow, by which rate a year, and who says so.

An input that is not in `TRENDS` holds: electricity, people, the site, carbon of the grid. After t years a figure is
multiplied by

    (1 - r)^t    a fall r a year
    (1 + r)^-t   a gain r a year of what a dollar, or a joule, buys
    (1 + r)^t    a growth r a year

and stays within what the input may be.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import attrs

from chipdex.economics.inputs import Inputs, Parameter
from chipdex.values import Value

_EPOCH: Final = "Epoch AI, Machine Learning Hardware, epoch.ai/data/machine-learning-hardware"
_INDEX: Final = "AI Index 2025, hai.stanford.edu/ai-index/2025-ai-index-report"
_CHEAPER: Final = 1.0 - 1.0 / 1.30
_HOSTED: Final = 1.0 - (0.07 / 20.0) ** (12.0 / 23.0)
"""From 20 to 0.07 USD per million tokens of one quality between November 2022 and October 2024."""

RENT_FALL: Final = "rent_fall"
HARDWARE_GAIN: Final = "hardware_gain"
EFFICIENCY_GAIN: Final = "efficiency_gain"
TOKEN_PRICE_FALL: Final = "token_price_fall"  # noqa: S105 - a token of a model
DEMAND_GROWTH: Final = "demand_growth"

RATES: Final = (
    Parameter(
        key=RENT_FALL,
        meaning="fall of rents a year, as a share, and of what serving on rented hardware costs",
        default=_CHEAPER,
        source="as new hardware of the same speed gets cheaper; up to the 44 % by which AWS cut H100 in June 2025, "
        "costnimbus.com/article/gpu-cost-management-ml-teams",
        low=-1.0,
        high=0.99,
        usual=(0.0, 0.44),
    ),
    Parameter(
        key=HARDWARE_GAIN,
        meaning="rise of performance per dollar of new hardware a year, as a share",
        default=0.30,
        source=f"{_EPOCH}; from the 18 % of memory bandwidth (doubled in 4.1 years, Epoch AI, Trends in Machine "
        "Learning Hardware) to 43 % (30 % cheaper a year)",
        high=10.0,
        usual=(0.18, 0.43),
    ),
    Parameter(
        key=EFFICIENCY_GAIN,
        meaning="rise of work per joule of new hardware a year, as a share",
        default=0.40,
        source=f"{_INDEX}; up to the 50 % of leading chips, Epoch AI",
        high=10.0,
        usual=(0.40, 0.50),
    ),
    Parameter(
        key=TOKEN_PRICE_FALL,
        meaning="fall of prices of hosted tokens of one quality a year, as a share",
        default=_CHEAPER,
        source=f"as hardware gets cheaper; up to 286-fold in 23 months, {_INDEX}",
        high=0.999,
        usual=(0.0, _HOSTED),
    ),
    Parameter(
        key=DEMAND_GROWTH,
        meaning="growth of demand a year, as a share: 1 doubles it; unless said, demand stays",
        low=-0.99,
        high=100.0,
    ),
)
"""Rates a year, shared by all decisions."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Trend(Value):
    """The rate that an input follows; `stated_by` is the input of a decision that says it, where that is given."""

    rate: str
    stated_by: str = ""


def _all(rate: str, stated_by: str, *keys: str) -> dict[str, tuple[Trend, ...]]:
    return dict.fromkeys(keys, (Trend(rate=rate, stated_by=stated_by),))


def _bill(stated_by: str) -> tuple[Trend, ...]:
    return Trend(rate=RENT_FALL, stated_by=stated_by), Trend(rate=DEMAND_GROWTH, stated_by=DEMAND_GROWTH)


TRENDS: Final[Mapping[str, tuple[Trend, ...]]] = {
    **_all(RENT_FALL, "rent_decline", "rent_usd_per_hour", "reserve_usd_per_hour", "lease_usd_per_month"),
    **_all(RENT_FALL, "", "usd_per_hour", "usd_per_busy_hour", "serve_usd_per_hour"),
    **_all(RENT_FALL, "", "on_demand_factor", "spot_factor", "committed_factor"),
    **_all(RENT_FALL, "", "usd_per_answer", "new_usd_per_answer", "cascade_weak_usd", "cascade_strong_usd"),
    **_all(RENT_FALL, "", "cascade_router_usd", "caching_tier_usd"),
    **_all(RENT_FALL, "price_decline", "usd_per_request", "tuned_usd_per_request"),
    **_all(TOKEN_PRICE_FALL, "", "usd_per_million_input_tokens", "usd_per_million_output_tokens"),
    **_all(TOKEN_PRICE_FALL, "price_decline", "usd_per_million_input", "usd_per_million_output"),
    **_all(HARDWARE_GAIN, "yearly_gain", "capex_usd"),
    **_all(HARDWARE_GAIN, "", "train_usd", "tune_usd"),
    **_all(EFFICIENCY_GAIN, "", "power_kw", "power_w", "j_per_request", "wh_per_request", "other_g_per_request"),
    **_all(EFFICIENCY_GAIN, "", "train_kwh", "tune_kwh"),
    **_all(EFFICIENCY_GAIN, "energy_decline", "kwh_per_request"),
    **_all(DEMAND_GROWTH, DEMAND_GROWTH, "utilisation", "requests_per_month", "requests_per_day", "demand_factor"),
    **_all(DEMAND_GROWTH, DEMAND_GROWTH, "answers", "offered_load", "rate_factor"),
    "serve_usd_per_day": _bill("price_decline"),
    "open_usd_per_year": _bill("open_decline"),
    "closed_usd_per_year": _bill("closed_decline"),
}
"""Input -> what it follows; the inputs of a tier go by their names without the tier's."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Moving(Value):
    """An input that time moves, the rate that it follows, and whether that is an input of the decision itself."""

    key: str
    rate: str
    own: bool


def trends_of(key: str, tiers: Sequence[str] = ()) -> tuple[Trend, ...]:
    """Return what an input follows; its key may begin with the name of a tier."""
    start = next((f"{tier}_" for tier in tiers if key.startswith(f"{tier}_")), "")
    return TRENDS.get(key.removeprefix(start), ())


def movings(inputs: Inputs, rates: Inputs, tiers: Sequence[str] = ()) -> tuple[Moving, ...]:
    """Return what time moves of `inputs`, each at the rate that the decision states, else at the one of `rates`.

    An input whose rate nobody knows holds, and so does one of nothing.
    """
    found = []
    for key in (key for key in inputs if inputs[key]):
        for trend in trends_of(key, tiers):
            stated = trend.stated_by
            if stated in inputs and not inputs.figures[stated].source.startswith("default"):
                found.append(Moving(key=key, rate=stated, own=True))
            elif trend.rate in rates:
                found.append(Moving(key=key, rate=trend.rate, own=False))
    return tuple(found)


def moved(inputs: Inputs, rates: Mapping[str, float], moving: Iterable[Moving], years: float) -> Inputs:
    """Return the inputs after `years`; `rates` are those that are none of the decision's own."""
    figures: dict[str, float] = {}
    for one in moving:
        rate = inputs[one.rate] if one.own else rates[one.rate]
        parameter = inputs.parameters[one.key]
        value = figures.get(one.key, inputs[one.key]) * factor(one.rate, rate, years)
        figures[one.key] = min(max(value, parameter.low), parameter.high)
    return inputs.replaced(**figures)


def factor(name: str, rate: float, years: float) -> float:
    """Return what `years` at a rate a year multiply by: a gain divides, a growth multiplies, all else is a fall."""
    if name.endswith("_gain"):
        return float((1.0 + rate) ** -years)
    return float((1.0 + rate if name.endswith("_growth") else 1.0 - rate) ** years)
