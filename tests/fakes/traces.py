"""Traces and replicas that replays are tested on."""

from collections.abc import Sequence
from pathlib import Path

from chipdex.simulation.replay import Service
from chipdex.simulation.traces import Trace, format_of


def trace(folder: Path, rows: Sequence[tuple[float, int, int]], name: str = "trace.csv") -> Trace:
    """Write a trace of arrivals in seconds, input and output tokens."""
    lines = ["arrival_s,input_tokens,output_tokens", *(",".join(map(str, row)) for row in rows)]
    file = folder / name
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Trace(file=file, format=format_of(file))


def service(
    slots: int = 4,
    step_s: float = 0.01,
    *,
    prompt_s: float = 0.001,
    per_token_s: float = 0.0,
    kv_tokens: int = 10**9,
    chunk_tokens: int = 10**6,
    watts: float | None = None,
    idle_watts: float | None = None,
) -> Service:
    """Return a replica whose steps take the same time however many sequences decode."""
    return Service(
        start_s=(step_s,) * (slots + 1),
        per_token_s=(per_token_s,) * (slots + 1),
        prompt_s=(prompt_s,) * (slots + 1),
        square_s=0.0,
        kv_tokens=kv_tokens,
        chunk_tokens=chunk_tokens,
        watts=None if watts is None else (watts,) * (slots + 1),
        prompt_watts=watts or 0.0,
        idle_watts=idle_watts,
    )
