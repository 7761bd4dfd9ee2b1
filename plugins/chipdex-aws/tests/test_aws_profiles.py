"""The AWS profiles keep the contract, and say what their sources say, under the names that measurements use."""

from chipdex.testing import PluginContract

REQUIRED = {
    "aws/inferentia",
    "aws/inferentia2",
    "aws/trainium1",
    "aws/trainium2",
    "aws/trainium3",
}
LEAST = {"asic": 5}
NAMES = (
    ("inf1", "aws/inferentia"),
    ("Inferentia", "aws/inferentia"),
    ("aws/inferentia1", "aws/inferentia"),
    ("inf2.48xlarge", "aws/inferentia2"),
    ("Trainium1", "aws/trainium1"),
    ("trn1n", "aws/trainium1"),
    ("trn2", "aws/trainium2"),
    ("trn3", "aws/trainium3"),
)
FIGURES: dict[str, dict[str, float]] = {
    "aws/inferentia": {
        "memory.bandwidth_gb_per_s": 53.7,
        "compute.dense.int8_tops": 128,
    },
    "aws/inferentia2": {
        "memory.bandwidth_gb_per_s": 880.5,
        "compute.dense.bf16_tflops": 190,
    },
    "aws/trainium1": {
        "topology.devices_per_host": 16,
        "link.scale_up.bandwidth_gb_per_s": 192,
    },
    "aws/trainium2": {
        "memory.capacity_gb": 96,
        "compute.dense.fp8_tflops": 1299,
        "compute.sparse.fp8_tflops": 2563,
        "link.scale_up.bandwidth_gb_per_s": 640,
        "topology.scale_up_domain": 64,
    },
    "aws/trainium3": {
        "memory.bandwidth_gb_per_s": 4900,
        "compute.dense.mxfp8_tflops": 2517,
        "topology.scale_up_domain": 144,
    },
}
TDP_RANGE_W = {"*": (5, 1000)}


class TestAws(PluginContract):
    package = "chipdex_aws"
    required = REQUIRED
    names = NAMES
    spot_figures = FIGURES
    least = LEAST
    tdp_range_w = TDP_RANGE_W
