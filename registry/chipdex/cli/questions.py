"""From options to a question: which model is meant, which workload, which formats, what may be chosen."""

import errno
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

import attrs
import click

from chipdex.cli.numbers import AMOUNT, PERCENTILE, Number
from chipdex.cli.options import choice_option, number_option
from chipdex.cli.session import Session
from chipdex.codec.model_file import model_file, read_model
from chipdex.domain import Accelerator, Load, Model, Offer, Precision, Scenario, Workload
from chipdex.domain.workload import Prefill
from chipdex.errors import OptionError, UnknownIdError
from chipdex.search.grids import Electricity, Grids
from chipdex.search.query import LARGEST_TOKENS, default_precisions, kv_named, precision_named
from chipdex.values import Value

E = TypeVar("E", bound=StrEnum)

_OF_BOTH: Final = ("id", "distribution", "source")

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


@attrs.frozen(eq=False, repr=False)
class Figure(Value):
    """A number of a workload: its range, its placeholder and its line of help."""

    number: Number
    metavar: str
    help: str


_TOKENS: Final = Number(low=1, high=LARGEST_TOKENS)
_SPREAD: Final = Number(low=0, high=10)
_SHARE: Final = Number(low=0, high=1)

FIGURES: Final[Mapping[str, Figure]] = {
    "input_tokens": Figure(_TOKENS, "N", "Mean length of the input.  [default: 1024]"),
    "output_tokens": Figure(_TOKENS, "N", "Mean length of the output.  [default: 256]"),
    "input_cv": Figure(_SPREAD, "X", "Spread of input lengths: standard deviation over mean."),
    "output_cv": Figure(_SPREAD, "X", "Spread of output lengths: standard deviation over mean."),
    "rate": Figure(AMOUNT, "REQ_PER_S", "Requests per second altogether."),
    "concurrency": Figure(AMOUNT, "N", "Requests in flight per deployment."),
    "ttft_ms": Figure(AMOUNT, "X", "Limit on the time to the first token."),
    "tpot_ms": Figure(AMOUNT, "X", "Limit on the time per further token."),
    "latency_ms": Figure(AMOUNT, "X", "Limit on the whole answer of a model that is no language model."),
    "percentile": Figure(PERCENTILE, "P", "Percentile of the latency limits.  [default: 99]"),
    "prefix_hit_fraction": Figure(
        Number(low=0, high=0.999), "X", "Share of each prompt that is found in the prefix cache."
    ),
    "draft_tokens": Figure(Number(low=1, high=64, whole=True), "N", "Tokens that speculation drafts per step."),
    "draft_acceptance_fraction": Figure(_SHARE, "X", "Share of drafted tokens that are accepted."),
    "draft_cost_fraction": Figure(_SHARE, "X", "Cost of drafting a token, in steps of the model."),
    "transfer_gb_per_s": Figure(AMOUNT, "X", "Link of a device between prefill and decode replicas, where apart."),
}
"""Number of a workload -> what it may be; the option's name has hyphens, the key of a case has underscores."""


_WORKLOAD_OPTIONS: Final[tuple[Decorator, ...]] = (
    choice_option("--scenario", Scenario, "Limits and metric (server unless said)"),
    choice_option("--load", Load, "How the work arrives, whatever the scenario"),
    *(number_option(f"--{key.replace('_', '-')}", one.number, one.metavar, one.help) for key, one in FIGURES.items()),
    choice_option("--prefill", Prefill, "When prompts are taken in"),
    click.option("--disaggregated", is_flag=True, default=None, help="Prefill and decode on replicas of their own."),
)


