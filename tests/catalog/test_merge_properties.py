"""What holds of every merge: overlaying twice is overlaying once, and order changes nothing."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chipdex.catalog.claims import Claim
from chipdex.catalog.merge import merge
from chipdex.codec import Plain
from chipdex.domain import Level, Origin

SOURCE = {"kind": "paper", "retrieved": "2026-11-01", "url": "https://example.com"}
FIGURES = ("capacity_gb", "bandwidth_gb_per_s", "usable_gb")


@st.composite
def claims(draw: st.DrawFn) -> Claim:
    """A claim of some figures, each with a source, by a plugin, the user or the project."""
    memory = draw(st.dictionaries(st.sampled_from(FIGURES), st.integers(0, 3), max_size=3))
    key = draw(st.sampled_from(["ds", "paper"]))
    data: dict[str, Any] = {
        "id": "acme/x",
        "memory": memory,
        "sources": {key: {**SOURCE, "title": draw(st.sampled_from(["one", "two"]))}},
        "provenance": {f"memory.{name}": [key] for name in memory},
    }
    level = draw(st.sampled_from([Level.PLUGIN, Level.USER, Level.PROJECT]))
    distribution = draw(st.sampled_from(["a", "b", "c", "d"])) if level is Level.PLUGIN else ""
    file = f"/{level}/{distribution}.toml"
    origin = Origin(level=level, distribution=distribution, entry_point="profiles")
    return Claim("acme/x", "devices", origin, Plain("devices", "acme/x", data, file, draw(st.booleans())))


def one_per_file(drawn: list[Claim]) -> list[Claim]:
    return list({claim.origin.file: claim for claim in drawn}.values())


some_claims = st.lists(claims(), min_size=1, max_size=6).map(one_per_file)


@given(some_claims, st.randoms(use_true_random=False))
def test_the_order_of_claims_never_matters(drawn: list[Claim], random: Any) -> None:
    shuffled = list(drawn)
    random.shuffle(shuffled)
    one, other = merge(drawn, {}), merge(shuffled, {})
    assert one.data == other.data
    assert one.said() == other.said()


@given(some_claims)
def test_merging_what_was_merged_changes_nothing(drawn: list[Claim]) -> None:
    once = merge(drawn, {}).data
    lowest = Claim("acme/x", "devices", Origin(level=Level.BUILT_IN), Plain("devices", "acme/x", once, "/merged"))
    top = Claim("acme/x", "devices", Origin(level=Level.COMMAND_LINE), Plain("devices", "acme/x", once, "/merged"))
    assert merge([top, lowest], {}).data == once


@given(some_claims)
def test_every_figure_that_is_known_has_the_source_its_winner_names(drawn: list[Claim]) -> None:
    merged = merge(drawn, {})
    used = {one.figure: one for one in merged.said() if one.standing == "used"}
    for name, value in merged.data.get("memory", {}).items():
        said = used[f"memory.{name}"]
        keys = merged.data["provenance"][said.figure]
        assert value == said.value
        assert [merged.data["sources"][key]["title"] for key in keys] == list(said.sources)


@given(some_claims)
def test_a_figure_is_unknown_only_where_its_highest_level_differs(drawn: list[Claim]) -> None:
    merged = merge(drawn, {})
    for conflict in merged.conflicts:
        values = {claim.figures[conflict.figure] for claim in conflict.conflicting}
        assert len(values) > 1
        assert len({claim.rank for claim in conflict.conflicting}) == 1


@given(some_claims, st.sampled_from(["a", "b"]))
def test_a_preferred_plugin_that_claims_a_figure_is_never_in_conflict(drawn: list[Claim], name: str) -> None:
    merged = merge(drawn, {"acme": name})
    assert not any(claim.origin.distribution == name for conflict in merged.conflicts for claim in conflict.conflicting)
