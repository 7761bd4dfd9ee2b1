"""What hooks yield besides the domain's records: the frozen types that plugin authors make."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from chipdex.domain import Accelerator, Grid, Model, Offer, Record, TokenPrice
from chipdex.values import Value

if TYPE_CHECKING:
    from chipdex.prices.http import PriceSession


@attrs.frozen(eq=False, repr=False)
class ProfileSource(Value):
    """A folder of TOML profiles: `folder` inside the package `package`, which is found but not imported.

    An absolute `folder` is taken as it is, for profiles that a plugin writes somewhere itself.
    """

    package: str
    folder: str = ""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class FetchContext(Value):
    """What a price fetcher works with, so that it needs no globals and can be tested without a network.

    `session` carries the retries, time-outs, caps and user agent of every request; its `json`, `text`, `body` and
    `lines` return answers, and raise FetchError where there is none. `urls` are the source's addresses by name, as
    the settings have them; `settings` holds the variables that the source listed in `needs_env` and `may_use_env`,
    of the latter those that are set. `clock` tells the time; `progress` takes a sentence.

    `accelerator(name, memory_gb)` returns the id of what a cloud calls an accelerator, None where nothing or several
    are called so: that name is then counted and reported. `model(*names)` returns the id of what an API calls a model,
    by the first of its names that is known; where none is, the first is counted and reported. `refuse(row, reason)`
    keeps a row aside with the reason; a row that the source should never have shown is refused, one that is no price
    of an accelerator is left out.
    `rate_to_usd(currency)` returns the dated rate of a currency, and raises FetchError where none is known.
    """

    session: "PriceSession"
    settings: Mapping[str, str]
    clock: Callable[[], dt.datetime]
    progress: Callable[[str], None]
    urls: Mapping[str, str] = attrs.field(factory=dict)
    accelerator: Callable[[str, float | None], str | None] = lambda _name, _memory_gb: None
    model: Callable[..., str | None] = lambda *_names: None
    refuse: Callable[[Mapping[str, Any], str], None] = lambda _row, _reason: None
    rate_to_usd: Callable[[str], float] = lambda _currency: 1.0


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PricingSource(Value):
    """Where current prices come from; the network is touched by `fetch` and by nothing else.

    `fetch` yields offers of accelerators, prices of tokens, or grids. One older than `max_age` is stale, and a feed
    whose content has not changed for `frozen_after` is reported. `urls` maps names to addresses, each of which is a
    setting (`prices.urls`: "azure", or "aws.spot" for the url "spot" of the source "aws"). `needs_env` names the
    environment variables (keys, accounts) without which `fetch` is not called, `may_use_env` those that it uses
    where they are set; `terms` says under which terms the prices may be kept and shown.
    """

    name: str
    fetch: Callable[[FetchContext], Iterable[Offer | TokenPrice | Grid]]
    max_age: dt.timedelta
    urls: Mapping[str, str] = attrs.field(factory=dict)
    needs_env: tuple[str, ...] = ()
    may_use_env: tuple[str, ...] = ()
    frozen_after: dt.timedelta = dt.timedelta(days=14)
    terms: str = ""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Estimator(Value):
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


@attrs.frozen(eq=False, repr=False)
class LintFinding(Value):
    """One thing a lint rule found: a sentence about the figure at a key path (`memory.capacity_gb`), and what to do.

    Without a `key` the finding is about the record; without a `fix` the rule's `help` is what to do.
    """

    message: str
    key: str = ""
    fix: str = ""


Found = Iterable[str | LintFinding]
"""What a lint rule yields; a text alone is a finding about the record."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class LintRule(Value):
    """A plausibility check: it yields a `LintFinding`, or one sentence, per thing it finds.

    `check` takes a record and looks at nothing else. `compare` takes a record and everything that is known, the
    records under inspection included, to be read only: `accelerators`, `models` and `workloads` by id, `offers`,
    `measurements`, `grids` and `facts` in rows, `resolve(kind, name)`. A rule has either, or both. `about` are the
    types of record that it is called with, `finds` says in a sentence what it looks for, `help` what to do about a
    finding.
    """

    id: str
    check: Callable[[Any], Found] | None = None
    compare: Callable[[Any, Any], Found] | None = None
    about: tuple[type[Record], ...] = (Record,)
    finds: str = ""
    help: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Command(Value):
    """A new verb of the command line; `target` is `module:attribute`, a click command loaded when called."""

    name: str
    help: str
    target: str
