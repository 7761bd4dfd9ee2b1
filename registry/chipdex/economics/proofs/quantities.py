"""What a published fact can be computed with: quantities by name, which call the functions that the commands call.

A quantity takes numbers whose keys carry their units, names of records, or one number for each of several, and gives
one number. Those of records take the registry first.
"""

import datetime as dt
import math
from collections.abc import Callable, Mapping
from typing import Final

from chipdex.domain import TokenPrice, usd_of_request
from chipdex.economics.accuracy.changes import speculative_speed_up, tokens_per_step
from chipdex.economics.accuracy.effects import per_device
from chipdex.economics.accuracy.formats import Loss, losses
from chipdex.economics.fleets.choices import ON_DEMAND, Choice
from chipdex.economics.fleets.fleet import Fleet
from chipdex.economics.fleets.slices import assigned
from chipdex.economics.footprints.carbon import Carbon, carbon, embodied_g, energy_wh, operational_g
from chipdex.economics.footprints.embodied import EMBODIED_KG
from chipdex.economics.footprints.footprint import J_PER_WH, Boundary
from chipdex.economics.lives.scaling import Fit, serve_flop, train_flop
from chipdex.economics.lives.spending import Ledger
from chipdex.economics.owning import own
from chipdex.economics.proofs.record_quantities import achieved_tflops, device_figure_ratio, measured, peak_ratio
from chipdex.economics.queueing import Queue
from chipdex.errors import InfeasibleError, OptionError

Numbers = tuple[float, ...]

PER: Final = "per_"
"""What the keys of `quotient` and its kin begin with that are divided by."""

_GRAMS_PER_TONNE: Final = 1e6
_WH_PER_MWH: Final = 1e6
_WH_PER_KWH: Final = 1000.0
_MOST_SLICES: Final = 1000


def quotient(**figures: float) -> float:
    """Return the product of all figures but those called `per_...`, over the product of these."""
    over = math.prod(one for key, one in figures.items() if key.startswith(PER))
    return math.prod(one for key, one in figures.items() if not key.startswith(PER)) / over


def percent(**figures: float) -> float:
    """Return a quotient in per cent."""
    return 100.0 * quotient(**figures)


def percent_saved(**figures: float) -> float:
    """Return what a quotient leaves of the whole, in per cent."""
    return 100.0 - percent(**figures)


def total(**figures: float) -> float:
    """Return the sum of all figures."""
    return math.fsum(figures.values())


def wait_probability(servers: float, offered_load: float) -> float:
    """Return the share of arrivals that wait in M/M/c."""
    return Queue(servers=_whole("servers", servers), offered_load=offered_load).wait_probability


def mean_wait(servers: float, offered_load: float, scv_service: float = 1.0, scv_arrival: float = 1.0) -> float:
    """Return the mean time in the queue, in times of service."""
    return Queue(
        servers=_whole("servers", servers), offered_load=offered_load, scv_service=scv_service, scv_arrival=scv_arrival
    ).mean_wait


def autoscaled_replicas(replicas: float, metric: float, target: float, tolerance_fraction: float = 0.1) -> float:
    """Return the replicas that the horizontal autoscaler of Kubernetes asks for."""
    ratio = metric / target
    return replicas if abs(ratio - 1.0) <= tolerance_fraction else float(math.ceil(replicas * ratio - 1e-9))


def usd_per_million_tokens(usd_per_hour: float, tokens_per_s: float) -> float:
    """Return what a million tokens cost on rented hardware."""
    ways = own(capex_usd=1.0, rent_usd_per_hour=usd_per_hour, tokens_per_s=tokens_per_s).ways
    return _figure(next(one.usd_per_million_tokens for one in ways if one.way == "rent"))


