"""One morning without Prefect: the update of a published night (SPEC 12).

Reads the night's rows and tables, fetches the lead's closes, asks the calendars again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from config.errors import OvernightError, SymbolError
from market_data.lead import lead_span
from market_data.prices import CLOSE, through
from market_data.sources import Feeds, PriceSource
from market_data.store import PriceStore
from market_data.symbols import exchange_of
from modelling.distribution import Distribution
from pipeline.attempt import attempt
from pipeline.distributions import MIXTURE, ORDINARY, REACTION
from pipeline.distributions import STAGE as DISTRIBUTION
from pipeline.download import STAGE as PRICES
from pipeline.earlier_runs import read_kept_findings
from pipeline.events import events
from pipeline.index import check_index_prices
from pipeline.lead_updates import LeadPrices, NightStock, StockUpdate, update_stocks
from pipeline.sources import NewsAndEventSources, open_sources
from pipeline.update_plan import Cells, MorningPlan
from risk_guard.assessment import EventAssessment, assess
from risk_guard.market_context import MarketContext
from screening.findings import SymbolFindings
from screening.update_row import Row, night_part, with_changes
from storage.tables import read_signed

DRAWN = {"yes": REACTION, "possible": MIXTURE}
"""Rows of the distribution's table with the outcomes, by `event_reaction`."""

SAME = 1e-9
"""Largest difference of an interval's end between the night's table and its row."""

DAYS_BEFORE = 14
"""Days of the lead before the first bar of a stock, for its first pair."""


@dataclass(frozen=True)
class MorningUpdate:
    """The rows of an update in the night's order, and sentences for the user."""

    rows: tuple[Row, ...]
    notices: tuple[str, ...] = ()

    @property
    def updated(self) -> tuple[Row, ...]:
        """Return the rows that have an update."""
        return tuple(row for row in self.rows if row.get("lead_return") is not None)


def update_morning(plan: MorningPlan, feeds: Feeds) -> MorningUpdate:
    """Return the update of every row of the night, or why it has none."""
    stocks = {row["symbol"]: read_stock(plan, row) for row in plan.rows}
    open_rows = [row for row in plan.rows if row["symbol"] not in plan.blocked]
    updates = _updates(plan, [stocks[row["symbol"]] for row in open_rows], feeds.prices)
    sources, failure = attempt(open_sources, plan.night, feeds)
    assessed = {
        row["symbol"]: ask_events(plan, sources, row) for row in open_rows if sources
    }
    rows = tuple(_row(plan, row, updates, assessed) for row in plan.rows)
    return MorningUpdate(rows, (failure,) if failure else ())


def read_stock(plan: MorningPlan, row: Cells) -> NightStock:
    """Return what the night knew of the row's stock; a fault becomes its reason."""
    symbol, as_of = row["symbol"], date.fromisoformat(row["as_of"])
    if row["data_status"] == "failed":
        return NightStock(symbol, as_of, pd.DataFrame(), None, "it failed on the night")
    bars, no_bars = attempt(_read_bars, plan, symbol, as_of)
    found, reason = attempt(_read_distribution, plan, row)
    bars = pd.DataFrame() if bars is None else bars
    return NightStock(symbol, as_of, bars, found, no_bars or reason)


def _read_bars(plan: MorningPlan, symbol: str, as_of: date) -> pd.DataFrame:
    path = plan.night.table(PRICES, symbol)
    bars = through(read_signed(path, symbol=symbol, stage=PRICES), as_of)
    if bars.empty or bars.index[-1].date() != as_of:
        raise SymbolError(f"the night's prices of {symbol} do not reach {as_of}")
    return bars


def _read_distribution(plan: MorningPlan, row: Cells) -> Distribution:
    """Return the distribution of the row, from the night's table of its z."""
    symbol = row["symbol"]
    if not row["return_scale"] or not row["predicted_return_low"]:
        raise SymbolError("the night has no distribution of its return")
    path = plan.night.table(DISTRIBUTION, symbol)
    table = read_signed(path, symbol=symbol, stage=DISTRIBUTION)
    kind = DRAWN.get(row["event_reaction"], ORDINARY)
    if kind not in table:
        raise SymbolError("the night's table has no outcomes of a reaction session")
    z = table.loc[table[kind], "z"].to_numpy(np.float64)
    centre, scale = float(row["predicted_return"] or 0), float(row["return_scale"])
    found = Distribution(centre, scale, z)
    if abs(found.low - float(row["predicted_return_low"])) > SAME:
        raise SymbolError("the night's table of its distribution is of another run")
    return found


