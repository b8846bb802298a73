"""The risk, haircut and sit-out of one symbol on one night (SPEC 8).

If coming events may be missing, at least the `unknown_haircut` applies.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from config.settings import GuardSettings
from market_data.sessions import covers, next_session, sessions_apart
from risk_guard.events import REPORTS, Event, select_events
from risk_guard.known_events import KnownEvents
from risk_guard.market_context import MarketContext
from risk_guard.reactions import Reaction, reaction_in
from risk_guard.sit_out import sit_out_events, sit_out_reason


@dataclass(frozen=True)
class RiskTerm:
    """One part of the risk score: its points and their reason."""

    points: float
    reason: str


@dataclass(frozen=True)
class EventAssessment:
    """What the guard found; None means unknown.

    `event` is the nearest event that forces the sit-out, or else the nearest coming
    event. `haircut` and `risk_score` are shares, 0 to 1. `sit_out` forces HOLD;
    `sit_out_reason` names the rule and the event, '' without a sit-out.
    `reaction` is whether the forecast session reacts to a report. `warning` is text for
    the row.
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
    reaction: Reaction | None = None
    sit_out_reason: str = ""
    coming: tuple[Event, ...] = ()
    context: MarketContext = field(default_factory=MarketContext)

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
    """Return the assessment of the known events, the news and the volatility.

    The distance of an event is 0 on the as-of session.
    """
    coming = coming_events(known.events, as_of, settings)
    terms = risk_terms(coming, context, settings)
    risk = min(1.0, round(math.fsum(term.points for term in terms), 10))
    cut = haircut(risk, settings)
    if known.gaps:
        cut = max(cut, settings.unknown_haircut)
    forcing = sit_out_events(known, exchange, as_of, settings)
    by_certainty = sorted(coming, key=lambda event: (event.is_window, event.first))
    event = next(iter([*forcing, *by_certainty]), None)
    dated = event if event and not event.is_window else None
    return EventAssessment(
        status="unknown" if known.gaps else event.status if event else "none",
        haircut=cut,
        sit_out=True if forcing else None if known.gaps else False,
        warning=_warning(known, cut, event, coming),
        risk_score=risk,
        terms=terms,
        event=event,
        days_to_event=(dated.first - as_of).days if dated else None,
        sessions_to_event=(
            sessions_apart(exchange, as_of, dated.first) if dated else None
        ),
        reaction=forecast_reaction(known, exchange, as_of),
        sit_out_reason=sit_out_reason(forcing, exchange, as_of, settings),
        coming=coming,
        context=context,
    )


def unknown_events(reason: str, settings: GuardSettings) -> EventAssessment:
    """Return the assessment if no events could be collected because of `reason`."""
    known = KnownEvents((), gaps=(reason,))
    return EventAssessment(
        status="unknown",
        haircut=settings.unknown_haircut,
        sit_out=None,
        warning=_warning(known, settings.unknown_haircut),
    )


def forecast_reaction(
    known: KnownEvents, exchange: str, as_of: date
) -> Reaction | None:
    """Return whether the session after `as_of` reacts to a dated report.

    Reports that have come by now count too. A window counts for nothing. None is
    returned if a report may be missing and none is known.
    """
    reports = [(report.day, report.time) for report in known.unreacted]
    reports += [
        (event.first, event.time)
        for event in known.events
        if event.type in REPORTS
        and not event.is_window
        and covers(exchange, event.last)
    ]
    found = reaction_in(next_session(exchange, as_of), exchange, reports)
    return None if found == "no" and known.gaps else found


def coming_events(
    events: tuple[Event, ...], as_of: date, settings: GuardSettings
) -> tuple[Event, ...]:
    """Return the events from `as_of` to `lookahead_days` later, in their order."""
    soon = as_of + timedelta(days=settings.lookahead_days)
    return tuple(select_events(events, as_of, soon))


def risk_terms(
    coming: tuple[Event, ...], context: MarketContext, settings: GuardSettings
) -> tuple[RiskTerm, ...]:
    """Return the parts of the risk score, one for each rule that applies."""
    reports = [event for event in coming if event.type in REPORTS]
    polarity, volatility = context.polarity, context.volatility
    bad_news = polarity is not None and polarity < settings.bad_sentiment_below
    rules = [
        (bool(coming), settings.event_points, _list_events("event ahead", coming)),
        (bool(reports), settings.report_points, _list_events("report ahead", reports)),
        (
            bad_news,
            settings.sentiment_points,
            f"72-hour polarity {polarity or 0:+.2f} < {settings.bad_sentiment_below}",
        ),
        (
            bool(volatility and volatility.spike),
            settings.volatility_points,
            f"volatility {volatility.ratio if volatility else 0:.3f} times the usual",
        ),
    ]
    return tuple(RiskTerm(points, text) for applies, points, text in rules if applies)


def haircut(risk: float, settings: GuardSettings) -> float:
    """Return the haircut of a risk score, a share; it never falls as risk grows."""
    return next((cut for floor, cut in settings.haircuts if risk >= floor), 0.0)


def _list_events(label: str, events: Iterable[Event]) -> str:
    return f"{label}: {', '.join(f'{event.type} {event.days}' for event in events)}"


def _warning(
    known: KnownEvents,
    cut: float,
    event: Event | None = None,
    coming: Iterable[Event] = (),
) -> str:
    """Return the row's warning; the row's `event` has columns of its own."""
    others = [other for other in coming if other != event]
    notes = [_list_events("Also ahead", others)] if others else []
    notes += known.notes
    if known.gaps:
        reasons = "; ".join(gap.rstrip(".") for gap in dict.fromkeys(known.gaps))
        notes.insert(
            0,
            f"{'Other events' if event else 'Events'} unknown ({reasons}): {cut:.0%} "
            "haircut, check the calendar yourself",
        )
    return ". ".join(note.rstrip(".") for note in notes) + ("." if notes else "")