def tokens_usd(
    input_tokens: float,
    cached_input_tokens: float,
    output_tokens: float,
    usd_per_million_input_tokens: float,
    usd_per_million_cache_read_tokens: float,
    usd_per_million_output_tokens: float,
) -> float:
    """Return what an API charges for tokens, those of the input that it found in its cache among them."""
    price = TokenPrice(
        id="fact/price",
        provider="fact",
        model="price",
        as_of=dt.date.min,
        usd_per_million_input_tokens=usd_per_million_input_tokens,
        usd_per_million_cache_read_tokens=usd_per_million_cache_read_tokens,
        usd_per_million_output_tokens=usd_per_million_output_tokens,
    )
    return _figure(
        usd_of_request(
            price, input_tokens=input_tokens, cached_input_tokens=cached_input_tokens, output_tokens=output_tokens
        )
    )


def margin_percent(
    revenue_usd: float, nodes: float, devices_per_node: float, hours: float, usd_per_device_hour: float
) -> float:
    """Return what is earned on top of the rent of the hardware, in per cent of it."""
    return 100.0 * (revenue_usd / (nodes * devices_per_node * hours * usd_per_device_hour) - 1.0)


def break_even_hours(capex_usd: float, rent_usd_per_hour: float, own_usd_per_hour: float = 0.0) -> float:
    """Return the hours of use after which buying has paid."""
    found = own(capex_usd=capex_usd, rent_usd_per_hour=rent_usd_per_hour, own_usd_per_hour=own_usd_per_hour)
    if found.break_even_hours is None:
        raise InfeasibleError(f"Buying never pays: {found.never}.")
    return found.break_even_hours


def fleet_usd_per_hour(devices: Numbers, usd_per_hour: Numbers) -> float:
    """Return what a fleet of several devices costs: their numbers, and what one of each costs."""
    choices = tuple(
        Choice(name=str(number), way=ON_DEMAND, term=ON_DEMAND, requests_per_s=1.0, usd_per_hour=usd)
        for number, usd in enumerate(usd_per_hour)
    )
    if len(devices) != len(choices):
        raise OptionError(f"There are {len(devices)} numbers of devices and {len(choices)} prices.")
    running = tuple((_whole("devices", count),) for count in devices)
    return Fleet(choices=choices, running=running, batch=(0.0,), starts_usd=0.0, gap=0.0).usd


def cheapest_mix_usd_per_hour(usd_per_hour: Numbers, requests_per_s: Numbers, mix: Numbers, rate_per_s: float) -> float:
    """Return what the cheapest mix of devices costs that holds a rate of requests of several sizes.

    `requests_per_s` are what the first device holds of each size, then what the second does, and so on.
    """
    sizes, kinds = len(mix), len(usd_per_hour)
    if len(requests_per_s) != sizes * kinds or sizes > _MOST_SLICES:
        raise OptionError(
            f"requests_per_s has {len(requests_per_s)} numbers where {sizes} sizes on {kinds} devices make "
            f"{sizes * kinds}; at most {_MOST_SLICES:,} sizes can be placed."
        )
    names = [str(number) for number in range(kinds)]
    shares = {
        name: [
            rate_per_s * share / rate if rate else math.inf
            for share, rate in zip(mix, requests_per_s[number * sizes : (number + 1) * sizes], strict=True)
        ]
        for number, name in enumerate(names)
    }
    return assigned(dict(zip(names, usd_per_hour, strict=True)), shares)[1]


def j_per_token(power_w: float, tokens_per_s: float) -> float:
    """Return joules per token of a draw and a rate."""
    return energy_wh(power_w, 1.0 / tokens_per_s) * J_PER_WH


def facility_wh(accelerators_wh: float, host_wh: float, idle_wh: float, overhead_wh: float) -> float:
    """Return the energy of a request at the site, of its parts."""
    return _figure(_site(accelerators_wh, host_wh, idle_wh, overhead_wh).of(Boundary.FACILITY).wh)


