"""Published facts, computed with what the decisions are made with."""
