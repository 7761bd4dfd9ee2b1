"""What all pictures share: drawn by altair, written as PNG, SVG or self-contained HTML (extra `plot`)."""

import os
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chipdex.errors import InfeasibleError, OptionError, StorageError

if TYPE_CHECKING:
    from chipdex.calibrate.validating import Validation

SUFFIXES: Final = (".png", ".svg", ".html")

BLUE: Final = "#0072B2"
VERMILLION: Final = "#D55E00"
GREEN: Final = "#009E73"
PURPLE: Final = "#CC79A7"
ORANGE: Final = "#E69F00"
SKY: Final = "#56B4E9"
GREY: Final = "#808080"
BLACK: Final = "#222222"
PALETTE: Final = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, GREY, BLACK)
"""Colours that readers with any colour vision tell apart: Okabe and Ito, "Color universal design", 2008."""

_SCALE: Final = 2.0
_SIDE: Final = 520
_SHAPES: Final = ("circle", "square", "triangle-up", "diamond", "cross")
_FAR: Final = 2.0
_PIXELS_PER_LETTER: Final = 6.3


def altair() -> Any:
    """Return the drawing library. Raises OptionError with the command that installs it."""
    try:
        import altair as alt  # noqa: PLC0415 - an extra, imported where it is used
        import vl_convert  # noqa: F401, PLC0415 - writes PNG and SVG
    except ImportError as error:
        raise OptionError("--plot needs altair and vl-convert.", fix="Run pip install 'chipdex[plot]'.") from error
    return alt


def check_target(file: Path) -> Path:
    """Return `file` if a picture can be written under its name; nothing is written yet.

    Raises OptionError for an ending that is no picture's, StorageError where no file can be written.
    """
    if file.suffix.lower() not in SUFFIXES:
        raise OptionError(f"--plot {file} has no ending of a picture.", fix=f"End it in {', '.join(SUFFIXES)}.")
    folder = file.absolute().parent
    if not folder.is_dir():
        raise StorageError(f"--plot {file}: there is no folder {folder}.", fix="Make it, or name another file.")
    if file.is_dir():
        raise StorageError(f"--plot {file} is a folder.", fix="Name another file.")
    if not os.access(file if file.exists() else folder, os.W_OK):
        raise StorageError(f"--plot {file} may not be written.", fix="Name a file in a folder of your own.")
    return file


def ready(file: Path | None) -> None:
    """Check, before any work, that a picture that was asked for can be drawn and written; None asks for nothing."""
    if file is not None:
        check_target(file)
        altair()


def save(chart: Any, file: Path) -> None:
    """Write a chart. Raises StorageError where the file cannot be written."""
    try:
        if file.suffix.lower() == ".html":
            chart.save(file, inline=True)
        else:
            chart.save(file, format=file.suffix.lower().lstrip("."), scale_factor=_SCALE)
    except OSError as error:
        raise StorageError(f"{file} cannot be written: {error.strerror}.", fix="Name another file.") from error


def titled(chart: Any, title: str, told: str, *, width: float) -> Any:
    """Return a chart under a title and what it was found under, both broken where `width` pixels end."""
    alt = altair()
    letters = int(width / _PIXELS_PER_LETTER)
    heading = alt.TitleParams(
        text=textwrap.wrap(title, int(letters * 0.75)),
        subtitle=textwrap.wrap(told, letters),
        anchor="start",
        fontSize=16,
        subtitleFontSize=12,
        subtitleColor="#444444",
        subtitlePadding=4,
        offset=14,
    )
    return (
        chart.properties(title=heading, padding=14, background="white")
        .configure_axis(labelFontSize=12, titleFontSize=13, titleFontWeight="normal", gridColor="#E6E6E6")
        .configure_axisY(labelLimit=0)
        .configure_legend(labelFontSize=12, titleFontSize=12, titleFontWeight="normal", labelLimit=0)
        .configure_view(stroke="#BBBBBB")
    )


def colours(meanings: Mapping[str, str], used: set[str]) -> Any:
    """Return the scale of those meanings that are used, each in its own colour whatever else is drawn."""
    kept = {name: colour for name, colour in meanings.items() if name in used}
    return altair().Scale(domain=list(kept), range=list(kept.values()))


def draw_validation(result: "Validation", file: Path) -> None:
    """Draw every held-out prediction against its measurement, by vendor, with the band of a factor of two.

    Raises InfeasibleError where nothing was predicted.
    """
    alt = altair()
    rows = [
        {
            "measured": row["measured"],
            "predicted": row["predicted"],
            "vendor": row["vendor"],
            "what": f"{row['family']}, {row['measure']}",
            "accelerator": row["accelerator"],
            "model": row["model"],
        }
        for row in result.points
    ]
    if not rows:
        raise InfeasibleError(
            "Nothing was predicted, so there is nothing to draw.", fix="Install a plugin of measurements."
        )
    low = min(min(row["measured"], row["predicted"]) for row in rows)
    high = max(max(row["measured"], row["predicted"]) for row in rows)
    scale = alt.Scale(type="log", domain=[low, high], nice=False)
    axis = alt.Axis(tickCount=8, format=",~g")
    vendors = sorted({row["vendor"] for row in rows})
    told = {
        name: alt.Scale(domain=vendors, range=[values[i % len(values)] for i in range(len(vendors))])
        for name, values in (("colour", PALETTE), ("shape", _SHAPES))
    }
    points = (
        alt.Chart(alt.Data(values=rows))
        .mark_point(size=26, opacity=0.6, filled=True, strokeWidth=0)
        .encode(
            x=alt.X("measured:Q", scale=scale, axis=axis, title="measured (1/s, s or W)"),
            y=alt.Y("predicted:Q", scale=scale, axis=axis, title="predicted, device held out (1/s, s or W)"),
            color=alt.Color("vendor:N", scale=told["colour"], title="vendor"),
            shape=alt.Shape("vendor:N", scale=told["shape"], title="vendor"),
            tooltip=["accelerator:N", "model:N", "what:N", "measured:Q", "predicted:Q"],
        )
    )
    band = [{"x": x, "exact": x, "low": x / _FAR, "high": x * _FAR} for x in (low, high)]
    lines = [
        alt.Chart(alt.Data(values=band))
        .mark_line(color=BLACK, strokeDash=dash, clip=True)
        .encode(x=alt.X("x:Q", scale=scale), y=alt.Y(f"{name}:Q", scale=scale))
        for name, dash in (("exact", [1, 0]), ("low", [4, 4]), ("high", [4, 4]))
    ]
    both = alt.layer(*lines, points).properties(width=_SIDE, height=_SIDE)
    title = f"{result.cells:,} cells, each predicted without its device"
    save(titled(both, title, "line: exact; dashed: a factor of two too low or too high", width=_SIDE), file)
