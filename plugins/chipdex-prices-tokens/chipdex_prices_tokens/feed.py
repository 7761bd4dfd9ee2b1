"""What the three feeds have in common: which keys must be there, which rows were refused, how a price is made."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from chipdex.api import DateBasis, FetchContext, FetchError, Source, SourceKind, TokenPrice, token_price_id
from chipdex_prices_tokens.names import provider_id, spellings
from chipdex_prices_tokens.rates import NotAPriceError, OtherUnitError, Rates, check_complete, fields_of

_MANY: Final = 100
_CHANGED: Final = "The source has changed: look for a newer chipdex-prices-tokens."

Row = Mapping[str, Any]


class Feed:
    """One reading of a feed: it counts which keys the rows have, so that a key that was renamed is told by its name.

    `required` are keys that at least one row must have, `usual` those that one of many rows must have.
    """

    def __init__(
        self,
        context: FetchContext,
        called: str,
        url: str,
        *,
        date_basis: DateBasis,
        licence: str | None = None,
        required: Iterable[str] = (),
        usual: Iterable[str] = (),
    ) -> None:
        self.context, self.called, self.date_basis = context, called, date_basis
        self.now = context.clock()
        self._required, self._usual = tuple(required), tuple(usual)
        self._source = Source(
            title=f"{called}: prices of models",
            kind=SourceKind.VENDOR_DOCS if date_basis is DateBasis.READ_ON else SourceKind.COMMUNITY,
            retrieved=self.now.date(),
            url=url,
            licence=licence,
        )
        self._keys: Counter[str] = Counter()
        self._rows = self._priced = self._in_another_unit = 0
        self._ids: set[str] = set()

    def changed(self, what: str) -> FetchError:
        """Return the error of a feed that is not what it was."""
        return FetchError(f"{self.called} {what}.", fix=_CHANGED)

    def row(self, said: Any, *blocks: Any) -> None:
        """Count the keys of a row, and those of blocks within it."""
        self._rows += 1
        for block in (said, *blocks):
            if isinstance(block, Mapping):
                self._keys.update(block.keys())

    def refuse(self, row: Any, error: NotAPriceError) -> None:
        """Keep a row aside with the reason."""
        self._in_another_unit += isinstance(error, OtherUnitError)
        self.context.refuse(row if isinstance(row, Mapping) else {"row": row}, str(error))

    def check(self) -> None:
        """Raise FetchError where no row, or none of many, has a key that was there; and where the unit has changed."""
        if not self._rows:
            raise self.changed("lists no model")
        for key in (*self._required, *(self._usual if self._rows >= _MANY else ())):
            if not self._keys[key]:
                raise self.changed(f'has no "{key}" in any of its {self._rows:,} models')
        if self._in_another_unit > self._priced:
            raise self.changed(
                f"gives {self._in_another_unit:,} prices that would be out of all bounds per million tokens, "
                f"and {self._priced:,} that are not: its unit has changed"
            )

    def price(
        self,
        *,
        provider: str,
        model: str,
        names: Iterable[str],
        rates: Rates,
        generates: bool = True,
        ends: dt.date | None = None,
        **fields: Any,
    ) -> TokenPrice:
        """Return the price of one model. Raises NotAPriceError where it is none, or stands in the feed twice."""
        check_complete(rates, generates=generates)
        if ends is not None and ends <= self.now.date():
            raise NotAPriceError(f"is not served since {ends}")
        api = provider_id(provider)
        price_id = token_price_id(provider=api, model=model)
        if price_id in self._ids:
            raise NotAPriceError(f"stands in the feed twice, as {price_id}")
        self._ids.add(price_id)
        self._priced += 1
        return TokenPrice(
            id=price_id,
            provider=api,
            model=model,
            model_id=self.context.model(*spellings(names)),
            **fields_of(rates),
            ends=ends,
            as_of=self.now.date(),
            date_basis=self.date_basis,
            fetched_at=self.now,
            sources={"api": self._source},
            provenance={"": ("api",)},
            **fields,
        )


def tokens(value: Any) -> int | None:
    """Return a number of tokens, None where there is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e12:  # noqa: PLR2004 - no limit
        return None
    return int(value)


def date(value: Any) -> dt.date | None:
    """Return the date that a text begins with, None where there is none."""
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
