"""From estimates and offers to decisions: queues, ownership, and what their verdicts depend on."""
