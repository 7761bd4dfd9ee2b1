"""A refresh of ten sources with 100,000 rows in all: bounded by the slowest source, 10 s at most."""

import datetime as dt
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fakes.price_sources import NOW, FakeHost, FakeRegistry, device, source

from chipdex.api import DateBasis, FetchContext, Offer, OfferState, Source, SourceKind, Term, offer_id
from chipdex.prices.refresh import refresh
from chipdex.settings import Settings

SOURCES = 10
ROWS = 100_000
DEVICES = 40
REGIONS = 25
TERMS = (Term.ON_DEMAND, Term.SPOT, Term.RESERVED_1Y, Term.RESERVED_3Y)
TARGET_S = 10.0
CHANGED = 2


def rows_of(number: int, count: int) -> list[dict[str, object]]:
    """Return what one source answers."""
    chance = random.Random(number)  # noqa: S311 - the same prices each time
    return [
        {
            "type": f"x{place // (REGIONS * len(TERMS))}",
            "region": f"r-{place // len(TERMS) % REGIONS}",
            "term": TERMS[place % len(TERMS)].value,
            "gpu": f"X{place % DEVICES}",
            "hourly": round(chance.uniform(1, 4), 4),
        }
        for place in range(count)
    ]


def fetch(context: FetchContext) -> Iterator[Offer]:
    """Read one page of rows."""
    now = context.clock()
    sources = {"api": Source(title="Acme", kind=SourceKind.VENDOR_DOCS, retrieved=now.date())}
    name = context.urls["api"].rpartition("/")[2]
    for row in context.session.json(context.urls["api"]):
        accelerator = context.accelerator(row["gpu"], None)
        if accelerator is None:
            continue
        named = {"provider": name, "instance": row["type"], "region": row["region"], "accelerator": accelerator}
        yield Offer(
            id=offer_id(**named, term=row["term"]),
            **named,
            term=Term(row["term"]),
            count=1,
            usd_per_hour=row["hourly"],
            as_of=now.date(),
            date_basis=DateBasis.READ_ON,
            fetched_at=now,
            state=OfferState.OK,
            sources=sources,
            provenance={"": ("api",)},
        )


def serve(bodies: dict[str, bytes]) -> ThreadingHTTPServer:
    """Serve bodies by their names on a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = bodies[self.path.rpartition("/")[2]]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def run() -> Iterator[tuple[str, float, float, str]]:
    """Refresh into an empty store, then the same again, then with a tenth of the prices changed."""
    answers = {f"acme{number}": rows_of(number, ROWS // SOURCES) for number in range(SOURCES)}
    bodies = {name: json.dumps(rows).encode() for name, rows in answers.items()}
    server = serve(bodies)
    base = f"http://127.0.0.1:{server.server_port}"
    host = FakeHost([source(name, fetch, urls={"api": f"{base}/{name}"}) for name in answers])
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        settings = Settings(config_file=root / "config.toml", cache_dir=root / "cache", data_dir=root / "data")
        for hours, what in enumerate(("into an empty store", "the same again", "a tenth of the prices changed")):
            if hours == CHANGED:
                for name, rows in answers.items():
                    for row in rows[::10]:
                        row["hourly"] = round(float(str(row["hourly"])) * 1.01, 4)
                    bodies[name] = json.dumps(rows).encode()
            seconds = _timed(host, settings, NOW + dt.timedelta(hours=hours))
            yield f"refresh of {SOURCES} sources, {ROWS:,} rows, {what}", seconds, TARGET_S, "s"
    server.shutdown()
    server.server_close()


def _timed(host: FakeHost, settings: Settings, now: dt.datetime) -> float:
    registry = FakeRegistry(
        accelerators={f"acme/x{number}": device(f"acme/x{number}") for number in range(DEVICES)},
        names={f"X{number}": (f"acme/x{number}",) for number in range(DEVICES)},
    )
    started = time.perf_counter()
    results = refresh(host, registry, settings, jobs=SOURCES, environ={}, clock=lambda: now)
    seconds = time.perf_counter() - started
    if sum(result.rows for result in results) != ROWS:
        raise SystemExit("; ".join(result.reason for result in results))
    return seconds
