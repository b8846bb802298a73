"""Which nights an event forces to HOLD: the two rules of `guard.sit_out` (SPEC 8)."""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import get_args

from config.settings import GuardSettings, SitOut
from market_data.sessions import (
    covers,
    next_session,
    nth_session_after,
    session_on_or_after,
    sessions_apart,
)
from risk_guard.events import NO_INSTANT, REPORTS, Event
from risk_guard.known_events import PAST_DAYS, KnownEvents
from risk_guard.past_reports import PastReport
from risk_guard.reactions import ReportTime, reaction_sessions

_NAMED_RULE = re.compile(rf"by the rule `({'|'.join(get_args(SitOut))})`")


def sit_out_events(
    known: KnownEvents, exchange: str, as_of: date, settings: GuardSettings
) -> list[Event]:
    """Return the events that force a sit-out, the nearest first.

    These may be reports that have come and that no source names as an event.
    """
    named = {
        event.first
        for event in known.events
        if event.type in REPORTS and event.status == "confirmed"
    }
    recent = [
        report_event(report)
        for report in (*known.unreacted, *known.past_reports)
        if report.day >= as_of - timedelta(days=PAST_DAYS) and report.day not in named
    ]
    found = [
        (
            abs(sessions_apart(exchange, as_of, event.first)),
            event.type not in REPORTS,
            event.first,
            event.status,  # confirmed first
            event,
        )
        for event in (*known.events, *recent)
        if is_sat_out(event, exchange, as_of, settings)
    ]
    return [event for *_, event in sorted(found, key=lambda entry: entry[:4])]


def is_sat_out(
    event: Event, exchange: str, as_of: date, settings: GuardSettings
) -> bool:
    """Return whether the event forces HOLD on the night of `as_of`.

    A window never does: its day is not known. `published`: the as-of session is near
    the event. `reaction`: the forecast session is a possible reaction session of a
    report with a confirmed date, or the session after one.
    """
    if event.is_window:
        return False
    if settings.sit_out == "published":
        reach = sit_out_reach(event.type, settings)
        return abs(sessions_apart(exchange, as_of, event.first)) <= reach
    if event.type not in REPORTS or event.status != "confirmed":
        return False
    if not covers(exchange, event.first):
        return False
    sessions = reaction_sessions(exchange, event.first, event.time)
    return as_of in sessions or next_session(exchange, as_of) in sessions


def sit_out_reach(event_type: str, settings: GuardSettings) -> int:
    """Return how many sessions before and after an event `published` sits out."""
    if event_type in REPORTS:
        return settings.report_sit_out_sessions
    return settings.dividend_sit_out_sessions


def first_night_after(
    event_type: str,
    day: date,
    time_of_day: ReportTime,
    exchange: str,
    settings: GuardSettings,
) -> date:
    """Return the first as-of session after the sit-out that such an event forces."""
    if settings.sit_out == "reaction":
        last = reaction_sessions(exchange, day, time_of_day)[-1]
        return next_session(exchange, last)
    session = session_on_or_after(exchange, day)
    return nth_session_after(exchange, session, sit_out_reach(event_type, settings) + 1)


def sit_out_reason(
    forcing: Iterable[Event], exchange: str, as_of: date, settings: GuardSettings
) -> str:
    """Return the rule and the nearest event that forces the sit-out, '' without one.

    It continues the words "sat out": `by the rule `published`: earnings 2025-11-11
    (confirmed, yahoo) is 1 session ahead`.
    """
    event = next(iter(forcing), None)
    if event is None:
        return ""
    apart = sessions_apart(exchange, as_of, event.first)
    count = f"{abs(apart)} session{'s' if abs(apart) != 1 else ''}"
    when = "today" if apart == 0 else f"{count} {'ahead' if apart > 0 else 'ago'}"
    reason = f"by the rule `{settings.sit_out}`: {event.sentence} is {when}"
    if settings.sit_out == "published":
        return reason
    sessions = reaction_sessions(exchange, event.first, event.time)
    if next_session(exchange, as_of) in sessions:
        return f"{reason}, and the next session can react to it"
    return f"{reason}, and the next session follows its reaction"


def named_rule(reason: str, default: SitOut) -> SitOut:
    """Return the rule that a row's `reason` names, `default` if it names none."""
    named = find_rule(reason) or default
    return "reaction" if named == "reaction" else "published"


def find_rule(reason: str) -> str:
    """Return the rule that a row's `reason` names, '' if it names none."""
    found = _NAMED_RULE.search(reason)
    return found[1] if found else ""


def report_event(report: PastReport) -> Event:
    """Return the report as an event; that it has come confirms its day."""
    return Event(
        type=report.kind,
        first=report.day,
        last=report.day,
        title="",
        source=report.source,
        status="confirmed",
        retrieved_at=NO_INSTANT,
        time=report.time,
    )
