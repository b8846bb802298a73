"""The row of the screening CSV for one symbol's findings.

A row is a dict by column name. A value that is not known is None, NaN or left out,
never 0.
"""

from datetime import datetime
from typing import Any

from config.settings import BlendSettings
from features.component import Component
from features.indicators import INDICATORS
from market_data.prices import CLOSE
from market_data.symbols import exchange_of
from risk_guard.assessment import EventAssessment
from risk_guard.events import Event
from screening.blend import COMPONENTS, Blend, blend
from screening.findings import IndicatorFindings, ModelFindings, SymbolFindings

Row = dict[str, Any]


def build_row(
    findings: SymbolFindings, run_at: datetime, settings: BlendSettings
) -> Row:
    """Return the symbol's row, without its rank.

    The row is `failed`, with the reason, if the symbol failed or if all components are
    missing.
    """
    row = _heading(findings, run_at) | _events(findings.events)
    prices, indicators = findings.prices, findings.indicators
    if findings.failure or prices is None or indicators is None:
        reason = findings.failure or "no stage has run"
        return row | {"data_status": "failed", "reason": reason}
    components = _components(findings, indicators)
    events = findings.events
    sit_out = bool(events.sit_out)
    answer = blend(components, events.haircut, settings, sit_out=sit_out)
    if answer is None:
        reason = "all components of the blend are missing"
        return row | {"data_status": "failed", "reason": reason}
    return (
        row
        | {
            "currency": prices.currency or row["currency"],
            "data_status": "degraded" if prices.defects else "ok",
            "data_sessions": prices.sessions,
            "data_source": prices.source,
        }
        | {name: indicators.last[name] for name in [CLOSE, *INDICATORS]}
        | _model(findings.model)
        | _blend(components, answer)
        | {
            "components": " ".join(_component_names(findings, answer)),
            "position_scale": events.position_scale,
            "reason": _reason(findings, components, answer),
        }
    )


def _components(
    findings: SymbolFindings, indicators: IndicatorFindings
) -> dict[str, Component]:
    model = findings.model
    return {
        "lstm": model.component if model else Component.missing("no model"),
        "trend": indicators.trend,
        "technical": indicators.technical,
        "finbert": findings.news.component,
    }


def _heading(findings: SymbolFindings, run_at: datetime) -> Row:
    exchange = exchange_of(findings.symbol)
    return {
        "symbol": findings.symbol,
        "exchange": exchange.code,
        "as_of": findings.as_of,
        "forecast_session": findings.forecast_session,
        "run_at": run_at.isoformat(timespec="seconds"),
        "currency": exchange.currency,
        "finbert_headlines": findings.news.count,
    }


def _model(model: ModelFindings | None) -> Row:
    if model is None:
        return {"model_status": "missing"}
    state, known, forecast = model.state, model.metadata, model.forecast
    row: Row = {"model_status": state.status, "model_age_days": state.age_days}
    if known:
        row |= {
            "model_grade": known.grade,
            "model_trained_at": known.training_date.isoformat(timespec="seconds"),
            "model_skill": known.skill,
            "model_directional_accuracy": known.directional_accuracy,
        }
    if forecast:
        row |= {
            "predicted_close": forecast.predicted_close,
            "predicted_return": forecast.predicted_return,
            "predicted_return_low": forecast.low,
            "predicted_return_high": forecast.high,
            "probability_up": forecast.probability_up,
        }
    return row


def _blend(components: dict[str, Component], answer: Blend) -> Row:
    row: Row = {
        "prediction": answer.call,
        "confidence": answer.confidence_pct,
        "score": answer.score,
        "prediction_source": "LSTM" if "lstm" in answer.weights else "TREND",
        "lstm_confidence_after_haircut": answer.lstm_confidence_after_haircut,
    }
    for name in COMPONENTS:
        row[f"{name}_direction"] = components[name].direction
        row[f"{name}_confidence"] = components[name].confidence
        row[f"{name}_weight"] = answer.weights.get(name)
    return row


def _events(events: EventAssessment) -> Row:
    event, context = events.event, events.context
    volatility, hedge = context.volatility, context.hedge
    dated = event is not None and not event.is_window
    return {
        "event_status": events.status,
        "event_type": event.type if event else None,
        "event_date": event.first if event and dated else None,
        "event_title": _title(event) if event else None,
        "event_source": event.source if event else None,
        "days_to_event": events.days_to_event,
        "sessions_to_event": events.sessions_to_event,
        "event_risk_score": events.risk_score,
        "event_weight_haircut": events.haircut,
        "event_skip_trading": events.sit_out,
        "event_warning": events.warning,
        "sentiment_72h": context.polarity,
        "volatility_ratio": volatility.ratio if volatility else None,
        "volatility_spike": volatility.spike if volatility else None,
        "hedge_beta": hedge.beta if hedge else None,
        "hedge_r2": hedge.r_squared if hedge else None,
    }


def _title(event: Event) -> str:
    """Return the title; a window has its first and last day appended."""
    return f"{event.title} ({event.days})" if event.is_window else event.title


def _component_names(findings: SymbolFindings, answer: Blend) -> list[str]:
    """Return the names of the components used; news has the name of its engine."""
    engine = findings.news.engine
    return [engine if name == "finbert" else name for name in answer.weights]


def _reason(
    findings: SymbolFindings, components: dict[str, Component], answer: Blend
) -> str:
    """Return one sentence: the call and its components, then all that is missing."""
    names = ", ".join(_component_names(findings, answer))
    call = f"{answer.call} at score {answer.score:+.3f} from {names}"
    if findings.events.sit_out:
        call = f"{call}, sat out: {findings.events.sit_out_reason}"
    prices = findings.prices
    # A failed training explains why there is no LSTM.
    missing = [
        (name, (name == "lstm" and findings.training_failure) or component.reason)
        for name, component in components.items()
        if not component.present
    ]
    parts = [
        call,
        *((*prices.defects, *prices.repairs, *prices.notes) if prices else ()),
        *findings.headlines.notes,
        *_training(findings, components["lstm"]),
        *(f"{name} is missing ({reason.rstrip('.')})" for name, reason in missing),
        *_unreadable(findings.headlines.unreadable),
        *_hedge(findings),
    ]
    return f"{'; '.join(parts)}."


def _unreadable(count: int) -> list[str]:
    """Return how many headlines could not be used, nothing if all could."""
    if not count:
        return []
    subject = "1 headline is" if count == 1 else f"{count} headlines are"
    return [f"{subject} left out (no title, or no time with its zone)"]


def _hedge(findings: SymbolFindings) -> list[str]:
    """Return why there is no beta if the index was refused, else nothing."""
    if not findings.market.refused:
        return []
    return [f"hedge_beta is missing ({findings.market.reason.rstrip('.')})"]


def _training(findings: SymbolFindings, lstm: Component) -> list[str]:
    """Return what went wrong in training if an earlier model is used instead."""
    if not lstm.present:
        return []
    if findings.training_failure:
        return [f"not trained anew ({findings.training_failure.rstrip('.')})"]
    trained = findings.trained
    if trained and trained.rejected:
        return [f"the new model is rejected ({trained.rejected})"]
    if trained and trained.challenge and trained.challenge.lost:
        return [f"the new model is worse ({trained.challenge.sentence})"]
    return []
