"""`overnight events` at a terminal: sources, time of day and earlier dates."""

from datetime import date

import pytest
from made_events import AS_OF, NOW, event

from cli.render_events import show_events
from risk_guard.event_provenance import EarlierDate, NamedBy
from status.event_report import EventDetail, EventReport, SymbolEvents

FILE = "event_calendar.csv"
SINCE, NIGHT = date(2025, 11, 3), date(2025, 11, 5)


def detail(last: int = 12, **changes: object) -> EventDetail:
    """Return Yahoo's earnings of 2025-11-12, confirmed by the calendar file."""
    values: dict[str, object] = {
        "type": "earnings",
        "first": date(2025, 11, 12),
        "last": date(2025, 11, last),
        "title": "Half-year results and a webcast for the holders of all notes",
        "source": f"{FILE}, yahoo",
        "status": "confirmed",
        "retrieved_at": NOW,
        "url": "",
        "time": "after_close",
        "sure": "confirmed",
        "named_by": (
            NamedBy(FILE, "confirmed", "unknown", SINCE),
            NamedBy("yahoo", "estimated", "after_close", NIGHT),
        ),
        "earlier": (EarlierDate(AS_OF, AS_OF, "yahoo", SINCE, NIGHT),),
        "differing": (event(date(2025, 11, 14), source="other"),),
    }
    return EventDetail.model_validate(values | changes)


def shown(
    capsys: pytest.CaptureFixture[str], *coming: EventDetail, **changes: object
) -> str:
    """Return what is printed of a symbol with these events."""
    values = {
        "symbol": "CBA.AX",
        "as_of": AS_OF,
        "event_words": "earnings in 2 sessions",
        "coming": coming,
        "past": None,
        "terms": (),
        "risk_score": 0.65,
        "haircut": 0.45,
        "sit_out": True,
        "sit_out_reason": "",
        "warning": "",
        "report_gaps": (),
    }
    line = SymbolEvents.model_construct(**(values | changes))  # type: ignore[arg-type]
    show_events(EventReport.model_construct(as_of=AS_OF, notices=(), symbols=(line,)))
    return capsys.readouterr().out


@pytest.mark.parametrize("width", [80, 120])
def test_an_event_has_its_time_sources_and_earlier_dates(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    """Each on a line of its own below the event, and no line is too wide."""
    monkeypatch.setenv("COLUMNS", str(width))
    text = shown(capsys, detail())
    assert max(map(len, text.splitlines())) <= width
    flat = " ".join(text.split())
    assert "time of day: after the close" in flat
    assert (
        f"named by {FILE} (confirmed, since {SINCE}), yahoo (estimated, since {NIGHT})"
    ) in flat
    assert f"before: {AS_OF} (yahoo, until {SINCE}), moved as of {NIGHT}" in flat
    assert "another date: 2025-11-14 (confirmed, other)" in flat


def test_a_window_has_no_time_of_day(capsys: pytest.CaptureFixture[str]) -> None:
    """A rule has no nights on which it was first stored, so no source is listed."""
    rule = (NamedBy("last year", "estimated", "unknown", None),)
    changes = {"sure": "window", "status": "estimated", "source": "last year"}
    window = detail(26, **changes, named_by=rule, earlier=(), differing=(), title="")
    assert shown(capsys, window).splitlines()[1:] == [
        "  2025-11-12 to 2025-11-26 earnings (estimated, last year)",
        "    the exact day is not known",
    ]


def test_a_past_event_stands_before_the_coming_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And a reason why past reports may be missing stands at the end."""
    past = detail(title="Past")
    text = shown(capsys, detail(title="Coming"), past=past, report_gaps=("cut short",))
    assert text.index("Past") < text.index("Coming")
    assert text.endswith("  past reports may be missing: cut short\n")
