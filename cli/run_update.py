"""Runs the update before the opening in this process and prints it."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from rich.console import Console

from cli.interruption import call_in_thread
from cli.options import UpdateOptions
from cli.output import literal, new_table, say
from cli.request import parse_date, parse_source
from flows.morning_update import morning_update
from pipeline.update_plan import UpdateRequest, plan_update
from screening.update_row import IN_THE_OPENING_PRICE, Row
from screening.update_words import record_lines
from storage.home import Home
from tasks.morning_update import UpdateSummary
from tasks.temporary_server import TemporaryServer, without_heartbeats


def run_update(server: TemporaryServer | None, options: UpdateOptions) -> None:
    """Check the request, run the flow and print the update.

    Raises
    ------
    OvernightError
        If the request is wrong, the session has opened, or no night is published.
    """
    Home.existing(options.home)
    arguments: dict[str, Any] = {
        "as_of": parse_date("as_of", options.as_of),
        "replay": options.replay,
        "source": parse_source(options.source),
        "folder": options.folder,
        "home": options.home,
    }
    plan_update(UpdateRequest(**arguments), datetime.now(UTC))
    if server:
        server.wait_until_ready()
    # A flow: called, it returns the data.
    with without_heartbeats():
        summary: Any = call_in_thread(partial(morning_update, **arguments))
    show_update(summary)


def show_update(summary: UpdateSummary) -> None:
    """Print what the lead did, the stocks, what changed and where the files are."""
    console, texts = Console(highlight=False, emoji=False), summary.texts
    say(console, f"Night of {texts.as_of}: {literal(texts.headline)}")
    if texts.replay:
        say(console, "This is a replay: it never counts as live.")
    for line in texts.lead_lines():
        say(console, literal(line))
    if texts.updated:
        _show_table(console, texts.updated)
        say(console, IN_THE_OPENING_PRICE)
    for row in texts.flagged:
        say(console, f"[bold]event[/] {row['symbol']}: {literal(row['changed'])}")
    for line in (*texts.reason_lines(), *texts.notices):
        say(console, f"[bold]note[/] {literal(line)}")
    for line in record_lines(texts.records):
        say(console, literal(line))
    say(console, f"CSV: {literal(summary.csv)}")
    say(console, f"Page: {literal(summary.page)}")


def _show_table(console: Console, rows: list[Row]) -> None:
    headings = ("symbol", "call", "exp. gap %", "P(up)", "interval %", "night's %")
    table = new_table(*headings, left=("symbol", "call"))
    for row in rows:
        up = row.get("probability_up")
        table.add_row(
            literal(row["symbol"]),
            literal(row.get("prediction") or ""),
            f"{100 * row['expected_gap']:+.2f}",
            "" if up is None else f"{up:.2f}",
            _interval(row, ""),
            _interval(row, "night_"),
        )
    console.print(table)


def _interval(row: Row, prefix: str) -> str:
    ends = [row.get(f"{prefix}predicted_return_{end}") for end in ("low", "high")]
    if not all(end not in (None, "") for end in ends):
        return ""
    low, high = (100 * float(str(end)) for end in ends)
    return f"{low:+.2f} to {high:+.2f}"
