"""Candidate deployments, constraints, objectives, and the answer with its explanation."""

from chipdex.search.asking import best, estimate
from chipdex.search.knowledge import Knowledge
from chipdex.search.query import Case, Query
from chipdex.search.result import Answer, BestAnswer, Estimate

__all__ = ["Answer", "BestAnswer", "Case", "Estimate", "Knowledge", "Query", "best", "estimate"]
