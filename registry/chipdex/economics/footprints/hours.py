"""Where and when to run: the place and the hours of least carbon, from hourly intensities of several places."""

import csv
import datetime as dt
import io
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import attrs

from chipdex.errors import InfeasibleError, OptionError, StorageError
from chipdex.files import LARGEST_TABLE_BYTES, read_text
from chipdex.values import Value

COLUMNS: Final = ("hour", "region", "g_per_kwh")
LATENCY: Final = "latency_ms"

_FORM: Final = f"Head it {','.join(COLUMNS)}, one hour of a region a line."
_NAMED: Final = "Name a CSV file."
_LARGEST: Final = 1e9
_COUNTED: Final = re.compile("[+-]?[0-9]{1,9}")
_SECONDS: Final = 3600


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Intensities(Value):
    """Grams of CO2-equivalent per kilowatt-hour by region and hour; how hours are written; latencies in ms."""

    by_region: Mapping[str, Mapping[int, float]]
    labels: Mapping[int, str]
    latency_ms: Mapping[str, float]

    @property
    def first(self) -> int:
        """The earliest hour of any region."""
        return min(self.labels)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Place(Value):
    """The best start in one region: mean g/kWh from there on, and that of its earliest start, `now_g_per_kwh`."""

    region: str
    start: str
    start_hour: int
    run_hours: int
    g_per_kwh: float
    now_g_per_kwh: float
    latency_ms: float | None


def places(
    intensities: Intensities,
    *,
    run_hours: int = 1,
    deadline_hours: int | None = None,
    latency_limit_ms: float | None = None,
) -> tuple[Place, ...]:
    """Return the best start of every region that can do it, least carbon first: `run_hours` on end, evenly used.

    The deadline counts from the earliest hour of all. A region with an hour missing is not run through it; one of
    unknown latency meets no limit. Raises InfeasibleError, with what comes nearest, where no region can do it.
    """
    reached = _reached(intensities, latency_limit_ms)
    end = math.inf if deadline_hours is None else intensities.first + deadline_hours
    found = []
    for region in reached:
        starts = [one for one in _starts(intensities.by_region[region], run_hours) if one[0] + run_hours <= end]
        if starts:
            hour, grams = min(starts, key=lambda one: (one[1], one[0]))
            found.append(
                Place(
                    region=region,
                    start=intensities.labels[hour],
                    start_hour=hour - intensities.first,
                    run_hours=run_hours,
                    g_per_kwh=grams,
                    now_g_per_kwh=starts[0][1],
                    latency_ms=intensities.latency_ms.get(region),
                )
            )
    if not found:
        raise _none(intensities, reached, run_hours, deadline_hours)
    return tuple(sorted(found, key=lambda one: (one.g_per_kwh, one.start_hour, one.region)))


def _none(intensities: Intensities, reached: list[str], run_hours: int, deadline_hours: int | None) -> InfeasibleError:
    """Return the error of a run that no region can hold, with the nearest that one can."""
    stretch = f"for {run_hours:,} hours on end" if run_hours > 1 else "for an hour"
    ends = [
        hour + run_hours - intensities.first
        for region in reached
        for hour, _ in _starts(intensities.by_region[region], run_hours)
    ]
    if ends:
        limit = "1 hour" if deadline_hours == 1 else f"{deadline_hours:,} hours"
        told = f"No region's intensities are known {stretch} within the deadline of {limit}"
        return InfeasibleError(
            f"{told}: the earliest run ends after {min(ends)}.", fix="Give a later --deadline-hours."
        )
    longest = max(_longest(intensities.by_region[region]) for region in reached)
    told = f"No region's intensities are known {stretch}: the longest stretch is of {longest:,}."
    return InfeasibleError(told, fix="Give fewer --run-hours, or more hours of intensities.")


def _longest(hours: Mapping[int, float]) -> int:
    """Return the most hours on end that are known."""
    longest = length = 0
    for hour in sorted(hours):
        length = length + 1 if hour - 1 in hours else 1
        longest = max(longest, length)
    return longest


