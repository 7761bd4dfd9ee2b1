"""The ranking of a model for decisions that weigh its deployments: the best of every device, with its price."""

import datetime as dt
from typing import TYPE_CHECKING, Final

from chipdex.cli.session import Session
from chipdex.domain import Term
from chipdex.domain.workload import Workload

if TYPE_CHECKING:
    from chipdex.search.result import BestAnswer

OWNED: Final = "Prices of what is bought leave out interest, cooling, space, staff and, outside whole nodes, the host."
"""What a reader must know where a ranking holds hardware that nobody rents out."""


def ranking(
    session: Session,
    model: str,
    *,
    workload: Workload,
    precision: str | None = None,
    term: str | None = None,
    within: float | None = None,
) -> "BestAnswer":
    """Return what `best` answers of the model, the cheapest first, up to `within` (a share) dearer than it."""
    from chipdex.cli.questions import model_of, precisions_of  # noqa: PLC0415 - numpy comes with it
    from chipdex.search import best  # noqa: PLC0415 - likewise
    from chipdex.search.pricing import wanted_prices  # noqa: PLC0415 - likewise
    from chipdex.search.query import Choice, Query, demand  # noqa: PLC0415 - likewise

    meant = model_of(session, model)
    session.need("accelerators")
    choice = Choice(term=None if term is None else Term(term), top=len(session.registry.accelerators), within=within)
    query = Query(
        model=meant, demand=demand(workload, meant), precisions=precisions_of(precision, meant), choice=choice
    )
    today = dt.datetime.now(tz=dt.UTC).date()
    return best(session.registry.priced(wanted_prices(choice, today)), query, session.knowledge)
