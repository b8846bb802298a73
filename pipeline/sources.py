"""What a night looks out for beside prices: events, headlines, and who reads them."""

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
from risk_guard.event_sources import EventSource, UnaskedSource
from risk_guard.pillar3 import Pillar3Rule
from risk_guard.yahoo_calendar import YahooCalendar


@dataclass(frozen=True)
class NewsAndEventSources:
    """The sources of one night, opened once.

    `reader` is None where nobody reads the headlines, `unavailable_reason` says why; `notices`
    are sentences for the head of the run.
    """

    event_sources: tuple[EventSource, ...]
    headlines: HeadlineSource | None
    reader: Reader | None
    unavailable_reason: str
    notices: tuple[str, ...]


def open_sources(plan: RunPlan, feeds: Feeds) -> NewsAndEventSources:
    """Read the calendar files, find the language model, connect Yahoo's calendar."""
    guard, engine = plan.settings.guard, plan.settings.sentiment.engine
    calendars = night_calendars(plan)
    sources: tuple[EventSource, ...] = (
        *_remembered(plan, feeds, calendars),
        *unusable_calendars(calendars),
        Pillar3Rule(guard),
    )
    reader, unavailable_reason = _reader(plan, feeds)
    missing = (
        [unavailable_reason]
        if feeds.headlines and unavailable_reason and engine != "off"
        else []
    )
    return NewsAndEventSources(
        event_sources=sources,
        headlines=feeds.headlines if engine != "off" else None,
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
    """Return what is wrong with the calendar files on that night."""
    return tuple(note for one in calendars for note in one.notices(plan.as_of))


def _remembered(
    plan: RunPlan, feeds: Feeds, calendars: Iterable[CalendarFile]
) -> tuple[RememberedEvents, ...]:
    """Return the calendar files and Yahoo, each with what it said on live nights.

    What Yahoo said counts in a run on another source too.
    """
    history = EventHistory(plan.home.seen_events)
    replayed = frozenset(filter(plan.is_replay, plan.symbols))
    yahoo: EventSource = UnaskedSource(YahooCalendar.name)
    if feeds.yahoo:
        yahoo = YahooCalendar(feeds.yahoo, plan.settings.guard)
    return (
        *(
            RememberedEvents(one, history, drops_past_events=False, replayed=replayed)
            for one in calendars
        ),
        RememberedEvents(yahoo, history, drops_past_events=True, replayed=replayed),
    )


def _reader(plan: RunPlan, feeds: Feeds) -> tuple[Reader | None, str]:
    """Return who reads the headlines, else why nobody does."""
    if feeds.headlines is None:
        return None, f"the {plan.source} source has no headlines"
    try:
        return open_reader(plan.settings.sentiment, plan.home.polarities), ""
    except SentimentUnavailable as error:
        return None, str(error)
