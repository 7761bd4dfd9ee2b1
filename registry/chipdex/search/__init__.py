"""Candidate deployments, constraints, objectives, and the answer with its explanation."""

from chipdex.search.knowledge import Knowledge
from chipdex.search.query import Case, Query
from chipdex.search.rank import best
from chipdex.search.result import Answer, BestAnswer, Estimate
from chipdex.search.single import estimate

__all__ = ["Answer", "BestAnswer", "Case", "Estimate", "Knowledge", "Query", "best", "estimate"]
