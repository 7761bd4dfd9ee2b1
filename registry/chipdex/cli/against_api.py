"""The part of a `best` answer that sets it beside what an API charges for the same model."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from chipdex.cli.render import Column, Table, usd
from chipdex.cli.report import Section
from chipdex.cli.session import Session
from chipdex.cli.words import dated_text
from chipdex.errors import OptionError
from chipdex.prices.token_store import cheapest_tokens_in
from chipdex.search.apis import Api, beside
from chipdex.search.query import Query
from chipdex.search.result import Answer

_SHOWN: Final = 3
_COLUMNS: Final = (
    Column(key="provider"),
    Column(key="model", shrink=True),
    Column(key="usd_per_million_output_tokens", header="USD/M out", right=True, show=usd),
    Column(key="usd_per_month", header="USD/month", importance=1, right=True, show=usd),
    Column(key="load", header="own is cheaper above", right=True),
    Column(key="dated", header="price of", importance=2),
    Column(key="state", importance=3),
    Column(key="source", importance=4),
)


def apis_of(session: Session, query: Query, first: Answer | None) -> tuple[Api, ...]:
    """Return the cheapest APIs for the question's request. Raises OptionError for a model that is not served so."""
    if not query.demand.generates:
        raise OptionError(
            f"--against-api compares prices of tokens, and {query.model.id} answers at once.", fix="Leave it out."
        )
    quotes = cheapest_tokens_in(
        session.settings.prices_file,
        query.model.id,
        query.demand.input_tokens,
        query.demand.output_tokens,
        now=dt.datetime.now(tz=dt.UTC),
    )
    return beside(first, quotes[:_SHOWN], query.demand)


def api_section(apis: Sequence[Api], model: str, today: dt.date) -> Section:
    """Return the section of the page: the cheapest APIs, and the load from which serving it oneself is cheaper."""
    heading = "The same request at APIs, the cheapest first; the load is of the first answer's deployment"
    if not apis:
        return Section(
            lines=(f"No API's price of {model} is known: `chipdex prices refresh openrouter litellm models-dev`.",)
        )
    rows = [{**api.as_json(), "load": _load(api), "dated": dated_text(api.as_json(), today)} for api in apis]
    columns = [column for column in _COLUMNS if any(row.get(column.key) is not None for row in rows)]
    return Section(heading=heading, table=Table(columns=columns, rows=rows))


def _load(api: Api) -> Any:
    share = api.break_even_share
    if share is None:
        return None
    return "no load" if share > 1 else f"{100 * share:.0f} %"
