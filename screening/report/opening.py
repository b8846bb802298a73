"""The title of a report: the sessions it is for, and when they open. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from market_data.sessions import local_time, session_hours
from market_data.symbols import exchange_of
from screening.report.facts import NightFacts
from screening.report.views import SymbolView

NAMES = {"XASX": "ASX", "XLON": "London Stock Exchange", "XNYS": "New York exchanges"}
"""The names of exchanges by the codes of their calendars."""


@dataclass(frozen=True)
class Opening:
    """The report's title, the openings as a sentence part, and the run's time."""

    title: str
    before: str
    run_at: str


def opening(night: NightFacts, views: Sequence[SymbolView]) -> Opening:
    """Return the texts above the report; times are in the exchanges' own zones."""
    sessions = {
        view.cells["exchange"].value: date.fromisoformat(
            view.cells["forecast_session"].value
        )
        for view in views
    }
    zones = {
        exchange_of(view.symbol).code: _city(exchange_of(view.symbol).time_zone)
        for view in views
    }
    days = sorted(set(sessions.values()))
    first = min(sessions, key=lambda code: (sessions[code], code))
    return Opening(
        title=f"For {' and '.join(_day(day) for day in days)} {days[-1].year}",
        before=f"before {_openings(sessions, zones)}",
        run_at=f"{_clock(local_time(first, night.run_at))} {zones[first]}",
    )


def _openings(sessions: Mapping[str, date], zones: Mapping[str, str]) -> str:
    """Return `the ASX opens at 10:00 Sydney`; with other days each has its day."""
    several = len(set(sessions.values())) > 1
    parts = []
    for code, day in sorted(sessions.items(), key=lambda pair: (pair[1], pair[0])):
        hours = session_hours(code, day)
        verb = "open" if NAMES.get(code, code).endswith("s") else "opens"
        at = f" at {local_time(code, hours[0]):%H:%M} {zones[code]}" if hours else ""
        on = f" on {_day(day)}" if several else ""
        parts.append(f"the {NAMES.get(code, code)} {verb}{on}{at}")
    return " and ".join(parts)


def _day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B}"


def _clock(instant: datetime) -> str:
    return f"{_day(instant.date())} {instant.year}, {instant:%H:%M}"


def _city(zone: str) -> str:
    """Return `New York` of `America/New_York`."""
    return zone.rpartition("/")[2].replace("_", " ")
