"""RunPod's current prices for chipdex."""
