"""The calls of a night as the ledger keeps them, with fingerprints of their inputs."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd

from market_data.sessions import next_open
from market_data.symbols import exchange_of
from screening.findings import SymbolFindings
from screening.row import Row
from screening.track_record.ledger import CALLS


def make_calls(
    findings: Sequence[SymbolFindings],
    rows: Sequence[Row],
    prices: Mapping[str, str],
    source: str,
    made_at: datetime,
) -> pd.DataFrame:
    """Return one call (`CALLS`) per symbol with a prediction; failed symbols have none.

    `rows` are those of the screening CSV, `prices` are the fingerprints of the symbols'
    price tables, and `made_at` is when the night is published.
    """
    by_symbol = {found.symbol: found for found in findings}
    calls = [
        _call(by_symbol[row["symbol"]], row, prices, source, made_at)
        for row in rows
        if row.get("prediction")
    ]
    return pd.DataFrame(calls, columns=list(CALLS.columns))


def is_live(symbol: str, as_of: date, made_at: datetime) -> bool:
    """Return whether a call was made before its forecast session opened.

    Before the opening no source can have prices of that session. A call made later is a
    replay.
    """
    return made_at < next_open(exchange_of(symbol).code, as_of)


def table_fingerprint(prices: pd.DataFrame) -> str:
    """Return the SHA-256 of a price table's sessions and numbers."""
    sessions = pd.DatetimeIndex(prices.index).as_unit("ns").asi8
    numbers = prices.to_numpy(dtype="float64")
    return hashlib.sha256(sessions.tobytes() + numbers.tobytes()).hexdigest()


def _call(
    findings: SymbolFindings,
    row: Row,
    prices: Mapping[str, str],
    source: str,
    made_at: datetime,
) -> dict[str, Any]:
    as_of, model = pd.Timestamp(row["as_of"]), findings.model
    return {name: row.get(name) for name in CALLS.columns} | {
        "as_of": as_of,
        "made_at": made_at,
        "run_at": pd.Timestamp(row["run_at"]),
        "live": is_live(findings.symbol, as_of.date(), made_at),
        "source": source,
        "forecast_session": pd.Timestamp(row["forecast_session"]),
        "call": row["prediction"],
        "haircut": row["event_weight_haircut"],
        "sit_out": row["event_skip_trading"],
        "news_engine": findings.news.engine if findings.news.component.present else "",
        "inputs_fingerprint": _inputs_fingerprint(
            findings, prices.get(findings.symbol, "")
        ),
        "model_fingerprint": (
            model.metadata.model_fingerprint
            if model and model.forecast and model.metadata
            else ""
        ),
    }


def _inputs_fingerprint(findings: SymbolFindings, prices: str) -> str:
    """Return the SHA-256 of all inputs of the call except the model's weights."""
    events = findings.events
    inputs = {
        "prices": prices,
        "news": [
            (
                weighed.headline.title,
                weighed.headline.published_at.isoformat(),
                weighed.polarity,
            )
            for weighed in findings.news.weighed
        ],
        "events": [events.status, *(event.sentence for event in events.coming)],
        "guard": [events.risk_score, events.haircut, events.sit_out],
    }
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()
