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
from evaluation.baselines import Baselines, fitted_baselines
from evaluation.forecast_record import realized_return, recorded
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
from pipeline.plan import Night
from pipeline.request_pace import machine_pace
from pipeline.run import plain_stages
from pipeline.sources import calendar_notices, night_calendars, opened_lookout
from pipeline.symbol import screen_all
from risk_guard.calendar_file import is_same_calendar
from screening.findings import IndicatorFindings, SymbolFindings
from screening.row import Row, screened_row
from storage.home import Home, write_whole
from storage.lock import one_run_at_a_time
from storage.paths import AnyPath, read_whole, remove_tree
from storage.tables import read_table
from workers.pools import local_slots
from workers.process_pool import OnEpoch, Slots

OnBlock = Callable[[int, int], None]
"""Told blocks done and blocks planned."""


@dataclass(frozen=True)
class Held:
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
class Block:
    """One symbol's nights from a refit on; `sessions` are their as-of sessions."""

    night: Night
    held: Held
    sessions: tuple[date, ...]


@dataclass(frozen=True)
class Walked:
    """What came of past nights: records, the models trained, and what went wrong.

    `failures` are reasons by symbol that cost rows.
    """

    rows: tuple[Row, ...] = ()
    models: tuple[ModelMetadata, ...] = ()
    failures: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    def __add__(self, other: "Walked") -> "Walked":
        """Return both together."""
        return Walked(
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
    night: Night, first: date, refit_sessions: int, on_block: OnBlock = lambda *_: None
) -> Walked:
    """Return the records of the nights from `first` to the night's own sessions.

    Raises
    ------
    ParameterError
        If no session lies between the two.
    """
    if not any(_sessions(night, code, first) for code in night.sessions):
        raise ParameterError(
            f"`from` must be a session on or before {night.as_of}, got {first}."
        )
    held, failed = _held(night, first)
    with tempfile.TemporaryDirectory(prefix="overnight-") as folder:
        plans = [
            _blocks(
                _at_home(night, Path(folder), one.symbol), one, first, refit_sessions
            )
            for one in held
        ]
        told = _Told(sum(map(len, plans)), on_block)
        slots, notices = local_slots(night.settings, max(1, len(plans)))
        with ThreadPoolExecutor() as threads, slots, told:
            parts = list(threads.map(partial(_walked, slots, told), plans))
    notices = (*notices, *calendar_notices(night_calendars(night), night))
    return sum(parts, Walked(failures=failed, notices=notices))


def _sessions(night: Night, exchange: str, first: date) -> list[date]:
    between = sessions_between(exchange, first, night.sessions[exchange])
    return [session.date() for session in between]


def _held(night: Night, first: date) -> tuple[list[Held], dict[str, str]]:
    """Fetch each symbol once, up to the session after the last night's.

    The home is taken only while a source is asked whose prices are stored there.
    """
    feeds = night.open_feeds(machine_pace(night.settings.prices.requests_per_second))
    found: list[Held] = []
    failed: dict[str, str] = {}
    alone = one_run_at_a_time(night.home) if feeds.prices.remote else nullcontext()
    with alone:
        for symbol in night.symbols:
            try:
                found.append(_fetched(night, feeds, symbol, first))
            except SymbolError as error:
                failed[symbol] = str(error)
    return found, failed


def _fetched(night: Night, feeds: Feeds, symbol: str, first: date) -> Held:
    exchange, as_of = exchange_of(symbol).code, night.as_of_of(symbol)
    sessions = _sessions(night, exchange, first)
    if not sessions:
        raise TooShort(f"{exchange} must have a session from {first} to {as_of}.")
    start = night_of(night, symbol, sessions[0])
    after = min(next_session(exchange, as_of), night.run_at.date())
    # Today's bar is no return yet while the session runs.
    last = max(as_of, as_of_session(exchange, after, night.run_at))
    store = PriceStore(night.home.prices, feeds.prices, night.settings.prices)
    prices = store.history(symbol, start.first_date(symbol), last)
    index, why = _index(store, exchange_of(symbol).index, start, as_of)
    return Held(symbol, prices, _headlines(feeds, symbol), index, why)


