"""Lint as plausibility: what is well-formed and still cannot be true, told by physics, by names and by peers."""

from chipdex.plausibility.linting import Inspection, lint_files, lint_registry

__all__ = ["Inspection", "lint_files", "lint_registry"]
