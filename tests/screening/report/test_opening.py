"""The report's title: the session it is for, and when its exchange opens."""

from dataclasses import replace
from datetime import UTC, date, datetime

from made_morning import FACTS, failed, morning, screened

from screening.report.opening import opening
from screening.report.views import symbol_views


def test_the_title_is_the_session_and_its_opening() -> None:
    """In November Sydney is 11 hours ahead of UTC, and opens at 10:00."""
    night = replace(FACTS, run_at=datetime(2025, 11, 10, 8, 30, tzinfo=UTC))
    found = opening(night, symbol_views(morning([screened()])))
    assert found.title == "For Tuesday 11 November 2025"
    assert found.before == "before the ASX opens at 10:00 Sydney"
    assert found.run_at == "Monday 10 November 2025, 19:30 Sydney"


def test_two_exchanges_have_their_own_openings() -> None:
    """Sessions of other days are named with their days."""
    new_york = screened("MSFT", forecast_session=date(2025, 11, 10))
    found = opening(FACTS, symbol_views(morning([screened(), new_york])))
    assert found.title == "For Monday 10 November and Tuesday 11 November 2025"
    assert found.before == (
        "before the New York exchanges open on Monday 10 November at 09:30 New York "
        "and the ASX opens on Tuesday 11 November at 10:00 Sydney"
    )


def test_a_night_in_which_all_failed_has_a_title() -> None:
    """The failed rows have the session too."""
    found = opening(FACTS, symbol_views(morning([failed("GONE.AX")])))
    assert found.title == "For Tuesday 11 November 2025"
