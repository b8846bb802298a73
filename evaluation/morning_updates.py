"""Runs past updates before the opening again: `overnight evaluate --update`.

Each morning is computed by `pipeline.lead_updates`, as a live one, with the clock at
the opening. No model is trained: the night's distributions are around 0.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pandas as pd
from pydantic import BaseModel

from config.errors import OvernightError, ParameterError
from config.settings import EvaluationSettings
from evaluation.day_bootstrap import DayBootstrap, Estimate, divide_sums
from evaluation.scorecard.histories import (
    StockHistory,
    open_event_sources,
    read_histories,
)
from evaluation.walk_forward import sessions_from
from features.windows import Floats
from market_data.lead import lead_span
from market_data.prices import CLOSE, OPEN
from market_data.sessions import next_open, next_session
from market_data.sources import Feeds
from market_data.store import PriceStore
from market_data.symbols import exchange_of
from modelling.distribution import (
    MIN_SESSIONS,
    Distribution,
    next_scales,
    ordinary_sessions,
    standardise,
)
from pipeline.index import check_index_prices, first_index_date
from pipeline.lead_updates import LeadPrices, NightStock, StockUpdate, update_stocks
from pipeline.plan import RunPlan
from pipeline.request_pace import machine_pace
from risk_guard.reactions import reaction_sessions
from screening.table import write_csv
from screening.track_record.day_sums import mark_hits
from screening.update_row import IN_THE_OPENING_PRICE
from storage.home import write_atomic
from storage.lock import one_run_at_a_time

UPDATES, FIGURES = "updates.csv", "figures.json"

OUTCOMES = ("gap", "close_to_close", "open_to_close")
"""What each update is scored on; a person who buys at the opening gets the last."""

COLUMNS = (
    *("symbol", "as_of", "forecast_session", "lead", "lead_session", "lead_return"),
    *("lead_slope", "expected_gap", "expected_move", *OUTCOMES),
    *("night_low", "night_high", "night_probability_up"),
    *("low", "high", "probability_up"),
)

UpdateStocks = Callable[
    [Sequence[NightStock], Mapping[str, LeadPrices], datetime], dict[str, StockUpdate]
]
"""The production code of an update."""


class IntervalFigures(BaseModel, frozen=True):
    """The 80 % interval and the probability of a rise, of the night or the morning."""

    coverage: Estimate
    width: Estimate
    brier_score: Estimate


class UpdateFigures(BaseModel, frozen=True):
    """Hits and errors of the updates; intervals cluster by forecast session.

    `hits` are the shares with the expected sign, and `correlations` those with the
    lead's return, by outcome. `errors` are root mean squared errors divided by those
    of "tomorrow equals today": of `expected_gap` on the gap, of slope * lead return on
    the return from close to close.
    """

    updates: int
    hits: dict[str, Estimate]
    correlations: dict[str, Estimate]
    errors: dict[str, Estimate]
    without_lead: IntervalFigures
    with_lead: IntervalFigures
    width_ratio: Estimate


class UpdateEvaluation(BaseModel, frozen=True):
    """The figures, why nights have no update, what failed, and the files written."""

    note: str = IN_THE_OPENING_PRICE
    first: date
    last: date
    symbols: tuple[str, ...]
    source: str
    figures: UpdateFigures
    without_update: dict[str, int]
    failures: dict[str, str]
    files: tuple[str, ...]


@dataclass(frozen=True)
class _Past:
    """One stock's history with what the nights know of its distribution."""

    history: StockHistory
    table: pd.DataFrame
    scales: pd.Series
    reacting: frozenset[date]

    def night(self, as_of: date) -> NightStock:
        """Return what the night of `as_of` knew: nothing dated later."""
        day = pd.Timestamp(as_of)
        bars = self.history.bars.loc[:day]
        symbol = self.history.symbol
        if bars.empty or bars.index[-1] != day:
            return NightStock(symbol, as_of, bars.iloc[:0], None, "no price")
        z = ordinary_sessions(self.table.loc[:day], self.reacting)["z"].to_numpy()
        scale = float(self.scales.loc[day])
        if len(z) < MIN_SESSIONS or not scale > 0:
            return NightStock(symbol, as_of, bars, None, "too few standardised returns")
        return NightStock(symbol, as_of, bars, Distribution(0.0, scale, z))


