"""`best` and `estimate`, asked again without an estimator that failed: no plugin's takes an answer down."""

from collections.abc import Callable
from typing import TypeVar

import attrs

from chipdex.search import rank, single
from chipdex.search.engines import FailedEngineError
from chipdex.search.knowledge import Knowledge
from chipdex.search.query import Case, Query
from chipdex.search.result import BestAnswer, Estimate

T = TypeVar("T")


def best(registry: rank.Records, query: Query, knowledge: Knowledge | None = None) -> BestAnswer:
    """Return the ranking for `query` over every device of `registry`; see `rank.best`.

    Where a plugin's estimator fails, the next one that covers its devices answers for them; under strict settings
    FailedEngineError is raised instead.
    """
    return _asked(lambda known: rank.best(registry, query, known), knowledge or Knowledge())


def estimate(case: Case, knowledge: Knowledge | None = None) -> Estimate:
    """Return the best deployment of `case.count` devices within the case's limits; see `single.estimate`.

    Where a plugin's estimator fails, the next one that covers the device answers, as in `best`.
    """
    return _asked(lambda known: single.estimate(case, known), knowledge or Knowledge())


def _asked(ask: Callable[[Knowledge], T], known: Knowledge) -> T:
    while True:
        try:
            return ask(known)
        except FailedEngineError as error:
            if error.engine.is_strict:
                raise
            left = [engine for engine in known.engines if engine is not error.engine]
            known = attrs.evolve(known, engines=left)