def workload_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what is asked of a deployment."""
    for option in reversed(_WORKLOAD_OPTIONS):
        command = option(command)
    return command


def workload_of(given: Mapping[str, Any]) -> Workload:
    """Return the workload that options or the keys of a case describe; what is not given stays open."""
    figures: dict[str, Any] = {key: given.get(key) for key in FIGURES if key != "rate"}
    return Workload(
        scenario=member(Scenario, "scenario", given.get("scenario")),
        load=member(Load, "load", given.get("load")),
        prefill=member(Prefill, "prefill", given.get("prefill")),
        disaggregated=bool(given.get("disaggregated")),
        rate_per_s=given.get("rate"),
        batch=given.get("batch"),
        **figures,
    )


def member(kind: type[E], key: str, text: str | None) -> E | None:
    """Return the value of `kind` that a text stands for; raises OptionError with the list."""
    if text is None:
        return None
    values = [value.value for value in kind]
    if text not in values:
        raise OptionError(f"{key} is {text!r}, which it cannot be.", fix=f"Choose from {', '.join(values)}.")
    return kind(text)


def model_of(session: Session, name: str) -> Model:
    """Return the model that `name` means: an id, an alias, a Hugging Face config.json, or a TOML profile."""
    path = _existing(name)
    if path is not None and path.is_dir() and name.endswith((".json", ".toml")):
        raise _no_model_in(path)
    try:
        file = model_file(name)
        if file is not None:
            return read_model(file)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:  # what no file can be called may still be a model's name
            raise
    session.need("models")
    try:
        return session.registry.models[session.registry.resolve("models", name)]
    except UnknownIdError as error:
        raise (error if path is None else _no_model_in(path)) from None


def _existing(name: str) -> Path | None:
    """Return the file or folder that a name is, None where it is none, as of a name that no file can have."""
    return Path(name) if os.path.exists(name) else None  # noqa: PTH110 - Path.exists raises for too long a name


def _no_model_in(path: Path) -> UnknownIdError:
    if path.is_dir():
        return UnknownIdError(f"The folder {path} holds no config.json.", fix="Name a model, or its config.json.")
    return UnknownIdError(
        f"The file {path} is neither a config.json nor a TOML profile: its name ends in neither .json nor .toml.",
        fix="Give a model's id, a config.json or a TOML profile.",
    )


def precisions_of(text: str | None, model: Model) -> tuple[Precision, ...]:
    """Return the formats that `--precision` names, or what the model's publisher ships, plus fp8."""
    if text is None:
        return default_precisions(model)
    names = [name for name in text.split(",") if name.strip()]
    if not names:
        raise OptionError("--precision names no number format.", fix="Write, for example, --precision fp8,bf16.")
    return tuple(dict.fromkeys(precision_named(name) for name in names))


def kv_precision_of(text: str | None) -> str | None:
    """Return the format of the KV cache that `--kv-precision` names."""
    return None if text is None else kv_named(text)


def pair_filter(session: Session, where: str | None) -> Callable[[Accelerator, Offer | None], bool] | None:
    """Return whether a device under an offer (None: without one) satisfies a SQL condition on their columns.

    A column that both tables have is the device's; the offer's id is `offer_id`.
    """
    if where is None:
        return None
    from chipdex.cli.tables import condition_of  # noqa: PLC0415 - SQLite comes with it, and few questions filter

    condition = condition_of(where)
    if condition is None:
        return None
    pairs = _pairs(session, "offers.accelerator = accelerators.id", condition)
    alone = {device for device, _ in _pairs(session, "0", condition)}
    return lambda device, offer: device.id in alone if offer is None else (device.id, offer.id) in pairs


def _pairs(session: Session, joined_on: str, condition: str) -> set[tuple[str, str | None]]:
    from chipdex.cli.tables import ask  # noqa: PLC0415 - likewise

    own = ask(session, "SELECT * FROM offers LIMIT 0")[0]
    columns = ", ".join(f"offers.{name}" for name in own if name not in _OF_BOTH)
    joined = (
        f"SELECT accelerators.*, offers.id AS offer_id, {columns} "  # noqa: S608 - our own names; the condition is the user's
        f"FROM accelerators LEFT JOIN offers ON {joined_on}"
    )
    _, rows = ask(session, f"SELECT id, offer_id FROM ({joined}) WHERE ({condition})")  # noqa: S608 - likewise
    return {(row["id"], row["offer_id"]) for row in rows}


def offered(session: Session, option: str, field: str, values: Sequence[str]) -> tuple[str, ...]:
    """Return the values of an option that may be repeated, or hold several behind commas.

    Raises OptionError, with the nearest one, for a value that no offer has in `field`.
    """
    wanted = tuple(part.strip() for value in values for part in value.split(",") if part.strip())
    known = {str(getattr(offer, field)) for offer in session.registry.offers} if wanted else set()
    for value in wanted:
        if value not in known:
            raise OptionError(f"{option}: no offer is of {field} {value!r}.", fix=_nearest(value, known))
    return wanted


def electricity_of(session: Session, name: str | None) -> Electricity | None:
    """Return what is known of the electricity that `--grid` names: a grid's id, a region, or a country's code."""
    return None if name is None else Grids(session.registry.grids_by_id).named(name)


def form_factor_of(session: Session, text: str | None) -> str | None:
    """Return the form factor asked for. Raises OptionError where no device's form factor contains it."""
    if text is None or not text.strip():
        return None
    known = {device.form_factor for device in session.registry.accelerators.values() if device.form_factor}
    if not any(text.strip().lower() in form.lower() for form in known):
        fix = _nearest(text.strip(), {f'"{form}"' for form in known})  # quoted: several hold a comma
        raise OptionError(f"--form-factor: no device is of form factor {text!r}.", fix=fix)
    return text.strip()


def _nearest(value: str, known: Iterable[str]) -> str:
    spelt = {name.lower(): name for name in sorted(known)}
    if not spelt:
        return "No installed plugin brings any."
    near = get_close_matches(value.lower(), spelt, n=1)
    return f"Did you mean {spelt[near[0]]}?" if near else f"There are {', '.join(spelt.values())}."
