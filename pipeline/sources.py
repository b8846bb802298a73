"""What a night looks out for beside prices: events, headlines, and who reads them."""

from collections.abc import Iterable
from dataclasses import dataclass

from config.errors import SentimentUnavailable
from market_data.headlines import HeadlineSource
from market_data.sources import Feeds
from modelling.polarity import Reader, open_reader
from pipeline.plan import Night
from risk_guard.calendar_file import (
    CalendarFile,
    read_calendars,
    unusable_calendars,
)
from risk_guard.event_history import EventHistory, Remembered
from risk_guard.event_sources import EventSource, UnaskedSource
from risk_guard.pillar3 import Pillar3Rule
from risk_guard.yahoo_calendar import YahooCalendar


@dataclass(frozen=True)
class Lookout:
    """The sources of one night, opened once.

    `reader` is None where nobody reads the headlines, `silence` says why; `notices`
    are sentences for the head of the run.
    """

    event_sources: tuple[EventSource, ...]
    headlines: HeadlineSource | None
    reader: Reader | None
    silence: str
    notices: tuple[str, ...]


def opened_lookout(night: Night, feeds: Feeds) -> Lookout:
    """Read the calendar files, find the language model, connect Yahoo's calendar."""
    guard, engine = night.settings.guard, night.settings.sentiment.engine
    calendars = night_calendars(night)
    sources: tuple[EventSource, ...] = (
        *_remembered(night, feeds, calendars),
        *unusable_calendars(calendars),
        Pillar3Rule(guard),
    )
    reader, silence = _reader(night, feeds)
    missing = [silence] if feeds.headlines and silence and engine != "off" else []
    return Lookout(
        event_sources=sources,
        headlines=feeds.headlines if engine != "off" else None,
        reader=reader,
        silence=silence,
        notices=(*missing, *calendar_notices(calendars, night)),
    )


def night_calendars(night: Night) -> tuple[CalendarFile, ...]:
    """Return the calendar files of the home and of the folder source."""
    home = night.home.event_calendar
    return read_calendars(home, night.folder, night.symbols, night.settings.guard)


def calendar_notices(
    calendars: Iterable[CalendarFile], night: Night
) -> tuple[str, ...]:
    """Return what is wrong with the calendar files on that night."""
    return tuple(note for one in calendars for note in one.notices(night.as_of))


def _remembered(
    night: Night, feeds: Feeds, calendars: Iterable[CalendarFile]
) -> tuple[Remembered, ...]:
    """Return the calendar files and Yahoo, each with what it said on live nights.

    What Yahoo said counts in a run on another source too.
    """
    history = EventHistory(night.home.seen_events)
    replayed = frozenset(filter(night.is_replay, night.symbols))
    yahoo: EventSource = UnaskedSource(YahooCalendar.name)
    if feeds.yahoo:
        yahoo = YahooCalendar(feeds.yahoo, night.settings.guard)
    return (
        *(
            Remembered(one, history, forgets=False, replayed=replayed)
            for one in calendars
        ),
        Remembered(yahoo, history, forgets=True, replayed=replayed),
    )


def _reader(night: Night, feeds: Feeds) -> tuple[Reader | None, str]:
    """Return who reads the headlines, else why nobody does."""
    if feeds.headlines is None:
        return None, f"the {night.source} source has no headlines"
    try:
        return open_reader(night.settings.sentiment, night.home.polarities), ""
    except SentimentUnavailable as error:
        return None, str(error)
