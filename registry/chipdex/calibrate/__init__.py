"""Calibration and its proof: measurements as cells, their predictions, the fit, and what holding out shows."""
