"""Replay of request traces through a fleet: reading and describing traces, engines that batch, rules that scale."""
