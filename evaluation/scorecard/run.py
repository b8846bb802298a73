"""Computes the guard's scorecard and writes it: `overnight evaluate --guard`."""

from collections.abc import Sequence
from datetime import date

import pandas as pd
from pydantic import BaseModel

from config.errors import ParameterError
from evaluation.forecast_record import record_frame
from evaluation.scorecard.histories import (
    StockHistory,
    open_event_sources,
    read_histories,
)
from evaluation.scorecard.intervals import standardise_stock
from evaluation.scorecard.known_in_time import known_in_time
from evaluation.scorecard.nights import (
    LOSS,
    REACTION,
    WITH_DIVIDENDS,
    guard_nights,
    price_sessions,
)
from evaluation.scorecard.plots import draw_scorecard
from evaluation.scorecard.scorecard import (
    GuardScorecard,
    add_as_they_were,
    interval_figures,
    policy_figures,
)
from evaluation.walk_forward import sessions_from
from pipeline.plan import RunPlan
from pipeline.request_pace import machine_pace
from pipeline.sources import calendar_notices, night_calendars
from risk_guard.event_sources import EventSource
from screening.track_record.sit_out_cost import sit_out_cost
from storage.home import write_atomic
from storage.paths import StoragePath, is_there, read_bytes

FIGURES, FORECASTS = "figures.json", "forecasts.csv"


class GuardEvaluation(BaseModel, frozen=True):
    """The scorecard, what failed, and the files written."""

    source: str
    guard: GuardScorecard
    failures: dict[str, str]
    notices: tuple[str, ...]
    files: tuple[str, ...]


def evaluate_guard(plan: RunPlan, first: date) -> GuardEvaluation:
    """Compute the scorecard of the nights from `first` to the plan's session; write it.

    No model is trained. If an evaluation of the same dates is in the home, its nights
    and its sit-outs are used.

    Raises
    ------
    OvernightError
        If no night has a known return, or the files can't be written.
    """
    _require_sessions(plan, first)
    span = f"{first}_{plan.as_of}"
    record = _read_record(plan.home.evaluations / span / FORECASTS)
    card, failures = _compute(plan, first, record)
    if card is None:
        reasons = "; ".join(failures.values()) or "no return is known"
        raise ParameterError(
            f"no night from {first} to {plan.as_of} can be judged: {reasons}",
            "pass other dates or symbols",
        )
    folder = plan.home.evaluations / f"{span}_guard"
    plots = draw_scorecard(card)
    report = GuardEvaluation(
        source=plan.source,
        guard=card,
        failures=failures,
        notices=calendar_notices(night_calendars(plan), plan),
        files=tuple(str(folder / name) for name in (FIGURES, *plots)),
    )
    write_atomic(folder / FIGURES, report.model_dump_json(indent=2))
    for name, content in plots.items():
        write_atomic(folder / name, content)
    return report


def scorecard_of(
    plan: RunPlan, first: date, record: pd.DataFrame
) -> GuardScorecard | None:
    """Return the scorecard of a walk-forward's rows, None if none can be judged."""
    return _compute(plan, first, record)[0]


def _read_record(path: StoragePath) -> pd.DataFrame | None:
    """Return the rows of an evaluation, None if the home has none of these dates."""
    if not is_there(path):
        return None
    try:
        record = record_frame(read_bytes(path).decode())
        return record[["symbol", "as_of", "data_status", "event_skip_trading"]]
    except (ValueError, KeyError) as error:
        raise ParameterError(
            f"{path} is not a table of forecasts ({type(error).__name__})",
            "run the evaluation of these dates again, or move the file away",
        ) from error


def _require_sessions(plan: RunPlan, first: date) -> None:
    if not any(sessions_from(first, plan, code) for code in plan.sessions):
        raise ParameterError(
            f"`from` must be a session on or before {plan.as_of}, got {first}",
            "pass an earlier --from, or a later --to",
        )


def _compute(
    plan: RunPlan, first: date, record: pd.DataFrame | None
) -> tuple[GuardScorecard | None, dict[str, str]]:
    """Return the scorecard, and failures by symbol; keep its cost for the report."""
    feeds = plan.open_feeds(machine_pace(plan.settings.prices.requests_per_second))
    sources = open_event_sources(plan, feeds)
    stocks, failures = read_histories(plan, first, feeds, sources)
    if not stocks:
        return None, failures
    nights = guard_nights(stocks, first, plan.as_of, plan.settings.guard)
    if record is not None:
        nights = add_as_they_were(nights, record)
    if nights.empty:
        return None, failures
    card = _scorecard(plan, first, stocks, nights, sources)
    if card.reports:
        _write_cost(plan, nights)
    return card, failures


def _scorecard(
    plan: RunPlan,
    first: date,
    stocks: Sequence[StockHistory],
    nights: pd.DataFrame,
    sources: Sequence[EventSource],
) -> GuardScorecard:
    settings, guard = plan.settings.evaluation, plan.settings.guard
    known = known_in_time(stocks, sources, first, plan.as_of, guard)
    return GuardScorecard(
        first=date.fromisoformat(nights["as_of"].min()),
        last=date.fromisoformat(nights["as_of"].max()),
        symbols=tuple(stock.symbol for stock in stocks),
        nights=len(nights),
        reports=sum(first < r.day <= plan.as_of for s in stocks for r in s.reports),
        policies=policy_figures(nights, settings),
        intervals=interval_figures(nights, settings),
        known_in_time=known,
        contradicted_times=tuple(
            stock.symbol
            for stock in stocks
            if price_sessions(stock, standardise_stock(stock))[1]
        ),
    )


def _write_cost(plan: RunPlan, nights: pd.DataFrame) -> None:
    """Keep what the home's rule cost, for the next morning reports."""
    rule = plan.settings.guard.sit_out
    policy = REACTION if rule == "reaction" else WITH_DIVIDENDS
    cost = sit_out_cost(
        nights["as_of"].map(date.fromisoformat),
        nights["realized_return"],
        nights[policy],
        nights[LOSS],
        rule,
    )
    write_atomic(plan.home.sit_out_cost, cost.model_dump_json(indent=2))