def facility_ratio(accelerators_wh: float, host_wh: float, idle_wh: float, overhead_wh: float) -> float:
    """Return the energy of a request at the site over that of the accelerators."""
    return facility_wh(accelerators_wh, host_wh, idle_wh, overhead_wh) / accelerators_wh


def operational_t(mwh: float, g_per_kwh: float) -> float:
    """Return tonnes of CO2-equivalent of electricity."""
    return operational_g(mwh * _WH_PER_MWH, g_per_kwh) / _GRAMS_PER_TONNE


def on_site_water_ml(wh: float, wue_on_site_l_per_kwh: float) -> float:
    """Return the water at the site for the energy of its computers."""
    energy = {"wh_per_request": wh, "idle_share": 0.0, "pue": 1.0}
    found = carbon(boundary=Boundary.NODE, wue_on_site_l_per_kwh=wue_on_site_l_per_kwh, **energy)
    return _figure(found.water.on_site_ml)


def grid_g_per_kwh(emissions_t: float, device_hours: float, device_w: float) -> float:
    """Return the intensity of the grid that emissions of a run of devices imply."""
    kwh = energy_wh(device_w, device_hours * 3600.0) / _WH_PER_KWH
    return emissions_t * _GRAMS_PER_TONNE / kwh


def sci_embodied_g(embodied_kg: float, hours: float, life_years: float, share: float = 1.0) -> float:
    """Return grams of the making for hours of a life: M of the Software Carbon Intensity."""
    return embodied_g(embodied_kg, seconds=hours * 3600.0, life_years=life_years, share=share)


def embodied_percent(embodied_kg: float, operational_kg: float) -> float:
    """Return the part of the making in a life cycle, in per cent."""
    whole_life = carbon(
        boundary=Boundary.FACILITY,
        wh_per_request=_WH_PER_MWH,
        g_per_kwh=operational_kg,
        embodied_kg=embodied_kg,
        seconds_per_request=3600.0 * 8760.0,
        life_years=1.0,
        utilisation=1.0,
        embodied_devices=1.0,
        devices=1.0,
    )
    return 100.0 * _figure(whole_life.embodied_share_by_location)


def embodied_kg(device: str, devices: float) -> float:
    """Return what making so many devices emitted, by the figures that `carbon` uses."""
    if device not in EMBODIED_KG:
        raise InfeasibleError(f"What making {device} emitted is not known.")
    return EMBODIED_KG[device].value * devices


def requests_of_training(train_kwh: float, tune_kwh: float, kwh_per_request: float) -> float:
    """Return the requests that take as much energy as training and tuning did."""
    ledger = Ledger(unit="kWh", train=train_kwh, tune=tune_kwh, each=kwh_per_request, life_days=1.0)
    crossing = ledger.crossing
    return _figure(None if crossing is None else crossing.requests)


def training_flop_saved(
    params: float, served_tokens: float, size: float, data: float, alpha: float, beta: float
) -> float:
    """Return the operations that a smaller model of the same loss, trained for longer, saves over its life."""
    fit = Fit(size=size, data=data, alpha=alpha, beta=beta)
    tokens = fit.balanced_tokens(params)
    smaller, more = fit.cheapest(fit.excess(params, tokens), served_tokens)
    return sum(
        sign * (train_flop(of, seen) + serve_flop(of, served_tokens))
        for sign, of, seen in ((1.0, params, tokens), (-1.0, smaller, more))
    )


def perplexity_rise(model: str, format: str) -> float:  # noqa: A002 - what `quality` calls it
    """Return how much a number format adds to a model's perplexity, by the figures that `quality` uses."""
    return _figure(_loss(model, format).perplexity_rise)


def relative_rise_ratio(model: str, other_model: str, format: str) -> float:  # noqa: A002 - likewise
    """Return how many times more of its perplexity one model loses to a format than another."""
    rise, other = (_figure(_loss(one, format).relative_rise) for one in (model, other_model))
    return rise / other


