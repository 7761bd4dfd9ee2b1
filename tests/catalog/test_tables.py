"""The tables: their columns, what is NULL and what is 0, what a query may do, and what export writes."""

import os
import signal
import sqlite3
import threading
from pathlib import Path

import pytest
from fakes.bench import MODEL, Bench, device, offer, write

from chipdex.catalog import Registry
from chipdex.errors import QueryError, StorageError

COLUMNS = {
    "accelerators": (
        "id name vendor kind architecture status released form_factor memory_gb memory_bandwidth_gb_per_s sram_mb "
        "fp64_tflops fp32_tflops tf32_tflops fp16_tflops bf16_tflops fp8_tflops fp6_tflops fp4_tflops int8_tops "
        "int4_tops scale_up_gb_per_s scale_up_domain tdp_w list_price_usd neurons synapses pj_per_sop distribution"
    ),
    "models": "id name family params active_params layers kv_bytes_per_token context_tokens distribution",
    "measurements": (
        "id accelerator count model precision kv_precision scenario load input_tokens output_tokens batch concurrency "
        "tensor metric value unit power_scope software date source distribution percentile rate_per_s pipeline expert "
        "tuned result submitter system round"
    ),
    "offers": (
        "id provider instance accelerator count region term usd_per_hour currency rate_to_usd host_included "
        "interruption as_of fetched_at source state bid"
    ),
    "grids": "id provider region year g_per_kwh kind usd_per_kwh source emissions at estimated",
    "facts": (
        "id topic statement setting published value unit tolerance tolerance_fraction evidence quantity needs source "
        "distribution"
    ),
    "sources": "record figure source title url retrieved kind",
}

DEVICE = device(
    top='released = 2026-03-01\nform_factor = "SXM5"\nfrom = "ds"',
    memory="capacity_gb = 96\nbandwidth_gb_per_s = 4000",
    tables="""
[[memory_tier]]
name = "L1"
capacity_mb = 33
from = "ds"
[[memory_tier]]
name = "L2"
capacity_mb = 50
from = "ds"
[[memory_tier]]
name = "HBM3"
capacity_mb = 96000
from = "ds"
[compute.dense]
fp64_tflops = 34
fp64_matrix_tflops = 67
mxfp8_tflops = 1800
from = "ds"
[compute.sparse]
bf16_tflops = 1900
from = "ds"
[link.scale_up]
bandwidth_gb_per_s = 450
from = "ds"
[topology]
scale_up_domain = 8
from = "ds"
[power]
tdp_w = 700
from = "ds"
[price]
list_usd = 30000
from = "ds"
""",
)
NEUROMORPHIC = """schema = 1
id = "acme/spike"
name = "Spike"
kind = "neuromorphic"
status = "shipping"
[source.ds]
title = "paper"
url = "https://example.com/paper"
retrieved = 2026-11-01
kind = "paper"
[memory]
capacity_gb = 0
from = "ds"
[neuromorphic]
neurons = 1000000
from = "ds"
[[neuromorphic.operating_point]]
name = "0.75 V"
energy_per_synaptic_operation_pj = 23.6
from = "ds"
"""
MEASUREMENT = """schema = 1
[source.ds]
title = "results"
url = "https://example.com/results"
retrieved = 2026-11-01
kind = "benchmark"
[[measurement]]
accelerator = "ACME X100"
count = 8
model = "m-one"
scenario = "offline"
metric = "output_tokens_per_s"
value = 5120
unit = "tokens/s"
date = 2026-06-01
from = "ds"
"""
GRID = """schema = 1
[source.ds]
title = "grid data"
url = "https://example.com/grid"
retrieved = 2026-11-01
kind = "community"
[[grid]]
provider = "cloud"
region = "eu-1"
year = 2025
g_per_kwh = 0
from = "ds"
"""


FACT = """
schema = 1
[source.study]
title = "Study"
url = "https://example.com/study"
retrieved = 2026-11-01
kind = "paper"

[[fact]]
id = "acme/server-pays"
topic = "capex-opex"
statement = "Hours of use after which buying has paid"
published = "2026-10"
value = 2500
unit = "h"
tolerance = 25
quantity = "break_even_hours"
inputs = { capex_usd = 200000, rent_usd_per_hour = 85, own_usd_per_hour = 5 }
from = "study"
"""


@pytest.fixture
def registry(bench: Bench) -> Registry:
    files = {
        "devices/acme/x100.toml": DEVICE,
        "devices/acme/spike.toml": NEUROMORPHIC,
        "models/acme/m1.toml": MODEL,
        "measurements/acme.toml": MEASUREMENT,
        "offers/cloud.toml": offer("acme/x100").replace("as_of", "host_included = false\nas_of"),
        "grids/cloud.toml": GRID,
        "facts/acme.toml": FACT,
    }
    bench.plugin("chipdex-a", files)
    return bench.load()


