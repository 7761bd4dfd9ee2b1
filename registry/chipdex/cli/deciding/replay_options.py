"""From the options of a replay to its plan: what goes together, and what would be of no effect."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from chipdex.economics.fleets.demand import read_hours
from chipdex.economics.inputs import Parameter
from chipdex.errors import OptionError
from chipdex.simulation.settings import MOST_REPLICAS, Autoscale, Plan
from chipdex.simulation.traces import Trace

_MOST_SEEDS: Final = 1000
_REPLICAS: Final = Parameter(
    key="replicas", meaning="replicas in that hour", low=1.0, high=float(MOST_REPLICAS), whole=True
)
_OF_A_TRACE: Final = {"file", "trace_format", "only_describe", "skip_empty", "plot", "output", "as_json"}
_OF_A_TARGET: Final = ("min_replicas", "max_replicas", "tolerance", "stabilisation_s")
_OF_SCALING: Final = (*_OF_A_TARGET, "period_s", "cold_start_s")
_AUTOSCALE: Final = "Give --autoscale target, or leave it out."
_LEAVE: Final = "Leave it out."


def given_options(context: click.Context) -> dict[str, str]:
    """Return how the options and arguments that the command line gives are spelt, by their names."""
    return {
        str(one.name): one.opts[0] if one.param_type_name == "option" else str(one.name).upper()
        for one in context.command.params
        if context.get_parameter_source(str(one.name)) is ParameterSource.COMMANDLINE
    }


def check_description(given: Mapping[str, str]) -> None:
    """Raise OptionError for what a description of a trace has no use for."""
    for name, option in given.items():
        if name not in _OF_A_TRACE:
            raise OptionError(f"--describe was given with {option}.", fix="Leave one of them out.")


def plan_of(trace: Trace, options: Mapping[str, Any], given: Mapping[str, str]) -> Plan:
    """Return how to replay. Raises OptionError for options that do not go together, or have no effect."""
    scaled = _scaled(options)
    _check_effect(scaled, options, given)
    least, most = options["min_replicas"], options["max_replicas"]
    _check_bounds(least, most, options["replicas"], scaled)
    if options["seeds"] > _MOST_SEEDS:
        raise OptionError(f"--seeds {options['seeds']:,} is too many.", fix=f"Give up to {_MOST_SEEDS:,}.")
    if options["scheduler"] is not None and options["jobs"] > 1:
        raise OptionError("--scheduler was given with --jobs.", fix="Give one or the other.")
    file: Path | None = options["schedule"]
    return Plan(
        trace=trace,
        autoscale=scaled,
        schedule=() if file is None else tuple(map(int, read_hours(file, "--schedule", _REPLICAS))),
        min_replicas=least,
        max_replicas=most,
        ttft_s=_seconds(options["ttft_ms"]),
        tpot_s=_seconds(options["tpot_ms"]),
        seeds=options["seeds"],
    )


def _scaled(options: Mapping[str, Any]) -> Autoscale:
    named, file = options["autoscale"], options["schedule"]
    scaled = Autoscale(named) if named else Autoscale.NONE if file is None else Autoscale.SCHEDULE
    if (scaled is Autoscale.SCHEDULE) != (file is not None):
        raise OptionError(
            f"--autoscale {scaled} was given {'without' if file is None else 'with'} --schedule.",
            fix="Give --schedule FILE for --autoscale schedule, and for nothing else.",
        )
    return scaled


def _check_effect(scaled: Autoscale, options: Mapping[str, Any], given: Mapping[str, str]) -> None:
    if scaled is Autoscale.NONE:
        _refuse(_OF_SCALING, given, "without --autoscale", _AUTOSCALE)
        if options["replicas"]:
            _refuse(("target_utilisation",), given, "with --replicas, which says how many run", _LEAVE)
    elif scaled is Autoscale.SCHEDULE:
        names = ("replicas", "target_utilisation", *_OF_A_TARGET)
        _refuse(names, given, "with --schedule, which says how many run", _LEAVE)
    if not options["device"]:
        _refuse(("count", "tensor"), given, "without --device", "Name the accelerator: --device D.")


def _refuse(names: Collection[str], given: Mapping[str, str], why: str, fix: str) -> None:
    for name in names:
        if name in given:
            raise OptionError(f"{given[name]} has no effect {why}.", fix=fix)


def _check_bounds(least: int, most: int | None, replicas: Collection[int], scaled: Autoscale) -> None:
    highest = max(replicas, default=1)
    for name, value in (("--replicas", highest), ("--min-replicas", least), ("--max-replicas", most or 1)):
        if value > MOST_REPLICAS:
            raise OptionError(f"{name} {value:,} is too many.", fix=f"Give up to {MOST_REPLICAS:,}.")
    if most is not None and most < least:
        raise OptionError(f"--max-replicas {most} is less than --min-replicas {least}.", fix="Raise it.")
    if scaled is not Autoscale.TARGET:
        return
    if most is not None and highest > most:
        raise OptionError(f"--replicas {highest} is more than --max-replicas {most}.", fix="Raise the latter.")
    if min(replicas, default=least) < least:
        raise OptionError(f"--replicas {min(replicas)} is less than --min-replicas {least}.", fix="Lower the latter.")


def _seconds(ms: float | None) -> float | None:
    return None if ms is None else ms / 1000.0
