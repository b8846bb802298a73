"""Rows of a screening CSV as text, made by hand for tests."""

from typing import Any

from config.settings import BlendSettings
from features.component import Component
from features.trading_activity import TradingActivity
from screening.blend import COMPONENTS, blend
from screening.columns import COLUMNS
from screening.findings import DistributionFindings, Outcomes
from screening.table import cell

ACTIVE = TradingActivity(traded_share=1.0, turnover=1e9)


def rising(probability_up: float) -> DistributionFindings:
    """Return a distribution in which a model leads from 0.5 to this probability."""
    outcomes = Outcomes(-0.02, 0.04, probability_up, 0.5)
    return DistributionFindings(
        scale=0.015,
        sessions=252,
        outcomes=outcomes,
        ordinary=outcomes,
        added=outcomes.added,
        reaction="no",
        own_share=1.0,
    )


DISTRIBUTION = rising(0.75)


def csv_row(
    components: dict[str, Component],
    haircut: float = 0.2,
    **changes: Any,  # noqa: ANN401
) -> dict[str, str]:
    """Return the CSV cells of a row with the blend of these components."""
    hold = bool(changes.get("event_skip_trading"))
    answer = blend(components, haircut, BlendSettings(), hold=hold)
    assert answer
    values: dict[str, Any] = {
        "symbol": "CBA.AX",
        "exchange": "XASX",
        "as_of": "2025-11-10",
        "forecast_session": "2025-11-11",
        "prediction": answer.call,
        "score": answer.score,
        "confidence": answer.confidence_pct,
        "components": " ".join(answer.weights),
        "lstm_confidence_after_haircut": answer.lstm_confidence_after_haircut,
        "event_status": "none",
        "event_risk_score": 0.0,
        "event_weight_haircut": haircut,
        "event_skip_trading": False,
        "position_scale": 1 - haircut,
        "data_status": "ok",
        "reason": "because",
    }
    for name, component in components.items():
        values[f"{name}_direction"] = component.direction
        values[f"{name}_confidence"] = component.confidence
        values[f"{name}_weight"] = answer.weights.get(name)
    return {name: cell((values | changes).get(name)) for name in COLUMNS}


def four(lstm: float, trend: float, technical: float, finbert: float | None) -> Any:  # noqa: ANN401
    """Return the components of these directions, each with confidence 0.8."""
    directions = zip(COMPONENTS, (lstm, trend, technical, finbert), strict=True)
    return {
        name: Component.missing("no data")
        if direction is None
        else Component(direction, 0.8)
        for name, direction in directions
    }
