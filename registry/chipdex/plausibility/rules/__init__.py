"""The core's lint rules, a module for each theme; each module lists its own in `RULES`."""