def evaluate_updates(
    plan: RunPlan, first: date, update: UpdateStocks = update_stocks
) -> UpdateEvaluation:
    """Run the mornings after the nights from `first` to the plan's session again.

    Raises
    ------
    OvernightError
        If no morning has an update, or the files can't be written.
    """
    feeds = plan.open_feeds(machine_pace(plan.settings.prices.requests_per_second))
    stocks, failures = read_histories(
        plan, first, feeds, open_event_sources(plan, feeds)
    )
    leads, no_leads = _read_leads(plan, first, feeds)
    rows = list(_walk(plan, first, [_past(stock) for stock in stocks], leads, update))
    record = pd.DataFrame([row for row in rows if "reason" not in row], columns=COLUMNS)
    if record.empty:
        reasons = sorted({str(row["reason"]) for row in rows}) or [*failures.values()]
        raise ParameterError(
            f"no morning from {first} to {plan.as_of} has an update: {reasons[:1]}",
            "pass other dates or symbols",
        )
    folder = plan.home.evaluations / f"{first}_{plan.as_of}_update"
    report = UpdateEvaluation(
        first=first,
        last=plan.as_of,
        symbols=tuple(stock.symbol for stock in stocks),
        source=plan.source,
        figures=update_figures(record, plan.settings.evaluation),
        without_update=_count_reasons(rows),
        failures=failures | no_leads,
        files=tuple(str(folder / name) for name in (FIGURES, UPDATES)),
    )
    write_csv(folder / UPDATES, record.to_dict("records"), COLUMNS)  # type: ignore[arg-type]
    write_atomic(folder / FIGURES, report.model_dump_json(indent=2))
    return report


def _past(stock: StockHistory) -> _Past:
    days = [
        day
        for report in stock.reports
        for day in reaction_sessions(stock.exchange, report.day, report.time)
    ]
    bars = stock.bars
    return _Past(stock, standardise(bars), next_scales(bars), frozenset(days))


def _read_leads(
    plan: RunPlan, first: date, feeds: Feeds
) -> tuple[dict[str, LeadPrices], dict[str, str]]:
    """Return each exchange's lead, and the reasons of leads without prices."""
    leads: dict[str, LeadPrices] = {}
    failures: dict[str, str] = {}
    with one_run_at_a_time(plan.home) if feeds.prices.remote else nullcontext():
        for code in plan.sessions:
            symbol = plan.settings.update.lead_of(code)
            if symbol is None:
                continue
            try:
                leads[code] = _read_lead(plan, first, feeds, code, symbol)
            except OvernightError as error:
                failures[symbol] = str(error)
    return leads, failures


def _read_lead(
    plan: RunPlan, first: date, feeds: Feeds, code: str, symbol: str
) -> LeadPrices:
    own = next(name for name in plan.symbols if exchange_of(name).code == code)
    begin = min(first_index_date(plan, own), first) - pd.DateOffset(years=3)
    last = lead_span(code, exchange_of(symbol).code, plan.sessions[code]).last
    store = PriceStore(plan.home.prices, feeds.prices, plan.settings.prices)
    frame = store.history(symbol, begin.date(), min(last, plan.run_at.date())).frame
    known = min(last, frame.index.max().date())
    bars = check_index_prices(frame, symbol, known, plan.settings.prices)
    return LeadPrices(symbol, bars)


def _walk(
    plan: RunPlan,
    first: date,
    stocks: Sequence[_Past],
    leads: Mapping[str, LeadPrices],
    update: UpdateStocks,
) -> Iterator[dict[str, object]]:
    """Yield a row per stock and morning: its update, or the `reason` for none."""
    for code in plan.sessions:
        own = [stock for stock in stocks if stock.history.exchange == code]
        for as_of in sessions_from(first, plan, code):
            clock = next_open(code, as_of)
            if not own or clock > plan.run_at:
                continue
            nights = {stock.history.symbol: stock.night(as_of) for stock in own}
            found = update([*nights.values()], leads, clock)
            for stock in own:
                yield _row(stock.history, as_of, found[stock.history.symbol])


