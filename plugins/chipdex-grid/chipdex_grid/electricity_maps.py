"""Electricity Maps: what a zone's, or a cloud region's, electricity emits on average in the latest hour."""

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final

from chipdex.api import Emissions, FetchContext, FetchError, Grid, PricingSource, Source, SourceKind, grid_id
from chipdex_grid.answers import changed, listed, moment_of, number_of, value_of

NAME: Final = "electricity-maps"
KEY: Final = "ELECTRICITYMAPS_API_KEY"
ZONES: Final = "ELECTRICITYMAPS_ZONES"
_CALLED: Final = "Electricity Maps"
_CLOUDS: Final = frozenset({"aws", "azure", "gcp"})


def fetch(context: FetchContext) -> Iterator[Grid]:
    """Yield the latest hour of each zone (`FR`) or region (`aws/us-east-1`) that the environment names."""
    places = listed(context.settings[ZONES])
    if not places:
        raise FetchError(f"{ZONES} names no place.", fix="Write, for example, FR,aws/us-east-1.")
    for number, place in enumerate(places, 1):
        context.progress(f"{_CALLED}: {place}, {number} of {len(places)}")
        url = f"{context.urls['api']}/carbon-intensity/latest"
        answer = context.session.json(url, params=_asked(place), headers={"auth-token": context.settings[KEY]})
        grid = _grid(context, place, answer)
        if grid is not None:
            yield grid


def _asked(place: str) -> dict[str, str]:
    """Return the question about a place. Raises FetchError for a cloud that Electricity Maps does not know."""
    provider, slash, region = place.partition("/")
    if not slash:
        return {"zone": place}
    if provider not in _CLOUDS:
        fix = f"Write a zone, or a region of {', '.join(sorted(_CLOUDS))} such as aws/us-east-1."
        raise FetchError(f"{ZONES}: {_CALLED} knows no cloud {provider!r}.", fix=fix)
    return {"dataCenterProvider": provider, "dataCenterRegion": region}


def _grid(context: FetchContext, place: str, answer: Any) -> Grid | None:
    """Return the grid of an answer, None where it says no intensity, which is set aside."""
    intensity = number_of(_CALLED, answer, "carbonIntensity")
    if intensity is None:
        context.refuse({"place": place}, f"{_CALLED} knows no intensity of it now")
        return None
    counted = value_of(_CALLED, answer, "emissionFactorType")
    try:
        emissions = Emissions(counted)
    except ValueError:
        raise changed(_CALLED, f"counts {counted!r:.40} emissions, which is neither direct nor lifecycle") from None
    estimated = value_of(_CALLED, answer, "isEstimated")
    if not isinstance(estimated, bool):
        raise changed(_CALLED, f'has {estimated!r:.40} under "isEstimated"')
    at = moment_of(_CALLED, answer, "datetime").astimezone(dt.UTC)
    provider, _, region = place.rpartition("/")
    where: dict[str, Any] = {"provider": provider or "world", "region": region, "year": at.year, "at": at}
    return Grid(
        id=grid_id(**where, emissions=emissions.value),
        **where,
        g_per_kwh=intensity,
        emissions=emissions,
        estimated=estimated,
        sources={"api": _source(context)},
        provenance={"": ("api",)},
    )


def _source(context: FetchContext) -> Source:
    return Source(
        title=f"{_CALLED}, latest carbon intensity",
        kind=SourceKind.COMMUNITY,
        retrieved=context.clock().date(),
        url=context.urls["api"],
    )


SOURCE: Final = PricingSource(
    name=NAME,
    fetch=fetch,
    max_age=dt.timedelta(hours=2),
    frozen_after=dt.timedelta(days=1),
    urls={"api": "https://api.electricitymaps.com/v3"},
    needs_env=(KEY, ZONES),
    terms="The free tier is for one zone and for non-commercial use, 50 requests an hour.",
)
