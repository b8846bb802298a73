"""Past nights run again: what each may use, and what a failure costs."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from config.errors import BadPrices, NoNews, ParameterError
from config.parameters import TrainingOverrides
from evaluation.lookahead.source_leaks import (
    UncutSource,
    store_check,
    with_another_future,
)
from evaluation.past_night import (
    PrefetchedHeadlines,
    PrefetchedPrices,
    plan_past_night,
)
from evaluation.walk_forward import use_own_home, walk_forward
from market_data.price_schemas import price_frame
from market_data.prices import PRICE_COLUMNS, PriceHistory
from market_data.selection import Symbols
from market_data.sessions import sessions_between
from market_data.sources import Feeds
from pipeline.events import events
from pipeline.plan import RunPlan, RunRequest, plan_run
from pipeline.sources import open_sources
from risk_guard.event_history import EventHistory
from risk_guard.events import Event
from risk_guard.past_reports import PastReport
from risk_guard.sightings import StoredAnswer
from storage.home import Home, write_atomic

NOW = datetime(2013, 3, 4, 12, 0, tzinfo=UTC)
SESSION = date(2013, 2, 20)


@pytest.fixture
def night(tmp_path: Path) -> RunPlan:
    """Return the plan of a night of the sample."""
    return plan_run(
        RunRequest(
            selection=Symbols(symbols=("AAPL",)),
            source="sample",
            as_of=date(2013, 2, 27),
            train="always",
            preset="quick_test",
            parameters=TrainingOverrides(epochs=1, lstm_units=(4, 3)),
            home=tmp_path,
        ),
        now=NOW,
    )


def without_training(plan: RunPlan) -> RunPlan:
    """Return the plan with too few sessions to train: no process loads TensorFlow."""
    models = plan.settings.models.model_copy(update={"min_sessions": 10_000})
    settings = plan.settings.model_copy(update={"models": models})
    return replace(plan, settings=settings)


@pytest.fixture(scope="module")
def history() -> PriceHistory:
    """Return 120 sessions of New York up to March 2013."""
    sessions = sessions_between("XNYS", date(2012, 9, 10), date(2013, 3, 1))
    moves = np.random.default_rng(2).normal(0, 0.01, len(sessions))
    closes = (50 * np.exp(np.cumsum(moves))).tolist()
    columns = dict.fromkeys(PRICE_COLUMNS, closes)
    return PriceHistory(price_frame(columns, sessions), "USD", "held")


def test_a_past_night_runs_before_the_next_open(night: RunPlan) -> None:
    """Its `run_at` is the next open, or the plan's own if that is earlier."""
    past = plan_past_night(night, "AAPL", SESSION)
    assert past.as_of == SESSION
    assert (
        past.run_at == past.cutoff("AAPL") == datetime(2013, 2, 21, 14, 30, tzinfo=UTC)
    )
    early = replace(night, run_at=datetime(2013, 2, 21, 1, 0, tzinfo=UTC))
    assert plan_past_night(early, "AAPL", SESSION).run_at == early.run_at


def test_prefetched_prices_are_cut_as_a_source_cuts_them(history: PriceHistory) -> None:
    """They return no row later than the requested session."""
    source = PrefetchedPrices({"AAPL": history})
    frame = source.fetch("AAPL", date(2013, 1, 2), SESSION).frame
    assert (frame.index[0].date(), frame.index[-1].date()) == (
        date(2013, 1, 2),
        SESSION,
    )


def test_the_store_cuts_a_source_that_returns_too_much(
    night: RunPlan, history: PriceHistory, tmp_path: Path
) -> None:
    """Later rows are neither stored nor returned."""
    assert store_check(tmp_path / "store", night, history, SESSION).passed
    given = UncutSource(history).fetch("AAPL", date(2012, 9, 10), SESSION)
    assert given.frame.index[-1].date() == date(2013, 3, 1)


def test_another_future_leaves_the_past(history: PriceHistory) -> None:
    """Only later rows differ, and the adjusted closes that a later dividend lowers."""
    other = with_another_future(history, SESSION).frame
    past = history.frame.index <= pd.Timestamp(SESSION)
    pd.testing.assert_frame_equal(
        other.loc[past, PRICE_COLUMNS[:4]], history.frame.loc[past, PRICE_COLUMNS[:4]]
    )
    assert (other["close"] != history.frame["close"])[~past].all()
    assert min(with_another_future(history, SESSION).dividends) > SESSION


