"""`chipdex split`: where each request, or each part of the model, should run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from chipdex.cli import streams
from chipdex.cli.deciding import split_page
from chipdex.cli.deciding.options import Weighed, decision_options, inputs_section, stated, swing_json, swings_section
from chipdex.cli.deciding.split_tiers import in_registry, ruled
from chipdex.cli.numbers import COUNT
from chipdex.cli.pictures import ready, save
from chipdex.cli.report import Report
from chipdex.cli.session import Session
from chipdex.economics.inputs import Inputs, settled
from chipdex.economics.places.layers import MEASURES, placed
from chipdex.economics.places.scenarios import read_scene
from chipdex.economics.places.splitting import Split, margin_of, split
from chipdex.economics.places.tiers import KINDS, TWO_TIERS, Scene
from chipdex.economics.sensitivity import Swing
from chipdex.errors import OptionError


@click.command("split")
@click.argument("model", required=False)
@click.option("--device", metavar="D", help="Accelerator of the device, by any of its names.")
@click.option("--device-region", metavar="R", help="Where the device is: a region or a country.")
@click.option("--cloud", metavar="D", help="Accelerator that the cloud rents out, by any of its names.")
@click.option("--cloud-count", type=COUNT, metavar="N", help="How many of them serve together.  [default: 1]")
@click.option("--cloud-region", metavar="R", help="Where the cloud is: a region or a country.")
@click.option("--precision", metavar="P", help="Format of MODEL's weights on every tier.")
@click.option("--data-stays", type=click.Choice(KINDS), help="The furthest kind of tier that may have the data.")
@click.option("--residency", multiple=True, metavar="R", help="A region that the data may be in; may be repeated.")
@decision_options(TWO_TIERS.parameters)
@click.pass_obj
def split_command(
    session: Session,
    /,
    sensitivity: bool,
    plot: Path | None,
    output: str,
    **options: Any,
) -> None:
    """Say where requests, or parts of a model, should run: on a device, at a site, in a cloud.

    Tiers are an edge and a cloud, or those of --inputs. What they cost is given, or the registry says it of MODEL
    on --device and --cloud. Rules on data, place, time and memory come before any price.
    """
    ready(plot)
    scene, used = _asked(session, **options)
    found = split(scene, used)
    parts = _parts(scene, used, found)
    _check_answered(found, parts)
    asked = _weighed(scene, used) if sensitivity or plot is not None else None
    if sensitivity:
        asked = _two_sided(asked)
    moved = [] if asked is None else asked.swings(flips=sensitivity)
    if plot is not None:
        from chipdex.cli.deciding.split_picture import split_chart  # noqa: PLC0415 - an extra, imported where it is used

        save(split_chart(scene, used, found, asked, moved), plot)
        streams.say(f"Drew {plot}.")
    told = None if asked is None or not sensitivity else (asked, moved)
    _report(scene, used, found, parts, told).publish(session, output)


def weighed(session: Session, /, **options: Any) -> tuple[Weighed, ...]:
    """Return what the options ask, for a sensitivity: whether requests should start at the nearest tier.

    Raises OptionError where there are no two ways whose cost is known.
    """
    return (_two_sided(_weighed(*_asked(session, **options))),)


def _asked(
    session: Session, /, *, model: str | None, precision: str | None, inputs: Path | None, **options: Any
) -> tuple[Scene, Inputs]:
    """Return the tiers with what is known of them, and the inputs."""
    scene = ruled(TWO_TIERS if inputs is None else read_scene(inputs), options)
    given, _ = stated(TWO_TIERS.parameters, options, None)
    scene, known, phased = in_registry(session, scene, model, precision, {**scene.figures, **given})
    used = settled(scene.parameters, given, scene.figures, known)
    return phased(scene, used), used


def _weighed(scene: Scene, used: Inputs) -> Weighed | None:
    judged = margin_of(scene, used)
    if judged is None:
        return None
    home, judge = judged
    return Weighed(
        inputs=used,
        judge=judge,
        margin=f"what a request that starts at {home} saves in USD against one that does not",
        tiers=tuple(tier.name for tier in scene.tiers),
    )


def _two_sided(asked: Weighed | None) -> Weighed:
    if asked is None:
        raise OptionError(
            "A sensitivity needs two ways to answer every request whose cost is known.",
            fix="Give prices of a second tier, and --requests-per-month.",
        )
    return asked


def _report(
    scene: Scene,
    used: Inputs,
    found: Split,
    parts: Sequence[split_page.Parts],
    told: tuple[Weighed, Sequence[Swing]] | None,
) -> Report:
    rows = [split_page.way_row(way) for way in (*found.ways, *found.rejected)]
    body = split_page.body(found, parts) | {"inputs": used.as_rows()}
    return Report(
        schema="split@1",
        body=body | ({} if told is None else {"sensitivity": [*map(swing_json, told[1])]}),
        keys=split_page.KEYS,
        rows=rows,
        sections=(
            *split_page.sections(used, found, parts),
            inputs_section(used),
            *([] if told is None else [swings_section(told[1], told[0].margin)]),
        ),
        warnings=split_page.warnings(scene, used, found),
    )


def _parts(scene: Scene, used: Inputs, found: Split) -> list[split_page.Parts]:
    """Return where layers and phases run best, of those that are known, no part on a tier that may run none."""
    known = (
        ("layer", scene.layers, used["passes"], [*found.barred]),
        ("phase", scene.phases, 1.0, [*found.barred, *found.small]),
    )
    return [
        split_page.Parts(
            noun=noun,
            parts=parts,
            placements=tuple(
                one
                for measure in MEASURES
                if (one := placed(parts, scene, used, measure(used), passes=passes, barred=barred)) is not None
            ),
        )
        for noun, parts, passes, barred in known
        if parts
    ]


def _check_answered(found: Split, parts: Sequence[split_page.Parts]) -> None:
    """Raise OptionError where nothing that was given says anything of a way."""
    figures = [(one.marginal_usd, one.latency_ms, one.j_per_request) for one in found.ways]
    if not any(one is not None for each in figures for one in each) and not any(one.placements for one in parts):
        lacking = list(dict.fromkeys(key for one in found.tiers for key in one.usd_left_out))
        if lacking:
            raise OptionError(
                f"A price is given, and what it is multiplied by is not: {', '.join(lacking)}.",
                fix="Give it, as an option or in --inputs.",
            )
        raise OptionError(
            "Nothing given says what a request takes anywhere.",
            fix="Give MODEL with --device and --cloud, prices such as --edge-capex-usd and --cloud-usd-per-request, "
            "or tiers in --inputs.",
        )
