"""Ids of rows: what a row is called when its file gives it no id of its own."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final

from chipdex.domain import Grid, Offer, Record
from chipdex.ids import normal_form


def spelled(name: str) -> str:
    """Return `name` as ids are spelled: its normal form with hyphens for spaces."""
    return normal_form(name).strip(".+").replace(" ", "-") or "unnamed"


def offer_id(*, provider: str, instance: str, region: str, term: str, accelerator: str) -> str:
    """Return the id of an offer: provider/instance/region/term/accelerator, each as ids are spelled."""
    device = "/".join(spelled(part) for part in accelerator.split("/"))
    return "/".join((*(spelled(part) for part in (provider, instance, region, term)), device))


def token_price_id(*, provider: str, model: str) -> str:
    """Return the id of a token price: provider/model, the model as its API calls it, each part as ids are spelled."""
    return "/".join((spelled(provider), *(spelled(part) for part in model.split("/") if part)))


def grid_id(
    *,
    provider: str,
    region: str,
    year: int,
    kind: str = "average",
    emissions: str | None = None,
    at: dt.datetime | str | None = None,
) -> str:
    """Return the id of a grid: provider/region/year/kind, then what the intensity counts, and the moment it is of."""
    moment = dt.datetime.fromisoformat(at) if isinstance(at, str) else at
    parts = [spelled(provider), spelled(region), str(year), spelled(kind)]
    parts += [spelled(emissions)] if emissions else []
    parts += [moment.astimezone(dt.UTC).strftime("%Y%m%dt%H%Mz")] if moment else []
    return "/".join(parts)


def generated_id(record: type[Record], row: Mapping[str, Any], numbered: str) -> str:
    """Return the id of a checked row; a measurement's is `numbered`, its file and its number in it."""
    rule, keys = _RULES.get(record, (None, ()))
    if rule is None:
        return numbered
    return rule(**{key: row[key] for key in keys if key in row})


_RULES: Final[Mapping[type[Record], tuple[Callable[..., str], tuple[str, ...]]]] = {
    Offer: (offer_id, ("provider", "instance", "region", "term", "accelerator")),
    Grid: (grid_id, ("provider", "region", "year", "kind", "emissions", "at")),
}
