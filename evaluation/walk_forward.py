"""Past nights, one after the other, with the production code path.

A block is one symbol from a refit to the session before the next: one process trains
as of its first session and forecasts each. Everything happens in a home of its own,
which is gone afterwards; no live model is read or written.
"""

import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Self

from config.errors import ParameterError, SymbolError, TooShort
from evaluation.baselines import Baselines, fit_baselines
from evaluation.forecast_record import realized_return, record_forecast
from evaluation.past_night import (
    UNGUARDED,
    PrefetchedHeadlines,
    PrefetchedPrices,
    night_of,
)
from market_data.prices import PriceHistory
from market_data.sessions import as_of_session, next_session, sessions_between
from market_data.sources import Feeds
from market_data.store import PriceStore
from market_data.symbols import exchange_of, file_stem
from modelling.forecasting import Forecast
from modelling.jobs import Forecaster, TrainingJob, train_symbol
from modelling.model_metadata import ModelMetadata
from pipeline.forecast import Forecaster as AskForecast
from pipeline.plan import RunPlan
from pipeline.request_pace import machine_pace
from pipeline.run import plain_stages
from pipeline.sources import calendar_notices, night_calendars, open_sources
from pipeline.symbol import screen_all
from risk_guard.calendar_file import is_same_calendar
from screening.findings import IndicatorFindings, SymbolFindings
from screening.row import Row, build_row
from storage.home import Home, write_file_atomic
from storage.lock import one_run_at_a_time
from storage.paths import StoragePath, read_bytes, remove_tree
from storage.tables import read_table
from workers.pools import open_local_pool
from workers.process_pool import OnEpoch, WorkerPool

OnBlock = Callable[[int, int], None]
"""Told blocks done and blocks planned."""


@dataclass(frozen=True)
class PrefetchedSymbol:
    """What a source has of one symbol, fetched once for all nights."""

    symbol: str
    prices: PriceHistory
    headlines: PrefetchedHeadlines | None
    index: PriceHistory | None = None
    index_reason: str = ""

    @property
    def source(self) -> PrefetchedPrices:
        """Return the prices of the symbol and its index as a source."""
        index = exchange_of(self.symbol).index
        if self.index is None:
            return PrefetchedPrices(
                {self.symbol: self.prices}, {index: self.index_reason}
            )
        return PrefetchedPrices({self.symbol: self.prices, index: self.index})


@dataclass(frozen=True)
class RefitBlock:
    """One symbol's nights from a refit on; `sessions` are their as-of sessions."""

    plan: RunPlan
    held: PrefetchedSymbol
    sessions: tuple[date, ...]


@dataclass(frozen=True)
class WalkForwardResult:
    """What came of past nights: records, the models trained, and what went wrong.

    `failures` are reasons by symbol that cost rows.
    """

    rows: tuple[Row, ...] = ()
    models: tuple[ModelMetadata, ...] = ()
    failures: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    def __add__(self, other: "WalkForwardResult") -> "WalkForwardResult":
        """Return both together."""
        return WalkForwardResult(
            (*self.rows, *other.rows),
            (*self.models, *other.models),
            {**self.failures, **other.failures},
            (*self.notices, *other.notices),
        )


class _Told:
    """How far the walk is, told from many threads; none begins a block once it ends."""

    def __init__(self, planned: int, on_block: OnBlock) -> None:
        self.planned, self._on_block = planned, on_block
        self._done, self._lock = 0, threading.Lock()
        self.stopped = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Before the slots close: their processes' ends look like a block's failure.
        self.stopped.set()

    def one_more(self) -> None:
        with self._lock:
            self._done += 1
            self._on_block(self._done, self.planned)


