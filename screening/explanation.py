"""One row of a night's CSV, term by term, and what would flip its call. Pure.

All is computed from the row's own columns; only thresholds and points come from the
settings, as they are now. Where the row does not follow from them, it is said.
"""

import math
from collections.abc import Mapping
from datetime import date

from pydantic import BaseModel, ConfigDict

from config.settings import BlendSettings, GuardSettings, Settings
from market_data.sessions import nth_session_after, session_on_or_after
from risk_guard.assessment import haircut, sit_out_reach
from screening.blend import COMPONENTS, Call, call_at
from screening.event_words import row_event_words

CsvRow = Mapping[str, str]

ROUNDING = 1e-9


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class VoiceTerm(_Value):
    """A component's part of the score: weight x direction x confidence.

    `confidence` is what the blend used, the LSTM's after the haircut; `before_haircut`
    differs from it for the LSTM alone.
    """

    component: str
    weight: float
    direction: float
    confidence: float
    before_haircut: float
    contribution: float


class RiskPoints(_Value):
    """A part of the event risk score."""

    points: float
    why: str


class VoiceFlip(_Value):
    """What one component alone would have to say, the others as they are.

    `now` and `needed` are direction x confidence; `possible` that the component can say so,
    the LSTM within what the haircut leaves it.
    """

    component: str
    now: float
    needed: float
    possible: bool


class FlipThreshold(_Value):
    """Another call by score, and how far the score is from it.

    `difference` is signed: the score has to go beyond `threshold`, or for a HOLD to it.
    """

    call: Call
    threshold: float
    difference: float
    components: tuple[VoiceFlip, ...]


class Explanation(_Value):
    """A row's call, in numbers; None is "not known"."""

    symbol: str
    as_of: date
    forecast_session: date
    call: Call | None
    score: float | None
    confidence: float | None
    reason: str
    buy_above: float
    sell_below: float
    components: str = ""
    terms: tuple[VoiceTerm, ...] = ()
    silent: tuple[str, ...] = ()
    forecast_note: str = ""
    computed_score: float | None = None
    call_by_score: Call | None = None
    haircut: float | None = None
    score_without_haircut: float | None = None
    call_without_haircut: Call | None = None
    position_scale: float | None = None
    event: str = ""
    event_words: str = ""
    event_status: str = ""
    event_risk_score: float | None = None
    risk: tuple[RiskPoints, ...] = ()
    haircut_by_risk: float | None = None
    event_warning: str = ""
    sit_out: bool | None = None
    trades_again: date | None = None
    flips: tuple[FlipThreshold, ...] = ()
    differs: tuple[str, ...] = ()


def explain(row: CsvRow, settings: Settings) -> Explanation:
    """Return the explanation of a row of the screening CSV; a failed one has no terms.

    Raises
    ------
    ValueError
        If a cell that must hold a number or a date holds something else.
    """
    blend = settings.blend
    bare = Explanation(
        symbol=row["symbol"],
        as_of=date.fromisoformat(row["as_of"]),
        forecast_session=date.fromisoformat(row["forecast_session"]),
        call=row["prediction"] or None,
        score=_number(row, "score"),
        confidence=_number(row, "confidence"),
        reason=row["reason"],
        buy_above=blend.buy_above,
        sell_below=blend.sell_below,
    )
    if bare.call is None or bare.score is None:
        return bare
    told = bare.model_copy(update=_score(row, blend) | _events(row, settings.guard))
    return told.model_copy(
        update={"flips": _flips(told, blend), "differs": _differences(told)}
    )


def forecast_note(row: CsvRow) -> str:
    """Return why the LSTM's direction is not that of the change it predicts, else ''.

    Raises
    ------
    ValueError
        If a cell of the forecast holds no number.
    """
    change, direction = _number(row, "predicted_return"), _number(row, "lstm_direction")
    if change is None or direction is None:
        return ""
    if change == 0:
        return (
            "The LSTM predicts no change: its changes were worth no more than their "
            "own error when it was trained. Its direction is that of the latest moves "
            "alone."
        )
    if change * direction >= 0:
        return ""
    return (
        f"The LSTM predicts {change:+.2%}, yet its direction is "
        f"{'up' if direction > 0 else 'down'}: with the errors that it made in its "
        f"calibration sessions, {float(row['probability_up']):.0%} of the returns are "
        "above 0."
    )


def _score(row: CsvRow, blend: BlendSettings) -> dict[str, object]:
    terms = tuple(
        _term(row, component) for component in COMPONENTS if row[f"{component}_weight"]
    )
    score = math.fsum(term.contribution for term in terms)
    uncut = math.fsum(t.weight * t.direction * t.before_haircut for t in terms)
    return {
        "terms": terms,
        "silent": tuple(
            component for component in COMPONENTS if not row[f"{component}_weight"]
        ),
        "components": row["components"],
        "forecast_note": forecast_note(row),
        "computed_score": score,
        "call_by_score": call_at(score, blend),
        "score_without_haircut": uncut,
        "call_without_haircut": call_at(uncut, blend),
    }


