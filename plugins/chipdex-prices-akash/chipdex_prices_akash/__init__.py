"""Current prices of Akash."""
