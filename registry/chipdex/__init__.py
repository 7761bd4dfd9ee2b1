"""chipdex says which hardware should run a model, and what it will cost."""

__version__ = "0.1.0"
