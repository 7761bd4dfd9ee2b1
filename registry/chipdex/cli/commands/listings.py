"""`chipdex devices`, `models`, `measurements`: one table each, filtered, sorted and cut."""

from typing import Any, Final

import click

from chipdex.cli.options import format_options, listing_options
from chipdex.cli.render import Column, text_of
from chipdex.cli.session import Session
from chipdex.cli.tables import Listing, Wanted, list_table


def billions(value: float | None) -> str:
    """Return a number of parameters as people say it: 70.6 B."""
    return text_of(value) if value is None else f"{value / 1e9:.3g} B"


DEVICES: Final = Listing(
    table="accelerators",
    noun="devices",
    columns=(
        Column(key="id"),
        Column(key="name", importance=9, shrink=True),
        Column(key="kind", importance=4),
        Column(key="status", importance=5),
        Column(key="released", importance=6),
        Column(key="memory_gb", header="GB", right=True),
        Column(key="memory_bandwidth_gb_per_s", header="GB/s", importance=1, right=True),
        Column(key="bf16_tflops", header="bf16 TFLOPS", importance=1, right=True),
        Column(key="fp8_tflops", header="fp8 TFLOPS", importance=2, right=True),
        Column(key="fp4_tflops", header="fp4 TFLOPS", importance=7, right=True),
        Column(key="tdp_w", header="W", importance=3, right=True),
        Column(key="scale_up_domain", header="scale-up", importance=8, right=True),
        Column(key="distribution", importance=8),
    ),
)
MODELS: Final = Listing(
    table="models",
    noun="models",
    columns=(
        Column(key="id"),
        Column(key="name", importance=4, shrink=True),
        Column(key="family", importance=5),
        Column(key="params", right=True, show=billions),
        Column(key="active_params", header="active", importance=1, right=True, show=billions),
        Column(key="layers", importance=3, right=True),
        Column(key="kv_bytes_per_token", header="KV bytes/token", importance=2, right=True),
        Column(key="context_tokens", header="context", importance=2, right=True),
        Column(key="distribution", importance=6),
    ),
)
MEASUREMENTS: Final = Listing(
    table="measurements",
    noun="measurements",
    columns=(
        Column(key="accelerator"),
        Column(key="count", right=True),
        Column(key="model"),
        Column(key="precision", importance=2),
        Column(key="scenario", importance=3),
        Column(key="input_tokens", header="in", importance=5, right=True),
        Column(key="output_tokens", header="out", importance=5, right=True),
        Column(key="batch", importance=6, right=True),
        Column(key="metric", importance=1),
        Column(key="value", right=True),
        Column(key="unit", importance=4),
        Column(key="date", importance=4),
        Column(key="software", importance=8, shrink=True),
        Column(key="id", importance=9),
    ),
)


def _verb(listing: Listing) -> click.Command:
    @click.command(listing.noun, help=f"List {listing.noun}; `chipdex sql` joins them with the rest.")
    @listing_options
    @format_options
    @click.pass_obj
    def run(session: Session, /, output: str, **wanted: Any) -> None:
        list_table(session, listing, Wanted(**wanted), output)

    return run


devices = _verb(DEVICES)
models = _verb(MODELS)
measurements = _verb(MEASUREMENTS)
