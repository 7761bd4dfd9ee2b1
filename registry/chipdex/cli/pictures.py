"""Pictures of answers, drawn by altair and written as PNG, SVG or self-contained HTML (extra `plot`)."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chipdex.calibrate.validating import Validation
from chipdex.errors import OptionError, StorageError

if TYPE_CHECKING:
    import altair as alt

SUFFIXES: Final = (".png", ".svg", ".html")
_SCALE: Final = 2.0
_SIDE: Final = 520
_FAR: Final = 2.0


def altair() -> Any:
    """Return the drawing library. Raises OptionError with the command that installs it."""
    try:
        import altair as alt  # noqa: PLC0415 - an extra, imported where it is used
        import vl_convert  # noqa: F401, PLC0415 - writes PNG and SVG
    except ImportError as error:
        raise OptionError("--plot needs altair and vl-convert.", fix="Run pip install 'chipdex[plot]'.") from error
    return alt


def check_target(file: Path) -> Path:
    """Return `file` if a picture can be written under its name. Raises OptionError with the names that can."""
    if file.suffix.lower() not in SUFFIXES:
        raise OptionError(f"--plot {file} has no ending of a picture.", fix=f"End it in {', '.join(SUFFIXES)}.")
    return file


def save(chart: "alt.TopLevelMixin", file: Path) -> None:
    """Write a chart. Raises StorageError where the file cannot be written."""
    try:
        if file.suffix.lower() == ".html":
            chart.save(file, inline=True)
        else:
            chart.save(file, scale_factor=_SCALE)
    except OSError as error:
        raise StorageError(f"{file} cannot be written: {error.strerror}.", fix="Name another file.") from error


def draw_validation(result: Validation, file: Path) -> None:
    """Draw every held-out prediction against its measurement, by field, with the band of a factor of two."""
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
    low = min(min(row["measured"], row["predicted"]) for row in rows)
    high = max(max(row["measured"], row["predicted"]) for row in rows)
    scale = alt.Scale(type="log", domain=[low, high], nice=False)
    points = (
        alt.Chart(alt.Data(values=rows))
        .mark_circle(size=18, opacity=0.45)
        .encode(
            x=alt.X("measured:Q", scale=scale, title="measured (1/s, s or W)"),
            y=alt.Y("predicted:Q", scale=scale, title="predicted, device held out"),
            color=alt.Color("vendor:N", title="vendor"),
            tooltip=["accelerator:N", "model:N", "what:N", "measured:Q", "predicted:Q"],
        )
    )
    band = [{"x": x, "exact": x, "low": x / _FAR, "high": x * _FAR} for x in (low, high)]
    lines = [
        alt.Chart(alt.Data(values=band))
        .mark_line(color="#444444", strokeDash=dash, clip=True)
        .encode(x=alt.X("x:Q", scale=scale), y=alt.Y(f"{name}:Q", scale=scale))
        for name, dash in (("exact", [1, 0]), ("low", [4, 4]), ("high", [4, 4]))
    ]
    title = f"{result.cells:,} cells, each predicted without its device; dashed: a factor of two"
    save(alt.layer(*lines, points).properties(width=_SIDE, height=_SIDE, title=title), file)
