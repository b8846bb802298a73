"""The message about an update before the opening, composed from its rows. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from delivery.message import Message
from screening.update_row import IN_THE_OPENING_PRICE, Row
from screening.update_words import UpdateTexts

GAPS = 5
"""How many of the highest and of the lowest expected gaps a message lists."""

MAX_LINES = 8
"""Changed events and reasons that a message lists; the page has all of them."""


def update_message(update: UpdateTexts, morning: str, page: str) -> Message:
    """Return the message; `morning` is the day, `page` the file name, "" without."""
    lines = [
        f"Update before the opening of {morning}: {update.headline}.",
        f"It updates the night of {update.as_of}; its calls stay as they are.",
        *(["This is a replay, not a live update."] if update.replay else []),
        *update.lead_lines(),
        *([IN_THE_OPENING_PRICE] if update.updated else []),
        *_section("Events that changed", map(_change, update.flagged[:MAX_LINES])),
        *_gaps(update.updated),
        *_section("Without an update", update.reason_lines()[:MAX_LINES]),
        *_section("Notes", list(update.notices)[:MAX_LINES]),
    ]
    lines += ["", f"Page: {page}"] if page else []
    return Message.of_lines(f"Morning of {morning}: {update.headline}", lines, page)


def _section(title: str, lines: Iterable[str]) -> list[str]:
    found = list(lines)
    return ["", title, *found] if found else []


def _change(row: Row) -> str:
    return f"{row['symbol']} {row.get('prediction') or ''}: {row['changed']}"


def _gaps(updated: Sequence[Row]) -> Iterator[str]:
    lowest = list(updated[GAPS:][-GAPS:])
    yield from _section("Highest expected gaps", map(_gap, updated[:GAPS]))
    yield from _section("Lowest expected gaps", map(_gap, lowest))


def _gap(row: Row) -> str:
    up = row.get("probability_up")
    likely = f", P(up) {float(up):.2f}" if up is not None else ""
    return f"{row['symbol']} {float(row['expected_gap']):+.2%}{likely}"
