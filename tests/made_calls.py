"""Calls and outcomes as a ledger holds them, made by hand for tests."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from market_data.sessions import next_session, sessions_between
from screening.blend import COMPONENTS
from screening.track_record.ledger import CALLS, OUTCOMES

SESSIONS = [
    session.date()
    for session in sessions_between("XASX", date(2025, 6, 2), date(2025, 9, 30))
]
NOW = datetime(2025, 11, 10, 8, 30, tzinfo=UTC)
"""An instant long after all calls of `SESSIONS` have come due."""


def night_of(as_of: date, hours: float = 10) -> datetime:
    """Return an instant of the night after `as_of`; the ASX closes at 6:00 UTC."""
    return datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC) + timedelta(
        hours=hours
    )


def call(symbol: str, as_of: date, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a live BUY of the evening of `as_of`, with `changes`."""
    made_at = changes.get("made_at", night_of(as_of))
    missing = {name: np.nan for name in CALLS.columns if name.startswith(COMPONENTS)}
    return (
        missing
        | {
            "symbol": symbol,
            "as_of": pd.Timestamp(as_of),
            "made_at": made_at,
            "run_at": made_at,
            "live": True,
            "source": "folder",
            "exchange": "XASX",
            "forecast_session": pd.Timestamp(next_session("XASX", as_of)),
            "close": 10.0,
            "call": "BUY",
            "score": 0.4,
            "confidence": 60.0,
            "haircut": 0.2,
            "sit_out": False,
            "position_scale": 0.8,
            "hedge_beta": np.nan,
            "news_engine": "",
            "predicted_return": np.nan,
            "probability_up": np.nan,
            "inputs_fingerprint": "inputs",
            "model_fingerprint": "",
        }
        | changes
    )


def calls_frame(*calls: dict[str, Any]) -> pd.DataFrame:
    """Return the calls as a table of the ledger."""
    frame = pd.DataFrame(list(calls), columns=list(CALLS.columns))
    return CALLS.validate(frame)


def outcome(
    of: dict[str, Any],
    horizon: int,
    moved: float,
    **changes: Any,  # noqa: ANN401
) -> dict[str, Any]:
    """Return the outcome of a call at a horizon: the return `moved`."""
    as_of = of["as_of"].date()
    session = pd.Timestamp(SESSIONS[SESSIONS.index(as_of) + horizon])
    return {
        "symbol": of["symbol"],
        "as_of": of["as_of"],
        "made_at": of["made_at"],
        "horizon": horizon,
        "session": session,
        "scored_at": night_of(session.date()),
        "priced_as_of": session,
        "prices_fingerprint": "prices",
        "close_from": 10.0,
        "close_to": 10.0 * (1 + moved),
        "return": moved,
        "hedge_index": "",
        "index_from": np.nan,
        "index_to": np.nan,
        "index_return": np.nan,
        "hedged_return": np.nan,
    } | changes


def outcomes_frame(*outcomes: dict[str, Any]) -> pd.DataFrame:
    """Return the outcomes as a table of the ledger."""
    frame = pd.DataFrame(list(outcomes), columns=list(OUTCOMES.columns))
    return OUTCOMES.validate(frame)
