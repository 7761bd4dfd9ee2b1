"""From a row's `source_ref` to the [source] of a file: repository, commit and path, an address or a paper."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from measurement_import.cells import CsvRow

RETRIEVED: Final = dt.date(2026, 11, 23)
_MANY: Final = 40
"""More references than this to files of one repository are one source: that repository at that commit."""

_GITHUB: Final = re.compile(r"github:([\w.-]+/[\w.-]+?)(?: \(fork[^)]*\))?(?:@(\w+))?(?::(\S+))?(?: (?P<note>.*))?")
_ARXIV: Final = re.compile(r"arXiv (\d+\.\d+)(.*)")
_KINDS: Final = {"max78000-kws20": "paper", "abr-lmu-kws": "paper"}
_INDEPENDENT: Final = frozenset(
    {
        "argonne-llm-inference-bench", "geerlingguy-ai-benchmarks", "mlc-llm-perf-bench", "autoawq-readme",
        "lmdeploy-docs", "mlx-lm-benchmarks", "ultralytics-docs", "dusty-nv-jetson-inference",
        "inferencex-experimental",
    }
)  # fmt: skip
"""Sources whose author does not sell the device; the figures of all others are their vendors'."""


def sources_of(rows: Sequence[CsvRow], derived: Mapping[str, str]) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Return the sources of rows of one publisher by key, and the key of each reference.

    For each entry of `derived`, name -> rule, every source KEY also has a derived one KEY-name.
    """
    references = sorted({row["source_ref"] for row in rows})
    collapsed = len(references) > _MANY
    sources: dict[str, dict[str, Any]] = {}
    keys: dict[str, str] = {}
    for reference in references:
        url, title = _address(reference, whole=collapsed)
        known = next(
            (key for key, source in sources.items() if source["url"] == url and source["title"] == title), None
        )
        keys[reference] = known or f"s{len(sources) + 1}"
        sources[keys[reference]] = {
            "title": title,
            "url": url,
            "retrieved": RETRIEVED,
            "kind": _KINDS.get(rows[0]["source"], "benchmark" if rows[0]["source"] in _INDEPENDENT else "vendor_docs"),
            "licence": rows[0]["licence"],
        }
    for key in list(sources):
        for name, rule in derived.items():
            title = f"Derived from: {sources[key]['title']}"
            derivation = {"title": title, "kind": "derived", "retrieved": RETRIEVED, "rule": rule, "of": [key]}
            sources[f"{key}-{name}"] = derivation
    return sources, keys


def _address(reference: str, *, whole: bool) -> tuple[str, str]:
    """Return the address and the title of a reference; `whole` leaves the path within a repository out."""
    if reference.startswith("https://"):
        return reference, reference.removeprefix("https://")
    if found := _ARXIV.fullmatch(reference):
        return f"https://arxiv.org/abs/{found[1]}", reference
    github = _GITHUB.fullmatch(reference)
    if github is None:
        raise SystemExit(f"The source reference {reference!r} has a form that tools/measurement_import does not know.")
    repository, commit, path = github[1], github[2], None if whole else github[3]
    url = f"https://github.com/{repository}"
    title = repository
    if path:
        url += f"/blob/{commit or 'HEAD'}/{path}"
        title += f", {path}"
    elif commit:
        url += f"/tree/{commit}"
    note = None if whole else github["note"]
    at = f" at {commit}" if commit else ""
    return url, f"{title}{at}{f' {note}' if note else ''}"
