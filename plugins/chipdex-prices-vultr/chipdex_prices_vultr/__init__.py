"""Vultr's current prices for chipdex."""