def _reached(intensities: Intensities, limit: float | None) -> list[str]:
    if limit is None:
        return list(intensities.by_region)
    known = intensities.latency_ms
    if not known:
        raise OptionError("--latency-limit-ms needs latencies.", fix=f"Add a column {LATENCY} to --intensities.")
    found = [region for region in intensities.by_region if known.get(region, math.inf) <= limit]
    if not found:
        nearest = min(known, key=lambda one: known[one])
        told = f"No region is within {limit:g} ms: the nearest, {nearest}, is at {known[nearest]:g} ms."
        raise InfeasibleError(told, fix="Give a higher --latency-limit-ms.")
    return found


def _starts(hours: Mapping[int, float], length: int) -> Iterator[tuple[int, float]]:
    """Yield every hour from which `length` hours on end are known, with their mean, earliest first."""
    stretch: list[float] = []
    previous: int | None = None
    for hour in sorted(hours):
        if previous is not None and hour != previous + 1:
            stretch = []
        stretch.append(hours[hour])
        previous = hour
        if len(stretch) >= length:
            yield hour - length + 1, math.fsum(stretch[-length:]) / length


def read_intensities(file: Path) -> Intensities:
    """Return the intensities of a CSV file: hour, region, g_per_kwh and, where limits count, latency_ms.

    An hour is a whole number, or a time such as 2026-11-02T14:00 (UTC unless it says otherwise); a file is written in
    one of these ways, and says one latency of a region. Raises StorageError where the file cannot be read, OptionError
    with file and line for anything it may not hold.
    """
    try:
        text = read_text(file, called=f"--intensities {file}", fix=_NAMED, most_bytes=LARGEST_TABLE_BYTES)
        return _table(file, csv.DictReader(io.StringIO(text, newline="")))
    except OSError as error:
        told = f"--intensities {file} cannot be read: {error.strerror}."
        raise StorageError(told, fix=_NAMED) from error
    except UnicodeDecodeError as error:
        raise OptionError(f"--intensities {file} is no text in UTF-8.", fix="Name a CSV file in UTF-8.") from error
    except csv.Error as error:
        raise OptionError(f"--intensities {file} is no CSV: {error}.", fix=_FORM) from error


def _table(file: Path, rows: "csv.DictReader[str]") -> Intensities:
    lacking = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if lacking:
        raise OptionError(f"{file} has no column {lacking[0]}.", fix=_FORM)
    regions: dict[str, dict[int, float]] = {}
    labels: dict[int, str] = {}
    latency: dict[str, float] = {}
    forms: set[bool] = set()
    for row in rows:
        where = f"{file}:{rows.line_num}"
        region, written = (row["region"] or "").strip(), (row["hour"] or "").strip()
        if not region:
            raise OptionError(f"{where}: region is empty.", fix="Name it.")
        hour = _hour(where, written)
        forms.add(_COUNTED.fullmatch(written) is None)
        if len(forms) > 1:
            told = f"{where}: hour is {written!r}, and {next(iter(labels.values()))!r} before: numbers and times mixed."
            raise OptionError(told, fix="Write all hours as whole numbers, or all as times.")
        if hour in regions.setdefault(region, {}):
            raise OptionError(f"{where}: {region} has the hour {written} twice.", fix="Give each hour once.")
        regions[region][hour] = _number(where, "g_per_kwh", row["g_per_kwh"])
        labels.setdefault(hour, written)
        if (row.get(LATENCY) or "").strip():
            away = _number(where, LATENCY, row[LATENCY])
            if latency.setdefault(region, away) != away:
                told = f"{where}: {LATENCY} of {region} is {away:g}, and {latency[region]:g} before."
                raise OptionError(told, fix="Give each region one latency.")
    if not regions:
        raise OptionError(f"{file} holds no hour.", fix=_FORM)
    return Intensities(by_region=regions, labels=labels, latency_ms=latency)


def _hour(where: str, text: str) -> int:
    if _COUNTED.fullmatch(text):
        return int(text)
    try:
        moment = dt.datetime.fromisoformat(text)
        known = moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment
        seconds = known.timestamp()
    except (ValueError, OverflowError):
        seconds = math.nan
    if seconds % _SECONDS != 0:  # what is no number is no hour either
        fix = "Write a whole number, or a full hour such as 2026-11-02T14:00."
        raise OptionError(f"{where}: hour is {text!r}.", fix=fix) from None
    return int(seconds // _SECONDS)


def _number(where: str, column: str, text: str | None) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not 0.0 <= value <= _LARGEST:
        raise OptionError(f"{where}: {column} is {text!r}.", fix="Write a number from 0; leave out unknown hours.")
    return value