def walk_forward(
    plan: RunPlan,
    first: date,
    refit_sessions: int,
    on_block: OnBlock = lambda *_: None,
) -> WalkForwardResult:
    """Return the records of the nights from `first` to the night's own sessions.

    Raises
    ------
    ParameterError
        If no session lies between the two.
    """
    if not any(_sessions(plan, code, first) for code in plan.sessions):
        raise ParameterError(
            f"`from` must be a session on or before {plan.as_of}, got {first}."
        )
    held, failed = _held(plan, first)
    with tempfile.TemporaryDirectory(prefix="overnight-") as folder:
        plans = [
            _blocks(
                _at_home(plan, Path(folder), one.symbol), one, first, refit_sessions
            )
            for one in held
        ]
        told = _Told(sum(map(len, plans)), on_block)
        pool, notices = open_local_pool(plan.settings, max(1, len(plans)))
        with ThreadPoolExecutor() as threads, pool, told:
            parts = list(threads.map(partial(_walked, pool, told), plans))
    notices = (*notices, *calendar_notices(night_calendars(plan), plan))
    return sum(parts, WalkForwardResult(failures=failed, notices=notices))


def _sessions(plan: RunPlan, exchange: str, first: date) -> list[date]:
    between = sessions_between(exchange, first, plan.sessions[exchange])
    return [session.date() for session in between]


def _held(plan: RunPlan, first: date) -> tuple[list[PrefetchedSymbol], dict[str, str]]:
    """Fetch each symbol once, up to the session after the last night's.

    The home is taken only while a source is asked whose prices are stored there.
    """
    feeds = plan.open_feeds(machine_pace(plan.settings.prices.requests_per_second))
    found: list[PrefetchedSymbol] = []
    failed: dict[str, str] = {}
    alone = one_run_at_a_time(plan.home) if feeds.prices.remote else nullcontext()
    with alone:
        for symbol in plan.symbols:
            try:
                found.append(_fetched(plan, feeds, symbol, first))
            except SymbolError as error:
                failed[symbol] = str(error)
    return found, failed


def _fetched(plan: RunPlan, feeds: Feeds, symbol: str, first: date) -> PrefetchedSymbol:
    exchange, as_of = exchange_of(symbol).code, plan.as_of_for(symbol)
    sessions = _sessions(plan, exchange, first)
    if not sessions:
        raise TooShort(f"{exchange} must have a session from {first} to {as_of}.")
    start = night_of(plan, symbol, sessions[0])
    after = min(next_session(exchange, as_of), plan.run_at.date())
    # Today's bar is no return yet while the session runs.
    last = max(as_of, as_of_session(exchange, after, plan.run_at))
    store = PriceStore(plan.home.prices, feeds.prices, plan.settings.prices)
    prices = store.history(symbol, start.first_date(symbol), last)
    index, why = _index(store, exchange_of(symbol).index, start, as_of)
    return PrefetchedSymbol(symbol, prices, _headlines(feeds, symbol), index, why)


def _index(
    store: PriceStore, symbol: str, start: RunPlan, as_of: date
) -> tuple[PriceHistory | None, str]:
    """Return the index' history up to `as_of`, or None and the reason."""
    try:
        return store.history(symbol, start.first_date(symbol), as_of), ""
    except SymbolError as error:
        return None, str(error)


def _headlines(feeds: Feeds, symbol: str) -> PrefetchedHeadlines | None:
    if feeds.headlines is None:
        return None
    if feeds.yahoo:
        return PrefetchedHeadlines(None, "Yahoo has no headlines of past nights")
    try:
        return PrefetchedHeadlines(feeds.headlines.fetch(symbol))
    except SymbolError as error:
        return PrefetchedHeadlines(None, str(error))


def _at_home(plan: RunPlan, folder: Path, symbol: str) -> RunPlan:
    """Return the night in a home of the symbol's own, with its events copied there.

    Those are the user's calendar and what sources said on live nights. The calendar in
    the folder source's folder is read there.
    """
    own = Home(folder / file_stem(symbol))
    own.root.mkdir()
    if is_same_calendar(plan.home.event_calendar, plan.folder):
        plan = replace(plan, folder=None)  # The copy is no longer the same file.
    stored = f"{file_stem(symbol)}.json"
    _copy(plan.home.event_calendar, own.event_calendar)
    _copy(plan.home.seen_events / stored, own.seen_events / stored)
    return replace(plan, home=own)


