"""Candidate deployments, constraints, objectives, and the answer with its explanation."""
