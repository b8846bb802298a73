"""The checks of sources, stores and events: they fail on a leak, and pass on ours."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from config.settings import PriceSettings
from evaluation.forecast_record import COLUMNS
from evaluation.lookahead.night_leaks import STAGES
from evaluation.lookahead.source_leaks import (
    clock_check,
    event_check,
    folder_check,
    hedge_check,
    history_check,
    repair_check,
    store_check,
    table_check,
)
from market_data.prices import CLOSE, VOLUME, PriceHistory, through
from market_data.quality import CheckedPrices, check_prices
from market_data.sample import SampleSource
from market_data.sources import PriceSource
from market_data.store import PriceStore
from pipeline.download import download
from pipeline.events import events
from pipeline.index import index
from pipeline.plan import RunPlan
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


def test_every_cell_of_a_night_is_compared() -> None:
    """All columns belong to a stage, except for the realized return."""
    prefixes = tuple(name for names in STAGES.values() for name in names)
    assert [name for name in COLUMNS if not name.startswith(prefixes)] == [
        "realized_return"
    ]


def test_prices_of_a_later_session_are_found() -> None:
    """A source that returns later rows than requested fails."""
    found = history_check("any", lambda _, history: history, sample("AAPL"), SESSION)
    assert "is given prices of 2013-03-01" in found.detail


def test_a_later_value_in_an_earlier_row_is_found() -> None:
    """A column with the next session's values fails, although all dates are right."""

    def shifted(_: str, history: PriceHistory) -> PriceHistory:
        frame = history.frame
        frame = frame.assign(**{VOLUME: frame[VOLUME].shift(-1)})
        return replace(history, frame=through(frame, SESSION), dividends={})

    found = history_check("any", shifted, sample("AAPL"), SESSION)
    assert "it changes with another future after 2013-01-31" in found.detail


def test_a_later_dividend_is_found() -> None:
    """A dividend paid after the session fails."""

    def paid(_: str, history: PriceHistory) -> PriceHistory:
        return replace(history, frame=through(history.frame, SESSION))

    assert not history_check("any", paid, sample("AAPL"), SESSION).passed


@pytest.mark.parametrize("remote", [True, False])
def test_a_store_that_does_not_cut_is_found(
    tmp_path: Path, night: RunPlan, *, remote: bool
) -> None:
    """The store cuts later rows of a remote source and of a local one."""

    def uncut(store: PriceStore, symbol: str, first: date, last: date) -> PriceHistory:
        if store.source.remote == remote:
            return store.source.fetch(symbol, first, last)
        return store.history(symbol, first, last)

    prices = sample("AAPL")
    assert store_check(tmp_path / "cut", night, prices, SESSION).passed
    found = store_check(tmp_path / "uncut", night, prices, SESSION, uncut)
    assert "is given prices of 2013-03-01" in found.detail


def test_a_folder_of_files_has_no_leak(tmp_path: Path) -> None:
    """Its files are read up to the requested session."""
    assert folder_check(tmp_path, sample("AAPL"), SESSION).passed


def test_a_row_filled_with_later_prices_is_found() -> None:
    """A row without prices may not be filled with the next row."""
    settings = PriceSettings()

    def filled(
        rows: pd.DataFrame, code: str, as_of: date, rules: PriceSettings
    ) -> CheckedPrices:
        return check_prices(rows.bfill(), code, as_of, rules)

    assert repair_check(sample("AAPL"), SESSION, settings).passed
    found = repair_check(sample("AAPL"), SESSION, settings, filled)
    assert found.detail == "2012-12-04 is filled with later prices"


def test_a_table_with_the_next_close_in_a_row_is_found(night: RunPlan) -> None:
    """A table fails if each close depends on the next one, although no date is late."""

    def download_with_leak(
        own: RunPlan, source: PriceSource, symbol: str
    ) -> PriceFindings:
        found = download(own, source, symbol)
        table = read_table(found.path)
        table[CLOSE] += 0.001 * table[CLOSE].shift(-1).ffill()
        write_file_atomic(found.path, table.to_parquet)
        return found

    assert table_check(night, sample("AAPL"), BEFORE, SESSION).passed
    found = table_check(night, sample("AAPL"), BEFORE, SESSION, download_with_leak)
    assert found.detail == "it changes with another future after 2013-01-30"


def test_an_index_that_is_not_cut_is_found(night: RunPlan) -> None:
    """An index with closes after the night's session fails."""

    def later(own: RunPlan, source: PriceSource, symbol: str) -> IndexFindings:
        other = replace(own, sessions={"XNYS": date(2013, 2, 4)})
        return index(other, source, symbol)

    stock, market = sample("AAPL"), sample("MSFT")
    assert hedge_check(night, stock, market, SESSION).passed
    found = hedge_check(night, stock, market, SESSION, later)
    assert "is given prices of 2013-02-04" in found.detail


def test_a_market_state_of_a_later_session_is_found(night: RunPlan) -> None:
    """The index' prices are cut at the session, but its state is not."""

    def later(own: RunPlan, source: PriceSource, symbol: str) -> IndexFindings:
        other = replace(own, sessions={"XNYS": date(2013, 2, 4)})
        state = index(other, source, symbol).state
        return replace(index(own, source, symbol), state=state)

    found = hedge_check(night, sample("AAPL"), sample("MSFT"), SESSION, later)
    assert found.detail == "it changes with another future after 2013-01-31"


def test_an_event_first_seen_later_is_found(night: RunPlan) -> None:
    """A past night that uses a later night's events fails."""

    def later(
        own: RunPlan, sources: NewsAndEventSources, symbol: str, prices: object
    ) -> KnownEvents:
        other = replace(own, sessions={"XNYS": date(2013, 2, 1)})
        return events(other, sources, symbol, prices)

    assert event_check(night, SESSION).passed
    found = event_check(night, SESSION, later)
    assert (
        found.detail == "a night of 2013-01-31 uses an event first seen on 2013-02-01"
    )


def test_a_replay_that_asks_the_present_calendar_is_found(night: RunPlan) -> None:
    """A remote calendar returns what is known today, so a replay must not ask it."""

    def asking(
        own: RunPlan, sources: NewsAndEventSources, symbol: str, prices: object
    ) -> KnownEvents:
        source, _ = sources.event_sources
        assert isinstance(source, RememberedEvents)
        live = replace(sources, event_sources=(replace(source, replayed=frozenset()),))
        return events(own, live, symbol, prices)

    assert not event_check(night, SESSION, asking).passed


def test_a_night_that_uses_a_later_report_is_found(night: RunPlan) -> None:
    """Yahoo's list is retrieved later than a past night, and cut at its session."""

    def uncut(
        own: RunPlan, sources: NewsAndEventSources, symbol: str, prices: object
    ) -> KnownEvents:
        _, listed = sources.event_sources
        reports = listed.ask(symbol, own.as_of, own.run_at).past_reports
        return replace(events(own, sources, symbol, prices), past_reports=reports)

    assert not event_check(night, SESSION, uncut).passed


@pytest.mark.parametrize(
    ("before", "opening", "passed"),
    [
        (BEFORE, OPENING, True),
        (SESSION, OPENING, False),
        (BEFORE, OPENING.replace(hour=21), False),
    ],
)
def test_the_clock_is_compared_with_known_instants(
    before: date, opening: datetime, *, passed: bool
) -> None:
    """A calendar with a wrong session before or a wrong open fails."""
    assert clock_check("AAPL", SESSION, before, CLOSING, opening).passed == passed
