"""Explanation of a row of a night's CSV: its terms, and what would flip its call.

All numbers follow from the row's own columns; only thresholds and risk points come
from today's settings. If the row does not follow from them, `differs` says how.
"""

import math
from collections.abc import Mapping
from datetime import date
from typing import get_args

from pydantic import BaseModel

from config.settings import BlendSettings, GuardSettings, Settings, SitOut
from risk_guard.assessment import RiskTerm, haircut
from risk_guard.reactions import ReportTime
from risk_guard.sit_out import first_night_after, named_rule
from screening.blend import COMPONENTS, Call, call_at
from screening.columns import TRUTHS
from screening.event_words import row_event_words
from screening.interval_explanation import (
    IntervalExplanation,
    StoredDistribution,
    explain_interval,
)
from screening.price_changes import PriceChanges
from screening.tradable import why_not_tradable

CsvRow = Mapping[str, str]

ROUNDING = 1e-9

_TIMES: Mapping[str, ReportTime] = {time: time for time in get_args(ReportTime)}


class ComponentTerm(BaseModel, frozen=True):
    """A component's part of the score: weight x direction x confidence.

    `confidence` is what the blend used: for the LSTM, the confidence after the haircut.
    `before_haircut` differs from it only for the LSTM.
    """

    component: str
    weight: float
    direction: float
    confidence: float
    before_haircut: float
    contribution: float

    @property
    def uncut(self) -> float:
        """Return the contribution without the haircut."""
        return self.weight * self.direction * self.before_haircut


class NeededChange(BaseModel, frozen=True):
    """The value that one component alone needs for another call.

    `now` and `needed` are direction x confidence, with the other components unchanged.
    `possible` is false if the component can't reach `needed`; the haircut limits the
    LSTM.
    """

    component: str
    now: float
    needed: float
    possible: bool


class FlipThreshold(BaseModel, frozen=True):
    """Another call, the score from which it is made, and the distance to that score.

    `difference` is signed. A BUY or SELL needs a score beyond `threshold`, a HOLD a
    score at it.
    """

    call: Call
    threshold: float
    difference: float
    components: tuple[NeededChange, ...]


class Explanation(BaseModel, frozen=True):
    """A row's call in numbers; None is "not known".

    `terms` are of the components that the blend used, `missing` names the others.
    `sit_out_rule` is the rule that the row names, None without a sit-out.
    `not_tradable` says why nobody can act on the call, '' if somebody can. `prices` are
    the closes of the next session that change the call.
    """

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
    terms: tuple[ComponentTerm, ...] = ()
    missing: tuple[str, ...] = ()
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
    risk: tuple[RiskTerm, ...] = ()
    haircut_by_risk: float | None = None
    event_warning: str = ""
    sit_out: bool | None = None
    sit_out_rule: SitOut | None = None
    not_tradable: str = ""
    weights_note: str = ""
    prices: PriceChanges | None = None
    interval: IntervalExplanation | None = None
    trades_again: date | None = None
    flips: tuple[FlipThreshold, ...] = ()
    differs: tuple[str, ...] = ()


