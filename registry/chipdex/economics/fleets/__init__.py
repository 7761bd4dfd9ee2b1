"""The cheapest fleet for a demand: what may be in it, the program, and the price of latency."""
