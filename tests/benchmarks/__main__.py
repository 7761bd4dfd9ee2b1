"""Measures every figure and prints it beside its target: `python tests/benchmarks`."""

import answer_benchmark
import aws_bulk_benchmark
import decisions_benchmark
import lint_benchmark
import plugins_benchmark
import prices_benchmark
import profiles_benchmark
import refresh_benchmark
from rich.console import Console
from rich.table import Table

table = Table("what", "measured", "target", "unit")
for module in (
    answer_benchmark,
    profiles_benchmark,
    plugins_benchmark,
    prices_benchmark,
    aws_bulk_benchmark,
    refresh_benchmark,
    lint_benchmark,
    decisions_benchmark,
):
    for what, measured, target, unit in module.run():
        table.add_row(what, f"{measured:,.3g}" if measured < 1000 else f"{measured:,.0f}", f"{target:,g}", unit)
Console(width=120).print(table)