def _updates(
    plan: MorningPlan, stocks: Sequence[NightStock], prices: PriceSource
) -> dict[str, StockUpdate]:
    """Return the updates; the stocks of one clock are updated together."""
    found: dict[str, StockUpdate] = {}
    clocks = {stock.symbol: plan.clock(stock.symbol, stock.as_of) for stock in stocks}
    for clock in sorted(set(clocks.values())):
        group = [stock for stock in stocks if clocks[stock.symbol] == clock]
        lead_of = plan.night.settings.update.lead_of
        leads = {
            code: fetch_lead(plan, group, code, lead, prices)
            for code in sorted({stock.exchange for stock in group})
            if (lead := lead_of(code))
        }
        found |= update_stocks(group, leads, clock)
    return found


def fetch_lead(
    plan: MorningPlan,
    stocks: Sequence[NightStock],
    code: str,
    symbol: str,
    prices: PriceSource,
) -> LeadPrices:
    """Return the checked prices of `symbol`, the lead of the exchange `code`.

    They end with the last session that is used. If the lead can't be used at the clock
    of the stocks, nothing is fetched.
    """
    own = [stock for stock in stocks if stock.exchange == code]
    lead = exchange_of(symbol).code
    spans = [
        span
        for stock in own
        if not (span := lead_span(code, lead, stock.as_of)).why_unusable(
            plan.clock(stock.symbol, stock.as_of)
        )
    ]
    firsts = [stock.bars.index[0].date() for stock in own if len(stock.bars)]
    if not spans or not firsts:
        return LeadPrices(symbol, reason="" if firsts else "no stock has prices")
    first, last = min(firsts) - timedelta(DAYS_BEFORE), max(span.last for span in spans)
    settings = plan.night.settings.prices
    store = PriceStore(plan.night.home.prices, prices, settings)
    try:
        frame = store.history(symbol, first, last).frame
        bars = check_index_prices(frame, symbol, last, settings)
    except OvernightError as error:
        return LeadPrices(symbol, reason=str(error))
    return LeadPrices(symbol, bars)


def ask_events(
    plan: MorningPlan, sources: NewsAndEventSources, row: Cells
) -> EventAssessment | None:
    """Return what the calendars say now; None if the assessment fails.

    News and volatility are those of the night: they change no event.
    """
    symbol, as_of = row["symbol"], date.fromisoformat(row["as_of"])
    stored = read_kept_findings(plan.night.tables, [dict(row)]).get(symbol)
    found, _ = attempt(_assess, plan, sources, symbol, as_of, stored)
    return found


def _assess(
    plan: MorningPlan,
    sources: NewsAndEventSources,
    symbol: str,
    as_of: date,
    stored: SymbolFindings | None,
) -> EventAssessment:
    prices = stored.prices if stored else None
    known = events(plan.night, sources, symbol, prices)
    guard, code = plan.night.settings.guard, exchange_of(symbol).code
    return assess(known, code, as_of, MarketContext(), guard)


def _row(
    plan: MorningPlan,
    night: Cells,
    updates: Mapping[str, StockUpdate],
    assessed: Mapping[str, EventAssessment | None],
) -> Row:
    symbol = night["symbol"]
    update, events_now = updates.get(symbol), assessed.get(symbol)
    row = night_part(night) | {
        "run_at": plan.night.run_at.isoformat(timespec="seconds"),
        "live": plan.is_live(night),
        "reason": plan.blocked.get(symbol),
    }
    if update:
        row |= _numbers(night, update) | {"reason": update.reason or None}
    if events_now:
        row |= _event_part(events_now)
    return with_changes(row)


def _numbers(night: Cells, update: StockUpdate) -> Row:
    """Return the columns of the lead, the slopes and the distributions."""
    span, fit, gap_fit = update.span, update.fit, update.gap_fit
    row: Row = {"lead": update.lead or None}
    if span and span.closed:
        row |= {"lead_base_session": span.base, "lead_session": span.last}
    if fit is None or gap_fit is None or update.expected_gap is None:
        return row
    row |= {
        "lead_return": update.lead_return,
        "lead_pairs": fit.pairs,
        "fitted_slope": fit.slope,
        "slope_shrinkage": update.shrinkage,
        "lead_slope": update.slope,
        "lead_r2": update.explained,
        "fitted_gap_slope": gap_fit.slope,
        "gap_slope_shrinkage": update.gap_shrinkage,
        "lead_gap_slope": update.gap_slope,
        "expected_gap": update.expected_gap,
        "expected_open": float(night[CLOSE]) * (1 + update.expected_gap),
    }
    after = update.morning
    if after:
        row |= {
            "predicted_return": after.centre,
            "predicted_return_low": after.low,
            "predicted_return_high": after.high,
            "probability_up": after.probability_up,
            "return_scale": after.scale,
        }
    return row


def _event_part(found: EventAssessment) -> Row:
    event = found.event
    dated = event is not None and not event.is_window
    return {
        "event_status": found.status,
        "event_type": event.type if event else None,
        "event_date": event.first if event and dated else None,
        "event_skip_trading": found.sit_out,
    }
