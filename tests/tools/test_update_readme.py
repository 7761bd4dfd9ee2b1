"""The README's generated parts stand between markers, and its list of distributions is that of the repository."""

import re
import sys
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
sys.path.insert(0, str(REPOSITORY / "tools"))

import update_readme  # noqa: E402 - tools/ is no package of the project

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
PAGES = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]


def rows_in(folder: Path) -> int:
    """Count the rows of the measurement or price files of a plugin: headers of their own, and lines of tables."""
    found = 0
    for file in folder.glob("*.toml"):
        data = tomllib.loads(file.read_text(encoding="utf-8"))
        found += sum(len(table["rows"]) for table in data.get("table", ()))
        found += len(data.get("measurement", ())) + len(data.get("offer", ()))
    return found


def stated(name: str, text: str) -> int:
    """Return the first number that the README's line of a distribution states."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"| [`{name}`]")]
    number = re.search(r"\| ([\d,]+)", line.partition(") ")[2])
    assert number is not None
    return int(number[1].replace(",", ""))


def test_a_block_is_replaced_and_everything_around_it_stays():
    text = "before\n<!-- answer:start -->\nold\n<!-- answer:end -->\nafter\n"
    assert update_readme.replaced(text, "answer", "new") == text.replace("old", "new")


@pytest.mark.parametrize(
    "text",
    [
        "no block",
        "<!-- answer:start --> and no end",
        "<!-- answer:end --> before <!-- answer:start -->",
        "<!-- answer:start --><!-- answer:end --><!-- answer:start --><!-- answer:end -->",
    ],
)
def test_a_readme_without_exactly_one_such_block_is_refused(text):
    with pytest.raises(ValueError, match="once"):
        update_readme.replaced(text, "answer", "new")


def test_the_readme_shows_the_command_of_each_block_and_what_it_printed():
    for name, command in update_readme.BLOCKS.items():
        assert f"chipdex {command.partition(' --table')[0]}" in README
        body = README.partition(f"<!-- {name}:start -->")[2].partition(f"<!-- {name}:end -->")[0]
        assert len(body.splitlines()) > 3, name


def test_the_readme_counts_what_each_distribution_brings():
    for name in update_readme.distributions():
        root = REPOSITORY / ("profiles" if name == "chipdex-profiles" else f"plugins/{name}")
        package = root / name.replace("-", "_")
        devices = len(list((package / "devices").rglob("*.toml"))) if (package / "devices").is_dir() else 0
        models = len(list((package / "models").rglob("*.toml"))) if (package / "models").is_dir() else 0
        brought = devices or models or rows_in(package / "measurements") + rows_in(package / "offers")
        if brought:
            assert stated(name, README) == brought
        assert f"(plugins/{name}/README.md)" in README or name == "chipdex-profiles"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_within_the_repository_leads_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    assert [target for target in targets if target and not (page.parent / target).exists()] == []
