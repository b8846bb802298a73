"""Which session of New York is used for which session of Sydney and London."""

from datetime import UTC, date, datetime

import pytest

from market_data.lead import lead_span

SYDNEY = [
    # as-of, base, last, closed, half day
    ("2025-11-10", "2025-11-07", "2025-11-10", 1, False),  # an ordinary night
    ("2025-11-14", "2025-11-13", "2025-11-14", 1, False),  # over a weekend
    ("2025-03-07", "2025-03-06", "2025-03-07", 1, False),  # New York changes its clock
    ("2025-03-10", "2025-03-07", "2025-03-10", 1, False),
    ("2025-04-04", "2025-04-03", "2025-04-04", 1, False),  # Sydney changes its clock
    ("2025-04-07", "2025-04-04", "2025-04-07", 1, False),
    ("2025-10-03", "2025-10-02", "2025-10-03", 1, False),  # Sydney
    ("2025-10-06", "2025-10-03", "2025-10-06", 1, False),
    ("2025-10-31", "2025-10-30", "2025-10-31", 1, False),  # New York
    ("2025-11-03", "2025-10-31", "2025-11-03", 1, False),
    ("2025-12-23", "2025-12-22", "2025-12-23", 1, False),
    ("2025-12-24", "2025-12-23", "2025-12-26", 2, False),  # Sydney closes for 2 days
    ("2025-12-29", "2025-12-26", "2025-12-29", 1, False),
    ("2025-12-30", "2025-12-29", "2025-12-30", 1, False),
    ("2025-12-31", "2025-12-30", "2025-12-31", 1, False),  # both close on 1 January
    ("2026-01-02", "2025-12-31", "2026-01-02", 1, False),
    ("2025-11-27", "2025-11-26", "2025-11-26", 0, False),  # Thanksgiving
    ("2025-11-28", "2025-11-26", "2025-11-28", 1, True),  # the half day after it
    ("2025-07-03", "2025-07-02", "2025-07-03", 1, True),  # half day before 4 July
    ("2025-07-04", "2025-07-03", "2025-07-03", 0, True),
    ("2025-01-24", "2025-01-23", "2025-01-27", 2, False),  # Australia Day
    ("2026-01-23", "2026-01-22", "2026-01-26", 2, False),
    ("2025-01-08", "2025-01-07", "2025-01-08", 1, False),
    ("2025-01-09", "2025-01-08", "2025-01-08", 0, False),  # a day of mourning
    ("2001-09-10", "2001-09-07", "2001-09-10", 1, False),
    ("2001-09-11", "2001-09-10", "2001-09-10", 0, False),  # New York stays closed
    ("2001-09-14", "2001-09-10", "2001-09-10", 0, False),
    ("2001-09-17", "2001-09-10", "2001-09-17", 1, False),  # and opens again
    ("2012-10-29", "2012-10-26", "2012-10-26", 0, False),  # hurricane Sandy
    ("2012-10-30", "2012-10-26", "2012-10-26", 0, False),
    ("2012-10-31", "2012-10-26", "2012-10-31", 1, False),
]

LONDON = [
    ("2025-11-10", "2025-11-07", "2025-11-10", 1, False),
    ("2025-03-10", "2025-03-07", "2025-03-10", 1, False),  # 4 hours apart, not 5
    ("2025-10-27", "2025-10-24", "2025-10-27", 1, False),
    ("2025-12-24", "2025-12-23", "2025-12-26", 2, False),  # half days in both
    ("2025-11-28", "2025-11-26", "2025-11-28", 1, True),
    ("2025-05-02", "2025-05-01", "2025-05-05", 2, False),  # a bank holiday
    ("2025-05-23", "2025-05-22", "2025-05-23", 1, False),  # both close on the Monday
]


def found(exchange: str, as_of: str) -> tuple[str, str, int, bool]:
    """Return the span of New York after a session, as the tables write it."""
    span = lead_span(exchange, "XNYS", date.fromisoformat(as_of))
    return str(span.base), str(span.last), span.closed, span.half_day


@pytest.mark.parametrize("line", SYDNEY, ids=lambda line: line[0])
def test_new_york_before_each_session_of_sydney(
    line: tuple[str, str, str, int, bool],
) -> None:
    """Its return starts at its last close by Sydney's close."""
    assert found("XASX", line[0]) == line[1:]


@pytest.mark.parametrize("line", LONDON, ids=lambda line: line[0])
def test_new_york_before_each_session_of_london(
    line: tuple[str, str, str, int, bool],
) -> None:
    """New York closes after London's close: the session of the same day is used."""
    assert found("XLON", line[0]) == line[1:]


@pytest.mark.parametrize(
    ("as_of", "now", "words"),
    [
        ("2025-11-27", "2025-11-27 22:00", "XNYS has no session that closes"),
        ("2025-11-28", "2025-11-30 22:00", "2025-11-28 is a half day"),
        ("2025-11-10", "2025-11-10 21:29", "is final at 2025-11-10 21:30 UTC"),
        ("2025-01-24", "2025-01-24 22:00", "2025-01-27 is not closed yet"),
        ("2025-11-10", "2025-11-10 21:30", ""),
        ("2025-12-24", "2025-12-28 22:00", ""),
    ],
)
def test_without_a_whole_new_session_the_lead_is_unusable(
    as_of: str, now: str, words: str
) -> None:
    """A holiday, a half day and a session that is still open give a reason."""
    span = lead_span("XASX", "XNYS", date.fromisoformat(as_of))
    reason = span.why_unusable(datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert words in reason
    assert bool(reason) == bool(words)
