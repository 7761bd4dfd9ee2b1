"""What APIs charge per million tokens, for chipdex: OpenRouter, the LiteLLM map and models.dev."""
