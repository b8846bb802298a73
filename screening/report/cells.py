"""Format a cell of the CSV for a person. Pure.

`value` always keeps the CSV's own text; only the displayed text is rounded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Cell:
    """One cell of the CSV: its column, the CSV's text and the displayed text.

    If the value is not known, `value` and `text` are empty and `reason` says why.
    """

    column: str
    value: str
    text: str
    reason: str = ""


def render_cell(column: str, value: str, reason: str = "") -> Cell:
    """Return the cell of a column's CSV text; `reason` is used if the text is empty."""
    if not value:
        return Cell(column, "", "", reason or "not known")
    return Cell(column, value, _text(column, value))


def format_signed(number: float, digits: int = 3) -> str:
    """Return `+0.319`, with a real minus sign and without a sign for a rounded 0."""
    text = f"{number:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", MINUS)


def percent(number: float, digits: int = 0) -> str:
    """Return a fraction as `68 %`."""
    return f"{_format_fixed(number * 100, digits)} %"


def signed_percent(number: float) -> str:
    """Return a fraction as `+1.24 %`."""
    return f"{format_signed(number * 100, 2)} %"


def price(number: float) -> str:
    """Return a price with 2 digits, or 4 below 1, and thousands separators."""
    return _format_fixed(number, 2 if abs(number) >= 1 else 4, ",")


def instant(value: str) -> str:
    """Return an ISO instant as `2025-11-10 08:30 UTC`."""
    return f"{datetime.fromisoformat(value).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _text(column: str, value: str) -> str:
    try:
        if column in _FORMATS:
            return _FORMATS[column](float(value))
        if column in ("run_at", "model_trained_at"):
            return instant(value)
    except ValueError:  # A person may have changed an earlier night's CSV.
        return value
    return _WORDS.get(value, value)


def _format_fixed(number: float, digits: int, thousands: str = "") -> str:
    return f"{number:{thousands}.{digits}f}".replace("-", MINUS)


_WORDS = {
    "true": "yes",
    "false": "no",
    "before_open": "before the open",
    "after_close": "after the close",
}

_FORMATS: Mapping[str, Callable[[float], str]] = {
    column: form
    for form, columns in (
        (price, "close predicted_close sma_20 sma_50"),
        (signed_percent, "predicted_return predicted_return_low predicted_return_high"),
        (format_signed, "score lstm_direction trend_direction technical_direction"),
        (format_signed, "finbert_direction sentiment_72h macd macd_signal"),
        (
            partial(_format_fixed, digits=3),
            "lstm_confidence lstm_confidence_after_haircut",
        ),
        (partial(_format_fixed, digits=3), "trend_confidence technical_confidence"),
        (
            partial(_format_fixed, digits=3),
            "finbert_confidence lstm_weight trend_weight",
        ),
        (
            partial(_format_fixed, digits=3),
            "technical_weight finbert_weight model_skill",
        ),
        (partial(_format_fixed, digits=2), "event_risk_score hedge_beta hedge_r2"),
        (partial(_format_fixed, digits=2), "volatility_ratio percent_b"),
        (partial(_format_fixed, digits=1), "rsi"),
        (partial(_format_fixed, digits=0), "confidence rank"),
        (
            partial(_format_fixed, digits=0, thousands=","),
            "average_volume_20d data_sessions median_turnover_20d",
        ),
        (
            partial(_format_fixed, digits=0, thousands=","),
            "distribution_sessions event_past_reactions",
        ),
        (partial(_format_fixed, digits=2), "event_own_share"),
        (partial(percent, digits=2), "return_scale event_typical_move"),
        (percent, "probability_up event_weight_haircut position_scale"),
        (percent, "model_directional_accuracy traded_share_60d"),
        (partial(percent, digits=2), "volatility_20d"),
    )
    for column in columns.split()
}
