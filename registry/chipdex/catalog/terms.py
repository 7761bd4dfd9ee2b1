"""Ways to pay, side by side: what one accelerator costs an hour on demand, on spot and reserved, at each provider."""

from collections.abc import Iterable, Mapping
from typing import Any

from chipdex.domain import Term

QUERY = """
SELECT accelerator, provider, term, region, interruption, as_of, min(usd_per_hour * rate_to_usd / count) AS usd
FROM offers WHERE ({condition}) AND coalesce(host_included, 1) AND coalesce(bid, 0) = 0
GROUP BY accelerator, provider, term
"""


def compared(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one row per accelerator and provider: US dollars per accelerator-hour of each term, and the saving.

    `rows` have accelerator, provider, term, usd and interruption, the cheapest of each term. `saving` maps a term to
    the share of the on-demand price that it saves, None without one; a term that costs more than on demand has a
    negative share. Cheapest on-demand price first, then those without one.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        key = (row["accelerator"], row["provider"])
        own = found.setdefault(key, {"accelerator": key[0], "provider": key[1], "usd": {}, "interruption": None})
        own["usd"][row["term"]] = row["usd"]
        if row["term"] == Term.SPOT:
            own["interruption"] = row["interruption"]
    for own in found.values():
        full = own["usd"].get(Term.ON_DEMAND)
        own["saving"] = {
            term: None if not full else 1.0 - usd / full for term, usd in own["usd"].items() if term != Term.ON_DEMAND
        }
    return sorted(
        found.values(),
        key=lambda own: (own["accelerator"], own["usd"].get(Term.ON_DEMAND, float("inf")), own["provider"]),
    )
