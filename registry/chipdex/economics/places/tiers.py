"""Places where requests or layers can run, from the device outwards, and what there is to say of each."""

from typing import Final

import attrs

from chipdex.economics.inputs import Given, Inputs, Parameter
from chipdex.values import Value

DEVICE: Final = "device"
SITE: Final = "site"
CLOUD: Final = "cloud"
KINDS: Final = (DEVICE, SITE, CLOUD)
"""Kinds of tiers, outwards: what the user holds, a building of one's own, somebody else's."""

HOURS_PER_MONTH: Final = 730.0
JOULES_PER_KWH: Final = 3.6e6
KB_PER_GB: Final = 1e6

_LIFE: Final = "expected life of a server, Cloud Carbon Footprint, cloudcarbonfootprint.org/docs/embodied-emissions"
_EGRESS: Final = "Azure to the internet, first 10 TB a month, as quoted by c3x.dev/blog/azure-egress-bandwidth-cost"
_NETWORK: Final = "Sustainable Web Design Model 4, networks in operation, sustainablewebdesign.org"
_PUE: Final = "world average of 2025, Uptime Institute survey"

REQUESTS: Final = (
    Parameter(key="requests_per_month", meaning="requests altogether", above=True),
    Parameter(key="input_tokens", meaning="mean input of a request"),
    Parameter(key="output_tokens", meaning="mean output of a request"),
    Parameter(key="request_kb", meaning="kilobytes that a request sends upwards"),
    Parameter(key="response_kb", meaning="kilobytes that it gets back"),
    Parameter(
        key="passes",
        meaning="times that a request goes through the layers: one per token",
        default=1.0,
        source="one pass",
        low=1.0,
    ),
    Parameter(key="usd_per_waiting_s", meaning="worth of a second that somebody waits", default=0.0),
    Parameter(key="max_latency_ms", meaning="limit on the time of a request", above=True),
    Parameter(key="min_availability", meaning="least share of time that a tier must be there", high=1.0),
    Parameter(key="model_gb", meaning="memory that the model takes", above=True),
)
"""What is asked of the tiers, whatever they are."""

_OWNED: Final = (
    Parameter(key="capex_usd", meaning="what buying it costs"),
    Parameter(key="life_years", meaning="how long it is kept", default=4.0, source=_LIFE, above=True, high=50.0),
    Parameter(key="power_kw", meaning="draw at all hours"),
    Parameter(
        key="usd_per_kwh",
        meaning="price of its electricity",
        default=0.15,
        source="Pan et al., arXiv 2509.18101",
        high=10.0,
    ),
    Parameter(key="ops_usd_per_year", meaning="people, space and repairs a year"),
)
_HOSTED: Final = (
    Parameter(key="usd_per_million_input_tokens", meaning="price of a million input tokens"),
    Parameter(key="usd_per_million_output_tokens", meaning="price of a million output tokens"),
    Parameter(
        key="egress_usd_per_gb",
        meaning="price of what it sends back",
        default=0.087,
        source=_EGRESS,
        usual=(0.0, 0.12),
    ),
    Parameter(key="usd_per_busy_hour", meaning="rent of an hour that it works, of as many as requests fill"),
    Parameter(key="busy_requests_per_s", meaning="requests that such an hour's hardware serves a second", above=True),
    Parameter(
        key="utilisation",
        meaning="share of that which requests fill",
        default=1.0,
        above=True,
        source="full use",
        high=1.0,
        usual=(0.3, 1.0),
    ),
)
_ANY: Final = (
    Parameter(key="usd_per_hour", meaning="rent at all hours, used or not"),
    Parameter(key="usd_per_request", meaning="price of a request"),
    Parameter(key="j_per_request", meaning="joules that a request adds"),
    Parameter(key="compute_ms", meaning="time of a request there, without the network"),
    Parameter(key="requests_per_s", meaning="requests that it can hold", above=True),
    Parameter(key="availability", meaning="share of time that it is there", high=1.0),
    Parameter(key="memory_gb", meaning="memory that a model may fill"),
)
_PASSING_ON: Final = (
    Parameter(
        key="escalation_share",
        meaning="share of its requests that it cannot answer and passes on",
        above=True,
        high=1.0,
    ),
    Parameter(key="escalation_ms", meaning="time that passing on takes besides"),
)
_LINK: Final = (
    Parameter(key="rtt_ms", meaning="round trip from the tier before it"),
    Parameter(key="uplink_mbit_per_s", meaning="bandwidth from the tier before it", above=True),
    Parameter(key="downlink_mbit_per_s", meaning="bandwidth back, that of the uplink unless said", above=True),
    Parameter(
        key="link_kwh_per_gb", meaning="electricity of that network", default=0.059, source=_NETWORK, usual=(0.0, 0.1)
    ),
)
PRICES: Final = (
    "capex_usd",
    "power_kw",
    "ops_usd_per_year",
    "usd_per_million_input_tokens",
    "usd_per_million_output_tokens",
    "usd_per_hour",
    "usd_per_busy_hour",
    "usd_per_request",
)
"""Inputs of which any one prices a tier."""

