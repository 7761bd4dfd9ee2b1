"""Where requests and layers run: tiers, what they cost, who may have the data, and where to cut."""
