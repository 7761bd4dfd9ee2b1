"""`chipdex calibrate`: refit the estimators to everything the registry measured."""

import json
from pathlib import Path
from typing import Any

import click

from chipdex.calibrate.calibrating import evidence, learned_variances, table
from chipdex.calibrate.errors import errors_by_device
from chipdex.calibrate.holdout import Holdout, all_held_out
from chipdex.calibrate.knowing import FILE
from chipdex.calibrate.widths import scores, widths
from chipdex.cli import streams
from chipdex.cli.options import format_options
from chipdex.cli.render import Table, counted
from chipdex.cli.report import Report, Section
from chipdex.cli.session import Session
from chipdex.cli.tables import plain_columns
from chipdex.errors import EmptyRegistryError, StorageError


@click.command()
@click.option("--output-file", "target", type=click.Path(path_type=Path), metavar="FILE", help="Write the table there.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if the table in FILE is not what a fit gives.")
@format_options
@click.pass_obj
def calibrate(session: Session, target: Path | None, check: bool, output: str) -> int:
    """Fit constants, effects and interval widths to the registry's measurements.

    The table goes into the data folder, where every later answer finds it; remove it to return to the one that
    ships. The same measurements give the same table. Takes a minute or two.
    """
    session.need("measurements")
    file = target or session.settings.data_dir / FILE
    body = _fitted(session)
    text = json.dumps(body, indent=1, sort_keys=True) + "\n"
    if check:
        same = _text_of(file) == text
        streams.say(f"{file} is {'up to date' if same else 'not what a fit to these measurements gives'}.")
        return 0 if same else 1
    _write(file, text)
    summary = [
        {"what": "levels with effects", "number": sum(len(levels) for levels in body["effects"].values())},
        {"what": "levels with constants", "number": len(body["constants"])},
        {"what": "interval widths", "number": len(body["widths"])},
        {"what": "distributions of measurements", "number": len(body["digests"])},
    ]
    Report(
        schema="calibrate@1",
        body={"file": str(file), "table": body},
        keys=["what", "number"],
        rows=summary,
        sections=(
            Section(
                lines=(f"Wrote {file}.",), table=Table(columns=plain_columns(["what", "number"], summary), rows=summary)
            ),
        ),
    ).publish(session, output)
    return 0


def _fitted(session: Session) -> dict[str, Any]:
    streams.say("Comparing predictions with measurements ...")
    found = evidence(session.registry)
    if not found.cells:
        raise EmptyRegistryError(
            "No measurement in the registry can be compared with a prediction.",
            fix="Run `chipdex install chipdex-mlperf`.",
        )
    streams.say(f"Fitting {counted(len(found.cells), 'cell')} ...")
    variances = learned_variances(found)
    held = all_held_out(found, variances)
    errors = errors_by_device(found.cells, held[Holdout.DEVICE])
    fitted: dict[str, Any] = table(found, variances, widths(scores(found.cells, held)), errors).as_json()
    return fitted


def _text_of(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return None


def _write(file: Path, text: str) -> None:
    temporary = file.with_name(f"{file.name}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(file)
    except OSError as error:
        raise StorageError(
            f"{file} cannot be written: {error.strerror}.", fix="Name another file with --output-file."
        ) from error
