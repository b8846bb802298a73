"""The sources of a night beside its prices: events, headlines and their reader."""

from collections.abc import Iterable
from dataclasses import dataclass

from config.errors import SentimentUnavailable
from market_data.headlines import HeadlineSource
from market_data.sources import Feeds
from modelling.polarity import Reader, open_reader
from pipeline.plan import RunPlan
from risk_guard.calendar_file import (
    CalendarFile,
    read_calendars,
    unusable_calendars,
)
from risk_guard.event_history import EventHistory, RememberedEvents
from risk_guard.event_sources import EventSource, FolderReports, UnaskedSource
from risk_guard.pillar3 import Pillar3Rule
from risk_guard.yahoo_calendar import YahooCalendar
from risk_guard.yahoo_reports import YahooReports


@dataclass(frozen=True)
class NewsAndEventSources:
    """The sources of one night, opened once.

    If the headlines can't be read, `reader` is None and `unavailable_reason` gives the
    reason. `notices` are sentences about the whole run.
    """

    event_sources: tuple[EventSource, ...]
    headlines: HeadlineSource | None
    reader: Reader | None
    unavailable_reason: str
    notices: tuple[str, ...]


def open_sources(plan: RunPlan, feeds: Feeds) -> NewsAndEventSources:
    """Read the calendar files, find the language model, and open Yahoo's calendar."""
    guard, engine = plan.settings.guard, plan.settings.sentiment.engine
    calendars, replayed = night_calendars(plan), _replayed(plan)
    reader, unavailable_reason = _open_reader(plan, feeds)
    headlines = feeds.headlines if engine != "off" else None
    missing = [unavailable_reason] if headlines and unavailable_reason else []
    return NewsAndEventSources(
        event_sources=(
            *_remember_events(plan, feeds, calendars, replayed),
            *unusable_calendars(calendars),
            Pillar3Rule(guard),
            *([FolderReports(plan.folder)] if plan.folder else []),
            YahooReports(feeds.yahoo, plan.home.past_earnings, replayed),
        ),
        headlines=headlines,
        reader=reader,
        unavailable_reason=unavailable_reason,
        notices=(*missing, *calendar_notices(calendars, plan)),
    )


def night_calendars(plan: RunPlan) -> tuple[CalendarFile, ...]:
    """Return the calendar files of the home and of the folder source."""
    home = plan.home.event_calendar
    return read_calendars(home, plan.folder, plan.symbols, plan.settings.guard)


def calendar_notices(
    calendars: Iterable[CalendarFile], plan: RunPlan
) -> tuple[str, ...]:
    """Return sentences about what is wrong with the calendar files."""
    return tuple(
        notice for calendar in calendars for notice in calendar.notices(plan.as_of)
    )


def _replayed(plan: RunPlan) -> frozenset[str]:
    return frozenset(filter(plan.is_replay, plan.symbols))


def _remember_events(
    plan: RunPlan,
    feeds: Feeds,
    calendars: Iterable[CalendarFile],
    replayed: frozenset[str],
) -> tuple[RememberedEvents, ...]:
    """Return the calendar files and Yahoo, each with its events of earlier nights.

    A run on another source uses Yahoo's earlier events too.
    """
    history = EventHistory(plan.home.seen_events)
    yahoo: EventSource = UnaskedSource(YahooCalendar.name)
    if feeds.yahoo:
        yahoo = YahooCalendar(feeds.yahoo, plan.settings.guard)
    return (
        *(
            RememberedEvents(
                calendar, history, drops_past_events=False, replayed=replayed
            )
            for calendar in calendars
        ),
        RememberedEvents(yahoo, history, drops_past_events=True, replayed=replayed),
    )


def _open_reader(plan: RunPlan, feeds: Feeds) -> tuple[Reader | None, str]:
    """Return the reader of the headlines and "", or None and the reason."""
    if feeds.headlines is None:
        return None, f"the {plan.source} source has no headlines"
    try:
        return open_reader(plan.settings.sentiment, plan.home.polarities), ""
    except SentimentUnavailable as error:
        return None, str(error)
