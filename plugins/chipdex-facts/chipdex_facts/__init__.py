"""Profiles only: this package executes nothing."""
