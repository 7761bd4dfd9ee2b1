"""Vast.ai's current prices for chipdex."""
