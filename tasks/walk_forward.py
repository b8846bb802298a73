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
from datetime import date
from functools import partial
from pathlib import Path
from typing import Self

from config.errors import ParameterError, SymbolError, TooShort
from config.home import Home, write_whole
from config.home_lock import one_run_at_a_time
from config.places import AnyPath, read_whole, remove_tree
from config.tables import read_table
from evaluation.baselines import Baselines, fitted_baselines
from evaluation.track_record import realized_return, recorded
from market_data.prices import PriceHistory
from market_data.sessions import as_of_session, next_session, sessions_between
from market_data.sources import Feeds
from market_data.store import PriceStore
from market_data.symbols import exchange_of, file_stem
from modelling.forecasting import Forecast
from modelling.jobs import Forecaster, TrainingJob, train_symbol
from modelling.model_metadata import ModelMetadata
from risk_guard.calendar_file import is_same_calendar
from screening.findings import SymbolFindings
from screening.row import Row, screened_row
from tasks.lookout import calendar_notices, night_calendars, opened_lookout
from tasks.night import Night
from tasks.past_night import (
    UNGUARDED,
    HeldHeadlines,
    HeldPrices,
    completed,
    night_of,
    prepared,
)
from tasks.request_pace import request_pace
from tasks.runner import local_slots
from tasks.slots import OnEpoch, Slots

OnBlock = Callable[[int, int], None]
"""Told blocks done and blocks planned."""


@dataclass(frozen=True)
class Held:
    """What a source has of one symbol, fetched once for all nights."""

    symbol: str
    prices: PriceHistory
    headlines: HeldHeadlines | None


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
    feeds = night.open_feeds(request_pace(night.settings.prices.requests_per_second))
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
    return Held(symbol, prices, _headlines(feeds, symbol))


def _headlines(feeds: Feeds, symbol: str) -> HeldHeadlines | None:
    if feeds.headlines is None:
        return None
    if feeds.yahoo:
        return HeldHeadlines(None, "Yahoo can't be asked for headlines of the past")
    try:
        return HeldHeadlines(feeds.headlines.fetch(symbol))
    except SymbolError as error:
        return HeldHeadlines(None, str(error))


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
    held = block.held
    source = HeldPrices(held.prices)
    first = night_of(block.night, held.symbol, block.sessions[0])
    # With the whole list: its US stocks explain a ticker without suffix.
    listed = replace(first, symbols=block.night.symbols)
    lookout = opened_lookout(listed, Feeds(source, held.headlines))
    forecaster = Forecaster(block.night.registry())
    answer, plain, refitted = Walked(), None, False
    for session in block.sessions:
        night = night_of(block.night, held.symbol, session)
        found = prepared(night, source, held.symbol)
        if found.indicators and not refitted:
            found, plain = _refitted(night, found, on_epoch)
            answer += Walked(models=(found.trained,) if found.trained else ())
            refitted = True
        found = completed(night, found, lookout, forecaster.forecast)
        answer += Walked(rows=(_record(night, found, held.prices, plain),))
        remove_tree(night.tables)
    return answer


def _refitted(
    night: Night, found: SymbolFindings, on_epoch: OnEpoch
) -> tuple[SymbolFindings, Baselines | None]:
    """Train the night's model as a training slot does, and the baselines beside it."""
    if found.indicators is None:
        return found, None
    job = TrainingJob(
        symbol=found.symbol,
        indicators=found.indicators.path,
        price_source=night.source,
        models=night.home.models,
        parameters=night.parameters,
        settings=night.settings.models,
        trained_at=night.run_at,
    )
    table = read_table(found.indicators.path)
    try:
        trained = train_symbol(job, on_epoch)
        plain = fitted_baselines(table, night.parameters, night.settings.evaluation)
    except SymbolError as error:
        return replace(found, training_failure=str(error)), None
    return replace(found, trained=trained), plain


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
