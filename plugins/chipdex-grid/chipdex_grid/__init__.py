"""Grids of the regions that clouds name, as dated facts, and fetchers of live intensities."""
