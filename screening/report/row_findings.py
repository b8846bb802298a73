"""Findings from a CSV row alone, for a kept row without stored findings. Pure."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from features.component import Component
from features.sentiment import NewsSentiment
from risk_guard.assessment import EventAssessment
from risk_guard.events import Event
from screening.columns import TRUTHS
from screening.findings import SymbolFindings
from screening.report.reasons import NOT_STORED

_WINDOW = re.compile(r" \((\d{4}-\d\d-\d\d) to (\d{4}-\d\d-\d\d)\)$")
"""The first and last day of a window, at the end of its title."""


def parse_findings(row: Mapping[str, str]) -> SymbolFindings:
    """Return the events and the news engine of a row; all other findings are empty.

    Raises
    ------
    ValueError
        If a cell that must hold a date or a number holds something else.
    """
    event = _event(row)
    as_of = date.fromisoformat(row["as_of"])
    status: Any = row["event_status"] or "unknown"
    engine = "lexicon" if "lexicon" in row["components"].split() else "finbert"
    return SymbolFindings(
        symbol=row["symbol"],
        as_of=as_of,
        forecast_session=date.fromisoformat(row["forecast_session"]),
        events=EventAssessment(
            status=status,
            haircut=float(row["event_weight_haircut"] or 0),
            sit_out=TRUTHS.get(row["event_skip_trading"]),
            warning=row["event_warning"],
            event=event,
            coming=(event,) if event and event.last >= as_of else (),
        ),
        news=NewsSentiment(
            Component.missing(NOT_STORED), engine if row["finbert_weight"] else ""
        ),
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
