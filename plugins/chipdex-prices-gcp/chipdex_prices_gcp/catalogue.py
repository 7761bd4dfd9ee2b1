"""The pages of the billing catalogue, service by service."""

from collections.abc import Iterator
from typing import Any, Final

from chipdex.api import FetchContext, FetchError
from chipdex_prices_gcp.answer import need_list

COMPUTE_ENGINE: Final = "6F81-5844-456A"
"""GPUs, their hosts, and TPUs from v5e on."""
CLOUD_TPU: Final = "E000-3F24-B8AA"
"""TPUs v2, v3 and v4."""

_PAGE: Final = 5000
_MOST_PAGES: Final = 200


def skus(context: FetchContext, service: str) -> Iterator[Any]:
    """Yield every SKU of a service; raises FetchError where pages lead in circles or one cannot be read."""
    url = f"{context.urls['gcp']}/services/{service}/skus"
    asked = {"key": context.settings["GCP_API_KEY"], "pageSize": _PAGE, "currencyCode": "USD"}
    token, seen = "", {""}
    for number in range(1, _MOST_PAGES + 1):
        context.progress(f"Google Cloud: service {service}, page {number}")
        page = context.session.json(url, params={**asked, "pageToken": token} if token else asked)
        found = need_list(page, "skus", "a page of SKUs")
        yield from found
        token = page.get("nextPageToken", "")
        if not token:
            _check_end(page, len(found), service)
            return
        if token in seen:
            break
        seen.add(token)
    raise FetchError(
        f"Google Cloud: the pages of service {service} lead on without an end ({len(seen)} were read).",
        fix="Refresh again later; if it stays so, the catalogue has changed.",
    )


def _check_end(page: Any, count: int, service: str) -> None:
    """Refuse a full page that says nothing of a next one: the rest would be missing in silence."""
    if count >= _PAGE and "nextPageToken" not in page:
        raise FetchError(
            f'Google Cloud: a full page of service {service} has no key "nextPageToken".',
            fix="The catalogue has changed its form: look for a newer chipdex-prices-gcp.",
        )
