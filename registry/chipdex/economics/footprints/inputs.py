"""What `carbon` takes, each figure with its unit, its range and whoever its default is from."""

from typing import Final

from chipdex.economics.inputs import Parameter

BOARD_ALONE: Final = "baseboard alone"
"""How the source of a making ends that leaves out host and building."""

WITH_HOST: Final = "host and share of the building included"
"""How the source of a making ends that counts them."""

COUNTED: Final = frozenset({"devices", "embodied_devices", "units_per_request"})
"""Inputs that are counted, so that a sensitivity does not move them."""

_FLEET: Final = "Google's fleet, arXiv 2508.15734"
_RATIO: Final = 100.0
_INTENSITY: Final = 1e5

PARAMETERS: Final = (
    Parameter(key="wh_per_request", meaning="energy of a request inside --boundary", above=True),
    Parameter(key="power_w", meaning="draw inside --boundary while it serves", above=True),
    Parameter(key="requests_per_s", meaning="requests that all of it answers in a second", above=True),
    Parameter(key="seconds_per_request", meaning="time that a request takes", above=True),
    Parameter(key="batch", meaning="requests that share the hardware at a time", default=1.0, low=1.0),
    Parameter(key="tokens_per_request", meaning="output tokens of a request", above=True),
    Parameter(
        key="host_ratio",
        meaning="power of a node over power of its accelerators",
        default=0.20 / 0.14,
        source=f"{_FLEET}: (0.14 + 0.06) / 0.14 Wh",
        low=1.0,
        high=_RATIO,
        usual=(1.2, 2.2),
    ),
    Parameter(
        key="idle_share",
        meaning="energy of machines kept idle over that of those that serve",
        default=0.02 / 0.20,
        source=f"{_FLEET}: 0.02 / 0.20 Wh",
        high=_RATIO,
    ),
    Parameter(
        key="pue",
        meaning="power of the site over power of its computers",
        default=1.54,
        source="world average of 2025, Uptime Institute survey",
        low=1.0,
        high=5.0,
        usual=(1.09, 1.54),
    ),
    Parameter(key="g_per_kwh", meaning="what the grid at the place emits (location-based)", high=_INTENSITY),
    Parameter(key="market_g_per_kwh", meaning="what contracted electricity emits (market-based)", high=_INTENSITY),
    Parameter(key="wue_on_site_l_per_kwh", meaning="water of the site per energy of its computers", high=_RATIO),
    Parameter(key="wue_off_site_l_per_kwh", meaning="water of power plants per energy of the site", high=_RATIO),
    Parameter(key="embodied_kg", meaning="CO2e of making the hardware"),
    Parameter(key="embodied_devices", meaning="devices that --embodied-kg is of", default=1.0, above=True),
    Parameter(key="devices", meaning="devices that serve", default=1.0, above=True),
    Parameter(
        key="life_years",
        meaning="how long the hardware is kept",
        default=4.0,
        source="expected life of a server, Cloud Carbon Footprint, cloudcarbonfootprint.org/docs/embodied-emissions",
        above=True,
        high=50.0,
        usual=(3.0, 6.0),
    ),
    Parameter(
        key="utilisation",
        meaning="share of its life that the hardware serves",
        default=1.0,
        source="full use",
        above=True,
        high=1.0,
        usual=(0.3, 1.0),
    ),
    Parameter(
        key="units_per_request",
        meaning="functional units of the SCI in a request",
        default=1.0,
        source="a request",
        above=True,
    ),
    Parameter(key="usd_per_request", meaning="what a request costs"),
    Parameter(
        key="usd_per_kwh",
        meaning="price of the site's electricity, where --usd-per-request leaves that out",
        high=10.0,
    ),
    Parameter(key="other_g_per_request", meaning="what a request emits in the option to compare with"),
    Parameter(key="other_usd_per_request", meaning="what a request costs there"),
)