def explain(
    row: CsvRow,
    settings: Settings,
    stored: StoredDistribution | None = None,
    why_not_stored: str = "",
    prices: PriceChanges | None = None,
) -> Explanation:
    """Return the explanation of a row of the screening CSV; a failed row has no terms.

    `stored` is what the night's table holds of the symbol's distribution, used on a
    reaction session; without it, `why_not_stored` says why it is missing. `prices` are
    what the night computed of the closes that change the call.

    Raises
    ------
    ValueError
        If a cell that must hold a number or a date holds something else.
    """
    blend = settings.blend
    heading = Explanation(
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
    if heading.call is None or heading.score is None:
        return heading
    interval = explain_interval(row, stored, why_not_stored)
    parts = (
        _score(row, blend)
        | _events(row, settings.guard)
        | {"interval": interval, "prices": prices}
    )
    found = heading.model_copy(update=parts)
    return found.model_copy(
        update={"flips": _flips(found, blend), "differs": _differences(found)}
    )


def forecast_note(row: CsvRow) -> str:
    """Return what a forecast of no change means, '' for any other forecast.

    Raises
    ------
    ValueError
        If a cell of the forecast holds no number.
    """
    if _number(row, "predicted_return") != 0:
        return ""
    return (
        "The LSTM predicts no change: in the sessions that ended its training, its "
        "predicted changes were no better than none. So it adds nothing to the score."
    )


def _score(row: CsvRow, blend: BlendSettings) -> dict[str, object]:
    terms = component_terms(row)
    score = math.fsum(term.contribution for term in terms)
    uncut = math.fsum(term.uncut for term in terms)
    return {
        "terms": terms,
        "missing": tuple(name for name in COMPONENTS if not row[f"{name}_weight"]),
        "components": row["components"],
        "forecast_note": forecast_note(row),
        "not_tradable": not_tradable_reason(row, blend),
        "weights_note": weights_note(row, blend),
        "computed_score": score,
        "call_by_score": call_at(score, blend),
        "score_without_haircut": uncut,
        "call_without_haircut": call_at(uncut, blend),
    }


def weights_note(row: CsvRow, blend: BlendSettings) -> str:
    """Return how the weights differ because a component is missing, '' if none is.

    Raises
    ------
    ValueError
        If a weight is not a number.
    """
    missing = [name for name in COMPONENTS if not row[f"{name}_weight"]]
    used = [name for name in COMPONENTS if row[f"{name}_weight"]]
    if not missing or not used:
        return ""
    weights = [
        f"{name} {float(row[f'{name}_weight']):.2f} instead of "
        f"{getattr(blend, name):.2f}"
        for name in used
    ]
    verb, subject = ("is", "its") if len(missing) == 1 else ("are", "their")
    return (
        f"{' and '.join(missing)} {verb} missing, so the others share {subject} "
        f"weight: {', '.join(weights)}."
    )


def not_tradable_reason(row: CsvRow, blend: BlendSettings) -> str:
    """Return why nobody can act on the row's call, '' if somebody can.

    Raises
    ------
    ValueError
        If a cell that must hold a number holds something else.
    """
    names = ("return_scale", "traded_share_60d", "median_turnover_20d")
    values = {name: _number(row, name) for name in names}
    texts = {name: row[name] for name in ("currency", "reason")}
    return why_not_tradable({**values, **texts}, blend)


def component_terms(row: CsvRow) -> tuple[ComponentTerm, ...]:
    """Return the terms of the components that the row's score uses, in order.

    Raises
    ------
    ValueError
        If a cell of such a component holds no number.
    """
    return tuple(_term(row, name) for name in COMPONENTS if row[f"{name}_weight"])


def _term(row: CsvRow, component: str) -> ComponentTerm:
    parts = ("weight", "direction", "confidence")
    weight, direction, uncut = (float(row[f"{component}_{part}"]) for part in parts)
    is_lstm = component == "lstm"
    confidence = float(row["lstm_confidence_after_haircut"]) if is_lstm else uncut
    return ComponentTerm(
        component=component,
        weight=weight,
        direction=direction,
        confidence=confidence,
        before_haircut=uncut,
        contribution=weight * direction * confidence,
    )


def _events(row: CsvRow, guard: GuardSettings) -> dict[str, object]:
    risk = _number(row, "event_risk_score")
    sit_out = TRUTHS.get(row["event_skip_trading"])
    day = row["event_date"]
    return {
        "haircut": _number(row, "event_weight_haircut"),
        "haircut_by_risk": haircut(risk, guard) if risk is not None else None,
        "position_scale": _number(row, "position_scale"),
        "event": " ".join(filter(None, [row["event_type"], day, row["event_title"]])),
        "event_words": row_event_words(row),
        "event_status": row["event_status"],
        "event_risk_score": risk,
        "risk": _risk_terms(row, risk, guard) if risk else (),
        "event_warning": row["event_warning"],
        "sit_out": sit_out,
        "sit_out_rule": named_rule(row["reason"], guard.sit_out) if sit_out else None,
        "trades_again": _trades_again(row, guard) if sit_out and day else None,
    }


def _risk_terms(row: CsvRow, risk: float, guard: GuardSettings) -> tuple[RiskTerm, ...]:
    """Return the terms that add up to the risk, capped at 1, as the guard adds them."""
    market = _market_terms(row, guard)
    ahead = RiskTerm(guard.event_points, f"event within {guard.lookahead_days} days")
    # The row names the next event; the points may come from another event.
    report = RiskTerm(
        guard.report_points,
        "at least one event of those days is earnings or a regulatory report",
    )
    for events in ((), (ahead,), (ahead, report)):
        terms = (*events, *market)
        total = min(1.0, math.fsum(term.points for term in terms))
        if math.isclose(total, risk, abs_tol=ROUNDING):
            return terms
    left = risk - math.fsum(term.points for term in market)
    return (*market, RiskTerm(left, "points that do not follow from today's settings"))


def _market_terms(row: CsvRow, guard: GuardSettings) -> tuple[RiskTerm, ...]:
    """Return the risk terms of news and volatility."""
    terms = []
    polarity = _number(row, "sentiment_72h")
    if polarity is not None and polarity < guard.bad_sentiment_below:
        reason = f"72-hour polarity {polarity:+.2f} below {guard.bad_sentiment_below}"
        terms.append(RiskTerm(guard.sentiment_points, reason))
    if row["volatility_spike"] == "true":
        reason = f"volatility {float(row['volatility_ratio']):.2f} times the usual"
        terms.append(RiskTerm(guard.volatility_points, reason))
    return tuple(terms)


def _trades_again(row: CsvRow, guard: GuardSettings) -> date:
    """Return the first as-of session after the sit-out that this event forces."""
    rule = named_rule(row["reason"], guard.sit_out)
    return first_night_after(
        row["event_type"],
        date.fromisoformat(row["event_date"]),
        _TIMES.get(row["event_time"], "unknown"),
        row["exchange"],
        guard.model_copy(update={"sit_out": rule}),
    )


def _flips(found: Explanation, blend: BlendSettings) -> tuple[FlipThreshold, ...]:
    """Return the other calls, the nearest first."""
    score = found.computed_score or 0.0
    thresholds: dict[Call, float] = {
        "BUY": blend.buy_above,
        "SELL": blend.sell_below,
        "HOLD": blend.buy_above if score > 0 else blend.sell_below,
    }
    flips = [
        FlipThreshold(
            call=call,
            threshold=threshold,
            difference=threshold - score,
            components=tuple(
                _needed_change(term, found.haircut or 0.0, threshold - score)
                for term in found.terms
            ),
        )
        for call, threshold in thresholds.items()
        if call != found.call_by_score
    ]
    return tuple(sorted(flips, key=lambda flip: abs(flip.difference)))


def _needed_change(
    term: ComponentTerm, haircut: float, difference: float
) -> NeededChange:
    now = term.direction * term.confidence
    needed = now + difference / term.weight
    limit = 1 - haircut if term.component == "lstm" else 1.0
    return NeededChange(
        component=term.component, now=now, needed=needed, possible=abs(needed) <= limit
    )


def _differences(found: Explanation) -> tuple[str, ...]:
    """Return how the row differs from what its columns and today's settings give."""
    differences = []
    score, computed = found.score or 0.0, found.computed_score or 0.0
    if not math.isclose(score, computed, abs_tol=1e-6):
        differences.append(
            f"the row's score is {score:+.6f}, its columns give {computed:+.6f}"
        )
    held = found.sit_out or found.not_tradable
    by_rule = "HOLD" if held else found.call_by_score
    if found.call != by_rule:
        differences.append(
            f"the row's call is {found.call}, today's thresholds "
            f"{found.buy_above:+g} and {found.sell_below:+g} give {by_rule}"
        )
    if found.interval and found.interval.differs:
        differences.append(found.interval.differs)
    return tuple(differences)


def _number(row: CsvRow, name: str) -> float | None:
    return float(row[name]) if row[name] else None
