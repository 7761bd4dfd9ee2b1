"""`chipdex simulate`: a request trace replayed through a fleet that batches, queues and scales."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import attrs
import click

from chipdex.cli import streams
from chipdex.cli.deciding.options import Weighed, decision_options, inputs_section, stated, swing_json, swings_section
from chipdex.cli.deciding.replay_candidates import Deployed, deployed
from chipdex.cli.deciding.replay_options import check_description, given_options, plan_of
from chipdex.cli.deciding.replay_page import MARGIN, body, description_report, merged, rows, sections, warnings
from chipdex.cli.deciding.replay_workers import checked_address, workers
from chipdex.cli.numbers import AMOUNT, COUNT, NUMBER
from chipdex.cli.options import choice_option, number_option
from chipdex.cli.pictures import ready, save
from chipdex.cli.questions import electricity_of, model_of
from chipdex.cli.report import Report
from chipdex.cli.session import Session
from chipdex.cli.waiting import meanwhile
from chipdex.economics.inputs import Inputs, settled
from chipdex.economics.sensitivity import Outcome
from chipdex.errors import OptionError
from chipdex.simulation.describe import Description, describe
from chipdex.simulation.replay import Job, Replay, replay_all
from chipdex.simulation.settings import PARAMETERS, UNCERTAIN, Autoscale, Plan
from chipdex.simulation.traces import Format, Trace, format_of
from chipdex.values import Value

_OF_ONE_REPLAY: Final = ("only_describe", "grid", "jobs", "scheduler")


def _address(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    return None if value is None else checked_address(value)


@click.command("simulate")
@click.argument("model", required=False)
@click.option("--trace", "file", type=click.Path(path_type=Path), metavar="FILE", help="The requests, in order.")
@choice_option("--trace-format", Format, "How it is written (seen from its first line unless said)")
@click.option("--describe", "only_describe", is_flag=True, help="Describe the trace, and replay nothing.")
@click.option("--skip-empty", is_flag=True, help="Leave out requests without prompt or answer.")
@click.option("--device", multiple=True, metavar="D", help="The accelerator; may be repeated.  [default: best's]")
@number_option("--count", COUNT, "N", "Accelerators of one replica.")
@click.option("--precision", metavar="P", help="Format of the weights.  [default: the publisher's, or fp8]")
@number_option("--tensor", COUNT, "T", "Tensor parallelism of a replica.")
@number_option("--replicas", COUNT, "N", "Replicas, or those it begins with; may be repeated.", multiple=True)
@choice_option("--autoscale", Autoscale, "What scales the fleet (none unless said)")
@number_option(
    "--min-replicas",
    NUMBER,
    "N",
    "Least replicas; where none runs, a request starts one.",
    default=1,
    show_default=True,
)
@number_option("--max-replicas", COUNT, "N", "Most replicas.  [default: twice what the busiest minute takes]")
@click.option("--schedule", type=click.Path(path_type=Path), metavar="FILE", help="Replicas by the hour: a CSV.")
@number_option("--ttft-ms", AMOUNT, "X", "Limit on the time to the first token.")
@number_option("--tpot-ms", AMOUNT, "X", "Limit on the time per further token.")
@click.option("--grid", metavar="G", help="Where it runs, for its carbon: a grid's id, a region, or a country's code.")
@number_option("--seeds", COUNT, "N", "Replays, all but the first with lengths dealt anew.", default=1)
@number_option("--jobs", COUNT, "N", "Processes, up to one per replay and CPU.", default=1, show_default=True)
@click.option("--scheduler", metavar="ADDRESS", callback=_address, help="Replay on a Dask cluster: tcp://host:8786.")
@decision_options(PARAMETERS)
@click.pass_context
def simulate_command(
    ctx: click.Context,
    /,
    model: str | None,
    file: Path | None,
    inputs: Path | None,
    sensitivity: bool,
    plot: Path | None,
    output: str,
    **options: Any,
) -> None:
    """Replay the requests of a trace through replicas of MODEL, and say how long they wait and what it costs.

    A trace is of Azure's, BurstGPT's or Mooncake's form, or a CSV of arrival_s, input_tokens and output_tokens. Each
    --device and each number of --replicas is a candidate of its own.
    """
    ready(plot)
    session: Session = ctx.obj
    if options["only_describe"]:
        check_description(given_options(ctx))
        trace = _trace(_named(file), options)
        description_report(trace, _described(trace), plot).publish(session, output)
        return
    grid = electricity_of(session, options["grid"])
    asked = _asked(session, given_options(ctx), model=model, file=file, inputs=inputs, **options)
    plan, candidates, told, used = asked.plan, asked.candidates, asked.told, asked.inputs
    jobs = asked.jobs(used)
    with _registry_at_rest(), workers(options["jobs"], options["scheduler"], len(jobs)) as executor:
        with meanwhile() as heard:
            replays = replay_all(jobs, executor, heard, told.requests)
        moved = asked.weighed(executor).swings() if sensitivity else []
    found = rows(candidates, replays, used, grid, plan)
    if plot is not None:
        from chipdex.cli.deciding.replay_picture import replay_chart  # noqa: PLC0415 - an extra, imported where it is used

        save(replay_chart(replays, plan), plot)
        streams.say(f"Drew {plot}.")
    Report(
        schema="simulate@1",
        body=body(asked.model, plan.trace, told, found, replays, used)
        | ({"sensitivity": [*map(swing_json, moved)]} if sensitivity else {}),
        keys=list(found[0]),
        rows=found,
        sections=(
            *sections(asked.model, plan.trace, told, found, plan, used["rate_factor"]),
            inputs_section(used),
            *((swings_section(moved, MARGIN),) if sensitivity else ()),
        ),
        warnings=warnings(plan.trace, told, candidates, replays),
    ).publish(session, output)


def weighed(session: Session, /, **options: Any) -> tuple[Weighed, ...]:
    """Return what the options ask, for a sensitivity: which candidate misses fewest limits."""
    given = given_options(click.get_current_context())
    for name in (name for name in _OF_ONE_REPLAY if name in given):
        raise OptionError(f"{given[name]} means nothing to a sensitivity.", fix="Leave it out.")
    asked = _asked(session, given, **options)
    return (attrs.evolve(asked.weighed(), keys=UNCERTAIN),)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class _Asked(Value):
    """A question: what is replayed, how, on what, and the inputs."""

    model: str
    plan: Plan
    told: Description
    candidates: Sequence[Deployed]
    inputs: Inputs

    def jobs(self, inputs: Inputs) -> list[Job]:
        """Return the replays that it takes with such inputs."""
        return self.plan.jobs([one.candidate for one in self.candidates], self.told, inputs)

    def weighed(self, executor: Executor | None = None) -> Weighed:
        """Return who misses fewest limits, and the first candidate's p99 of the first token."""

        def judge(inputs: Inputs) -> Outcome:
            replays = replay_all(self.jobs(inputs), executor)
            best = min(replays, key=lambda one: one.missed)
            return Outcome(winner=best.name, margin=_p99_ms(replays[0]))

        alone = len(self.candidates) == 1
        return Weighed(inputs=self.inputs, judge=judge, margin=MARGIN, one_sided=alone, slow=True)