def _row(stock: StockHistory, as_of: date, found: StockUpdate) -> dict[str, object]:
    night, morning, span = found.night, found.morning, found.span
    if span is None or night is None or morning is None or found.slope is None:
        return {"symbol": stock.symbol, "as_of": as_of, "reason": found.reason}
    session = next_session(stock.exchange, as_of)
    return {
        "symbol": stock.symbol,
        "as_of": as_of,
        "forecast_session": session,
        "lead": found.lead,
        "lead_session": span.last,
        "lead_return": found.lead_return,
        "lead_slope": found.slope,
        "expected_gap": found.expected_gap,
        "expected_move": found.slope * (found.lead_return or 0.0),
        "night_low": night.low,
        "night_high": night.high,
        "night_probability_up": night.probability_up,
        "low": morning.low,
        "high": morning.high,
        "probability_up": morning.probability_up,
    } | _outcomes(stock.bars, as_of, session)


def _outcomes(bars: pd.DataFrame, as_of: date, session: date) -> dict[str, object]:
    """Return the outcomes; NaN if one of the sessions has no row (yet)."""
    days = pd.DatetimeIndex([as_of, session])
    place = bars.index.get_indexer(days)
    if (place < 0).any():
        return dict.fromkeys(OUTCOMES, float("nan"))
    before, close = bars[CLOSE].to_numpy()[place]
    opening = bars[OPEN].to_numpy()[place[1]]
    moves = (opening / before - 1, close / before - 1, close / opening - 1)
    return dict(zip(OUTCOMES, map(float, moves), strict=True))


def _count_reasons(rows: Sequence[Mapping[str, object]]) -> dict[str, int]:
    """Return how many rows have no update, by the reason without its dates."""
    reasons = pd.Series([str(row["reason"]) for row in rows if "reason" in row])
    if reasons.empty:
        return {}
    shared = reasons.str.replace(r":.*|\d{4}-\d\d-\d\d", "", regex=True)
    shared = shared.str.replace(r"\d+ pairs", "too few pairs", regex=True)
    counts = shared.str.split().str.join(" ").value_counts()
    return {str(reason): int(count) for reason, count in counts.items()}


def update_figures(record: pd.DataFrame, settings: EvaluationSettings) -> UpdateFigures:
    """Return the figures of the updates' rows (`COLUMNS`)."""
    boot, days = DayBootstrap(settings), record["forecast_session"]
    expected = {
        "gap": record["expected_gap"],
        "close_to_close": record["expected_move"],
        "open_to_close": record["expected_move"],
    }
    width = pd.DataFrame(
        {
            "with": record["high"] - record["low"],
            "without": record["night_high"] - record["night_low"],
        }
    )
    return UpdateFigures(
        updates=len(record),
        hits={
            name: boot.mean(mark_hits(np.sign(values), record[name]), days)
            for name, values in expected.items()
        },
        correlations={
            name: boot.estimate(
                _moments(record["lead_return"], record[name]), days, _correlation
            )
            for name in OUTCOMES
        },
        errors={
            name: boot.estimate(_squares(record[name], expected[name]), days, _ratio)
            for name in ("gap", "close_to_close")
        },
        without_lead=_interval_figures(boot, record, "night_"),
        with_lead=_interval_figures(boot, record, ""),
        width_ratio=boot.estimate(width, days, divide_sums),
    )


def _interval_figures(
    boot: DayBootstrap, record: pd.DataFrame, prefix: str
) -> IntervalFigures:
    days, outcome = record["forecast_session"], record["close_to_close"]
    low, high = record[f"{prefix}low"], record[f"{prefix}high"]
    inside = outcome.between(low, high).astype(float).where(outcome.notna())
    up = (outcome > 0).astype(float).where(outcome.notna())
    return IntervalFigures(
        coverage=boot.mean(inside, days),
        width=boot.mean((high - low).where(outcome.notna()), days),
        brier_score=boot.mean((record[f"{prefix}probability_up"] - up) ** 2, days),
    )


def _squares(outcome: pd.Series, expected: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"error": (outcome - expected) ** 2, "plain": outcome**2})


def _ratio(sums: Floats) -> Floats:
    return np.sqrt(divide_sums(sums))


def _moments(left: pd.Series, right: pd.Series) -> pd.DataFrame:
    products = {"xy": left * right, "xx": left**2, "yy": right**2}
    return pd.DataFrame({"n": 1.0, "x": left, "y": right, **products})


def _correlation(sums: Floats) -> Floats:
    """Return Pearson's correlation of sums of `_moments`, shape (..., 6)."""
    n, x, y, xy, xx, yy = np.moveaxis(sums, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((n * xy - x * y) / np.sqrt((n * xx - x**2) * (n * yy - y**2)))