def row(registry: Registry, sql: str) -> dict[str, object]:
    columns, rows = registry.query(sql)
    assert len(rows) == 1
    return dict(zip(columns, rows[0], strict=True))


@pytest.mark.parametrize("table", COLUMNS)
def test_each_table_has_the_documented_columns(registry: Registry, table: str) -> None:
    assert list(registry.query("SELECT * FROM " + table).columns) == COLUMNS[table].split()  # noqa: S608 - a table of our own


def test_a_device_s_row_reads_as_its_profile(registry: Registry) -> None:
    known = {
        "id": "acme/x100",
        "name": "Acme X100",
        "vendor": "acme",
        "kind": "gpu",
        "status": "shipping",
        "released": "2026-03-01",
        "form_factor": "SXM5",
        "memory_gb": 96,
        "memory_bandwidth_gb_per_s": 4000,
        "sram_mb": 50,  # the largest tier on the chip, not the HBM
        "fp64_tflops": 67,  # the matrix units', where there are any
        "fp8_tflops": 1800,  # any flavour of fp8
        "scale_up_gb_per_s": 450,
        "scale_up_domain": 8,
        "tdp_w": 700,
        "list_price_usd": 30000,
        "distribution": "chipdex-a",
    }
    found = row(registry, "SELECT * FROM accelerators WHERE id = 'acme/x100'")
    assert {name: value for name, value in found.items() if value is not None} == known
    assert found["bf16_tflops"] is None  # known with sparsity only


def test_unknown_is_null_and_none_is_zero(registry: Registry) -> None:
    found = row(registry, "SELECT * FROM accelerators WHERE kind = 'neuromorphic'")
    assert (found["memory_gb"], found["memory_bandwidth_gb_per_s"]) == (0, None)
    assert (found["neurons"], found["synapses"], found["pj_per_sop"]) == (1e6, None, 23.6)
    assert row(registry, "SELECT g_per_kwh, usd_per_kwh FROM grids") == {"g_per_kwh": 0, "usd_per_kwh": None}


def test_a_model_s_row_holds_its_layers_and_its_cache(registry: Registry) -> None:
    found = row(registry, "SELECT * FROM models")
    assert (found["layers"], found["params"], found["context_tokens"]) == (32, 8.03e9, 8192)
    # 32 layers x (key and value) x 8 heads x 128 values x 2 bytes
    assert found["kv_bytes_per_token"] == 32 * 2 * 8 * 128 * 2


def test_a_measurement_names_device_and_model_by_id(registry: Registry) -> None:
    found = row(registry, "SELECT * FROM measurements")
    assert (found["accelerator"], found["model"], found["count"]) == ("acme/x100", "acme/m1", 8)
    assert (found["scenario"], found["date"], found["source"]) == ("offline", "2026-06-01", "results")
    assert (found["tuned"], found["result"], found["percentile"]) == (1, None, None)


def test_an_offer_s_row_says_what_is_not_included(registry: Registry) -> None:
    found = row(registry, "SELECT * FROM offers")
    assert (found["host_included"], found["interruption"], found["fetched_at"]) == (0, None, None)
    assert (found["as_of"], found["term"], found["state"], found["currency"]) == (
        "2026-10-01",
        "on-demand",
        "list",
        "USD",
    )


def test_sources_tell_who_says_each_figure(registry: Registry) -> None:
    found = row(registry, "SELECT * FROM sources WHERE record = 'acme/x100' AND figure = 'power.tdp_w'")
    assert (found["title"], found["url"], found["kind"]) == (
        "datasheet",
        "https://example.com/datasheet",
        "vendor_datasheet",
    )
    assert row(registry, "SELECT figure FROM sources WHERE title = 'results'") == {"figure": "*"}


def test_who_brought_a_record_is_named_from_the_highest_level_down(bench: Bench) -> None:
    bench.plugin("chipdex-a", {"devices/acme/x100.toml": device()})
    write(bench.user, {"devices/acme/x100.toml": device()})
    assert row(bench.load(), "SELECT distribution FROM accelerators") == {"distribution": "user, chipdex-a"}


