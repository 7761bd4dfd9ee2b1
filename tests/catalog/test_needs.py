"""What a model needs: weights by format, and the cache of a token and of a full context."""

import attrs
import pytest
from fakes.lab import LANGUAGE_MODEL, NETWORK

from chipdex.catalog.needs import needs


def by_name(model):
    return {need.name: need.value for need in needs(model)}


def test_weights_are_parameters_times_bits() -> None:
    found = by_name(LANGUAGE_MODEL)
    assert found["weights in bf16"] == pytest.approx(16.06)
    assert found["weights in fp8"] == pytest.approx(8.03)
    assert found["weights in w4a16"] == pytest.approx(8.03 * 4.125 / 8)


def test_the_cache_of_a_context_is_that_of_its_tokens() -> None:
    # 32 layers x 8 heads x 128 x keys and values x 2 bytes = 131,072 bytes per token.
    found = by_name(attrs.evolve(LANGUAGE_MODEL, context_tokens=8192))
    assert found["cache per token, bf16"] == pytest.approx(131.072)
    assert found["cache of a full context, bf16"] == pytest.approx(1.073741824)


def test_a_network_has_no_cache() -> None:
    assert not any(name.startswith("cache") for name in by_name(NETWORK))
