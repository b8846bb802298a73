"""All commands and the report describe a symbol's events with the same words."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from made_events import event, window
from made_morning import AS_OF, RUN_AT, guarded, morning, screened

from cli.render_events import show_events
from cli.render_explanation import show_explanation
from cli.render_home_status import print_home_status
from cli.tables import show_summary
from config.settings import Settings
from risk_guard.events import Event
from risk_guard.known_events import KnownEvents
from screening.event_words import row_event_words
from screening.explanation import explain
from screening.report.page import morning_report
from screening.summary import RunSummary
from screening.table import csv_path, read_rows, write_csv
from status.event_report import EventReport, SymbolEvents
from status.home_status import read_home_status
from storage.home import Home

BOUNDS = date(2025, 11, 5), date(2025, 11, 26)
STATES = [
    ((), False, "none"),
    ((), True, "unknown"),
    ((event(AS_OF + timedelta(days=3)),), False, "earnings in 3 sessions"),
    (
        (event(AS_OF, "dividend", status="estimated"),),
        False,
        "dividend today, estimated",
    ),
    (
        (event(AS_OF - timedelta(days=3)),),
        True,
        "earnings 1 session ago, others unknown",
    ),
    ((window(*BOUNDS),), False, "basel_iii expected"),
    ((window(*BOUNDS),), True, "basel_iii expected, others unknown"),
]


@pytest.mark.parametrize(("events", "gap", "words"), STATES)
def test_every_place_says_the_same(
    *,
    events: tuple[Event, ...],
    gap: bool,
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The table, `explain`, the bare command, `events` and the report."""
    monkeypatch.setenv("COLUMNS", "300")
    known = KnownEvents(events, ("Yahoo said 429",) if gap else ())
    found = guarded(known)
    night = morning([replace(screened(), known_events=known, events=found)])
    path = csv_path(Home(tmp_path).screening_csv, AS_OF)
    write_csv(path, night.rows)
    (row,) = read_rows(path)
    assert row_event_words(row) == row_event_words(night.rows[0]) == words

    summary = RunSummary(AS_OF, ("CBA.AX",), {}, 1.0, rows=night.rows, csv=path)
    show_summary(summary)
    assert f"  {words} " in capsys.readouterr().out.replace("%", "% ")
    show_explanation(explain(row, Settings()))
    assert f"Events: {words}" in capsys.readouterr().out
    print_home_status(read_home_status(str(tmp_path), RUN_AT))
    bare = capsys.readouterr().out
    assert words in bare or (words == "unknown" and "Events unknown for CBA" in bare)
    show_events(report_of(words, found.sit_out))
    assert f"events: {words}" in capsys.readouterr().out
    assert f">{words}" in morning_report(night)


def report_of(words: str, sit_out: bool | None) -> EventReport:  # noqa: FBT001
    """Return what `overnight events` prints of a symbol in that state."""
    line = SymbolEvents.model_construct(
        symbol="CBA.AX",
        as_of=AS_OF,
        event_words=words,
        coming=(),
        past=None,
        terms=(),
        risk_score=0.0,
        haircut=0.0,
        sit_out=sit_out,
        sit_out_reason="",
        warning="",
        report_gaps=(),
    )
    return EventReport(as_of=AS_OF, notices=(), symbols=(line,))


def test_a_list_of_events_is_not_headed_by_nothing_known() -> None:
    """Of an uncovered symbol with an event, only what else may come is unknown."""
    known = KnownEvents((window(*BOUNDS),), ("Yahoo said 429",))
    found = guarded(known)
    page = morning_report(morning([replace(screened(), events=found)]))
    assert "no source can say what comes" not in page
    assert found.warning.startswith("Other events unknown (Yahoo said 429)")
