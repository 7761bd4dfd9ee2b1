"""A model's life: training, tuning and serving it, its size, and the length of its answers."""
