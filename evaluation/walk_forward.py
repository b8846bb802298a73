"""Runs past nights one after the other, with the stages of a live night.

A block is one symbol's nights from a refit to the next. One process trains on what was
known at the block's first session, and forecasts each night. All files are in a
temporary home, so no live model is read or written.
"""

import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from itertools import batched
from pathlib import Path

from config.errors import NoNews, ParameterError, SymbolError, TooShort
from evaluation.baselines import Baselines, fit_baselines
from evaluation.forecast_record import (
    market_columns,
    realized_return,
    record_forecast,
)
from evaluation.interval_baselines import (
    GarchParameters,
    fit_garch,
    garch_notices,
    interval_columns,
)
from evaluation.past_night import (
    UNGUARDED,
    PrefetchedHeadlines,
    PrefetchedPrices,
    plan_past_night,
)
from market_data.prices import CLOSE
from market_data.sessions import as_of_session, next_session, sessions_between
from market_data.sources import Feeds
from market_data.store import PriceStore
from market_data.symbols import exchange_of, file_of_user, file_stem
from modelling.forecasting import Forecast
from modelling.jobs import train_symbol
from modelling.model_metadata import ModelMetadata
from pipeline.index import first_index_date
from pipeline.plan import RunPlan
from pipeline.request_pace import machine_pace
from pipeline.run import plain_stages
from pipeline.sources import calendar_notices, night_calendars, open_sources
from pipeline.symbol import screen_all
from pipeline.train import training_job
from risk_guard.calendar_file import is_same_calendar
from screening.findings import IndicatorFindings, SymbolFindings
from screening.row import Row, build_row
from screening.tradable import without_trading_limits
from storage.home import Home, write_atomic
from storage.lock import one_run_at_a_time
from storage.paths import StoragePath, read_bytes, remove_tree
from storage.tables import read_table
from workers.pools import open_local_pool
from workers.process_pool import OnEpoch, WorkerPool

OnBlock = Callable[[int, int], None]
"""Called with the number of blocks done and of blocks planned."""


@dataclass(frozen=True)
class PrefetchedSymbol:
    """One symbol's data, fetched once for all nights.

    `prices` holds the symbol and its exchange's index. `headlines` is None if the
    source has no headlines.
    """

    symbol: str
    prices: PrefetchedPrices
    headlines: PrefetchedHeadlines | None


@dataclass(frozen=True)
class RefitBlock:
    """One symbol's nights from a refit to the next; `sessions` are as-of sessions."""

    plan: RunPlan
    prefetched: PrefetchedSymbol
    sessions: tuple[date, ...]


@dataclass(frozen=True)
class WalkForwardResult:
    """Forecast records and trained models of past nights.

    `failures` holds, by symbol, a reason for which rows are missing. `notices` are
    sentences for the user.
    """

    rows: tuple[Row, ...] = ()
    models: tuple[ModelMetadata, ...] = ()
    failures: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    def __add__(self, other: "WalkForwardResult") -> "WalkForwardResult":
        """Return both results together."""
        return WalkForwardResult(
            (*self.rows, *other.rows),
            (*self.models, *other.models),
            {**self.failures, **other.failures},
            (*self.notices, *other.notices),
        )


class _Progress:
    """Counts the blocks that all threads finished; `close` prevents further blocks."""

    def __init__(self, planned: int, on_block: OnBlock) -> None:
        self._planned, self._on_block = planned, on_block
        self._done, self._lock = 0, threading.Lock()
        self.stopped = threading.Event()

    def close(self) -> None:
        self.stopped.set()

    def count_block(self) -> None:
        with self._lock:
            self._done += 1
            self._on_block(self._done, self._planned)


def walk_forward(
    plan: RunPlan,
    first: date,
    refit_sessions: int,
    on_block: OnBlock = lambda *_: None,
    pool: WorkerPool | None = None,
) -> WalkForwardResult:
    """Return the records of the nights from `first` to the plan's own sessions.

    A model is trained every `refit_sessions` sessions, in the processes of `pool`,
    which stays open, or else in processes of the evaluation's own.

    Raises
    ------
    ParameterError
        If no session lies between the two dates.
    """
    _require_sessions(plan, first)
    symbols, failures = _fetch_symbols(plan, first)
    with tempfile.TemporaryDirectory(prefix="overnight-") as folder:
        blocks = [
            _split_into_blocks(
                use_own_home(plan, Path(folder), prefetched.symbol),
                prefetched,
                first,
                refit_sessions,
            )
            for prefetched in symbols
        ]
        progress = _Progress(sum(map(len, blocks)), on_block)
        opened, notices = _open_pool(plan, len(blocks), pool)
        # Progress closes before the pool, whose ending processes look like failures.
        with ThreadPoolExecutor() as threads, opened as used, closing(progress):
            parts = list(threads.map(partial(_walk_symbol, used, progress), blocks))
    calendars = calendar_notices(night_calendars(plan), plan)
    notices = (*notices, *calendars, *garch_notices())
    return sum(parts, WalkForwardResult(failures=failures, notices=notices))


