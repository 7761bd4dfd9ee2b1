"""Current prices of CUDO Compute."""
