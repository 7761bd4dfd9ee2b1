"""Oracle Cloud's current prices for chipdex."""