def tokens_per_drafted_step(acceptance_fraction: float, draft_tokens: float) -> float:
    """Return the tokens that a verified step yields."""
    return tokens_per_step(acceptance_fraction, _whole("draft_tokens", draft_tokens))


def drafting_speed_up(acceptance_fraction: float, draft_tokens: float, draft_cost_fraction: float) -> float:
    """Return how many times faster decode is with drafted tokens, drafting them counted."""
    return speculative_speed_up(acceptance_fraction, _whole("draft_tokens", draft_tokens), draft_cost_fraction)


def per_device_gain(tokens_per_s: float, devices: float, before_tokens_per_s: float, before_devices: float) -> float:
    """Return how many times the throughput of one device is what it was."""
    return per_device(
        tokens_per_s,
        _whole("devices", devices),
        before_tokens_per_s,
        _whole("before_devices", before_devices),
    )


def _figure(value: float | None) -> float:
    """Return what a command leaves unknown as no number, which no fact is within."""
    return math.nan if value is None else value


def _whole(key: str, value: float) -> int:
    if value != int(value):
        raise OptionError(f"{key} is {value:g}, where a whole number is needed.")
    return int(value)


def _site(accelerators_wh: float, host_wh: float, idle_wh: float, overhead_wh: float) -> Carbon:
    node = accelerators_wh + host_wh
    return carbon(
        boundary=Boundary.ACCELERATORS,
        wh_per_request=accelerators_wh,
        host_ratio=node / accelerators_wh,
        idle_share=idle_wh / node,
        pue=(node + idle_wh + overhead_wh) / (node + idle_wh),
    )


def _loss(model: str, name: str) -> Loss:
    found = [one for one in losses(name, model) if one.perplexity_rise is not None]
    if len(found) != 1:
        raise InfeasibleError(f"What {name} does to {model} was not measured, or to several models of that name.")
    return found[0]


QUANTITIES: Final[Mapping[str, Callable[..., float]]] = {
    one.__name__: one
    for one in (
        quotient,
        percent,
        percent_saved,
        total,
        wait_probability,
        mean_wait,
        autoscaled_replicas,
        usd_per_million_tokens,
        tokens_usd,
        margin_percent,
        break_even_hours,
        fleet_usd_per_hour,
        cheapest_mix_usd_per_hour,
        j_per_token,
        facility_wh,
        facility_ratio,
        operational_g,
        operational_t,
        on_site_water_ml,
        grid_g_per_kwh,
        sci_embodied_g,
        embodied_percent,
        embodied_kg,
        requests_of_training,
        training_flop_saved,
        perplexity_rise,
        relative_rise_ratio,
        tokens_per_drafted_step,
        drafting_speed_up,
        per_device_gain,
        peak_ratio,
        achieved_tflops,
        device_figure_ratio,
        measured,
    )
}
"""Every quantity by its name; the last ones are of records, and take the registry first."""

UNITS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("percent", "percent_saved", "margin_percent", "embodied_percent"), ("%",)),
    **dict.fromkeys(("fleet_usd_per_hour", "cheapest_mix_usd_per_hour"), ("USD/h", "USD/hour")),
    **dict.fromkeys(("operational_g", "sci_embodied_g"), ("g",)),
    "usd_per_million_tokens": ("USD per 10^6", "USD per million", "USD/M"),
    "tokens_usd": ("USD",),
    "break_even_hours": ("h", "hours"),
    "j_per_token": ("J",),
    "facility_wh": ("Wh",),
    "operational_t": ("t",),
    "on_site_water_ml": ("mL", "ml"),
    "grid_g_per_kwh": ("g/kWh",),
    "embodied_kg": ("kg",),
    "training_flop_saved": ("FLOP", "FLOPs"),
    "achieved_tflops": ("TFLOP", "TFLOPS"),
}
"""What the unit of a quantity begins with, as it may be written; the others are counts, shares or ratios."""
