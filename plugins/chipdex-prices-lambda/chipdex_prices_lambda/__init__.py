"""Current prices of Lambda."""
