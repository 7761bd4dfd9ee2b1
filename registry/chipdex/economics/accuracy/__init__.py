"""What accuracy is worth, what changes to a model cost and lose, and how large a proof must be."""
