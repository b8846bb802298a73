"""What events cost one symbol on one night: risk, haircut, sit-out (SPEC 8). Pure.

Fails closed: what no source has answered for is a risk, not a calm.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from config.settings import GuardSettings
from market_data.sessions import sessions_apart
from risk_guard.events import REPORTS, Event
from risk_guard.hedge import Hedge
from risk_guard.known_events import KnownEvents
from risk_guard.volatility import Volatility


@dataclass(frozen=True)
class RiskTerm:
    """One part of the risk score: its points and what gave them."""

    points: float
    why: str


@dataclass(frozen=True)
class MarketContext:
    """What else the risk rests on; None is "not known" and adds nothing."""

    polarity: float | None = None
    volatility: Volatility | None = None
    hedge: Hedge | None = None


@dataclass(frozen=True)
class EventAssessment:
    """The guard's finding; None is "not known".

    `event` is the one that decides: the nearest that forces the sit-out, else the
    nearest to come. `haircut` and `risk_score` are shares, 0 to 1. `sit_out` forces
    HOLD, `sit_out_reason` says why; `warning` is for the person who reads the row.
    """

    status: Literal["unknown", "none", "estimated", "confirmed"]
    haircut: float
    sit_out: bool | None
    warning: str
    risk_score: float = 0.0
    terms: tuple[RiskTerm, ...] = ()
    event: Event | None = None
    days_to_event: int | None = None
    sessions_to_event: int | None = None
    sit_out_reason: str = ""
    coming: tuple[Event, ...] = ()
    context: MarketContext = MarketContext()

    @property
    def position_scale(self) -> float:
        """Return the share of the usual position: 0 in a sit-out, else 1 - haircut."""
        return 0.0 if self.sit_out else 1 - self.haircut


def assess(
    known: KnownEvents,
    exchange: str,
    as_of: date,
    context: MarketContext,
    settings: GuardSettings,
) -> EventAssessment:
    """Return what the known events, the news and the volatility cost.

    Distances are counted from the as-of session, whose own distance is 0.
    """
    coming = coming_events(known.events, as_of, settings)
    terms = risk_terms(coming, context, settings)
    risk = min(1.0, round(math.fsum(term.points for term in terms), 10))
    cut = haircut(risk, settings)
    if known.gaps:
        cut = max(cut, settings.unknown_haircut)
    forcing = sit_out_events(known.events, exchange, as_of, settings)
    event = next(iter([*forcing, *_by_certainty(coming)]), None)
    dated = event if event and not event.is_window else None
    return EventAssessment(
        status=_status(known, event),
        haircut=cut,
        sit_out=True if forcing else None if known.gaps else False,
        warning=_warning(known, cut, event, [one for one in coming if one != event]),
        risk_score=risk,
        terms=terms,
        event=event,
        days_to_event=(dated.first - as_of).days if dated else None,
        sessions_to_event=(
            sessions_apart(exchange, as_of, dated.first) if dated else None
        ),
        sit_out_reason=_sit_out_reason(forcing, exchange, as_of),
        coming=coming,
        context=context,
    )


def unknown_events(why: str, settings: GuardSettings) -> EventAssessment:
    """Return the finding where nothing could be asked, with the least haircut."""
    known = KnownEvents((), gaps=(why,))
    return EventAssessment(
        status="unknown",
        haircut=settings.unknown_haircut,
        sit_out=None,
        warning=_warning(known, settings.unknown_haircut),
    )


def coming_events(
    events: tuple[Event, ...], as_of: date, settings: GuardSettings
) -> tuple[Event, ...]:
    """Return the events of the look-ahead, the as-of day included, by date."""
    soon = as_of + timedelta(days=settings.lookahead_days)
    return tuple(one for one in events if one.last >= as_of and one.first <= soon)


def risk_terms(
    coming: tuple[Event, ...], context: MarketContext, settings: GuardSettings
) -> tuple[RiskTerm, ...]:
    """Return the parts of the risk score; each rule adds or stays silent."""
    reports = [one for one in coming if one.type in REPORTS]
    polarity, wild = context.polarity, context.volatility
    bad_news = polarity is not None and polarity < settings.bad_sentiment_below
    rules = [
        (bool(coming), settings.event_points, _named("event ahead", coming)),
        (bool(reports), settings.report_points, _named("report ahead", reports)),
        (
            bad_news,
            settings.sentiment_points,
            f"72-hour polarity {polarity or 0:+.2f} < {settings.bad_sentiment_below}",
        ),
        (
            bool(wild and wild.spike),
            settings.volatility_points,
            f"volatility {wild.ratio if wild else 0:.3f} times the usual",
        ),
    ]
    return tuple(RiskTerm(points, why) for applies, points, why in rules if applies)


def haircut(risk: float, settings: GuardSettings) -> float:
    """Return the share to take off at a risk score; it never falls as risk grows."""
    return next((cut for floor, cut in settings.haircuts if risk >= floor), 0.0)


def sit_out_events(
    events: tuple[Event, ...], exchange: str, as_of: date, settings: GuardSettings
) -> list[Event]:
    """Return the events that force a sit-out, the nearest first.

    A window forces none: its day is not known.
    """
    found = [
        (abs(apart), one.type not in REPORTS, one.first, one)
        for one in events
        if not one.is_window
        and abs(apart := sessions_apart(exchange, as_of, one.first))
        <= sit_out_reach(one.type, settings)
    ]
    return [one for *_, one in sorted(found, key=lambda entry: entry[:3])]


def sit_out_reach(event_type: str, settings: GuardSettings) -> int:
    """Return the sessions before and after such an event that are sat out."""
    if event_type in REPORTS:
        return settings.report_sit_out_sessions
    return settings.dividend_sit_out_sessions


def _by_certainty(coming: tuple[Event, ...]) -> list[Event]:
    """Return dated events before windows, each by date."""
    return sorted(coming, key=lambda one: (one.is_window, one.first))


def _status(
    known: KnownEvents, event: Event | None
) -> Literal["unknown", "none", "estimated", "confirmed"]:
    if known.gaps:
        return "unknown"
    return event.status if event else "none"


def _named(what: str, events: Iterable[Event]) -> str:
    return f"{what}: {', '.join(f'{event.type} {event.days}' for event in events)}"


def _sit_out_reason(forcing: list[Event], exchange: str, as_of: date) -> str:
    if not forcing:
        return ""
    apart = sessions_apart(exchange, as_of, forcing[0].first)
    count = f"{abs(apart)} session{'s' if abs(apart) != 1 else ''}"
    when = "today" if apart == 0 else f"{count} {'ahead' if apart > 0 else 'ago'}"
    return f"{forcing[0].sentence} is {when}"


def _warning(
    known: KnownEvents,
    cut: float,
    event: Event | None = None,
    others: Sequence[Event] = (),
) -> str:
    """Return the row's warning; `others` lie ahead beside the row's `event`."""
    notes = [*([_named("Also ahead", others)] if others else []), *known.notes]
    if known.gaps:
        why = "; ".join(gap.rstrip(".") for gap in dict.fromkeys(known.gaps))
        notes.insert(
            0,
            f"{'Other events' if event else 'Events'} unknown ({why}): {cut:.0%} "
            "haircut, check the calendar yourself",
        )
    return ". ".join(note.rstrip(".") for note in notes) + ("." if notes else "")
