"""Which regions are asked for: those of an environment variable, else the source's own."""

from collections.abc import Collection
from typing import Final

from chipdex.api import FetchContext, FetchError

VARIABLE: Final = "CHIPDEX_AWS_REGIONS"
GOVERNMENT: Final = "us-gov-"
"""How the codes of regions begin that only government customers can rent from; they are never asked for."""


def regions(context: FetchContext, known: Collection[str], usual: Collection[str] = ()) -> list[str]:
    """Return the codes of the regions to ask for: of the variable, else the `usual` ones, else all that are known.

    Raises FetchError where the variable names a region that AWS does not list.
    """
    named = [code.strip() for code in context.settings.get(VARIABLE, "").split(",") if code.strip()]
    open_to_all = [code for code in known if not code.startswith(GOVERNMENT)]
    if not named:
        named = [code for code in usual if code in open_to_all]
    if not named or named == ["all"]:
        return open_to_all
    if strange := [code for code in named if code not in known]:
        raise FetchError(
            f"AWS lists no prices for {', '.join(strange)}.",
            fix=f"Correct {VARIABLE}, for example us-east-1,eu-west-1.",
        )
    return named