def _term(row: CsvRow, component: str) -> VoiceTerm:
    parts = [f"{component}_{part}" for part in ("weight", "direction", "confidence")]
    weight, direction, before = (float(row[name]) for name in parts)
    sure = (
        float(row["lstm_confidence_after_haircut"]) if component == "lstm" else before
    )
    return VoiceTerm(
        component=component,
        weight=weight,
        direction=direction,
        confidence=sure,
        before_haircut=before,
        contribution=weight * direction * sure,
    )


def _events(row: CsvRow, guard: GuardSettings) -> dict[str, object]:
    risk = _number(row, "event_risk_score")
    sat_out = {"true": True, "false": False}.get(row["event_skip_trading"])
    when = row["event_date"]
    return {
        "haircut": _number(row, "event_weight_haircut"),
        "haircut_by_risk": haircut(risk, guard) if risk is not None else None,
        "position_scale": _number(row, "position_scale"),
        "event": " ".join(filter(None, [row["event_type"], when, row["event_title"]])),
        "event_words": row_event_words(row),
        "event_status": row["event_status"],
        "event_risk_score": risk,
        "risk": _risk(row, risk, guard) if risk else (),
        "event_warning": row["event_warning"],
        "sit_out": sat_out,
        "trades_again": _trades_again(row, guard) if sat_out and when else None,
    }


def _risk(row: CsvRow, risk: float, guard: GuardSettings) -> tuple[RiskPoints, ...]:
    """Return the parts that add up to the risk, capped at 1, as the guard adds them."""
    around = _risk_around(row, guard)
    one, two = guard.event_points, guard.report_points
    ahead = RiskPoints(points=one, why=f"event within {guard.lookahead_days} days")
    # The row names the next event; the points may be those of another one.
    said = "it, or another event of those days, is earnings or a regulatory report"
    report = RiskPoints(points=two, why=said)
    for events in ((), (ahead,), (ahead, report)):
        parts = (*events, *around)
        total = min(1.0, math.fsum(part.points for part in parts))
        if math.isclose(total, risk, abs_tol=ROUNDING):
            return parts
    left = risk - math.fsum(part.points for part in around)
    said = "points that today's settings do not have"
    return (*around, RiskPoints(points=left, why=said))


def _risk_around(row: CsvRow, guard: GuardSettings) -> tuple[RiskPoints, ...]:
    parts = []
    polarity = _number(row, "sentiment_72h")
    if polarity is not None and polarity < guard.bad_sentiment_below:
        said = f"72-hour polarity {polarity:+.2f} below {guard.bad_sentiment_below}"
        parts.append(RiskPoints(points=guard.sentiment_points, why=said))
    if row["volatility_spike"] == "true":
        said = f"volatility {float(row['volatility_ratio']):.2f} times the usual"
        parts.append(RiskPoints(points=guard.volatility_points, why=said))
    return tuple(parts)


def _trades_again(row: CsvRow, guard: GuardSettings) -> date:
    """Return the first as-of session that this event alone no longer has sat out."""
    exchange = row["exchange"]
    day = session_on_or_after(exchange, date.fromisoformat(row["event_date"]))
    return nth_session_after(exchange, day, sit_out_reach(row["event_type"], guard) + 1)


def _flips(told: Explanation, blend: BlendSettings) -> tuple[FlipThreshold, ...]:
    """Return the other calls, the nearest first."""
    score = told.computed_score or 0.0
    bounds: dict[Call, float] = {
        "BUY": blend.buy_above,
        "SELL": blend.sell_below,
        "HOLD": blend.buy_above if score > 0 else blend.sell_below,
    }
    flips = [
        FlipThreshold(
            call=call,
            threshold=bound,
            difference=bound - score,
            components=tuple(
                _voice_flip(one, told, bound - score) for one in told.terms
            ),
        )
        for call, bound in bounds.items()
        if call != told.call_by_score
    ]
    return tuple(sorted(flips, key=lambda flip: abs(flip.difference)))


def _voice_flip(term: VoiceTerm, told: Explanation, difference: float) -> VoiceFlip:
    now = term.direction * term.confidence
    needed = now + difference / term.weight
    most = 1 - (told.haircut or 0.0) if term.component == "lstm" else 1.0
    return VoiceFlip(
        component=term.component, now=now, needed=needed, possible=abs(needed) <= most
    )


def _differences(told: Explanation) -> tuple[str, ...]:
    """Return where the row does not follow from its columns and today's settings."""
    said = []
    score, computed = told.score or 0.0, told.computed_score or 0.0
    if not math.isclose(score, computed, abs_tol=1e-6):
        said.append(
            f"the row's score is {score:+.6f}, its columns give {computed:+.6f}"
        )
    by_rule = "HOLD" if told.sit_out else told.call_by_score
    if told.call != by_rule:
        said.append(
            f"the row says {told.call}, today's thresholds {told.buy_above:+g} and "
            f"{told.sell_below:+g} give {by_rule}"
        )
    return tuple(said)


def _number(row: CsvRow, name: str) -> float | None:
    return float(row[name]) if row[name] else None
