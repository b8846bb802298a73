"""Findings made of a CSV row alone: for a kept row whose run's findings are gone. Pure.

They hold what the row says of events and news; all else is empty.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from features.component import Component
from features.sentiment import NewsSentiment
from risk_guard.assessment import EventAssessment
from risk_guard.events import Event
from screening.findings import SymbolFindings
from screening.report.reasons import NOT_STORED

_WINDOW = re.compile(r" \((\d{4}-\d\d-\d\d) to (\d{4}-\d\d-\d\d)\)$")
"""The bounds of a window, which has no day, stand at the end of its title."""


def findings_of_row(row: Mapping[str, str]) -> SymbolFindings:
    """Return what a row of the CSV says of its symbol.

    Raises
    ------
    ValueError
        If a date or number of the row is none.
    """
    event = _event(row)
    as_of = date.fromisoformat(row["as_of"])
    status: Any = row["event_status"] or "unknown"
    return SymbolFindings(
        symbol=row["symbol"],
        as_of=as_of,
        forecast_session=date.fromisoformat(row["forecast_session"]),
        events=EventAssessment(
            status=status,
            haircut=float(row["event_weight_haircut"] or 0),
            sit_out={"true": True, "false": False}.get(row["event_skip_trading"]),
            warning=row["event_warning"],
            event=event,
            coming=(event,) if event and event.last >= as_of else (),
        ),
        news=NewsSentiment(Component.missing(NOT_STORED), _engine(row)),
    )


def _event(row: Mapping[str, str]) -> Event | None:
    window = _WINDOW.search(row["event_title"])
    first, last = window.groups() if window else (row["event_date"],) * 2
    if not row["event_type"] or not first:
        return None
    kind: Any = row["event_type"]
    status: Any = row["event_status"]
    return Event(
        type=kind,
        first=date.fromisoformat(first),
        last=date.fromisoformat(last),
        title=_WINDOW.sub("", row["event_title"]),
        source=row["event_source"],
        status=status,
        retrieved_at=datetime.fromisoformat(row["run_at"]),
    )


def _engine(row: Mapping[str, str]) -> str:
    """Return the engine whose news component the score has, '' if it has none."""
    if not row["finbert_weight"]:
        return ""
    return "lexicon" if "lexicon" in row["components"].split() else "finbert"