_TAKEN: Final = ("compute_ms", "j_per_request")


def _pue(kind: str) -> Parameter:
    """Return what a site adds to the power of its computers: a device has no building."""
    default, source = (1.0, "a device has no building of its own") if kind == DEVICE else (1.54, _PUE)
    return Parameter(
        key="pue",
        meaning="power of the site over power of its computers",
        default=default,
        source=source,
        low=1.0,
        high=5.0,
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Tier(Value):
    """A place: `kind` is one of `KINDS`, `region` None where nobody says where it is.

    `count` of `accelerator`, by any of its names, are there where one is named; `unable` says why they cannot run the
    model at all.
    """

    name: str
    kind: str
    region: str | None = None
    accelerator: str | None = None
    count: int = 1
    unable: str | None = None

    def parameters(self, *, first: bool, last: bool) -> tuple[Parameter, ...]:
        """Return what there is to say of the tier, each key behind its name.

        The first one has no link below it, the last one nobody to pass a request on to.
        """
        own = (_HOSTED if self.kind == CLOUD else _OWNED) + (_pue(self.kind), *_ANY)
        every = own + (() if last else _PASSING_ON) + (() if first else _LINK)
        return tuple(attrs.evolve(one, key=self.key(one.key), meaning=f"{self.name}: {one.meaning}") for one in every)

    def key(self, key: str) -> str:
        """Return the key of an input of this tier."""
        return f"{self.name}_{key}"

    def figure(self, inputs: Inputs, key: str) -> float | None:
        """Return what `inputs` says of this tier; None is not said, or nothing that a tier of its kind has."""
        given = inputs.figures.get(self.key(key))
        return None if given is None else given.value

    def is_priced(self, inputs: Inputs) -> bool:
        """Return whether anybody says what the tier costs."""
        return any(self.figure(inputs, key) is not None for key in PRICES)

    def is_told(self, inputs: Inputs) -> bool:
        """Return whether anybody says what a request takes there, of money, time or energy."""
        return self.is_priced(inputs) or any(self.figure(inputs, key) is not None for key in _TAKEN)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Layer(Value):
    """A stretch of the model: milliseconds, joules and USD by tier, what it hands on, and what must move along.

    All but `kv_kb` and `gb` are of a pass. `output_kb` goes to the next layer, None where nobody says how much;
    `kv_kb` is the state (the KV cache) that has to be moved once where the model is cut behind this layer; `gb` is the
    memory that the layer takes, None where nobody says it.
    """

    name: str
    ms: dict[str, float] = attrs.field(factory=dict)
    j: dict[str, float] = attrs.field(factory=dict)
    usd: dict[str, float] = attrs.field(factory=dict)
    output_kb: float | None = None
    kv_kb: float = 0.0
    gb: float | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Scene(Value):
    """Tiers from the device outwards, the parts of the model where they are known, and what the data allows.

    `layers` are gone through in each pass, `phases` (prefill and decode) once. `data_stays` is the furthest kind of
    tier that may have the data, `residency` the regions that it may be in; None and empty are no rule. `figures` are
    those that a file states.
    """

    tiers: tuple[Tier, ...]
    layers: tuple[Layer, ...] = ()
    phases: tuple[Layer, ...] = ()
    data_stays: str | None = None
    residency: tuple[str, ...] = ()
    figures: dict[str, Given] = attrs.field(factory=dict)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What there is to say of requests and of every tier."""
        end = len(self.tiers) - 1
        own = (tier.parameters(first=not index, last=index == end) for index, tier in enumerate(self.tiers))
        return (*REQUESTS, *(parameter for parameters in own for parameter in parameters))


TWO_TIERS: Final = Scene(tiers=(Tier(name="edge", kind=DEVICE), Tier(name=CLOUD, kind=CLOUD)))
"""What is meant where no file says otherwise: a device of one's own, and a cloud behind a network."""
