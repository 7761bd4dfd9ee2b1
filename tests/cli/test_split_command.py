"""`chipdex split`: what it answers, from what, what it draws, and what it refuses."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Chipdex = Callable[..., Any]

PRICED = ("--edge-capex-usd", "480", "--cloud-usd-per-request", "0.0001")
LINKED = ("--cloud-rtt-ms", "30", "--cloud-uplink-mbit-per-s", "20", "--request-kb", "50", "--response-kb", "1")
THREE = """
requests_per_month = 1000000
request_kb = 100
[[tier]]
name = "phone"
kind = "device"
compute_ms = 100
j_per_request = 1
capex_usd = 0
escalation_share = 0.1
[[tier]]
name = "fog"
kind = "site"
region = "eu-1"
capex_usd = { value = 4800, source = "quote of 2026-11-02" }
power_kw = 0.1
compute_ms = 10
rtt_ms = 4
uplink_mbit_per_s = 100
[[tier]]
name = "cloud"
kind = "cloud"
region = "us-east-1"
usd_per_request = 0.00002
compute_ms = 5
rtt_ms = 40
uplink_mbit_per_s = 50
[[layer]]
name = "stem"
ms = { phone = 10, fog = 2, cloud = 1 }
output_kb = 300
[[layer]]
name = "head"
ms = { phone = 90, fog = 8, cloud = 4 }
"""


@pytest.fixture
def three(home: Path) -> Path:
    """Return a file of three tiers and two layers."""
    file = home / "three.toml"
    file.write_text(THREE)
    return file


def answer(chipdex: Chipdex, *arguments: str) -> dict[str, Any]:
    done = chipdex("split", *arguments, "--json")
    assert done.code == 0, done.err
    document: dict[str, Any] = json.loads(done.out)
    assert document["schema"] == "chipdex/split@1"
    return document


def test_a_volume_flips_the_verdict(chipdex: Chipdex) -> None:
    few, many = (answer(chipdex, *PRICED, "--requests-per-month", volume) for volume in ("99000", "101000"))
    assert [one["way"] for one in few["flips"]] == ["cloud", "edge"]
    assert few["flips"][1]["requests_per_month"] == pytest.approx(10 / 0.0001)
    assert (few["verdict"], many["verdict"]) == ("cloud", "edge")


def test_without_a_volume_it_is_asked_for(chipdex: Chipdex) -> None:
    assert answer(chipdex, *PRICED)["verdict"] is None
    done = chipdex("split", *PRICED)
    assert "What a request costs depends on how many there are: give --requests-per-month." in done.out
    assert "Above 100,000 requests a month, edge is cheaper than cloud; the capacity of edge is unknown." in done.out


def test_a_flip_beyond_what_a_way_holds_says_so(chipdex: Chipdex) -> None:
    done = chipdex("split", *PRICED, "--edge-requests-per-s", "0.01")
    assert "Above 100,000 requests a month, edge is cheaper than cloud; edge holds 26,280." in done.out
    more = chipdex("split", *PRICED, "--edge-requests-per-s", "1")
    assert "Above 100,000 requests a month, edge is cheaper than cloud; edge holds 2,628,000." in more.out


def test_what_was_left_out_and_what_is_unknown_are_said(chipdex: Chipdex) -> None:
    done = chipdex("split", "--edge-capex-usd", "480", "--cloud-compute-ms", "5")
    assert "Of unknown cost: cloud." in done.out
    left = "edge_ops_usd_per_year, edge_power_kw, edge_j_per_request"
    assert f"Left out of money, because no input says it: {left}." in done.err
    assert "Left out of time, because no input says it" not in done.err


def test_a_tie_is_one_answer_and_said(chipdex: Chipdex) -> None:
    asked = ("--edge-usd-per-request", "0.001", "--cloud-usd-per-request", "0.001", "--edge-requests-per-s", "9")
    document = answer(chipdex, *asked)
    assert (document["verdict"], document["ties"], document["flips"][0]["way"]) == ("edge", ["cloud"], "edge")
    page = chipdex("split", *asked).out
    assert "Cheapest: edge, 0.001 USD per request; cloud costs the same." in page
    huge = chipdex("split", *asked[:3], "1e15", "--requests-per-month", "1e15").out
    assert "1e+30" in huge
    assert "At any volume, edge and cloud are the cheapest; edge holds 23,652,000." in page


def test_a_verdict_that_rests_on_an_unknown_capacity_says_so(chipdex: Chipdex) -> None:
    asked = (*PRICED, "--requests-per-month", "200000")
    done = chipdex("split", *asked)
    assert "That is if edge can hold them: capacity unknown. Cheapest of known capacity: cloud, 0.0001 USD." in done.out
    assert "no input says what edge can hold: edge_requests_per_s." in done.err
    document = answer(chipdex, *asked)
    assert (document["verdict"], document["verdict_of_known_capacity"]) == ("edge", "cloud")
    assert [one["capacity_unknown"] for one in document["ways"]] == [["edge"], []]


def test_the_how_to_runs_in_python_with_the_file_that_it_gives(home: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "edge-or-cloud.md").read_text(encoding="utf-8")
    for file in re.findall(r"```toml\n(.*?)```", page, re.DOTALL):
        name = re.match(r"# ([a-z]+[.]toml)", file)
        assert name is not None
        (home / name[1]).write_text(file, encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=home)
    assert done.stdout.splitlines() == re.findall(r"  # (.*)", code)


def test_rules_come_before_prices(chipdex: Chipdex, three: Path) -> None:
    free = answer(chipdex, "--inputs", str(three))
    assert free["verdict"] == "phone, then cloud"
    ruled = answer(chipdex, "--inputs", str(three), "--data-stays", "site")
    assert ruled["verdict"] == "fog"
    assert {(one["way"], one["constraint"]) for one in ruled["rejected"]} == {
        ("cloud", "privacy"),
        ("phone, then cloud", "privacy"),
    }
    placed = answer(chipdex, "--inputs", str(three), "--residency", "eu", "--device-region", "us")
    assert [one["way"] for one in placed["ways"]] == ["fog"]
    assert (
        "it is in us-east-1, and the data must stay in eu"
        in chipdex("split", "--inputs", str(three), "--residency", "eu").out
    )


def test_every_input_says_who_gave_it(chipdex: Chipdex, three: Path) -> None:
    document = answer(chipdex, "--inputs", str(three), "--requests-per-month", "5")
    said = {row["key"]: (row["value"], row["source"]) for row in document["inputs"]}
    assert said["requests_per_month"] == (5.0, "given: --requests-per-month")
    assert said["fog_capex_usd"] == (4800, f"quote of 2026-11-02 ({three})")
    assert "Uptime Institute" in said["fog_pue"][1]
    assert "Sustainable Web Design" in said["cloud_link_kwh_per_gb"][1]


def test_layers_are_cut_where_time_is_least(chipdex: Chipdex, three: Path) -> None:
    document = answer(chipdex, "--inputs", str(three))
    (fastest,) = (one for one in document["layers"]["placements"] if one["unit"] == "ms")
    assert [(one["tier"], one["first"], one["last"]) for one in fastest["stretches"]] == [("fog", 1, 2)] or fastest[
        "total"
    ] == pytest.approx(10 + 0.4 + 4 + 8)
    assert fastest["total"] == pytest.approx(min(10 + 5 * 8 / 100 + 4 + 8, 100 * 8 / 100 + 4 + 10))
    assert fastest["alone"] == pytest.approx({"phone": 100.0, "fog": 22.0, "cloud": 8 + 16 + 44 + 5})


def test_a_cut_that_is_over_the_limit_says_so(chipdex: Chipdex, home: Path) -> None:
    file = home / "layers.toml"
    file.write_text("edge_compute_ms = 1\n[[layer]]\nms = {edge = 3}\nj = {edge = 1}\n")
    asked = ("split", "--inputs", str(file), "--max-latency-ms")
    assert "Over the limit of 2 ms: fastest, cheapest, least energy." in chipdex(*asked, "2").out
    assert "Over the limit" not in chipdex(*asked, "3").out


def test_layers_alone_are_cut_too(chipdex: Chipdex, home: Path) -> None:
    file = home / "layers.toml"
    file.write_text("[[layer]]\nms = {edge = 3}\noutput_kb = 1\n[[layer]]\nms = {edge = 4, cloud = 1}\n")
    document = answer(chipdex, "--inputs", str(file))
    assert (document["ways"], document["verdict"]) == ([], None)
    assert [one["total"] for one in document["layers"]["placements"]] == [7.0]
    for form in ("table", "csv", "md", "jsonl"):
        assert chipdex("split", "--inputs", str(file), "--format", form).code == 0
    drawn = home / "layers.svg"
    assert chipdex("split", "--inputs", str(file), "--cloud-rtt-ms", "1", "--plot", str(drawn)).code == 0


def test_a_model_is_placed_from_the_registry(chipdex: Chipdex, shelf: Path) -> None:
    document = answer(chipdex, "m1", "--device", "x100", "--cloud", "x100", *LINKED)
    said = {row["key"]: (row["value"], row["source"]) for row in document["inputs"]}
    assert shelf.is_dir()
    assert said["model_gb"][1].startswith("registry: acme/m1, weights alone in ")
    assert "estimate" in said["edge_compute_ms"][1]
    assert [said[key][1][-3:] for key in ("edge_compute_ms", "cloud_compute_ms")] == ["p99", "p99"]
    assert "on-demand, 2026-10-01" in said["cloud_usd_per_busy_hour"][1]
    assert document["phases"]["names"] == ["prefill", "decode"]
    assert document["phases"]["kv_kb"] > 0
    assert {one["code"] for one in document["warnings"]} >= {"full_load"}
    flat = answer(chipdex, "m1", "--device", "x100", "--cloud", "x100", *LINKED, "--cloud-usd-per-hour", "3")
    assert "cloud_usd_per_busy_hour" not in {row["key"] for row in flat["inputs"]}


def test_a_way_that_costs_nothing_is_named_and_has_no_line(chipdex: Chipdex, home: Path) -> None:
    asked = ("split", "--edge-capex-usd", "0", "--requests-per-month", "10", "--plot", "split.svg")
    assert chipdex(*asked, "--cloud-usd-per-request", "0.001").code == 0
    assert "not drawn, for it costs nothing: edge." in (home / "work" / "split.svg").read_text()
    done = chipdex(*asked, "--cloud-usd-per-request", "0")
    assert done.code == 1
    assert "No way has a cost above nothing" in done.err


def test_a_device_that_is_rented_is_not_bought(chipdex: Chipdex, shelf: Path) -> None:
    device = shelf / "devices" / "acme" / "x100.toml"
    device.write_text(device.read_text() + "[price]\nlist_usd = 20000\nas_of = 2026-10-01\nfrom = 'ds'\n")
    bought, rented = (
        answer(chipdex, "m1", "--device", "x100", *LINKED, *options)["tiers"][0]["fixed_usd_per_month"]
        for options in ((), ("--edge-usd-per-hour", "3"))
    )
    assert bought == pytest.approx(20_000 / 48)
    assert rented == pytest.approx(3 * 730)


def test_a_model_that_does_not_fit_is_told(chipdex: Chipdex, shelf: Path) -> None:
    device = shelf / "devices" / "acme" / "x100.toml"
    small = device.read_text().replace('"acme/x100"', '"acme/tiny"').replace("ACME x100 board", "ACME tiny board")
    (device.parent / "tiny.toml").write_text(small.replace("capacity_gb = 96", "capacity_gb = 4"))
    document = answer(chipdex, "m1", "--device", "tiny", "--cloud", "x100", *LINKED)
    assert [(one["way"], one["constraint"]) for one in document["rejected"]] == [("edge", "memory")]
    done = chipdex("split", "m1", "--device", "tiny", "--json")
    assert done.code == 1
    assert "can use" in json.loads(done.out)["error"]["message"]


def test_a_sensitivity_names_the_flip(chipdex: Chipdex) -> None:
    document = answer(chipdex, *PRICED, "--requests-per-month", "50000", "--sensitivity")
    (capex,) = (one for one in document["sensitivity"] if one["key"] == "edge_capex_usd")
    assert (capex["flips_below"], capex["winner_below"]) == (pytest.approx(0.0001 * 50_000 * 48), "edge")
    page = chipdex("split", *PRICED, "--requests-per-month", "50000", "--sensitivity").out
    assert "Margin: what a request that starts at edge saves in USD" in page


def test_a_split_is_drawn(chipdex: Chipdex, three: Path, tmp_path: Path) -> None:
    file = tmp_path / "split.svg"
    done = chipdex("split", "--inputs", str(three), "--plot", str(file))
    assert done.code == 0, done.err
    drawn = file.read_text()
    for told in (
        "Where requests should run",
        "Cost by volume",
        "Time of a request",
        "Energy of a request",
        "layers on phone, the others on cloud",
        "What the verdict hangs on",
        "phone, then fog",
    ):
        assert told in drawn, told


def test_one_way_alone_is_drawn_without_a_tornado(chipdex: Chipdex, tmp_path: Path) -> None:
    file = tmp_path / "split.svg"
    assert chipdex("split", "--edge-capex-usd", "480", "--plot", str(file)).code == 0
    assert "What the verdict hangs on" not in file.read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ((), 2, "Nothing given says what a request takes anywhere."),
        (("m1",), 2, "MODEL was given without hardware."),
        (("--precision", "int8"), 2, "--precision was given without MODEL."),
        ((*PRICED, "--cloud-count", "2"), 2, "--cloud-count was given without --cloud."),
        ((*PRICED, "--residency", " "), 2, "--residency names no region."),
        ((*PRICED, "--cloud-region", ""), 2, "--cloud-region names no region."),
        (("--cloud-usd-per-million-input-tokens", "1"), 2, "what it is multiplied by is not: input_tokens."),
        ((*PRICED, "--edge-capex-usd", "nan"), 2, "'nan' is not a number from 0"),
        ((*PRICED, "--cloud-rtt-ms", "-1"), 2, "'-1' is not a number from 0"),
        ((*PRICED, "--edge-escalation-share", "2"), 2, "a number above 0, up to 1"),
        ((*PRICED, "--sensitivity"), 2, "A sensitivity needs two ways"),
        ((*PRICED, "--requests-per-month", "1e-308"), 1, "beyond what numbers hold"),
        ((*PRICED, "--residency", "eu"), 1, "nobody says where it is, and the data must stay in eu"),
        ((*PRICED, "--inputs", "nowhere.toml"), 3, "nowhere.toml cannot be read"),
    ],
)
def test_what_cannot_be_is_refused_by_name(chipdex: Chipdex, arguments: tuple[str, ...], code: int, told: str) -> None:
    done = chipdex("split", *arguments)
    assert done.code == code
    assert told in done.err
    assert done.out == ""


def test_options_of_a_tier_that_a_file_does_not_have_are_refused(chipdex: Chipdex, three: Path) -> None:
    done = chipdex("split", "--inputs", str(three), "--edge-capex-usd", "3")
    assert done.code == 2
    assert "edge_capex_usd: there is no such input." in done.err


def test_figures_of_ones_own_wait_for_no_array_library() -> None:
    told = "import sys, chipdex.cli.commands.split; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