def _index(
    store: PriceStore, symbol: str, start: Night, as_of: date
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


def _at_home(night: Night, folder: Path, symbol: str) -> Night:
    """Return the night in a home of the symbol's own, with its events copied there.

    Those are the user's calendar and what sources said on live nights. The calendar in
    the folder source's folder is read there.
    """
    own = Home(folder / file_stem(symbol))
    own.root.mkdir()
    if is_same_calendar(night.home.event_calendar, night.folder):
        night = replace(night, folder=None)  # The copy is no longer the same file.
    stored = f"{file_stem(symbol)}.json"
    _copy(night.home.event_calendar, own.event_calendar)
    _copy(night.home.seen_events / stored, own.seen_events / stored)
    return replace(night, home=own)


def _copy(source: AnyPath, target: AnyPath) -> None:
    """Copy a file if it is there and can be read."""
    with suppress(OSError):
        content = read_whole(source)
        write_whole(target, lambda new: new.write_bytes(content))


def _blocks(night: Night, held: Held, first: date, refit_sessions: int) -> list[Block]:
    sessions = _sessions(night, exchange_of(held.symbol).code, first)
    starts = range(0, len(sessions), refit_sessions)
    return [
        Block(night, held, tuple(sessions[start : start + refit_sessions]))
        for start in starts
    ]


def _walked(slots: Slots, told: _Told, blocks: Sequence[Block]) -> Walked:
    """Walk a symbol's blocks in order; one whose process died costs its own rows."""
    answer = Walked()
    for block in blocks:
        if told.stopped.is_set():
            break
        try:
            answer += slots.run(walk_block, block)
        except SymbolError as error:
            answer += Walked(failures={block.held.symbol: str(error)})
        told.one_more()
    return answer


def walk_block(block: Block, on_epoch: OnEpoch = lambda _: None) -> Walked:
    """Train as of the block's first night that has prices, and run all its nights."""
    held, source = block.held, block.held.source
    first = night_of(block.night, held.symbol, block.sessions[0])
    # With the whole list: its US stocks explain a ticker without suffix.
    listed = replace(first, symbols=block.night.symbols)
    lookout = opened_lookout(listed, Feeds(source, held.headlines))
    forecaster = Forecaster(block.night.registry())
    refit, answer = _Refit(block.night, on_epoch), Walked()
    for session in block.sessions:
        night = night_of(block.night, held.symbol, session)
        train = partial(refit.train, night.run_at)
        stages = plain_stages(night, source, lookout, train, _asking(forecaster))
        (found,), _ = screen_all(night, stages)
        answer += Walked(rows=(_record(night, found, held.prices, refit.baselines),))
        answer += Walked(models=(found.trained,) if found.trained else ())
        remove_tree(night.tables)
    return answer


def _asking(models: Forecaster) -> AskForecast:
    return lambda metadata, table: models.forecast(metadata, read_table(table.path))


class _Refit:
    """The one training of a block, and the baselines that are fitted beside it."""

    def __init__(self, plan: Night, on_epoch: OnEpoch) -> None:
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
        self.baselines = fitted_baselines(
            table, plan.parameters, plan.settings.evaluation
        )
        return trained


def _record(
    night: Night, found: SymbolFindings, prices: PriceHistory, plain: Baselines | None
) -> Row:
    settings = night.settings.blend
    row = screened_row(found, night.run_at, settings)
    unguarded = screened_row(replace(found, events=UNGUARDED), night.run_at, settings)
    came = realized_return(prices.frame, found.as_of, found.forecast_session)
    return recorded(row, unguarded, came, _plain_forecasts(found, plain))


def _plain_forecasts(
    found: SymbolFindings, plain: Baselines | None
) -> dict[str, Forecast]:
    if plain is None or found.indicators is None:
        return {}
    try:
        return plain.forecasts(read_table(found.indicators.path))
    except SymbolError:
        return {}  # The row's own voices say why, in their reasons.
