"""How the verbs that decide read their options, print and draw."""
