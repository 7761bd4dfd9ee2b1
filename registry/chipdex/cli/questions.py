"""From options to a question: which model is meant, which workload, which formats, what may be chosen."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, Final, TypeVar

import click

from chipdex.cli.session import Session
from chipdex.cli.tables import ask, one_condition
from chipdex.codec.model_file import model_file, read_model
from chipdex.domain import Accelerator, Load, Model, Offer, Precision, Scenario, Workload
from chipdex.errors import OptionError
from chipdex.search.query import default_precisions, kv_named, precision_named

E = TypeVar("E", bound=StrEnum)

_OF_BOTH: Final = ("id", "distribution", "source")

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def choice_option(name: str, kind: type[E], what: str, **settings: Any) -> Decorator:
    """Return an option that takes one of the values of `kind`, all of them listed in its help."""
    values = [member.value for member in kind]
    metavar = name.removeprefix("--")[0].upper()
    return click.option(
        name, type=click.Choice(values), metavar=metavar, help=f"{what}: {', '.join(values)}.", **settings
    )


_WORKLOAD_OPTIONS: Final[tuple[Decorator, ...]] = (
    click.option("--input-tokens", type=float, metavar="N", help="Mean length of the input.  [default: 1024]"),
    click.option("--output-tokens", type=float, metavar="N", help="Mean length of the output.  [default: 256]"),
    choice_option("--scenario", Scenario, "Limits and metric (server unless said)"),
    choice_option("--load", Load, "How the work arrives, whatever the scenario"),
    click.option("--rate", "rate_per_s", type=float, metavar="REQ_PER_S", help="Requests per second altogether."),
    click.option("--concurrency", type=float, metavar="N", help="Requests in flight per deployment."),
    click.option("--ttft-ms", type=float, metavar="X", help="Limit on the time to the first token."),
    click.option("--tpot-ms", type=float, metavar="X", help="Limit on the time per further token."),
)


def workload_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what is asked of a deployment."""
    for option in reversed(_WORKLOAD_OPTIONS):
        command = option(command)
    return command


def workload_of(options: dict[str, Any]) -> Workload:
    """Take the workload's options out of `options` and return the workload; what is not given stays open."""
    scenario, load = options.pop("scenario"), options.pop("load")
    names = ("input_tokens", "output_tokens", "rate_per_s", "concurrency", "ttft_ms", "tpot_ms")
    return Workload(
        scenario=None if scenario is None else Scenario(scenario),
        load=None if load is None else Load(load),
        batch=options.pop("batch", None),
        percentile=options.pop("percentile", None),
        **{name: options.pop(name) for name in names},
    )


def model_of(session: Session, name: str) -> Model:
    """Return the model that `name` means: an id, an alias, a Hugging Face config.json, or a TOML profile."""
    file = model_file(name)
    if file is not None:
        return read_model(file)
    session.need("models")
    return session.registry.models[session.registry.resolve("models", name)]


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
    condition = one_condition(where)
    pairs = _pairs(session, "offers.accelerator = accelerators.id", condition)
    alone = {device for device, _ in _pairs(session, "0", condition)}
    return lambda device, offer: device.id in alone if offer is None else (device.id, offer.id) in pairs


def _pairs(session: Session, joined_on: str, condition: str) -> set[tuple[str, str | None]]:
    own = ask(session, "SELECT * FROM offers LIMIT 0")[0]
    columns = ", ".join(f"offers.{name}" for name in own if name not in _OF_BOTH)
    joined = (
        f"SELECT accelerators.*, offers.id AS offer_id, {columns} "  # noqa: S608 - our own names; the condition is the user's
        f"FROM accelerators LEFT JOIN offers ON {joined_on}"
    )
    _, rows = ask(session, f"SELECT id, offer_id FROM ({joined}) WHERE ({condition})")  # noqa: S608 - likewise
    return {(row["id"], row["offer_id"]) for row in rows}


def listed(values: Sequence[str]) -> tuple[str, ...]:
    """Return the values of an option that may be repeated, or hold several behind commas."""
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())