def test_a_table_is_filled_only_when_a_query_names_it(registry: Registry) -> None:
    registry.query("SELECT id FROM Accelerators")
    assert registry.tables._filled == {"accelerators"}


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO offers SELECT * FROM offers",
        "DELETE FROM accelerators",
        "DROP TABLE accelerators",
        "CREATE TABLE mine (x)",
        "ATTACH 'x.db' AS x",
        "VACUUM INTO 'x.db'",
        "PRAGMA writable_schema = 1",
        "SELECT * FROM pragma_database_list",
        "BEGIN",
    ],
)
def test_a_statement_that_is_more_than_a_question_is_refused(
    registry: Registry, sql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(QueryError, match="only read"):
        registry.query(sql)
    assert not (tmp_path / "x.db").exists()
    assert registry.query("SELECT count(*) FROM accelerators").rows == [(2,)]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT memory FROM accelerators", r"no such column: memory\. Did you mean memory_gb\?.*tdp_w"),
        ("SELECT 1 FROM accelerator", r"no such table: accelerator\. Did you mean accelerators\?"),
        ("SELECT neuron", r"no such column: neuron\. .*the tables are accelerators"),
        ('SELECT id FROM models WHERE "nmae" = 1', r"no such column: nmae\. Did you mean name\?"),
        ('SELECT "a""`b" FROM models', r"no such column: a"),
        ("SELEC 1", "syntax error"),
        ("", "holds no statement"),
        ("-- a comment", "holds no statement"),
        ("SELECT 1; SELECT 2", "one statement"),
        ("SELECT load_extension('x')", "not authorized"),
        ("SELECT zeroblob(1000000000)", "too big"),
        ("SELECT '\ud800'", "surrogates"),
        ("SELECT 1\0", "null character"),
    ],
)
def test_a_bad_query_says_why(registry: Registry, sql: str, reason: str) -> None:
    with pytest.raises(QueryError, match=reason):
        registry.query(sql)


def test_a_query_without_end_can_be_interrupted(registry: Registry) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            registry.query("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c")
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)
    assert registry.query("SELECT 1").rows == [(1,)]


def test_a_query_that_takes_too_long_is_ended(registry: Registry) -> None:
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"
    with pytest.raises(QueryError, match=r"took longer than 0\.05 s\. Ask for less"):
        registry.tables.query(endless, seconds=0.05)
    assert registry.query("SELECT count(*) FROM accelerators").rows == [(2,)]


def test_a_query_that_gives_rows_without_end_is_ended(registry: Registry) -> None:
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c"
    with pytest.raises(QueryError, match=r"more than 1,000,000 rows\. Add a LIMIT\."):
        registry.query(endless)
    assert len(registry.query(f"{endless} LIMIT 1000").rows) == 1000


@pytest.mark.parametrize(
    "sql",
    [
        'SELECT "id" FROM "models" AS "m" WHERE "m"."id" = \'acme/m1\'',
        "SELECT id FROM models WHERE id <> '\"no name\"'",
        'SELECT id AS "my ""own"" name" FROM models -- "no name either"',
        'SELECT id /* "nor here" */ FROM [models]',
    ],
)
def test_double_quotes_mark_names_and_only_names(registry: Registry, sql: str) -> None:
    assert registry.query(sql).rows == [("acme/m1",)]


def test_queries_may_come_from_other_threads(registry: Registry) -> None:
    registry.query("SELECT 1 FROM models")
    rows: list[object] = []
    thread = threading.Thread(target=lambda: rows.extend(registry.query("SELECT id FROM models").rows))
    thread.start()
    thread.join()
    assert rows == [("acme/m1",)]


def test_the_exported_file_holds_every_table(registry: Registry, tmp_path: Path) -> None:
    registry.tables.export(tmp_path / "all.db")
    database = sqlite3.connect(tmp_path / "all.db")
    counts = {table: database.execute("SELECT count(*) FROM " + table).fetchone()[0] for table in COLUMNS}  # noqa: S608 - likewise
    database.close()
    assert counts["accelerators"] == 2
    assert all(counts.values())
    assert [file.name for file in tmp_path.glob("*.db*")] == ["all.db"]


def test_an_existing_file_is_replaced_only_when_forced(registry: Registry, tmp_path: Path) -> None:
    target = tmp_path / "all.db"
    target.write_text("mine")
    with pytest.raises(StorageError, match="exists already"):
        registry.tables.export(target)
    assert target.read_text() == "mine"
    registry.tables.export(target, force=True)
    assert target.read_bytes().startswith(b"SQLite format 3")


def test_a_link_stays_a_link_and_its_file_is_written(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "all.db")
    registry.tables.export(tmp_path / "link.db")
    assert (tmp_path / "link.db").is_symlink()
    assert (tmp_path / "all.db").read_bytes().startswith(b"SQLite format 3")


def test_what_is_no_file_is_never_replaced(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "null.db").symlink_to("/dev/null")
    with pytest.raises(StorageError, match="no regular file"):
        registry.tables.export(tmp_path / "null.db", force=True)


@pytest.mark.parametrize("place", ["nowhere/all.db", "file/all.db"])
def test_a_file_that_cannot_be_written_is_one_sentence(registry: Registry, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"cannot be written: .*\."):
        registry.tables.export(tmp_path / place)
