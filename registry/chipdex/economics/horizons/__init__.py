"""How long a verdict holds, and what an announced chip must reach."""
