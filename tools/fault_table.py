"""The table of what each price source does under each fault: `python tools/fault_table.py [FILE.md]`.

It runs the sources' contract tests, which report what came of each fault, and writes the table as Markdown.
"""  # noqa: INP001 - a script

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET  # the report is pytest's own
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

from chipdex.testing.faults import FAULTS

ROOT = Path(__file__).parents[1]


def outcomes(report: Path) -> dict[str, dict[str, str]]:
    """Return source -> fault -> outcome, from the report of a test run; a fault that lost something is FAILED."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - likewise
        said = {one.get("name", ""): one.get("value", "") for one in case.iter("property")}
        if "fault" in said:
            fault = said["fault"].partition(" (")[0]
            failed = case.find("failure") is not None or case.find("error") is not None
            found[said["source"]][fault] = "FAILED" if failed else said["outcome"]
    return found


def table(found: Mapping[str, Mapping[str, str]]) -> str:
    """Return the table: a row per fault, a column per source, and below it how often each outcome came."""
    sources = sorted(found)
    lines = [f"| fault | {' | '.join(sources)} |", f"|---{'|---' * len(sources)}|"]
    counts: Counter[str] = Counter()
    for fault in FAULTS:
        cells = [_cell(found[source].get(fault.name, "not tried")) for source in sources]
        counts.update(cells)
        lines.append(f"| {fault.name} | {' | '.join(cells)} |")
    told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
    lines += ["", f"{len(sources)} sources, {len(FAULTS)} faults: {told}.", ""]
    return "\n".join(lines)


def _cell(outcome: str) -> str:
    return outcome.partition(":")[0]


def main() -> None:
    """Run the contract tests of every plugin and write the table."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        tests = [str(path) for path in sorted(ROOT.glob("plugins/*/tests")) if _has_contract(path)]
        command = [sys.executable, "-m", "pytest", "-q", "-o", "junit_family=xunit1", f"--junitxml={report}", *tests]
        subprocess.run(command, cwd=ROOT, check=False, stdout=sys.stderr)  # noqa: S603 - our own
        text = table(outcomes(report))
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


def _has_contract(folder: Path) -> bool:
    return any("SourceContract" in path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))


if __name__ == "__main__":
    main()
