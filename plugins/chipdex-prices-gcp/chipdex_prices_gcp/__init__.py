"""Current prices of Google Cloud, from its billing catalogue."""
