"""The row of the screening CSV for one symbol's findings.

A row is a dict by column name. A value that is not known is None, NaN or left out,
never 0.
"""

import statistics
from datetime import datetime
from typing import Any

from config.settings import BlendSettings
from features.component import Component
from features.indicators import INDICATORS
from market_data.prices import CLOSE
from market_data.symbols import exchange_of
from risk_guard.assessment import EventAssessment
from risk_guard.events import REPORTS, Event
from screening.blend import COMPONENTS, Blend, blend
from screening.findings import (
    DistributionFindings,
    IndicatorFindings,
    ModelFindings,
    PriceFindings,
    SymbolFindings,
)
from screening.tradable import NOT_TRADABLE, idle_reason, why_not_tradable

Row = dict[str, Any]

MIN_TYPICAL = 4
"""Past reactions that a typical move needs."""


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
    components, events = _components(findings, indicators), findings.events
    stock = row | _stock(findings, prices, indicators)
    idle = idle_reason(indicators.activity.idle)
    not_tradable = idle or why_not_tradable(stock, settings)
    hold = bool(events.sit_out or not_tradable)
    answer = blend(components, events.haircut, settings, hold=hold)
    if answer is None:
        reason = "all components of the blend are missing"
        return row | {"data_status": "failed", "reason": reason}
    return (
        stock
        | _model(findings.model)
        | _blend(components, answer)
        | {
            "components": " ".join(_component_names(findings, answer)),
            "position_scale": events.position_scale,
            "reason": _reason(findings, components, answer, not_tradable),
        }
    )


def _stock(
    findings: SymbolFindings, prices: PriceFindings, indicators: IndicatorFindings
) -> Row:
    """Return what follows from the prices, with and without a model."""
    return (
        {
            "currency": prices.currency or exchange_of(findings.symbol).currency,
            "data_status": "degraded" if prices.defects else "ok",
            "data_sessions": prices.sessions,
            "data_source": prices.source,
            "median_turnover_20d": indicators.activity.turnover,
            "traded_share_60d": indicators.activity.traded_share,
        }
        | {name: indicators.last[name] for name in [CLOSE, *INDICATORS]}
        | _distribution(findings.distribution)
    )


def _distribution(found: DistributionFindings) -> Row:
    row: Row = {
        "return_scale": found.scale,
        "distribution_sessions": found.sessions,
        "event_past_reactions": None if found.own_share is None else len(found.past),
        "event_typical_move": typical_move(found),
        "event_own_share": found.own_share,
    }
    if found.outcomes:
        row |= {
            "predicted_return_low": found.outcomes.low,
            "predicted_return_high": found.outcomes.high,
            "probability_up": found.outcomes.probability_up,
        }
    return row


def typical_move(found: DistributionFindings) -> float | None:
    """Return the median size of the returns after reports, None below 4 of them."""
    if len(found.past) < MIN_TYPICAL:
        return None
    return statistics.median(abs(past.move) for past in found.past)


def _components(
    findings: SymbolFindings, indicators: IndicatorFindings
) -> dict[str, Component]:
    return {
        "lstm": findings.lstm,
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
        "event_time": event.time if event and dated and event.type in REPORTS else None,
        "event_reaction": events.reaction,
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
    findings: SymbolFindings,
    components: dict[str, Component],
    answer: Blend,
    not_tradable: str,
) -> str:
    """Return one sentence: the call and its components, then all that is missing."""
    names = ", ".join(_component_names(findings, answer))
    call = f"{answer.call} at score {answer.score:+.3f} from {names}"
    if findings.events.sit_out:
        call = f"{call}, sat out {findings.events.sit_out_reason}"
    if not_tradable:
        call = f"{call}, {NOT_TRADABLE}{not_tradable}"
    prices, distribution = findings.prices, findings.distribution
    # A failed training explains why there is no LSTM.
    missing = [
        (name, (name == "lstm" and findings.training_failure) or component.reason)
        for name, component in components.items()
        if not component.present
    ]
    parts = [
        call,
        *(_data_sentences(prices, not_tradable) if prices else ()),
        *findings.headlines.notes,
        *_training(findings, components["lstm"]),
        *(f"{name} is missing ({reason.rstrip('.')})" for name, reason in missing),
        *_no_interval(distribution),
        *(
            f"past reports may be missing ({gap.rstrip('.')})"
            for gap in findings.known_events.report_gaps
        ),
        *_unreadable(findings.headlines.unreadable),
        *_hedge(findings),
    ]
    return f"{'; '.join(parts)}."


def _data_sentences(prices: PriceFindings, not_tradable: str) -> list[str]:
    """Return what is to be said of the prices and not said by `not_tradable`."""
    defects = [defect for defect in prices.defects if defect not in not_tradable]
    return [*defects, *prices.repairs, *prices.notes]


def _no_interval(found: DistributionFindings) -> list[str]:
    """Return why the interval and the probability are missing, if they are."""
    if found.outcomes:
        return []
    return [f"the interval is missing ({found.reason.rstrip('.')})"]


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