def _copy(source: StoragePath, target: StoragePath) -> None:
    """Copy a file if it is there and can be read."""
    with suppress(OSError):
        content = read_bytes(source)
        write_file_atomic(target, lambda new: new.write_bytes(content))


def _blocks(
    plan: RunPlan, held: PrefetchedSymbol, first: date, refit_sessions: int
) -> list[RefitBlock]:
    sessions = _sessions(plan, exchange_of(held.symbol).code, first)
    starts = range(0, len(sessions), refit_sessions)
    return [
        RefitBlock(plan, held, tuple(sessions[start : start + refit_sessions]))
        for start in starts
    ]


def _walked(
    pool: WorkerPool, told: _Told, blocks: Sequence[RefitBlock]
) -> WalkForwardResult:
    """Walk a symbol's blocks in order; one whose process died costs its own rows."""
    answer = WalkForwardResult()
    for block in blocks:
        if told.stopped.is_set():
            break
        try:
            answer += pool.run(walk_block, block)
        except SymbolError as error:
            answer += WalkForwardResult(failures={block.held.symbol: str(error)})
        told.one_more()
    return answer


def walk_block(
    block: RefitBlock, on_epoch: OnEpoch = lambda _: None
) -> WalkForwardResult:
    """Train as of the block's first night that has prices, and run all its nights."""
    held, source = block.held, block.held.source
    first = night_of(block.plan, held.symbol, block.sessions[0])
    # With the whole list: its US stocks explain a ticker without suffix.
    listed = replace(first, symbols=block.plan.symbols)
    sources = open_sources(listed, Feeds(source, held.headlines))
    forecaster = Forecaster(block.plan.registry())
    refit, answer = _Refit(block.plan, on_epoch), WalkForwardResult()
    for session in block.sessions:
        plan = night_of(block.plan, held.symbol, session)
        train = partial(refit.train, plan.run_at)
        stages = plain_stages(plan, source, sources, train, _asking(forecaster))
        (found,), _ = screen_all(plan, stages)
        answer += WalkForwardResult(
            rows=(_record(plan, found, held.prices, refit.baselines),)
        )
        answer += WalkForwardResult(models=(found.trained,) if found.trained else ())
        remove_tree(plan.tables)
    return answer


def _asking(models: Forecaster) -> AskForecast:
    return lambda metadata, table: models.forecast(metadata, read_table(table.path))


class _Refit:
    """The one training of a block, and the baselines that are fitted beside it."""

    def __init__(self, plan: RunPlan, on_epoch: OnEpoch) -> None:
        """Train nothing yet."""
        self.baselines: Baselines | None = None
        self._plan, self._on_epoch = plan, on_epoch
        self._done = False

    def train(
        self, at: datetime, symbol: str, indicators: IndicatorFindings
    ) -> ModelMetadata | None:
        """Train the symbol's model as a worker process does, the first time only."""
        if self._done:
            return None
        self._done = True
        plan = self._plan
        job = TrainingJob(
            symbol=symbol,
            indicators=indicators.path,
            price_source=plan.source,
            models=plan.home.models,
            parameters=plan.parameters,
            settings=plan.settings.models,
            trained_at=at,
        )
        trained = train_symbol(job, self._on_epoch)
        table = read_table(indicators.path)
        self.baselines = fit_baselines(table, plan.parameters, plan.settings.evaluation)
        return trained


def _record(
    plan: RunPlan, found: SymbolFindings, prices: PriceHistory, plain: Baselines | None
) -> Row:
    settings = plan.settings.blend
    row = build_row(found, plan.run_at, settings)
    unguarded = build_row(replace(found, events=UNGUARDED), plan.run_at, settings)
    came = realized_return(prices.frame, found.as_of, found.forecast_session)
    return record_forecast(row, unguarded, came, _plain_forecasts(found, plain))


def _plain_forecasts(
    found: SymbolFindings, plain: Baselines | None
) -> dict[str, Forecast]:
    if plain is None or found.indicators is None:
        return {}
    try:
        return plain.forecasts(read_table(found.indicators.path))
    except SymbolError:
        return {}  # The row's own components say why, in their reasons.
