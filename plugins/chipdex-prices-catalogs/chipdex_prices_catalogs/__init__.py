"""Prices from catalogues that others keep, for chipdex: gpuhunt's and SkyPilot's, without their known defects."""
