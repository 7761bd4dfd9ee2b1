"""From published results, as CSV, to the measurement files of chipdex-mlperf and chipdex-benchmarks."""
