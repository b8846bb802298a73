"""The message about a night: verdict, changes, scores, what was missing."""

from datetime import date
from typing import Any

import pytest
from made_rows import csv_row, four

from config.settings import BlendSettings
from delivery.message import MAX_CHARACTERS, Message, failure_message
from delivery.night_message import NightRows, night_message
from screening.report.facts import EarlierNight

AS_OF = date(2025, 11, 10)
Cells = dict[str, str]


def row(symbol: str, score: float = 0.1, call: str = "HOLD", **changes: str) -> Cells:
    """Return a usable row."""
    cells = {"symbol": symbol, "prediction": call, "score": str(score)}
    return csv_row(four(1, 1, 1, 1)) | cells | changes


def failed(symbol: str, reason: str) -> Cells:
    """Return a failed row."""
    return row(symbol, data_status="failed", reason=reason, score="", prediction="")


def message(
    rows: list[Cells],
    before: list[Cells] | None = None,
    **more: Any,  # noqa: ANN401
) -> Message:
    """Return the message about these rows, after a night of the rows `before`."""
    earlier = EarlierNight(date(2025, 11, 7), tuple(before)) if before else None
    night: dict[str, Any] = {
        "as_of": AS_OF,
        "rows": rows,
        "notices": (),
        "earlier": earlier,
        "blend": BlendSettings(),
        "min_coverage": 0.5,
        "report": "2025-11-10_morning_report.html",
    }
    return night_message(NightRows(**(night | more)))


def test_a_message_has_the_order_of_the_report() -> None:
    """Verdict, changes, highest and lowest scores, what was missing, the report."""
    rows = [row(f"S{i}.AX", 0.9 - i / 10) for i in range(12)]
    rows += [failed("GONE.AX", "unknown_symbol: no GONE.AX")]
    made = message(rows, [row("S1.AX", call="BUY")], notices=["No news."])
    parts = [part.splitlines()[0] for part in made.text.split("\n\n")]
    assert parts == [
        "Completed with failures: 12 of 13 symbols usable, 1 failed.",
        "Since the night of 2025-11-07",
        "Highest scores",
        "Lowest scores",
        "Missing",
        "Report: 2025-11-10_morning_report.html",
    ]
    assert made.subject == "Night of 2025-11-10: 12 of 13 symbols usable, 1 failed"
    assert "GONE.AX: unknown_symbol: no GONE.AX\nNo news." in made.text
    assert made.text.count("S4.AX") + made.text.count("S7.AX") == 2
    assert "S5.AX" not in made.text.split("\n\n", 2)[2]


def test_a_change_hardly_beyond_its_threshold_is_marginal() -> None:
    """Clear changes come first; one of less than 0.03 beyond is named marginal."""
    before = [
        row("A.AX"),
        row("B.AX", 0.4, "BUY"),
        row("C.AX"),
        row("D.AX", 0.9, "BUY"),
    ]
    rows = [
        row("A.AX", 0.31, "BUY"),
        row("B.AX", 0.29),
        row("C.AX", 0.41, "BUY"),
        row("D.AX", -0.31, "SELL"),
    ]
    lines = message(rows, before).text.splitlines()
    changes = [line for line in lines if " to " in line]
    assert changes == [
        "Call: C.AX HOLD to BUY, score +0.41",
        "Call: D.AX BUY to SELL, score -0.31",
        "Marginal: A.AX HOLD to BUY, score +0.31",
        "Marginal: B.AX BUY to HOLD, score +0.29",
    ]


def test_sit_outs_that_begin_and_end_are_named() -> None:
    """A call that a sit-out changes is no marginal change."""
    out = {"event_skip_trading": "true", "event_type": "earnings"}
    before = [row("A.AX", 0.31, "BUY"), row("B.AX", **out)]
    rows = [row("A.AX", 0.31, event_date="2025-11-12", **out), row("B.AX")]
    text = message(rows, before).text
    assert "Sit-out begins: A.AX (earnings 2025-11-12)\nSit-out ends: B.AX" in text
    assert "Call: A.AX BUY to HOLD" in text
    assert "HOLD 2, SELL 0; 1 sat out." in text


def test_one_cause_of_many_failures_is_one_line() -> None:
    """A night without network fails, and names its cause once."""
    rows = [failed(f"S{i}", f"unreachable: no network for S{i}") for i in range(10)]
    made = message(rows)
    assert made.text.startswith("The run failed: none of 10 symbols is usable.")
    assert made.text.count("no network") == 1
    assert "10 symbols: S0, S1, S2" in made.text


@pytest.mark.parametrize("count", [1, 500])
def test_a_message_fits_every_receiver(count: int) -> None:
    """However many symbols and notices there are; a cut message says so."""
    rows = [failed(f"S{i}.AX", f"reason {i} " * 30) for i in range(count)]
    text = message(rows, notices=["a\nnotice\x1b[31m " * 30] * count).text
    assert len(text) <= MAX_CHARACTERS
    assert "\x1b" not in text
    assert ("[cut; the report has all of it]" in text) == (count > 1)


def test_a_failed_run_says_why() -> None:
    """The reason is in the text, the night in the subject."""
    made = failure_message("2025-11-10", "the disk is full; free some.")
    assert made.subject == "Night of 2025-11-10: the run failed"
    assert "the disk is full; free some." in made.text


def test_holdings_with_an_event_ahead_are_listed() -> None:
    """After the changes, with the distance; a past event and other stocks are not."""
    event = {"event_type": "earnings", "event_status": "confirmed"}
    rows = [
        row("HELD.AX", 0.5) | event | {"sessions_to_event": "2"},
        row("PAST.AX", 0.4) | event | {"sessions_to_event": "-1"},
        row("FREE.AX", 0.3) | event | {"sessions_to_event": "2"},
    ]
    made = message(rows, held={"HELD.AX", "PAST.AX"})
    assert (
        "Holdings with an event ahead\nHELD.AX: earnings in 2 sessions\n" in made.text
    )
    assert "PAST.AX: " not in made.text
    assert "FREE.AX: " not in made.text


def test_a_failed_holding_fails_no_night() -> None:
    """A symbol that was screened only because it is held is no part of the verdict."""
    rows = [row("S.AX", 0.5), failed("GONE.AX", "unknown_symbol: no GONE.AX")]
    made = message(rows, added={"GONE.AX"})
    assert made.text.startswith("1 of 1 symbols usable.")
    assert "GONE.AX: unknown_symbol" in made.text
