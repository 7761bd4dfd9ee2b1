"""The one vocabulary of units: a figure's unit is the suffix of its key.

Every numeric key in a profile ends in one of `SUFFIXES` or is a pure number listed in `COUNTS`.
GB is 10^9 bytes and never GiB; link bandwidth is per direction; peaks are dense unless the key sits
under a `sparse` table; power is the board's TDP unless the key says otherwise.
"""

from typing import Final

SUFFIXES: Final[dict[str, str]] = {
    "_gb_per_s": "10^9 bytes per second (links: per direction)",
    "_tb_per_s": "10^12 bytes per second",
    "_gb": "10^9 bytes",
    "_mb": "10^6 bytes",
    "_kb": "10^3 bytes",
    "_bytes": "bytes",
    "_bits": "bits",
    "_tflops": "10^12 floating-point operations per second, dense",
    "_tops": "10^12 integer operations per second, dense",
    "_flops": "floating-point operations",
    "_macs": "multiply-accumulates",
    "_w": "watts",
    "_v": "volts",
    "_pj": "10^-12 joules",
    "_uj": "10^-6 joules",
    "_j": "joules",
    "_nm": "10^-9 metres (process node)",
    "_mhz": "10^6 cycles per second",
    "_us": "10^-6 seconds",
    "_ms": "10^-3 seconds",
    "_s": "seconds",
    "_per_s": "per second",
    "_usd_per_hour": "US dollars per hour",
    "usd_per_hour": "US dollars per hour",
    "_usd_per_kwh": "US dollars per kilowatt-hour",
    "usd_per_kwh": "US dollars per kilowatt-hour",
    "usd_per_million_input_tokens": "US dollars per 10^6 tokens of input",
    "usd_per_million_output_tokens": "US dollars per 10^6 tokens of output",
    "usd_per_million_cache_read_tokens": "US dollars per 10^6 tokens of input read from the API's cache",
    "usd_per_million_cache_write_tokens": "US dollars per 10^6 tokens of input put into the API's cache",
    "usd_per_million_batch_input_tokens": "US dollars per 10^6 tokens of input of requests that may wait",
    "usd_per_million_batch_output_tokens": "US dollars per 10^6 tokens of output of requests that may wait",
    "_usd": "US dollars",
    "_to_usd": "US dollars per unit of the offer's currency",
    "g_per_kwh": "grams of CO2-equivalent per kilowatt-hour",
    "_tokens": "tokens",
    "_fraction": "share between 0 and 1",
}
"""Key suffix -> what the number counts. The longest matching suffix is the unit."""

COUNTS: Final[frozenset[str]] = frozenset(
    {
        "schema", "count", "year", "neurons", "synapses", "scale_up_domain", "devices_per_host",
        "params", "active_params", "extra_params", "layers", "heads", "kv_heads", "head_dim", "value_head_dim",
        "hidden_size", "intermediate_size", "vocabulary", "experts", "experts_per_token",
        "shared_intermediate_size", "latent_size", "kv_lora_rank", "q_lora_rank", "rope_head_dim",
        "index_heads", "index_head_dim", "index_top_k", "compress_ratio", "output_lora_rank", "output_groups",
        "residual_streams",
        "key_heads", "value_heads", "key_head_dim", "state_size", "groups", "conv_kernel",
        "batch", "concurrency", "accelerators", "nodes", "tensor", "pipeline", "expert", "percentile",
        "value", "tolerance", "samples", "interruption",
        "macs", "values_moved", "gathered_values", "synaptic_operations", "runs", "items", "outputs_per_inference",
    }
)  # fmt: skip
"""Keys whose value is a plain number: a count, a dimension, or a value whose unit is another key's."""

MB: Final = 1e6
GB: Final = 1e9
TERA: Final = 1e12


def unit_of(key: str) -> str | None:
    """Return what the number under `key` counts, or None when the key names no known unit."""
    name = key.rsplit(".", maxsplit=1)[-1]
    matches = [suffix for suffix in SUFFIXES if name.endswith(suffix)]
    if matches:
        return SUFFIXES[max(matches, key=len)]
    return "count" if name in COUNTS else None
