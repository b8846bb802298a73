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
from screening.findings import DistributionFindings, Outcomes, SymbolFindings
from screening.report.reasons import NOT_STORED

_WINDOW = re.compile(r" \((\d{4}-\d\d-\d\d) to (\d{4}-\d\d-\d\d)\)$")
"""The first and last day of a window, at the end of its title."""


def parse_findings(row: Mapping[str, str]) -> SymbolFindings:
    """Return a row's events, news engine and distribution; all else is empty.

    The row has no past reactions and no ordinary interval.

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
        distribution=_distribution(row),
    )


def _distribution(row: Mapping[str, str]) -> DistributionFindings:
    """Return the distribution without what only the night's own table holds."""
    reaction: Any = row["event_reaction"] or None
    return DistributionFindings(
        reason=NOT_STORED,
        scale=_number(row, "return_scale"),
        sessions=int(row["distribution_sessions"] or 0) or None,
        outcomes=_outcomes(row),
        reaction=reaction,
        own_share=_number(row, "event_own_share"),
    )


def _outcomes(row: Mapping[str, str]) -> Outcomes | None:
    """Return the row's interval and probabilities, None without an interval.

    The LSTM's confidence is twice what it adds to the probability of a rise.
    """
    low, high, up = (
        _number(row, name)
        for name in ("predicted_return_low", "predicted_return_high", "probability_up")
    )
    if low is None or high is None or up is None:
        return None
    direction, confidence = (
        _number(row, f"lstm_{part}") or 0.0 for part in ("direction", "confidence")
    )
    return Outcomes(low, high, up, up - direction * confidence / 2)


def _number(row: Mapping[str, str], name: str) -> float | None:
    return float(row[name]) if row[name] else None


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