def _require_sessions(plan: RunPlan, first: date) -> None:
    if not any(sessions_from(first, plan, code) for code in plan.sessions):
        raise ParameterError(
            f"`from` must be a session on or before {plan.as_of}, got {first}",
            "pass an earlier --from, or a later --to",
        )


def _open_pool(
    plan: RunPlan, symbols: int, pool: WorkerPool | None
) -> tuple[AbstractContextManager[WorkerPool], tuple[str, ...]]:
    """Return `pool`, or new processes for so many symbols; and sentences about them."""
    if pool:
        return nullcontext(pool), ()
    return open_local_pool(plan.settings, max(1, symbols))


def sessions_from(first: date, plan: RunPlan, exchange: str) -> list[date]:
    """Return the as-of sessions of the exchange from `first` to the plan's own."""
    between = sessions_between(exchange, first, plan.sessions[exchange])
    return [session.date() for session in between]


def _fetch_symbols(
    plan: RunPlan, first: date
) -> tuple[list[PrefetchedSymbol], dict[str, str]]:
    """Fetch each symbol once; return the fetched symbols, and failures by symbol.

    The home is locked only if the source's prices are stored in it.
    """
    feeds = plan.open_feeds(machine_pace(plan.settings.prices.requests_per_second))
    fetched: list[PrefetchedSymbol] = []
    failures: dict[str, str] = {}
    with one_run_at_a_time(plan.home) if feeds.prices.remote else nullcontext():
        for symbol in plan.symbols:
            try:
                fetched.append(_fetch_symbol(plan, feeds, symbol, first))
            except SymbolError as error:
                failures[symbol] = str(error)
    return fetched, failures


def _fetch_symbol(
    plan: RunPlan, feeds: Feeds, symbol: str, first: date
) -> PrefetchedSymbol:
    """Fetch prices up to the session after the last night, index, and headlines."""
    exchange, as_of = exchange_of(symbol), plan.as_of_for(symbol)
    start, last = history_span(plan, symbol, first)
    night = plan_past_night(plan, symbol, sessions_from(first, plan, exchange.code)[0])
    store = PriceStore(plan.home.prices, feeds.prices, plan.settings.prices)
    histories = {symbol: store.history(symbol, start, last)}
    failures: dict[str, SymbolError] = {}
    try:
        begin = first_index_date(night, symbol)
        histories[exchange.index] = store.history(exchange.index, begin, as_of)
    except SymbolError as error:
        failures[exchange.index] = error
    prices = PrefetchedPrices(histories, failures)
    return PrefetchedSymbol(symbol, prices, _fetch_headlines(feeds, symbol))


def history_span(plan: RunPlan, symbol: str, first: date) -> tuple[date, date]:
    """Return the first day of prices that the nights from `first` need, and the last.

    The last is the session after the last night, if it is completed.

    Raises
    ------
    TooShort
        If no session lies between the two dates.
    """
    exchange, as_of = exchange_of(symbol).code, plan.as_of_for(symbol)
    sessions = sessions_from(first, plan, exchange)
    if not sessions:
        raise TooShort(
            f"{exchange} has no session from {first} to {as_of}",
            "pass an earlier --from, or a later --to",
        )
    start = plan_past_night(plan, symbol, sessions[0]).first_date(symbol)
    after = min(next_session(exchange, as_of), plan.run_at.date())
    # A session that is still open has no close and so no return.
    return start, max(as_of, as_of_session(exchange, after, plan.run_at))


def _fetch_headlines(feeds: Feeds, symbol: str) -> PrefetchedHeadlines | None:
    if feeds.headlines is None:
        return None
    if feeds.yahoo:
        failure = NoNews("Yahoo has no headlines of past nights")
        return PrefetchedHeadlines(None, failure)
    try:
        return PrefetchedHeadlines(feeds.headlines.fetch(symbol))
    except SymbolError as error:
        return PrefetchedHeadlines(None, error)


def use_own_home(plan: RunPlan, folder: Path, symbol: str) -> RunPlan:
    """Return the plan with a home of the symbol's own, and copy the events into it.

    The events are the user's calendar and what sources gave on live nights. Those in
    the folder source's folder are read from there. If that folder is the home, the own
    home takes its place, because copy and original would both be read.
    """
    root = folder / file_stem(symbol)
    root.mkdir()
    own = Home(root)
    if is_same_calendar(plan.home.event_calendar, plan.folder):
        plan = _move_folder(plan, root, symbol)
    stored = f"{file_stem(symbol)}.json"
    _copy_if_readable(plan.home.event_calendar, own.event_calendar)
    _copy_if_readable(plan.home.seen_events / stored, own.seen_events / stored)
    _copy_if_readable(plan.home.past_earnings / stored, own.past_earnings / stored)
    return replace(plan, home=own)


