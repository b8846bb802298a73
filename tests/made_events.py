"""Events for tests, with defaults for all fields that a test does not name."""

from datetime import UTC, date, datetime
from typing import Any

from risk_guard.events import Event

NOW = datetime(2025, 11, 10, 8, 30, tzinfo=UTC)
AS_OF = date(2025, 11, 10)


def event(day: date, kind: str = "earnings", **changes: Any) -> Event:  # noqa: ANN401
    """Return a confirmed event of one day, with `changes`."""
    values: dict[str, Any] = {
        "type": kind,
        "first": day,
        "last": day,
        "title": "",
        "source": "event_calendar.csv",
        "status": "confirmed",
        "retrieved_at": NOW,
    }
    return Event(**(values | changes))


def window(first: date, last: date, **changes: Any) -> Event:  # noqa: ANN401
    """Return an estimated Pillar 3 window."""
    given = {"last": last, "status": "estimated", "source": "APS 330 rule"}
    return event(first, "basel_iii", **(given | changes))
