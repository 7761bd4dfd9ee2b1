"""`chipdex split`: where each request, or each part of the model, should run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from chipdex.cli import split_page, streams
from chipdex.cli.decisions import decision_options, inputs_section, stated, swing_json, swings_section
from chipdex.cli.numbers import COUNT
from chipdex.cli.pictures import ready, save
from chipdex.cli.report import Report
from chipdex.cli.session import Session
from chipdex.cli.split_tiers import in_registry, ruled
from chipdex.economics.inputs import Inputs, settled
from chipdex.economics.layers import MEASURES, placed
from chipdex.economics.scenarios import read_scene
from chipdex.economics.sensitivity import swings
from chipdex.economics.splitting import Split, margin_of, split
from chipdex.economics.tiers import KINDS, TWO_TIERS, Scene
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
    model: str | None,
    precision: str | None,
    inputs: Path | None,
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
    scene = ruled(TWO_TIERS if inputs is None else read_scene(inputs), options)
    given, _ = stated(TWO_TIERS.parameters, options, None)
    scene, known, phased = in_registry(session, scene, model, precision, {**scene.figures, **given})
    used = settled(scene.parameters, given, scene.figures, known)
    scene = phased(scene, used)
    found = split(scene, used)
    parts = _parts(scene, used, found)
    _check_answered(found, parts)
    moved = _moved(scene, used, flips=sensitivity) if sensitivity or plot is not None else None
    if sensitivity and moved is None:
        raise OptionError(
            "--sensitivity needs two ways to answer every request whose cost is known.",
            fix="Give prices of a second tier, and --requests-per-month.",
        )
    if plot is not None:
        from chipdex.cli.split_picture import split_chart  # noqa: PLC0415 - an extra, imported where it is used

        save(split_chart(scene, used, found, moved), plot)
        streams.say(f"Drew {plot}.")
    _report(scene, used, found, parts, moved if sensitivity else None).publish(session, output)


def _report(
    scene: Scene, used: Inputs, found: Split, parts: Sequence[split_page.Parts], moved: split_page.Moved | None
) -> Report:
    rows = [split_page.way_row(way) for way in (*found.ways, *found.rejected)]
    body = split_page.body(found, parts) | {"inputs": used.as_rows()}
    return Report(
        schema="split@1",
        body=body | ({} if moved is None else {"sensitivity": [*map(swing_json, moved.swings)]}),
        keys=split_page.KEYS,
        rows=rows,
        sections=(
            *split_page.sections(used, found, parts),
            inputs_section(used),
            *([] if moved is None else [swings_section(moved.swings, moved.told)]),
        ),
        warnings=split_page.warnings(scene, used, found),
    )


def _moved(scene: Scene, used: Inputs, *, flips: bool) -> split_page.Moved | None:
    judged = margin_of(scene, used)
    if judged is None:
        return None
    home, judge = judged
    return split_page.Moved(home=home, margin=judge(used).margin, swings=tuple(swings(judge, used, flips=flips)))


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
        raise OptionError(
            "Nothing given says what a request takes anywhere.",
            fix="Give MODEL with --device and --cloud, prices such as --edge-capex-usd and --cloud-usd-per-request, "
            "or tiers in --inputs.",
        )
