"""Which electricity runs a deployment: the grid of the offer's region, else of its country, else the one named."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final

import attrs

from chipdex.codec.row_ids import spelled
from chipdex.domain.grid import Emissions, Grid, IntensityKind
from chipdex.domain.offer import Offer
from chipdex.errors import AmbiguousNameError, UnknownIdError
from chipdex.search.ownership import OWNER
from chipdex.values import Value

WORLD: Final = "world"
"""The provider of a country's grid, whose region is the country's two-letter code (ISO 3166)."""

Place = tuple[str, str]
"""A provider and a region, spelled as ids are."""

_CODE_LETTERS: Final = 2
_YEAR: Final = re.compile(r"\d{4}(/|$)")
_SHOWN: Final = 5


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Electricity(Value):
    """What is known of a place's electricity: its intensity and its price, each of the latest year that has one."""

    carbon: Grid | None = None
    price: Grid | None = None

    @property
    def g_per_kwh(self) -> float | None:
        """Grams of CO2-equivalent per kilowatt-hour, None where nobody knows them."""
        return None if self.carbon is None else self.carbon.g_per_kwh

    @property
    def usd_per_kwh(self) -> float | None:
        """US dollars per kilowatt-hour, None where nobody knows them."""
        return None if self.price is None else self.price.usd_per_kwh


UNKNOWN: Final = Electricity()


class Grids:
    """The electricity of every place that the records name; a record is read when its place is asked for.

    Only averages of whole years count: a marginal intensity answers another question, and that of a moment says
    nothing of the hours that a deployment will run.
    """

    def __init__(self, records: Mapping[str, Grid] | Iterable[Grid] = ()) -> None:
        self._records = records if isinstance(records, Mapping) else {grid.id: grid for grid in records}
        self._ids: dict[Place, list[str]] = {}
        for grid_id in self._records:
            self._ids.setdefault(self._place_of(grid_id), []).append(grid_id)
        self._found: dict[tuple[str, str], Electricity] = {}

    def __bool__(self) -> bool:
        return bool(self._ids)

    def of(self, offer: Offer | None, chosen: Electricity | None = None) -> Electricity:
        """Return the electricity that an offer is run on; `chosen` is that of what has no region: owned, unpriced."""
        if offer is None or offer.provider == OWNER:
            return chosen or UNKNOWN
        return self.at(offer.provider, offer.region)

    def at(self, provider: str, region: str) -> Electricity:
        """Return the electricity of a region, of its country where the region has none of its own."""
        if (provider, region) not in self._found:
            code = _country_of(region)
            places = [(spelled(provider), spelled(region)), *([(WORLD, code)] if code else [])]
            known = [found for place in places if (found := self._latest(place)) is not UNKNOWN]
            self._found[provider, region] = known[0] if known else UNKNOWN
        return self._found[provider, region]

    def named(self, text: str) -> Electricity:
        """Return the electricity that a grid's id, provider/region, region or country code means.

        Raises UnknownIdError with the nearest, AmbiguousNameError where places of one name differ.
        """
        if text in self._records:
            grid = self._records[text]
            return _with(self._latest(self._place_of(text)), grid)
        wanted = "/".join(spelled(part) for part in text.split("/"))
        found = {
            "/".join(place): known
            for place in self._ids
            if wanted in {"/".join(place), place[1]} and (known := self._latest(place)) is not UNKNOWN
        }
        if not found:
            raise UnknownIdError(f"There is no grid {text!r}.", fix=_nearest(wanted, self._ids))
        if len({(one.g_per_kwh, one.usd_per_kwh) for one in found.values()}) > 1:
            places = sorted(found)
            raise AmbiguousNameError(
                f"{text!r} is a region of several providers, whose grids differ.",
                fix=f"Name one: {', '.join(places[:_SHOWN])}.",
                matches=places,
            )
        return next(iter(found.values()))

    def _place_of(self, grid_id: str) -> Place:
        """Return the place of a grid: ids begin with it, and a record is read only where its id does not."""
        provider, _, rest = grid_id.partition("/")
        region, _, more = rest.partition("/")
        if _YEAR.match(more):
            return (spelled(provider), spelled(region))
        grid = self._records[grid_id]
        return (spelled(grid.provider), spelled(grid.region))

    def _latest(self, place: Place) -> Electricity:
        records = [self._records[grid_id] for grid_id in self._ids.get(place, ())]
        found = UNKNOWN
        for grid in sorted(records, key=_by_age):
            if grid.kind is IntensityKind.AVERAGE and grid.at is None:
                found = _with(found, grid)
        return found


def _with(known: Electricity, grid: Grid) -> Electricity:
    """Return what is known of a place's electricity with what one of its grids says."""
    return attrs.evolve(
        known,
        carbon=known.carbon if grid.g_per_kwh is None else grid,
        price=known.price if grid.usd_per_kwh is None else grid,
    )


def is_of_country(grid: Grid | None, offer: Offer | None) -> bool:
    """Return whether an offer's grid is its country's, because the region has none of its own."""
    return grid is not None and offer is not None and grid.provider == WORLD and offer.provider not in {WORLD, OWNER}


def _by_age(grid: Grid) -> tuple[int, bool, str]:
    """Return what orders grids so that the best comes last: the latest year, and what power plants emit."""
    return (grid.year, grid.emissions is Emissions.DIRECT, grid.id)


def _country_of(region: str) -> str | None:
    """Return the code of the country that a region is in, where its name says so: `FR`, `Paris, FR`."""
    code = region.rpartition(",")[2].strip()
    return code.lower() if len(code) == _CODE_LETTERS and code.isalpha() and code.isupper() else None


def _nearest(wanted: str, places: Iterable[Place]) -> str:
    names = {name for place in places for name in (place[1], "/".join(place))}
    if not names:
        return "No installed plugin brings any; `chipdex install chipdex-grid` does."
    near = get_close_matches(wanted, sorted(names), n=1)
    return f"Did you mean {near[0]}?" if near else "`chipdex sql 'SELECT * FROM grids'` lists them."


NO_GRIDS: Final = Grids()
