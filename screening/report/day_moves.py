"""The largest moves of the session that has ended, and what they mean. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from market_data.symbols import exchange_of
from risk_guard.events import REPORTS, Event
from risk_guard.reactions import reaction_sessions
from risk_guard.sit_out import report_event
from screening.blend import call_at
from screening.findings import SymbolFindings
from screening.report.cells import percent, price, signed_percent
from screening.report.facts import EarlierNight, NightFacts
from screening.report.views import SymbolView

SHOWN = 3
"""The largest moves that are listed."""

NAMED = 5
"""The results of sit-outs that are listed."""

Cells = Mapping[str, str]


@dataclass(frozen=True)
class DayMove:
    """A stock's move of the session, a fraction, and what is known about it."""

    symbol: str
    move: float
    close: str
    text: str


@dataclass(frozen=True)
class SitOutResult:
    """What one sit-out of the earlier night saved (below 0) or cost a holder."""

    symbol: str
    move: float
    text: str


def day_moves(
    views: Sequence[SymbolView], earlier: EarlierNight | None
) -> tuple[DayMove, ...]:
    """Return the largest moves of the night's as-of sessions, the largest first."""
    before = _rows_of_last_night(views, earlier)
    known = [(view.day_change, view) for view in views if view.day_change is not None]
    largest = sorted(known, key=lambda pair: -abs(pair[0]))[:SHOWN]
    return tuple(
        DayMove(
            symbol=view.symbol,
            move=move,
            close=price(float(view.cells["close"].value)),
            text="; ".join(_about(view, move, before.get(view.symbol))),
        )
        for move, view in largest
        if move
    )


def sit_out_results(
    views: Sequence[SymbolView], earlier: EarlierNight | None, night: NightFacts
) -> tuple[SitOutResult, ...]:
    """Return what the sit-outs of the earlier night came to, the largest moves first.

    Only symbols whose session of this night is the one which that night forecast.
    """
    before = _rows_of_last_night(views, earlier)
    found = [
        SitOutResult(view.symbol, view.day_change, _result(view, row, night))
        for view in views
        if (row := before.get(view.symbol))
        and row.get("event_skip_trading") == "true"
        and view.day_change is not None
    ]
    return tuple(sorted(found, key=lambda one: -abs(one.move)))


def _rows_of_last_night(
    views: Sequence[SymbolView], earlier: EarlierNight | None
) -> dict[str, Cells]:
    """Return the earlier rows whose forecast session is the session of this night."""
    sessions = {view.symbol: view.cells["as_of"].value for view in views}
    return {
        row["symbol"]: row
        for row in (earlier.rows if earlier else ())
        if row.get("forecast_session") == sessions.get(row["symbol"], "-")
    }


def _about(view: SymbolView, move: float, before: Cells | None) -> Iterator[str]:
    """Yield the cause, whether it was sat out, and the interval it was expected in."""
    causes = [f"{event.type} {event.days} {event.title}" for event in _events(view)]
    known = " and ".join(cause.strip() for cause in causes)
    yield known or "no known event explains it"
    if before is None:
        return
    if before.get("event_skip_trading") == "true":
        yield "the guard had sat it out"
    ends = [before.get(f"predicted_return_{end}") for end in ("low", "high")]
    if all(ends):
        low, high = (float(end or "nan") for end in ends)
        if not low <= move <= high:
            yield (
                f"outside the 80 % interval of the night before ("
                f"{signed_percent(low)} to {signed_percent(high)})"
            )


def _events(view: SymbolView) -> list[Event]:
    """Return the events to which the session of this night can have reacted."""
    found = view.findings
    reports = [report_event(one) for one in found.known_events.past_reports]
    events = (*reports, *found.events.coming, *found.known_events.events)
    # A past report and an event of its day are the same; the event has the title.
    near = {
        (one.first, one.type in REPORTS): one for one in events if _explains(one, found)
    }
    return [near[key] for key in sorted(near)]


def _explains(event: Event, found: SymbolFindings) -> bool:
    if event.is_window or event.first > found.as_of:
        return False
    if event.type not in REPORTS:
        return event.first == found.as_of
    exchange = exchange_of(found.symbol).code
    return found.as_of in reaction_sessions(exchange, event.first, event.time)


def _result(view: SymbolView, row: Cells, night: NightFacts) -> str:
    """Return `saved 6.60 %: so much its close fell on 2025-11-11`."""
    move = view.day_change or 0.0
    verb, way = ("saved", "fell") if move < 0 else ("cost", "rose")
    by_score = call_at(float(row["score"]), night.blend) if row.get("score") else ""
    size, day = percent(abs(move), 2), view.cells["as_of"].value
    text = f"{verb} a holder {size}: so much its close {way} on {day}"
    if not move:
        text = f"changed nothing: its close did not move on {day}"
    if not by_score:
        return text
    return f"{text}; by its score the call would have been {by_score}"
