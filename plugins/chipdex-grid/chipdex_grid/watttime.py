"""WattTime: what one kilowatt-hour more would emit now, which is marginal and no average."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Final

from chipdex.api import FetchContext, FetchError, Grid, IntensityKind, PricingSource, Source, SourceKind, grid_id
from chipdex_grid.answers import changed, listed, moment_of, number_of, value_of

NAME: Final = "watttime"
USER: Final = "WATTTIME_USER"
PASSWORD: Final = "WATTTIME_PASSWORD"  # noqa: S105 - the name of a variable
REGIONS: Final = "WATTTIME_REGIONS"
FREE_REGION: Final = "CAISO_NORTH"
"""The region whose intensities an account without a contract may read."""

G_PER_KWH_OF_LB_PER_MWH: Final = 0.45359237
"""An international pound is exactly 453.59237 g, and a megawatt-hour a thousand kilowatt-hours."""

_CALLED: Final = "WattTime"
_SIGNAL: Final = "co2_moer"
_UNITS: Final = "lbs_co2_per_mwh"
_TOKEN_HOLDS: Final = dt.timedelta(minutes=30)
_EARLY: Final = dt.timedelta(minutes=1)
_LATEST: Final = dt.timedelta(hours=2)
_FORBIDDEN: Final = 403
_UNAUTHORIZED: Final = 401


class _Session:
    """A log-in that is renewed before its token runs out, and once where the server says that it has."""

    def __init__(self, context: FetchContext) -> None:
        self._context = context
        self._token, self._since = "", dt.datetime.min.replace(tzinfo=dt.UTC)

    def json(self, path: str, params: dict[str, str]) -> Any:
        """Return what the API answers."""
        try:
            return self._asked(path, params)
        except FetchError as error:
            if error.status != _UNAUTHORIZED:
                raise
        self._token = ""
        return self._asked(path, params)

    def _asked(self, path: str, params: dict[str, str]) -> Any:
        context, now = self._context, self._context.clock()
        if not self._token or now - self._since >= _TOKEN_HOLDS - _EARLY:
            self._token, self._since = self._logged_in(), now
        headers = {"Authorization": f"Bearer {self._token}"}
        return context.session.json(f"{context.urls['api']}{path}", params=params, headers=headers)

    def _logged_in(self) -> str:
        """Return a new token. Raises FetchError without a status: that of a log-in says nothing of any region."""
        context = self._context
        login = (context.settings[USER], context.settings[PASSWORD])
        try:
            answer = context.session.json(f"{context.urls['api']}/login", auth=login)
        except FetchError as error:
            raise FetchError(error.message, fix=error.fix) from error
        return str(value_of(_CALLED, answer, "token"))


def fetch(context: FetchContext) -> Iterator[Grid]:
    """Yield the newest marginal intensity of each region; a region that the account may not read is set aside."""
    session, regions = _Session(context), listed(context.settings.get(REGIONS, "")) or [FREE_REGION]
    closed = 0
    for region in regions:
        context.progress(f"{_CALLED}: {region}")
        try:
            answer = session.json("/v3/historical", _asked(context, region))
        except FetchError as error:
            if error.status != _FORBIDDEN:
                raise
            closed += 1
            context.refuse(
                {"region": region}, f"the account may not read it; without a contract, {FREE_REGION} is open"
            )
            continue
        grid = _newest(context, region, answer)
        if grid is not None:
            yield grid
    if closed == len(regions):
        raise FetchError(f"{_CALLED} lets the account read none of {', '.join(regions)}.", fix=f"Set {REGIONS}.")


def _asked(context: FetchContext, region: str) -> dict[str, str]:
    now = context.clock().astimezone(dt.UTC)
    start, end = (f"{moment:%Y-%m-%dT%H:%MZ}" for moment in (now - _LATEST, now))
    return {"region": region, "signal_type": _SIGNAL, "start": start, "end": end}


def _newest(context: FetchContext, region: str, answer: Any) -> Grid | None:
    """Return the newest point of an answer in grams. A percentile is a rank among hours and no mass."""
    units = value_of(_CALLED, value_of(_CALLED, answer, "meta"), "units")
    if units == "percentile":
        context.refuse({"region": region, "units": units}, "it is a percentile of the region's hours, and no intensity")
        return None
    if units != _UNITS:
        raise changed(_CALLED, f"counts in {units!r:.40}, not in {_UNITS}")
    points = value_of(_CALLED, answer, "data")
    if not isinstance(points, Sequence) or isinstance(points, str):
        raise changed(_CALLED, 'has no list under "data"')
    moments = [(moment_of(_CALLED, point, "point_time"), number_of(_CALLED, point, "value")) for point in points]
    known = [(at.astimezone(dt.UTC), value) for at, value in moments if value is not None]
    if not known:
        context.refuse({"region": region}, f"{_CALLED} knows no intensity of it now")
        return None
    at, pounds = max(known)
    where: dict[str, Any] = {"provider": NAME, "region": region, "year": at.year, "at": at}
    return Grid(
        id=grid_id(**where, kind=IntensityKind.MARGINAL.value),
        **where,
        kind=IntensityKind.MARGINAL,
        g_per_kwh=pounds * G_PER_KWH_OF_LB_PER_MWH,
        sources={"api": _source(context)},
        provenance={"": ("api",)},
    )


def _source(context: FetchContext) -> Source:
    return Source(
        title=f"{_CALLED}, marginal operating emissions rate",
        kind=SourceKind.COMMUNITY,
        retrieved=context.clock().date(),
        url=context.urls["api"],
    )


SOURCE: Final = PricingSource(
    name=NAME,
    fetch=fetch,
    max_age=dt.timedelta(hours=2),
    frozen_after=dt.timedelta(days=1),
    urls={"api": "https://api.watttime.org"},
    needs_env=(USER, PASSWORD),
    may_use_env=(REGIONS,),
    terms="An account may read CAISO_NORTH; other regions need a contract.",
)