def test_past_nights_do_not_load_prefect() -> None:
    """A fresh Python that imports the evaluation has no module of Prefect."""
    code = "import sys, evaluation.walk_forward; sys.exit('prefect' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_span_without_a_session_is_refused(night: RunPlan) -> None:
    """The first night may not be after the last."""
    with pytest.raises(ParameterError, match="`from` must be a session on or before"):
        walk_forward(night, date(2013, 3, 1), 5)


def test_a_symbol_without_prices_costs_only_itself(
    night: RunPlan, tmp_path: Path
) -> None:
    """It is a failure with its reason, and the home stays empty."""
    other = replace(night, symbols=("TSLA",))
    result = walk_forward(other, date(2013, 2, 26), 5)
    assert result.rows == ()
    assert result.failures["TSLA"].startswith("unknown_symbol: ")
    assert list(Home(tmp_path).root.iterdir()) == []


def test_an_evaluation_uses_what_live_nights_had_stored(night: RunPlan) -> None:
    """A past night uses the events stored by its own day, and stores none."""
    night = without_training(night)
    report = date(2013, 2, 22)
    history = EventHistory(night.home.seen_events)
    event = Event("earnings", report, report, "", "yahoo", "confirmed", NOW)
    stored = StoredAnswer("yahoo", SESSION, NOW, (event,), covers_future=True)
    history.record("AAPL", history.read("AAPL"), stored)
    before = (night.home.seen_events / "AAPL.json").read_bytes()
    rows = walk_forward(night, date(2013, 2, 19), 20).rows
    events = [(row["event_status"], row["event_skip_trading"]) for row in rows[:3]]
    assert events == [("unknown", None), ("confirmed", True), ("unknown", True)]
    assert (night.home.seen_events / "AAPL.json").read_bytes() == before


@pytest.mark.parametrize("place", ["elsewhere", "home"])
def test_a_past_night_knows_the_reports_of_its_own_past(
    night: RunPlan, tmp_path: Path, place: str
) -> None:
    """From the folder, which may be the home, and from Yahoo's stored list."""
    folder = tmp_path if place == "home" else tmp_path / place
    texts = ["2012-07-24T20:30:00Z", "2013-02-20T21:30:00Z"]
    write_atomic(
        folder / "events" / "AAPL.json",
        json.dumps({"earnings": [{"datetime": text} for text in texts]}),
    )
    listed = ["2012-10-25T16:00:00-04:00", "2013-02-21T09:00:00-05:00"]
    stored = {"retrieved_at": NOW.isoformat(), "instants": listed}
    write_atomic(night.home.past_earnings / "AAPL.json", json.dumps(stored))
    write_atomic(
        night.home.event_calendar,
        "ticker,event_type,date\nAAPL,earnings,2013-02-21\n",
    )
    before = _files(tmp_path)
    (tmp_path / "own").mkdir()
    own = use_own_home(replace(night, folder=folder), tmp_path / "own", "AAPL")
    past = plan_past_night(own, "AAPL", SESSION)
    known = events(past, open_sources(past, Feeds(PrefetchedPrices({}))), "AAPL", None)
    assert known.past_reports == (
        PastReport(date(2012, 7, 24), "after_close", "folder"),
        PastReport(date(2012, 10, 25), "after_close", "yahoo earnings"),
    )
    assert known.report_gaps == ()
    assert [event.source for event in known.events] == ["event_calendar.csv"]
    after = _files(tmp_path)
    assert {name: after[name] for name in before} == before


def _files(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in files}


def test_a_failed_fetch_fails_again_in_each_night() -> None:
    """Type and message stay, so that the night's row is that of a real night."""
    refused, no_news = (
        BadPrices("a wrong close", "correct it"),
        NoNews("none", "add"),
    )
    prices = PrefetchedPrices({}, {"^AXJO": refused})
    with pytest.raises(BadPrices, match=r"^bad_prices: a wrong close; correct it\.$"):
        prices.fetch("^AXJO", date(2025, 1, 1), date(2025, 6, 27))
    with pytest.raises(NoNews, match=r"^no_news: none; add\.$"):
        PrefetchedHeadlines(None, no_news).fetch("CBA.AX")
