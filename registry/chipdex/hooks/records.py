"""What hooks yield besides the domain's records: the frozen types that plugin authors make."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from chipdex.domain import Accelerator, Model, Offer, Record

if TYPE_CHECKING:
    import requests


@attrs.frozen
class ProfileSource:
    """A folder of TOML profiles: `folder` inside the package `package`, which is found but not imported.

    An absolute `folder` is taken as it is, for profiles that a plugin writes somewhere itself.
    """

    package: str
    folder: str = ""


@attrs.frozen(kw_only=True)
class FetchContext:
    """What a price fetcher works with, so that it needs no globals and can be tested without a network.

    `session` carries the retries, timeouts and user agent of every request; `settings` holds the
    variables that the source listed in `needs_env`; `clock` tells the time; `progress` takes a sentence.
    """

    session: "requests.Session"
    settings: Mapping[str, str]
    clock: Callable[[], dt.datetime]
    progress: Callable[[str], None]


@attrs.frozen(kw_only=True)
class PricingSource:
    """Where current prices come from; the network is touched by `fetch` and by nothing else.

    An offer older than `max_age` is stale. `needs_env` names the environment variables (keys, accounts)
    without which `fetch` is not called; `terms` says under which terms the prices may be kept and shown.
    """

    name: str
    fetch: Callable[[FetchContext], Iterable[Offer]]
    max_age: dt.timedelta
    needs_env: tuple[str, ...] = ()
    terms: str = ""


@attrs.frozen(kw_only=True)
class Estimator:
    """A way to cost one class of workload or hardware; all three functions are pure.

    `applies(model, accelerator)` says whether it covers a model on a device; a plugin's estimator goes before the
    core's. `estimate(deployments, batch, load)` takes `chipdex.api.Deployments` (hardware and layout as columns of
    one row per deployment) and batches of shape (rows, points), and returns a `chipdex.api.Performance` of that
    shape. `capacity(deployments)` returns the `chipdex.api.Footprint` that decides how large a batch fits; without
    it, any batch does.
    """

    name: str
    applies: Callable[[Model, Accelerator], bool]
    estimate: Callable[..., Any]
    capacity: Callable[..., Any] | None = None


@attrs.frozen(kw_only=True)
class LintRule:
    """A plausibility check: `check` takes a record and yields one sentence per finding."""

    id: str
    check: Callable[[Record], Iterable[str]]
    help: str


@attrs.frozen(kw_only=True)
class Command:
    """A new verb of the command line; `target` is `module:attribute`, a click command loaded when called."""

    name: str
    help: str
    target: str
