"""Ember: what a country's electricity emitted on average in each year, over its whole life cycle."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Final

from chipdex.api import Emissions, FetchContext, FetchError, Grid, PricingSource, Source, SourceKind, grid_id
from chipdex_grid.answers import changed, listed, number_of, value_of
from chipdex_grid.countries import CODES

NAME: Final = "ember"
KEY: Final = "EMBER_API_KEY"
COUNTRIES: Final = "EMBER_COUNTRIES"
_CALLED: Final = "Ember"
_YEARS: Final = 3
_PARTS_OF_A_DATE: Final = 4


def fetch(context: FetchContext) -> Iterator[Grid]:
    """Yield the newest years of each country: those that the environment names, else all that the package knows."""
    wanted = [code.upper() for code in listed(context.settings.get(COUNTRIES, ""))] or list(CODES)
    unknown = [code for code in wanted if code not in CODES]
    if unknown:
        raise FetchError(f"{COUNTRIES} names {unknown[0]!r}, which is no country.", fix="Use two letters, such as FR.")
    found = 0
    for number, country in enumerate(wanted, 1):
        context.progress(f"{_CALLED}: {country}, {number} of {len(wanted)}")
        answer = context.session.json(
            f"{context.urls['api']}/carbon-intensity/yearly",
            params={
                "entity_code": CODES[country],
                "start_date": str(context.clock().year - _YEARS),
                "api_key": context.settings[KEY],
            },
        )
        rows = value_of(_CALLED, answer, "data")
        if not isinstance(rows, Sequence) or isinstance(rows, str):
            raise changed(_CALLED, 'has no list under "data"')
        grids = [grid for row in rows if (grid := _grid(context, country, row)) is not None]
        found += len(grids)
        if not grids:
            context.refuse(
                {"country": country}, f"{_CALLED} has no intensity of it since {context.clock().year - _YEARS}"
            )
        yield from grids
    if not found:
        raise changed(_CALLED, f"has no intensity of any of {len(wanted)} countries")


def _grid(context: FetchContext, country: str, row: Any) -> Grid | None:
    """Return the grid of a year, None where its intensity is not out yet."""
    code, date = value_of(_CALLED, row, "entity_code"), str(value_of(_CALLED, row, "date"))
    if code != CODES[country]:
        raise changed(_CALLED, f"answers for {code!r:.40} where {CODES[country]} was asked for")
    intensity = number_of(_CALLED, row, "emissions_intensity_gco2_per_kwh")
    if intensity is None:
        return None
    if not date[:_PARTS_OF_A_DATE].isdigit():
        raise changed(_CALLED, f'has {date!r:.40} under "date", which is no year')
    where: dict[str, Any] = {"provider": "world", "region": country, "year": int(date[:_PARTS_OF_A_DATE])}
    return Grid(
        id=grid_id(**where, emissions=Emissions.LIFECYCLE.value),
        **where,
        g_per_kwh=intensity,
        emissions=Emissions.LIFECYCLE,
        sources={"api": _source(context)},
        provenance={"": ("api",)},
    )


def _source(context: FetchContext) -> Source:
    return Source(
        title=f"{_CALLED}, yearly carbon intensity",
        kind=SourceKind.COMMUNITY,
        retrieved=context.clock().date(),
        url=context.urls["api"],
        licence="CC-BY-4.0",
    )


SOURCE: Final = PricingSource(
    name=NAME,
    fetch=fetch,
    max_age=dt.timedelta(days=60),
    frozen_after=dt.timedelta(days=500),
    urls={"api": "https://api.ember-energy.org/v1"},
    needs_env=(KEY,),
    may_use_env=(COUNTRIES,),
    terms="CC BY 4.0: keep Ember named beside the figures.",
)
