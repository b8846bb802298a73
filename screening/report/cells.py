"""A CSV cell as a person reads it: what is shown, what it stands for, why it lacks.

The value is always the CSV's own text; only the shown text is rounded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Cell:
    """One value of the CSV: its column, its text there, what is shown, why it lacks.

    `value` and `text` are empty where the value is not known; `why` is then a reason.
    """

    column: str
    value: str
    text: str
    why: str = ""


def render_cell(column: str, value: str, why: str = "") -> Cell:
    """Return the cell of a column's CSV text; `why` is said where that is empty."""
    if not value:
        return Cell(column, "", "", why or "not known")
    return Cell(column, value, _text(column, value))


def format_signed(number: float, digits: int = 3) -> str:
    """Return `+0.319`, with a real minus sign and no sign for a plain zero."""
    text = f"{number:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", MINUS)


def percent(number: float, digits: int = 0) -> str:
    """Return a fraction as `68 %`."""
    return f"{number * 100:.{digits}f} %".replace("-", MINUS)


def signed_percent(number: float) -> str:
    """Return a fraction as `+1.24 %`."""
    return f"{format_signed(number * 100, 2)} %"


def price(number: float) -> str:
    """Return a price with as many digits as it needs, thousands apart."""
    digits = 2 if abs(number) >= 1 else 4
    return f"{number:,.{digits}f}".replace("-", MINUS)


def instant(value: str) -> str:
    """Return an ISO instant as `2025-11-10 08:30 UTC`."""
    return f"{datetime.fromisoformat(value).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _text(column: str, value: str) -> str:
    form = _FORMS.get(column)
    try:
        return form(float(value)) if form else _words(column, value)
    except ValueError:  # An earlier night's CSV may hold whatever was typed there.
        return value


def _words(column: str, value: str) -> str:
    if column in ("run_at", "model_trained_at"):
        return instant(value)
    return {"true": "yes", "false": "no"}.get(value, value)


def _plain(digits: int) -> Callable[[float], str]:
    return lambda number: f"{number:.{digits}f}".replace("-", MINUS)


def _count(number: float) -> str:
    return f"{number:,.0f}".replace("-", MINUS)


_FORMS: Mapping[str, Callable[[float], str]] = {
    **dict.fromkeys(("close", "predicted_close", "sma_20", "sma_50"), price),
    **dict.fromkeys(
        ("predicted_return", "predicted_return_low", "predicted_return_high"),
        signed_percent,
    ),
    **dict.fromkeys(
        ("score", "lstm_direction", "trend_direction", "technical_direction"),
        format_signed,
    ),
    **dict.fromkeys(("finbert_direction", "sentiment_72h"), format_signed),
    **dict.fromkeys(("macd", "macd_signal"), format_signed),
    **dict.fromkeys(
        ("lstm_confidence", "trend_confidence", "technical_confidence"), _plain(3)
    ),
    **dict.fromkeys(("finbert_confidence", "lstm_confidence_after_haircut"), _plain(3)),
    **dict.fromkeys(("lstm_weight", "trend_weight"), _plain(3)),
    **dict.fromkeys(("technical_weight", "finbert_weight"), _plain(3)),
    **dict.fromkeys(("confidence", "rank"), _plain(0)),
    **dict.fromkeys(
        ("probability_up", "event_weight_haircut", "position_scale"), percent
    ),
    **dict.fromkeys(("event_risk_score", "hedge_beta", "hedge_r2"), _plain(2)),
    **dict.fromkeys(("volatility_ratio", "percent_b"), _plain(2)),
    **dict.fromkeys(("model_skill",), _plain(3)),
    **dict.fromkeys(("rsi",), _plain(1)),
    **dict.fromkeys(("model_directional_accuracy",), percent),
    **dict.fromkeys(("volatility_20d",), lambda number: percent(number, 2)),
    **dict.fromkeys(("average_volume_20d", "data_sessions"), _count),
}