def _asked(
    session: Session,
    given: Mapping[str, str],
    *,
    model: str | None,
    file: Path | None,
    inputs: Path | None,
    **options: Any,
) -> _Asked:
    """Return the question. Raises OptionError for options that do not go together."""
    named = _named(file)
    if model is None:
        raise OptionError("MODEL is missing.", fix="Name the model, or give --describe for the trace alone.")
    used = settled(PARAMETERS, *stated(PARAMETERS, options, inputs))
    trace = _trace(named, options, model_of(session, model).context_tokens)
    plan = plan_of(trace, options, given)
    told = _described(trace)
    if "prefix_cache_tokens" in given and told.prefix_reuse is None:
        raise OptionError("--prefix-cache-tokens needs hashes, which the trace has none of.", fix="Leave it out.")
    candidates = deployed(session, model, told, used, options)
    used = settled(PARAMETERS, *stated(PARAMETERS, options, inputs), merged(candidates))
    return _Asked(model=model, plan=plan, told=told, candidates=candidates, inputs=used)


def _named(file: Path | None) -> Path:
    if file is None:
        raise OptionError("--trace is missing.", fix="Name a file of requests.")
    return file


def _trace(file: Path, options: Mapping[str, Any], context_tokens: int | None = None) -> Trace:
    named = options["trace_format"]
    return Trace(
        file=file.absolute(),
        format=Format(named) if named else format_of(file),
        skip_empty=options["skip_empty"],
        context_tokens=context_tokens,
    )


def _described(trace: Trace) -> Description:
    with meanwhile() as heard:
        return describe(trace.pieces(), heard)


@contextmanager
def _registry_at_rest() -> Iterator[None]:
    """Keep collections from walking through the registry while a trace is read: half of the time goes there."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _p99_ms(found: Replay) -> float:
    return 1000.0 * (found.ttft_s["p99"] or 0.0)
