"""One module per verb or family of verbs; `chipdex.cli.verbs` says which, and none is imported before it is called."""
