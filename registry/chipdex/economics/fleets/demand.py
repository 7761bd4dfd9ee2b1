"""How much is asked for and when: a rate, a day with a peak, or a file of hours; and what a fleet of it misses."""

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from statistics import NormalDist
from typing import Final

from chipdex.economics.inputs import Parameter
from chipdex.errors import OptionError, StorageError
from chipdex.files import LARGEST_TABLE_BYTES, read_text

HOURS_PER_DAY: Final = 24
MOST_HOURS: Final = 8784

_RATE: Final = Parameter(key="requests_per_s", meaning="requests per second", high=1e9)
_STANDARD: Final = NormalDist()
_WINDOW_S: Final = 60.0


def day(rate_per_s: float, peak_to_mean: float = 1.0) -> tuple[float, ...]:
    """Return 24 hourly rates whose mean is `rate_per_s`: a sine with its peak at 15 h, flat where peak is mean.

    Raises OptionError for a peak below the mean or above twice of it, which no sine has.
    """
    if not 1.0 <= peak_to_mean <= 2.0:  # noqa: PLR2004 - a sine falls to nothing at twice its mean
        raise OptionError(
            f"A peak of {peak_to_mean:g} times the mean is no sine.",
            fix="Give 1 to 2, or --demand FILE with the hours.",
        )
    swing = peak_to_mean - 1.0
    return tuple(
        rate_per_s * (1.0 + swing * math.cos(2.0 * math.pi * (hour - 15) / HOURS_PER_DAY))
        for hour in range(HOURS_PER_DAY)
    )


def read_demand(file: Path) -> tuple[float, ...]:
    """Return the hourly rates of a CSV with the columns `hour` (0, 1, 2, ...) and `requests_per_s`.

    Raises what `read_hours` raises, and OptionError where nothing is asked for.
    """
    rates = read_hours(file, "--demand", _RATE)
    if not any(rates):
        raise OptionError(f"--demand {file} asks for nothing in any hour.", fix="Give a rate above 0 in one.")
    return rates


def read_hours(file: Path, option: str, figure: Parameter) -> tuple[float, ...]:
    """Return the column of a CSV that is named as a figure is, by the column `hour` (0, 1, 2, ...).

    Raises StorageError where it cannot be read or is no such file, OptionError with the line for a gap, an hour twice,
    or what the figure cannot be; both name the option that gave the file.
    """
    try:
        text = read_text(file, called=f"{option} {file}", fix=_shape(figure), most_bytes=LARGEST_TABLE_BYTES)
        rows = csv.DictReader(io.StringIO(text, newline=""), skipinitialspace=True)
        return _hours(f"{option} {file}", file, rows, figure)
    except OSError as error:
        raise StorageError(f"{option} {file} cannot be read: {error.strerror}.", fix="Name a CSV file.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise OptionError(f"{option} {file} is no CSV in UTF-8: {error}.", fix=_shape(figure)) from error


def _shape(figure: Parameter) -> str:
    return f"Write a header hour,{figure.key} and a line for each hour: 0,12."


def _hours(what: str, file: Path, rows: "csv.DictReader[str]", figure: Parameter) -> tuple[float, ...]:
    names = rows.fieldnames = [name.strip() for name in rows.fieldnames or ()]
    for name in ("hour", figure.key):
        if names.count(name) != 1:
            told = f"has the column {name} twice" if name in names else f"has no column {name}"
            raise OptionError(f"{what} {told}.", fix=_shape(figure))
    found: list[float] = []
    for row in rows:
        where = f"{file}:{rows.line_num}"
        if len(found) >= MOST_HOURS:
            raise OptionError(f"{where}: more than the {MOST_HOURS:,} hours of a year.", fix="Give a year at most.")
        if None in row or None in row.values():
            raise OptionError(f"{where}: the line has not as many columns as the header.", fix="Mend the line.")
        if _number(row["hour"]) != len(found):
            raise OptionError(
                f"{where}: hour is {row['hour']!r} where {len(found)} is due.", fix="Give every hour once, from 0."
            )
        number = _number(row[figure.key])
        if not figure.holds(number):
            raise OptionError(f"{where}: {figure.key} is {row[figure.key]!r}.", fix=f"Give {figure.words}.")
        found.append(number)
    if not found:
        raise OptionError(f"{what} has no hour.", fix=_shape(figure))
    return tuple(found)


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan


def missed_share(capacity_per_s: float, rate_per_s: float, dispersion: float) -> float:
    """Return the share of requests that are beyond what the capacity holds in their minute.

    The number in a minute is taken as normal with the mean of the rate and `dispersion` times the variance of Poisson
    arrivals: the loss function of the newsvendor, E[(X - c)+] / E[X]. 1 is Poisson; traces of chat and code are
    burstier (index of dispersion up to 164).
    """
    if rate_per_s <= 0.0:
        return 0.0
    if capacity_per_s <= 0.0:
        return 1.0
    mean, room = rate_per_s * _WINDOW_S, capacity_per_s * _WINDOW_S
    spread = math.sqrt(mean * dispersion)
    if spread == 0.0:
        return max(0.0, 1.0 - room / mean)
    z = (room - mean) / spread
    return min(1.0, max(0.0, spread * (_STANDARD.pdf(z) - z * _STANDARD.cdf(-z)) / mean))


def peak_to_mean(rates: Sequence[float]) -> float:
    """Return the highest hour over the mean of all."""
    return max(rates) * len(rates) / sum(rates)
