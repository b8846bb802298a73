"""Event sources that fail: the status, the haircut, and the reason in the warning."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pytest
from own_nights import REPORT, Yahoo, judged, live

from config.errors import Unreachable

NIGHT = date(2025, 11, 18)
NEXT = date(2026, 2, 25)
FILE = "event_calendar.csv"
HEADER = "ticker,event_type,date\n"
LINE = f"NVDA,earnings,{REPORT}\n"


@dataclass
class CutList(Yahoo):
    """A Yahoo whose page of past earnings is cut short."""

    def earnings(self, _symbol: str) -> tuple[datetime, ...]:
        """Fail as the client does for such a page."""
        raise Unreachable("Yahoo gave no usable page of NVDA's earnings", "wait")


@pytest.mark.parametrize(
    ("named", "text", "status", "sit_out", "reason"),
    [
        (None, None, "unknown", None, "Yahoo said 429"),
        (None, HEADER, "unknown", None, "Yahoo said 429"),
        ((), None, "unknown", None, "Yahoo names no coming earnings date of NVDA"),
        (None, HEADER + LINE, "confirmed", True, "Yahoo said 429"),
        (None, "\0" * 9, "unknown", None, "NUL bytes"),
        ((REPORT,), "\0" * 9, "unknown", True, "NUL bytes"),
        ((REPORT,), "ticker;day\n", "unknown", True, "must begin with the header"),
        ((NEXT,), f"{HEADER}NVDA,earnings,soon\n", "unknown", None, "line 2"),
        ((NEXT,), f"{HEADER}NVDA,report,{REPORT}\n", "unknown", None, "line 2"),
        ((NEXT,), f"{HEADER}NVDA,earnings,{REPORT},a,b,c\n", "unknown", None, "line 2"),
        ((NEXT,), f'{HEADER}NVDA,earnings,"{REPORT}\n', "unknown", None, "line 2"),
        ((NEXT,), f"{HEADER}AMD,earnings,soon\n", "none", False, ""),
    ],
)
def test_a_failed_source_is_named_and_never_counts_as_no_event(
    tmp_path: Path,
    named: tuple[date, ...] | None,
    text: str | None,
    status: str,
    *,
    sit_out: bool | None,
    reason: str,
) -> None:
    """Unless another source covers the symbol: unknown, with at least 20 %."""
    if text is not None:
        (tmp_path / FILE).write_text(text)
    found = judged(live(tmp_path, Yahoo({NIGHT: named}), NIGHT), NIGHT)
    assert (found.status, found.sit_out) == (status, sit_out)
    assert reason in found.warning
    assert bool(reason) is bool(found.warning), found.warning
    assert status != "unknown" or found.haircut >= 0.20


@pytest.mark.parametrize(("named", "status"), [((NEXT,), "none"), (None, "unknown")])
def test_past_reports_that_were_cut_short_are_named(
    tmp_path: Path, named: tuple[date, ...] | None, status: str
) -> None:
    """The row gives the reason; coming events are as unknown as their source."""
    known = live(tmp_path, CutList({NIGHT: named}), NIGHT)
    assert known.past_reports == ()
    (gap,) = known.report_gaps
    assert "no usable page of NVDA's earnings" in gap
    assert judged(known, NIGHT).status == status
    assert judged(known, NIGHT).haircut == (0.20 if status == "unknown" else 0)


def test_a_list_that_is_cut_after_a_whole_one_loses_no_report(tmp_path: Path) -> None:
    """The stored list stays, and so does the estimate from last year's date."""
    first, night = date(2026, 6, 30), date(2026, 8, 21)
    live(tmp_path, Yahoo({first: ()}), first)
    known = live(tmp_path, CutList({night: ()}), night)
    assert [report.day for report in known.past_reports] == [date(2025, 8, 27)]
    assert [event.source for event in known.events] == ["last year"]
    found = judged(known, night)
    assert (found.status, found.sit_out, found.haircut) == ("unknown", None, 0.45)
    assert "no usable page" in known.report_gaps[0]
