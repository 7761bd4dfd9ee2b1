"""How numbers read on every page: the same number in the same letters, and what rounding leaves as 0."""

import pytest

from chipdex.cli.render import usd
from chipdex.cli.words import percent


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (0.0, "0 %"),
        (-0.0, "0 %"),
        (-2.22e-16, "0 %"),
        (0.1 + 0.2 - 0.3, "0 %"),
        (1e-9, "1e-07 %"),
        (-0.05, "-5 %"),
        (0.1234, "12.3 %"),
        (0.9995, "99.95 %"),
        (1.0 - 1e-15, "100 %"),
        (9.9999, "1,000 %"),
        (123.456, "12,346 %"),
    ],
)
def test_a_share_reads_in_per_cent_and_noise_as_none(share: float, told: str) -> None:
    assert percent(share) == told


def test_a_price_of_nothing_has_no_sign() -> None:
    assert usd(-0.0) == usd(0.0) == "0.00"