def _move_folder(plan: RunPlan, own: Path, symbol: str) -> RunPlan:
    """Return the plan with `own` as its folder, and copy the symbol's facts into it."""
    if plan.folder:
        facts = file_of_user(plan.folder / "events", symbol, ".json")
        _copy_if_readable(facts, own / "events" / facts.name)
    return replace(plan, folder=own)


def _copy_if_readable(source: StoragePath, target: StoragePath) -> None:
    with suppress(OSError):
        write_atomic(target, read_bytes(source))


def _split_into_blocks(
    plan: RunPlan, prefetched: PrefetchedSymbol, first: date, refit_sessions: int
) -> list[RefitBlock]:
    sessions = sessions_from(first, plan, exchange_of(prefetched.symbol).code)
    return [
        RefitBlock(plan, prefetched, part) for part in batched(sessions, refit_sessions)
    ]


def _walk_symbol(
    pool: WorkerPool, progress: _Progress, blocks: Sequence[RefitBlock]
) -> WalkForwardResult:
    """Run a symbol's blocks in order; a block whose process died loses its own rows."""
    result = WalkForwardResult()
    for block in blocks:
        if progress.stopped.is_set():
            break
        try:
            result += pool.run(walk_block, block)
        except SymbolError as error:
            failures = {block.prefetched.symbol: str(error)}
            result += WalkForwardResult(failures=failures)
        progress.count_block()
    return result


def walk_block(
    block: RefitBlock, on_epoch: OnEpoch = lambda _: None
) -> WalkForwardResult:
    """Train at the block's first night that has prices, and run all its nights."""
    symbol, prices = block.prefetched.symbol, block.prefetched.prices
    first = plan_past_night(block.plan, symbol, block.sessions[0])
    # With the whole list: its US stocks show which tickers of a calendar lack a suffix.
    whole_list = replace(first, symbols=block.plan.symbols)
    sources = open_sources(whole_list, Feeds(prices, block.prefetched.headlines))
    refit = _Refit(block.plan, on_epoch)
    rows: list[Row] = []
    trained: list[ModelMetadata] = []
    for session in block.sessions:
        plan = plan_past_night(block.plan, symbol, session)
        train_once = partial(refit.train_once, plan.run_at)
        stages = plain_stages(plan, prices, sources, train_once)
        (found,), _ = screen_all(plan, stages)
        rows.append(_build_record(plan, found, prices, refit))
        trained += [found.trained] if found.trained else []
        remove_tree(plan.tables)
    return WalkForwardResult(tuple(rows), tuple(trained))


class _Refit:
    """The one training of a block, and the baselines fitted on the same rows."""

    def __init__(self, plan: RunPlan, on_epoch: OnEpoch) -> None:
        self.baselines: Baselines | None = None
        self.garch: GarchParameters | None = None
        self._plan, self._on_epoch = plan, on_epoch
        self._started = False

    def train_once(
        self, at: datetime, symbol: str, indicators: IndicatorFindings
    ) -> ModelMetadata | None:
        """Train the symbol's model on the first call; return None on later calls."""
        if self._started:
            return None
        self._started = True
        plan = self._plan
        job = replace(training_job(plan, symbol, indicators), trained_at=at)
        trained = train_symbol(job, self._on_epoch)
        table = read_table(indicators.path)
        self.baselines = fit_baselines(table, plan.parameters, plan.settings.evaluation)
        self.garch = fit_garch(table[CLOSE])
        return trained


def _build_record(
    plan: RunPlan, found: SymbolFindings, prices: PrefetchedPrices, refit: _Refit
) -> Row:
    settings, history = plan.settings.blend, prices.histories[found.symbol]
    untradable = build_row(found, plan.run_at, without_trading_limits(settings))
    forecasts, intervals = _compared(found, refit)
    return record_forecast(
        build_row(found, plan.run_at, settings)
        | {"prediction_with_untradable": untradable.get("prediction")}
        | market_columns(found.market.state)
        | intervals,
        build_row(replace(found, events=UNGUARDED), plan.run_at, settings),
        realized_return(history.frame, found.as_of, found.forecast_session),
        forecasts,
    )


def _compared(found: SymbolFindings, refit: _Refit) -> tuple[dict[str, Forecast], Row]:
    """Return the baselines' forecasts, and the columns of the compared intervals."""
    if found.indicators is None:
        return {}, {}
    table = read_table(found.indicators.path)
    forecasts: dict[str, Forecast] = {}
    if refit.baselines:
        # The row's `reason` holds the same problem, from the LSTM.
        with suppress(SymbolError):
            forecasts = refit.baselines.forecasts(table)
    return forecasts, interval_columns(found, table[CLOSE], refit.garch, forecasts)
