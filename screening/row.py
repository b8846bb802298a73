"""One symbol's findings to one row of the screening CSV.

A row is a dict by column name; a value that is not known is left out, never 0.
"""

from datetime import datetime
from typing import Any

from config.settings import BlendSettings
from features.component import Component
from features.indicators import INDICATORS
from market_data.prices import CLOSE
from market_data.symbols import exchange_of
from screening.blend import VOICES, Blend, blend
from screening.findings import (
    IndicatorFindings,
    ModelFindings,
    PriceFindings,
    SymbolFindings,
)

Row = dict[str, Any]


def screened_row(
    findings: SymbolFindings, run_at: datetime, settings: BlendSettings
) -> Row:
    """Return the symbol's row, without its rank.

    A symbol that failed, or of which no voice speaks, is a `failed` row with its
    reason; so is none but itself.
    """
    row = _heading(findings, run_at) | _events(findings)
    prices, indicators = findings.prices, findings.indicators
    if findings.failure or prices is None or indicators is None:
        return row | _failed(findings.failure or "no stage answered")
    voices = _voices(findings, indicators)
    answer = blend(
        voices,
        findings.events.haircut,
        settings,
        sit_out=bool(findings.events.sit_out),
    )
    if answer is None:
        return row | _failed("no voice of the blend could speak")
    return (
        row
        | _prices(prices)
        | _indicators(indicators)
        | _model(findings.model)
        | _blend(voices, answer)
        | {
            "position_scale": findings.events.position_scale,
            "reason": _reason(findings, voices, answer),
        }
    )


def _heading(findings: SymbolFindings, run_at: datetime) -> Row:
    exchange = exchange_of(findings.symbol)
    return {
        "symbol": findings.symbol,
        "exchange": exchange.code,
        "as_of": findings.as_of,
        "forecast_session": findings.forecast_session,
        "run_at": run_at.isoformat(timespec="seconds"),
        "currency": exchange.currency,
    }


def _failed(reason: str) -> Row:
    return {"data_status": "failed", "reason": reason}


def _voices(
    findings: SymbolFindings, indicators: IndicatorFindings
) -> dict[str, Component]:
    lstm = findings.model.voice if findings.model else Component.missing("no model")
    return {
        "lstm": lstm,
        "trend": indicators.trend,
        "technical": indicators.technical,
        "finbert": findings.finbert,
    }


def _prices(prices: PriceFindings) -> Row:
    known = {"currency": prices.currency} if prices.currency else {}
    return known | {
        "data_status": "degraded" if prices.defects else "ok",
        "data_sessions": prices.sessions,
        "data_source": prices.source,
    }


def _indicators(indicators: IndicatorFindings) -> Row:
    return {name: indicators.last[name] for name in [CLOSE, *INDICATORS]}


def _model(model: ModelFindings | None) -> Row:
    if model is None:
        return {"model_status": "missing"}
    row: Row = {
        "model_status": model.state.status,
        "model_age_days": model.state.age_days,
    }
    if model.metadata:
        row |= {
            "model_grade": model.metadata.grade,
            "model_trained_at": model.metadata.training_date.isoformat(
                timespec="seconds"
            ),
            "model_skill": model.metadata.skill,
            "model_directional_accuracy": model.metadata.directional_accuracy,
        }
    if model.forecast:
        row |= {
            "predicted_close": model.forecast.predicted_close,
            "predicted_return": model.forecast.predicted_return,
            "predicted_return_low": model.forecast.low,
            "predicted_return_high": model.forecast.high,
            "probability_up": model.forecast.probability_up,
        }
    return row


def _blend(voices: dict[str, Component], answer: Blend) -> Row:
    row: Row = {
        "prediction": answer.call,
        "confidence": answer.confidence_pct,
        "score": answer.score,
        "prediction_source": answer.source,
        "components": " ".join(answer.weights),
        "lstm_confidence_after_haircut": answer.lstm_confidence_after_haircut,
    }
    for name in VOICES:
        row[f"{name}_direction"] = voices[name].direction
        row[f"{name}_confidence"] = voices[name].confidence
        row[f"{name}_weight"] = answer.weights.get(name)
    return row


def _events(findings: SymbolFindings) -> Row:
    events = findings.events
    return {
        "event_status": events.status,
        "event_type": events.event_type,
        "event_date": events.event_date,
        "event_title": events.title,
        "event_source": events.source,
        "event_weight_haircut": events.haircut,
        "event_skip_trading": events.sit_out,
        "event_warning": events.warning,
    }


def _reason(
    findings: SymbolFindings, voices: dict[str, Component], answer: Blend
) -> str:
    """Return the row's sentence: what the call rests on, then all that lacks."""
    said = (
        f"{answer.call} at score {answer.score:+.3f} from {', '.join(answer.weights)}"
    )
    prices = findings.prices
    defects = (*prices.defects, *prices.repairs) if prices else ()
    silent = [
        f"{name} is missing ({_why(findings, name, voice)})"
        for name, voice in voices.items()
        if not voice.present
    ]
    return (
        "; ".join([said, *defects, *_training(findings, voices["lstm"]), *silent]) + "."
    )


def _why(findings: SymbolFindings, name: str, voice: Component) -> str:
    """Return why a voice is silent; a failed training explains a missing LSTM."""
    untrained = findings.training_failure if name == "lstm" else None
    return (untrained or voice.reason).rstrip(".")


def _training(findings: SymbolFindings, lstm: Component) -> list[str]:
    """Return what went wrong in training while an earlier model speaks."""
    if not lstm.present:
        return []
    if findings.training_failure:
        return [f"not trained anew ({findings.training_failure.rstrip('.')})"]
    if findings.trained and findings.trained.rejected:
        return [f"the new model is rejected ({findings.trained.rejected})"]
    return []
