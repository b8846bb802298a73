"""The reason why a value of one symbol is not known, by its column. Pure."""

from collections.abc import Callable

from screening.findings import SymbolFindings
from screening.row import MIN_TYPICAL

NOT_STORED = "the details of its run are no longer in the home"


def build_reasons(findings: SymbolFindings, failure: str) -> Callable[[str], str]:
    """Return a function from a column to the reason why its value is missing.

    `failure` is the CSV's reason if the whole row failed, else ''.
    """
    model, indicators = _model_reason(findings), findings.indicators
    has_model = findings.model is not None and findings.model.metadata is not None
    no_indicators = "there are no indicators"
    interval = ("predicted_return_low", "predicted_return_high", "probability_up")
    by_prefix = {
        **dict.fromkeys(interval, findings.distribution.reason),
        **dict.fromkeys(("predicted_", "lstm_"), model),
        "return_scale": findings.distribution.reason,
        "model_directional": "the model predicts no change" if has_model else model,
        "model_": model,
        "trend_": indicators.trend.reason if indicators else no_indicators,
        "technical_": indicators.technical.reason if indicators else no_indicators,
        "finbert_headlines": findings.headlines.reason or "no source of headlines",
        **dict.fromkeys(("finbert_", "sentiment_"), findings.news.component.reason),
        "event_skip": "no source covers all coming events",
        "event_reaction": "no source covers all coming events",
        "event_typical": f"fewer than {MIN_TYPICAL} past reports are known",
        "event_own": findings.distribution.reason,
        "event_time": "no report with a date is known",
        "previous_prediction": "no recent night of the same kind has a call",
        **dict.fromkeys(("event_", "days_", "sessions_"), "no event is known"),
        "volatility_": "the history is too short, or the price never moved",
        "hedge_": "there is no index, or too few sessions in common with it",
    }

    def reason(column: str) -> str:
        if failure and not column.startswith(("event_", "finbert_headlines")):
            return failure
        found = (
            text for prefix, text in by_prefix.items() if column.startswith(prefix)
        )
        return next(found, "undefined for these prices").rstrip(".")

    return reason


def _model_reason(findings: SymbolFindings) -> str:
    if findings.training_failure:
        return findings.training_failure
    if findings.model is None:
        return "there is no model"
    return findings.lstm.reason or "the model gives no value"
