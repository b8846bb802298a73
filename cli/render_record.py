"""Prints the track record, 80 columns wide."""

from rich.console import Console
from rich.table import Table

from cli.output import literal, new_table, say
from screening.report.facts import ReportTable
from screening.track_record.record_text import record_sentences, record_tables
from screening.track_record.track_record import TrackRecord, TrackRecords


def show_records(found: TrackRecords) -> None:
    """Print the record of live calls, then that of replayed nights."""
    console = Console(highlight=False, emoji=False)
    _show(console, found.live)
    if found.replayed.calls:
        console.print()
        _show(console, found.replayed)


def _show(console: Console, record: TrackRecord) -> None:
    for sentence in record_sentences(record):
        say(console, literal(sentence))
    for table in record_tables(record):
        say(console, literal(table.caption))
        console.print(_rich_table(table))


def _rich_table(content: ReportTable) -> Table:
    table = new_table(*content.headings, left=content.headings[:1])
    for line in content.lines:
        table.add_row(*map(literal, line))
    return table
