"""Tables of the evaluation of the updates before the opening."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from cli.output import literal, new_table, say
from cli.render_estimates import cell
from evaluation.morning_updates import UpdateEvaluation, UpdateFigures

NAMES = {
    "gap": "opening gap",
    "close_to_close": "close to close",
    "open_to_close": "open to close",
}


def show_update_evaluation(found: UpdateEvaluation) -> None:
    """Print where the gap is, the figures, what is left out and where the files are."""
    console = Console(highlight=False, emoji=False)
    say(console, found.note)
    for symbol, reason in found.failures.items():
        say(console, f"[bold]failed[/] {symbol}: {literal(reason)}")
    for table in _tables(found.figures):
        console.print(table)
    for reason, count in found.without_update.items():
        say(console, f"[bold]no update[/] {count} times: {literal(reason)}")
    say(console, "In brackets: 95 % intervals that cluster by day")
    say(console, f"Report: {literal(found.files[0].rpartition('/')[0])}")


def _tables(figures: UpdateFigures) -> Iterator[Table]:
    title = f"{figures.updates} updates before the opening"
    headings = ("", "same sign %", "correlation", "RMSE")
    table = new_table(*headings, left=("",), title=title)
    for name, shown in NAMES.items():
        table.add_row(
            shown,
            cell(figures.hits[name], ".1f", 100),
            cell(figures.correlations[name], "+.3f"),
            cell(figures.errors.get(name), ".3f"),
        )
    yield table
    headings = ("80 % interval", "inside %", "width %", "Brier")
    table = new_table(*headings, left=headings[:1])
    for name, part in (
        ("without the lead", figures.without_lead),
        ("with the lead", figures.with_lead),
    ):
        table.add_row(
            name,
            cell(part.coverage, ".1f", 100),
            cell(part.width, ".2f", 100),
            cell(part.brier_score, ".4f"),
        )
    yield table
