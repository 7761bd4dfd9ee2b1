"""Energy, carbon and water of a request, where and when they are least, and what avoiding them costs."""
