"""What a command has to say, printed in the format that was asked for, and where: data out, talk aside."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from chipdex.cli import streams
from chipdex.cli.render import Row, Table, as_csv, as_markdown, as_terminal
from chipdex.cli.serial import dumped, loss
from chipdex.cli.session import Session, Warned
from chipdex.cli.streams import visible
from chipdex.cli.terminal import Terminal
from chipdex.values import Value


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Section(Value):
    """A part of a page for readers: a heading, lines of prose, then a table, any of which may be missing."""

    heading: str = ""
    lines: Sequence[str] = ()
    table: Table | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Report(Value):
    """One answer in all its forms.

    `body` is the JSON object without `schema` and `warnings`; `keys` and `rows` are the plain records
    that JSON lines and CSV print; `sections` are what readers get; `notes` is talk for every format but JSON.
    """

    schema: str
    body: Mapping[str, Any]
    keys: Sequence[str]
    rows: Sequence[Row]
    sections: Sequence[Section]
    notes: Sequence[str] = ()
    warnings: Sequence[Warned] = ()

    def publish(self, session: Session, output: str) -> None:
        """Print the report as `output` and its warnings as talk."""
        session.report_plugins()
        warnings = [*session.warnings(), *self.warnings]
        if output == "json":
            document = {"schema": f"chipdex/{self.schema}", **self.body}
            _, lost = dumped(document)
            warnings += [loss(lost)] if lost else []
            streams.write(dumped({**document, "warnings": warnings}, indent=2)[0] + "\n")
        elif output == "jsonl":
            lines = [dumped(dict(row)) for row in self.rows]
            warnings += [loss(lost) for _, lost in lines if lost]
            streams.write("".join(f"{line}\n" for line, _ in lines))
        elif output == "csv":
            streams.write(as_csv(self.keys, self.rows))
        elif output == "md":
            streams.write(self._markdown())
        else:
            self._page()
        for warning in warnings:
            session.warn(warning["sentence"])
        if output != "json":
            for note in self.notes:
                streams.say(note)

    def _markdown(self) -> str:
        parts: list[str] = []
        for section in self.sections:
            if section.heading:
                parts.append(f"## {visible(section.heading)}\n")
            parts.extend(f"{visible(line)}\n" for line in section.lines)
            if section.table is not None:
                parts.append(as_markdown(section.table))
        return "\n".join(parts)

    def _page(self) -> None:
        terminal = Terminal.of_stdout()
        for position, section in enumerate(self.sections):
            if position:
                streams.write("\n")
            if section.heading:
                streams.write(terminal.legible(f"{terminal.strong(visible(section.heading))}\n"))
            for line in section.lines:
                streams.write(terminal.legible(f"{terminal.wrapped(visible(line))}\n"))
            if section.table is not None:
                if section.lines or section.heading:
                    streams.write("\n")
                drawn, dropped = as_terminal(section.table, terminal)
                streams.write(terminal.legible(drawn))
                if dropped:
                    streams.say(f"Columns left out at this width: {', '.join(dropped)}.")
