"""What happens when the catalogue does not answer as it should: an error that says what, and never the key."""

import json
from typing import Any

import attrs
import pytest

from chipdex.api import FetchError
from chipdex_prices_gcp.catalogue import COMPUTE_ENGINE as COMPUTE

KEY = "AIza-the-key"


@pytest.fixture
def t4(catalogue) -> dict[str, Any]:
    return catalogue.sku("Nvidia Tesla T4 GPU running in Iowa", "0", 350_000_000)


def failure(refresh) -> str:
    with pytest.raises(FetchError) as raised:
        refresh.offers()
    assert KEY not in str(raised.value)
    return str(raised.value)


def answer(catalogue, body: Any, status: int = 200, **headers: str) -> None:
    catalogue.server.clear()
    text = body if isinstance(body, str) else json.dumps(body)
    catalogue.server.expect_request(f"/gcp/services/{COMPUTE}/skus").respond_with_data(
        text, status=status, headers=headers, content_type="application/json"
    )


@pytest.mark.usefixtures("catalogue")
def test_a_key_that_is_not_valid_is_said(refresh):
    refresh.context = attrs.evolve(refresh.context, settings={"GCP_API_KEY": "AIza-wrong"})
    with pytest.raises(FetchError, match="answered 403") as raised:
        refresh.offers()
    assert "AIza-wrong" not in str(raised.value)
    assert "key" in raised.value.fix


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ("<html>Sorry</html>", 200, "a web page instead of JSON"),
        ('{"skus": [{"desc', 200, "broken or incomplete"),
        ("{}", 404, "answered 404"),
        ("{}", 429, "answered 429"),
        ("{}", 500, "answered 500"),
    ],
)
def test_an_answer_that_is_none_is_an_error_without_the_key(catalogue, refresh, body, status, said):
    answer(catalogue, body, status)
    assert said in failure(refresh)


def test_a_redirect_does_not_show_the_key(catalogue, refresh):
    answer(catalogue, "", 302, Location=f"http://10.0.0.1/skus?key={KEY}")
    assert "private address" in failure(refresh)


def rename(row: Any, path: tuple[str | int, ...], key: str) -> None:
    held = row
    for step in path:
        held = held[step]
    held[f"{key}V2"] = held.pop(key)


EXPRESSION = ("pricingInfo", 0, "pricingExpression")
PRICE = (*EXPRESSION, "tieredRates", 0, "unitPrice")


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ((), "description"),
        ((), "category"),
        ((), "serviceRegions"),
        ((), "pricingInfo"),
        (("category",), "resourceGroup"),
        (("category",), "usageType"),
        (("pricingInfo", 0), "pricingExpression"),
        (EXPRESSION, "usageUnit"),
        (EXPRESSION, "tieredRates"),
        ((*EXPRESSION, "tieredRates", 0), "unitPrice"),
        (PRICE, "units"),
        (PRICE, "nanos"),
    ],
)
def test_a_renamed_key_is_an_error_that_names_it(catalogue, refresh, t4, path, key):
    rename(t4, path, key)
    catalogue.skus[COMPUTE] = [t4]
    assert f'"{key}"' in failure(refresh)


def test_a_page_without_skus_is_an_error(catalogue, refresh, t4):
    answer(catalogue, {"items": [t4], "nextPageToken": ""})
    assert 'no key "skus"; it holds items, nextPageToken' in failure(refresh)


def test_pages_that_lead_in_circles_end(catalogue, refresh, t4):
    answer(catalogue, {"skus": [t4], "nextPageToken": "again"})
    assert "without an end" in failure(refresh)


def test_a_full_page_that_names_no_next_one_is_an_error(catalogue, refresh, t4):
    answer(catalogue, {"skus": [t4] * 5000, "nextToken": "page-2"})
    assert 'no key "nextPageToken"' in failure(refresh)


def test_nothing_is_yielded_before_the_last_page_is_read(catalogue, refresh, t4):
    catalogue.skus[COMPUTE] = [t4, {"strange": 1}]
    catalogue.page = 1
    with pytest.raises(FetchError):
        next(iter(refresh.offers()))
