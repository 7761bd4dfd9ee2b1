"""`chipdex preview`: findings, the page, what changes, the sibling, the rank and the picture of a profile's file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fakes.lab import chip

from chipdex.cli.plausibility_picture import plausibility_chart
from chipdex.domain import Compute, Memory, Power
from chipdex.errors import InfeasibleError

Chipdex = Callable[..., Any]

HEAD = """schema = 1
id = "{id}"
name = "New"
kind = "gpu"
status = "{status}"
from = "own"
[source.own]
title = "Our datasheet"
url = "https://example.com/own.pdf"
retrieved = 2026-11-01
kind = "vendor_datasheet"
"""
FIGURES = """
[memory]
capacity_gb = 100
bandwidth_gb_per_s = {bandwidth}
[compute.dense]
bf16_tflops = 1000
fp8_tflops = 2000
[power]
tdp_w = 700
[price]
list_usd = 20000
as_of = 2026-10-01
[topology]
scale_up_domain = 8
devices_per_host = 8
[link.scale_up]
bandwidth_gb_per_s = 450
"""


def written(
    home: Path, name: str = "new", status: str = "shipping", figures: str = FIGURES, bandwidth: Any = 5000
) -> str:
    file = home / f"{name}.toml"
    text = HEAD.format(id=f"acme/{name}", status=status) + figures.format(bandwidth=bandwidth)
    file.write_text(text, encoding="utf-8")
    return str(file)


@pytest.fixture
def ranked(shelf: Path) -> Path:
    """Give the registry a model that previews are ranked for."""
    model = (shelf / "models" / "acme" / "m1.toml").read_text(encoding="utf-8")
    text = model.replace("acme/m1", "meta/llama-3.1-8b").replace("m-one", "m-two")
    file = shelf / "models" / "meta" / "llama-3.1-8b.toml"
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    return shelf


def previewed(chipdex: Chipdex, file: str, *options: str) -> dict[str, Any]:
    done = chipdex("preview", file, *options, "--no-plugins", "--json")
    assert done.code == 0, done.err
    return dict(json.loads(done.out))


@pytest.mark.usefixtures("shelf")
def test_a_preview_is_the_page_that_show_will_print(chipdex: Chipdex, home: Path) -> None:
    document = previewed(chipdex, written(home))
    assert (document["schema"], document["kind"], document["id"]) == ("chipdex/preview@1", "accelerator", "acme/new")
    values = {row["figure"]: row["value"] for row in document["figures"]}
    assert values["memory.capacity_gb"] == 100
    assert {row["ratio"] for row in document["ratios"]} >= {"bytes_per_operation", "usd_per_gb"}
    assert document["existing"] is None


@pytest.mark.usefixtures("shelf")
def test_the_nearest_sibling_is_named_with_the_reason_and_the_differences(chipdex: Chipdex, home: Path) -> None:
    sibling = previewed(chipdex, written(home))["sibling"]
    assert sibling["id"] == "acme/x100"
    assert sibling["factors"]["memory bandwidth"] == pytest.approx(1.25)
    assert "of 2 of kind gpu" in sibling["reason"]
    told = {row["figure"]: (row["value"], row["sibling"]) for row in sibling["differences"]}
    assert told["memory.bandwidth_gb_per_s"] == (5000, 4000)
    assert "name" not in told


@pytest.mark.usefixtures("shelf")
def test_like_compares_with_another_record(chipdex: Chipdex, home: Path) -> None:
    assert previewed(chipdex, written(home), "--like", "x10")["sibling"]["id"] == "acme/x10"


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize("like", ["acme/nothing", "acme/new"])
def test_like_nothing_or_like_itself_is_refused(chipdex: Chipdex, home: Path, like: str) -> None:
    done = chipdex("preview", written(home), "--like", like, "--no-plugins", "--json")
    assert done.code == 2
    assert json.loads(done.out)["error"]["code"] == "unknown_id"


@pytest.mark.usefixtures("ranked")
def test_a_device_is_ranked_by_cost_energy_and_throughput(chipdex: Chipdex, home: Path) -> None:
    ranking = previewed(chipdex, written(home))["ranking"]
    assert [(row["model"], row["objective"]) for row in ranking] == [
        ("meta/llama-3.1-8b", objective) for objective in ("cost", "energy", "throughput")
    ]
    assert all(row["rank"] in {1, 2} and row["devices"] == 2 for row in ranking)
    assert all(row["answer"]["accelerator"] == "acme/new" for row in ranking)
    neighbours = [row["after"] or row["before"] for row in ranking]
    assert neighbours == ["acme/x100"] * 3


@pytest.mark.usefixtures("ranked")
@pytest.mark.parametrize("status", ["announced", "retired"])
def test_its_status_does_not_keep_a_device_from_its_rank(chipdex: Chipdex, home: Path, status: str) -> None:
    ranking = previewed(chipdex, written(home, status=status))["ranking"]
    assert all(row["answer"] is not None for row in ranking)


@pytest.mark.usefixtures("ranked")
def test_a_device_that_cannot_run_a_model_says_what_keeps_it_from_it(chipdex: Chipdex, home: Path) -> None:
    file = written(home, figures="\n[memory]\ncapacity_gb = 1\nbandwidth_gb_per_s = 10\n")
    assert previewed(chipdex, file)["ranking"][0]["rejected"]["constraint"] == "precision"
    assert "not ranked, by the constraint precision" in chipdex("preview", file, "--no-plugins").out


@pytest.mark.usefixtures("shelf")
def test_a_model_shows_what_would_run_it(chipdex: Chipdex, home: Path, shelf: Path) -> None:
    text = (shelf / "models" / "acme" / "m1.toml").read_text(encoding="utf-8").replace("acme/m1", "acme/m9")
    file = home / "m9.toml"
    file.write_text(text.replace("8.03e9", "9.1e9").replace("m-one", "m-nine"), encoding="utf-8")
    document = previewed(chipdex, str(file))
    assert document["sibling"]["id"] == "acme/m1"
    assert [answer["accelerator"] for answer in document["answers"]] == ["acme/x100"]
    assert "What would run it" in chipdex("preview", str(file), "--no-plugins").out


@pytest.mark.usefixtures("shelf")
def test_an_id_that_exists_shows_what_the_file_changes(chipdex: Chipdex, home: Path) -> None:
    existing = previewed(chipdex, written(home, "x100", bandwidth=4400))["existing"]
    told = {row["figure"]: (row["file"], row["registry"], row["says"]) for row in existing}
    assert told["memory.bandwidth_gb_per_s"] == (4400, 4000, "project")
    assert told["price.list_usd"] == (20000, None, "")
    assert "power.tdp_w" not in told


def test_a_file_of_the_project_folder_differs_from_nothing(chipdex: Chipdex, shelf: Path) -> None:
    assert previewed(chipdex, str(shelf / "devices" / "acme" / "x100.toml"))["existing"] is None
    assert previewed(chipdex, ".chipdex/devices/acme/x100.toml")["existing"] is None


@pytest.mark.usefixtures("home")
def test_a_file_alone_in_the_world_is_previewed(chipdex: Chipdex, home: Path) -> None:
    document = previewed(chipdex, written(home))
    assert (document["sibling"], document["ranking"]) == (None, [])


@pytest.mark.usefixtures("shelf")
def test_every_problem_of_a_file_that_is_no_profile_is_told(chipdex: Chipdex, home: Path) -> None:
    file = written(home, bandwidth='"fast"', status="soon")
    done = chipdex("preview", file, "--no-plugins", "--json")
    assert done.code == 3
    error = json.loads(done.out)["error"]
    assert error["code"] == "profile"
    assert "new.toml:5: status" in error["message"]
    assert "memory.bandwidth_gb_per_s" in done.err


@pytest.mark.usefixtures("shelf")
def test_a_figure_without_a_source_is_a_finding_and_the_page_still_stands(chipdex: Chipdex, home: Path) -> None:
    file = Path(written(home))
    file.write_text(file.read_text(encoding="utf-8").replace('from = "own"\n', ""), encoding="utf-8")
    done = chipdex("preview", str(file), "--no-plugins")
    assert done.code == 0
    findings, page = done.out.index("What lint finds"), done.out.index("acme/new: gpu")
    assert findings < done.out.index("has no source") < page


@pytest.mark.usefixtures("shelf")
def test_offers_are_not_previewed(chipdex: Chipdex, shelf: Path) -> None:
    done = chipdex("preview", str(shelf / "offers" / "acme.toml"), "--no-plugins")
    assert done.code == 2
    assert "chipdex lint" in done.err


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize("suffix", [".png", ".svg", ".html"])
def test_a_picture_is_drawn(chipdex: Chipdex, home: Path, suffix: str) -> None:
    target = home / f"new{suffix}"
    done = chipdex("preview", written(home), "--plot", str(target), "--no-plugins")
    assert done.code == 0, done.err
    assert target.stat().st_size > 1000
    assert f"Drew {target}." in done.err


@pytest.mark.usefixtures("shelf")
def test_a_picture_that_cannot_be_written_is_refused_before_any_work(chipdex: Chipdex, home: Path) -> None:
    done = chipdex("preview", written(home), "--plot", "new.txt", "--no-plugins")
    assert (done.code, done.out) == (2, "")


@pytest.mark.usefixtures("ranked")
@pytest.mark.parametrize("width", [80, 100, 160])
def test_a_preview_fits_the_terminal(chipdex: Chipdex, home: Path, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    file = written(home)
    monkeypatch.setenv("COLUMNS", str(width))
    lines = chipdex("preview", file, "--no-plugins").out.splitlines()
    assert [line for line in lines if len(line) > width and "://" not in line] == []


def points(spec: Any, title: str) -> list[dict[str, Any]]:
    """Return the points of one scatter of a picture, labels left out."""
    (panel,) = (one for row in spec["vconcat"] for one in row["hconcat"] if one["title"] == title)
    rows = [row for layer in panel["layer"] if layer["mark"]["type"] == "point" for row in layer["data"]["values"]]
    return sorted(rows, key=lambda row: str(row["id"]))


def test_the_picture_shows_the_profile_among_its_kind() -> None:

    bare = chip("rival/bare", memory=Memory(capacity_gb=0.0))
    spec = plausibility_chart(chip(), [chip("acme/b"), chip("rival/x"), bare], "acme/b").to_dict()
    found = points(spec, "bf16 peak, dense against memory bandwidth")
    assert [(row["id"], row["x"], row["y"], row["role"]) for row in found] == [
        ("acme/a", 2000.0, 400.0, "this profile"),
        ("acme/b", 2000.0, 400.0, "nearest sibling"),
        ("rival/x", 2000.0, 400.0, "others"),
    ]


def test_a_device_with_too_few_figures_has_no_picture() -> None:

    bare = chip(memory=Memory(), compute=Compute(), power=Power())
    with pytest.raises(InfeasibleError, match="too few figures"):
        plausibility_chart(bare, [chip("acme/b")], None)
