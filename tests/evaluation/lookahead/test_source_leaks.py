"""The checks of what comes from outside: loud on each leak that is planted."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from config.parameters import TrainingOverrides
from config.settings import PriceSettings
from evaluation.forecast_record import COLUMNS
from evaluation.lookahead.night_leaks import STAGES
from evaluation.lookahead.source_leaks import (
    clock_check,
    event_check,
    folder_check,
    hedge_check,
    past_check,
    repair_check,
    store_check,
    table_check,
)
from market_data.prices import CLOSE, VOLUME, PriceHistory, through
from market_data.quality import CheckedPrices, check_prices
from market_data.sample import SampleSource
from market_data.selection import Symbols
from market_data.sources import PriceSource
from market_data.store import PriceStore
from pipeline.download import download
from pipeline.events import events
from pipeline.index import index
from pipeline.plan import RunPlan, RunRequest, plan_run
from pipeline.sources import NewsAndEventSources
from risk_guard.event_history import RememberedEvents
from risk_guard.known_events import KnownEvents
from screening.findings import IndexFindings, PriceFindings
from storage.home import write_file_atomic
from storage.tables import read_table

NOW = datetime(2013, 3, 4, 12, 0, tzinfo=UTC)
SESSION, BEFORE = date(2013, 1, 31), date(2013, 1, 30)
CLOSING = datetime(2013, 1, 31, 21, 0, tzinfo=UTC)
OPENING = datetime(2013, 2, 1, 14, 30, tzinfo=UTC)


def sample(symbol: str) -> PriceHistory:
    """Return a year and a half of the sample."""
    return SampleSource().fetch(symbol, date(2011, 9, 1), date(2013, 3, 1))


@pytest.fixture
def night(tmp_path: Path) -> RunPlan:
    """Return the plan of a night of the sample."""
    return plan_run(
        RunRequest(
            selection=Symbols(symbols=("AAPL",)),
            source="sample",
            as_of=SESSION,
            train="never",
            preset="quick_test",
            parameters=TrainingOverrides(period="1y"),
            home=tmp_path,
        ),
        now=NOW,
    )


def test_every_cell_of_a_night_is_compared() -> None:
    """All columns belong to a stage, but for the return that came."""
    prefixes = tuple(name for names in STAGES.values() for name in names)
    assert [one for one in COLUMNS if not one.startswith(prefixes)] == [
        "realized_return"
    ]


def test_prices_of_a_later_session_are_found() -> None:
    """A source that is not cut hands out the future."""
    found = past_check("any", lambda _, history: history, sample("AAPL"), SESSION)
    assert "prices of 2013-03-01 are handed out" in found.detail


def test_a_later_value_in_an_earlier_row_is_found() -> None:
    """All dates may be right, and one column a session late."""

    def shifted(_: str, history: PriceHistory) -> PriceHistory:
        frame = history.frame
        frame = frame.assign(**{VOLUME: frame[VOLUME].shift(-1)})
        return replace(history, frame=through(frame, SESSION), dividends={})

    found = past_check("any", shifted, sample("AAPL"), SESSION)
    assert "it changes with what comes after 2013-01-31" in found.detail


def test_a_later_dividend_is_found() -> None:
    """What is paid after the session is no part of its night."""

    def paid(_: str, history: PriceHistory) -> PriceHistory:
        return replace(history, frame=through(history.frame, SESSION))

    assert not past_check("any", paid, sample("AAPL"), SESSION).passed


@pytest.mark.parametrize("remote", [True, False])
def test_a_store_that_does_not_cut_is_found(
    tmp_path: Path, night: RunPlan, *, remote: bool
) -> None:
    """What a source hands out too much of is cut, be it stored or asked each time."""

    def uncut(store: PriceStore, symbol: str, first: date, last: date) -> PriceHistory:
        if store.source.remote == remote:
            return store.source.fetch(symbol, first, last)
        return store.history(symbol, first, last)

    prices = sample("AAPL")
    assert store_check(tmp_path / "cut", night, prices, SESSION).passed
    found = store_check(tmp_path / "uncut", night, prices, SESSION, uncut)
    assert "prices of 2013-03-01 are handed out" in found.detail


def test_a_folder_of_files_is_honest(tmp_path: Path) -> None:
    """It is read up to the session that is asked for."""
    assert folder_check(tmp_path, sample("AAPL"), SESSION).passed


def test_a_hole_filled_from_behind_is_found() -> None:
    """Rows that lack a value are left out, never filled with the next."""
    settings = PriceSettings()

    def filled(
        rows: pd.DataFrame, code: str, as_of: date, rules: PriceSettings
    ) -> CheckedPrices:
        return check_prices(rows.bfill(), code, as_of, rules)

    assert repair_check(sample("AAPL"), SESSION, settings).passed
    found = repair_check(sample("AAPL"), SESSION, settings, filled)
    assert found.detail == "2012-12-04 is filled with later prices"


def test_a_table_that_looks_a_row_ahead_is_found(night: RunPlan) -> None:
    """No date is too late, and each close knows the next one."""

    def peeking(own: RunPlan, source: PriceSource, symbol: str) -> PriceFindings:
        found = download(own, source, symbol)
        table = read_table(found.path)
        table[CLOSE] += 0.001 * table[CLOSE].shift(-1).ffill()
        write_file_atomic(found.path, table.to_parquet)
        return found

    assert table_check(night, sample("AAPL"), BEFORE, SESSION).passed
    found = table_check(night, sample("AAPL"), BEFORE, SESSION, peeking)
    assert found.detail.startswith("rows up to 2013-01-30 read otherwise")


def test_an_index_that_is_not_cut_is_found(night: RunPlan) -> None:
    """Its closes end with the night's session, as the symbol's do."""

    def later(own: RunPlan, source: PriceSource, symbol: str) -> IndexFindings:
        other = replace(own, sessions={"XNYS": date(2013, 2, 4)})
        return index(other, source, symbol)

    stock, market = sample("AAPL"), sample("MSFT")
    assert hedge_check(night, stock, market, SESSION).passed
    found = hedge_check(night, stock, market, SESSION, later)
    assert "prices of 2013-02-04 are handed out" in found.detail


def test_an_event_told_later_is_found(night: RunPlan) -> None:
    """A past night does not know what a later one was told."""

    def later(
        own: RunPlan, sources: NewsAndEventSources, symbol: str, prices: object
    ) -> KnownEvents:
        other = replace(own, sessions={"XNYS": date(2013, 2, 1)})
        return events(other, sources, symbol, prices)

    assert event_check(night, SESSION).passed
    found = event_check(night, SESSION, later)
    assert found.detail == "a night of 2013-01-31 knows what was told on 2013-02-01"


def test_a_replay_that_asks_the_present_calendar_is_found(night: RunPlan) -> None:
    """A remote calendar names what is known today, so a replay must not ask it."""

    def asking(
        own: RunPlan, sources: NewsAndEventSources, symbol: str, prices: object
    ) -> KnownEvents:
        (source,) = sources.event_sources
        assert isinstance(source, RememberedEvents)
        live = replace(sources, event_sources=(replace(source, replayed=frozenset()),))
        return events(own, live, symbol, prices)

    assert not event_check(night, SESSION, asking).passed


@pytest.mark.parametrize(
    ("before", "opening", "passed"),
    [
        (BEFORE, OPENING, True),
        (SESSION, OPENING, False),
        (BEFORE, OPENING.replace(hour=21), False),
    ],
)
def test_the_clock_is_held_to_instants_of_our_own(
    before: date, opening: datetime, *, passed: bool
) -> None:
    """A calendar that is an open or a close off is told."""
    assert clock_check("AAPL", SESSION, before, CLOSING, opening).passed == passed
