"""Why a value of one symbol is not known, by its column."""

from collections.abc import Callable

from screening.findings import SymbolFindings

Why = Callable[[str], str]

_OF_THE_FORECAST = ("predicted_", "probability_up", "lstm_")

NOT_STORED = "the details of its run are no longer in the home"


def reasons_of_row(failure: str) -> Why:
    """Return the reasons for a row of which nothing but the CSV is known."""
    return lambda _column: failure or NOT_STORED


def reasons_of(findings: SymbolFindings, failure: str) -> Why:
    """Return a function from a column to the reason why its value lacks.

    `failure` is the CSV's reason where the whole row failed, else empty.
    """
    model = _model_reason(findings)
    known = findings.model is not None and findings.model.metadata is not None
    by_start = {
        **dict.fromkeys(_OF_THE_FORECAST, model),
        "model_directional": "the model predicts no change" if known else model,
        "model_": model,
        "trend_": _voice_reason(findings, "trend"),
        "technical_": _voice_reason(findings, "technical"),
        "finbert_headlines": findings.headlines.reason or "no source of headlines",
        **dict.fromkeys(("finbert_", "sentiment_"), findings.news.component.reason),
        "event_skip": "no source covers all that may come",
        **dict.fromkeys(("event_", "days_", "sessions_"), "no event is known"),
        "volatility_": "the history is too short, or never moved",
        "hedge_": "too few returns in common with the index, or no index",
    }

    def why(column: str) -> str:
        if failure and not column.startswith(("event_", "finbert_headlines")):
            return failure
        found = (said for start, said in by_start.items() if column.startswith(start))
        return next(found, "undefined on these prices").rstrip(".")

    return why


def _model_reason(findings: SymbolFindings) -> str:
    if findings.training_failure:
        return findings.training_failure
    if findings.model is None:
        return "there is no model"
    return findings.model.component.reason or "the model does not say"


def _voice_reason(findings: SymbolFindings, name: str) -> str:
    indicators = findings.indicators
    return getattr(indicators, name).reason if indicators else "there are no indicators"
