"""A symbol's events, its index, and the guard's assessment."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from config.errors import UnknownSymbol, Unreachable
from features.component import Component
from features.sentiment import NewsSentiment
from market_data.price_schemas import price_frame
from market_data.prices import PRICE_COLUMNS, PriceHistory
from market_data.selection import Symbols
from market_data.sessions import sessions_between
from pipeline.download import download
from pipeline.events import events
from pipeline.guard import guard
from pipeline.index import index
from pipeline.plan import RunPlan, RunRequest, plan_run
from pipeline.sources import NewsAndEventSources, open_sources
from risk_guard.assessment import EventAssessment
from risk_guard.event_sources import EventAnswer
from risk_guard.known_events import NO_EVENT_SOURCE, KnownEvents
from screening.findings import IndexFindings

NOW = datetime(2025, 11, 10, 8, 30, tzinfo=UTC)
AS_OF = date(2025, 11, 10)
HEADER = "ticker,event_type,date\n"
SILENT = NewsSentiment(Component.missing("no_news"), "finbert", 0)
BAD_NEWS = NewsSentiment(Component(-0.5, 0.6), "finbert", 4)


@dataclass(frozen=True)
class Walk:
    """One random walk per known symbol, with a dividend on the as-of day."""

    known: tuple[str, ...] = ("CBA.AX", "^AXJO")
    name: ClassVar[str] = "walk"
    remote: ClassVar[bool] = False

    def fetch(self, symbol: str, first: date, last: date) -> PriceHistory:
        """Return the walk to `last` and later sessions, which must not be used."""
        if symbol not in self.known:
            raise UnknownSymbol(f"the walk must know {symbol}, got nothing.")
        days = sessions_between("XASX", first, last + timedelta(days=14))
        moves = np.random.default_rng(3).normal(0, 0.01, len(days))
        closes = (100 * np.exp(np.cumsum(moves))).tolist()
        frame = price_frame(dict.fromkeys(PRICE_COLUMNS, closes), days)
        return PriceHistory(frame, "AUD", self.name, dividends={AS_OF: 2.25})


@dataclass(frozen=True)
class Calendar:
    """An event source that has no symbol."""

    name: ClassVar[str] = "broken"

    def ask(self, symbol: str, as_of: date, _now: datetime) -> EventAnswer:
        """Refuse."""
        raise Unreachable(f"the calendar must tell {symbol}'s events to {as_of}.")


def plan(home: Path, calendar: str = "", settings: str = "") -> RunPlan:
    """Return the plan of Commonwealth Bank's night with this calendar."""
    if calendar:
        (home / "event_calendar.csv").write_text(HEADER + calendar)
    (home / "overnight.toml").write_text(settings or "[sentiment]\nengine = 'off'\n")
    return plan_run(
        RunRequest(
            selection=Symbols(symbols=("CBA.AX",)),
            as_of=AS_OF,
            train="never",
            home=home,
        ),
        now=NOW,
    )


def offline(night: RunPlan) -> NewsAndEventSources:
    """Return the night's look-out without Yahoo."""
    feeds = night.open_feeds()
    return open_sources(night, type(feeds)(feeds.prices, feeds.headlines, None))


def judged(night: RunPlan, **changes: Any) -> EventAssessment:  # noqa: ANN401
    """Return the bank's assessment with `changes` of its inputs."""
    given: dict[str, Any] = {
        "known": KnownEvents(()),
        "news": SILENT,
        "prices": download(night, Walk(), "CBA.AX"),
        "index": index(night, Walk(), "^AXJO"),
    }
    return guard(night, "CBA.AX", **(given | changes))


def test_a_stock_that_is_its_index_has_a_beta_of_one(tmp_path: Path) -> None:
    """Prices and index come through the same source: beta 1, R squared 1."""
    around = judged(plan(tmp_path)).context
    assert around.hedge
    assert around.hedge.beta == pytest.approx(1)
    assert around.hedge.r_squared == pytest.approx(1)
    assert around.volatility
    assert around.volatility.ratio > 0


def test_an_index_that_is_not_there_costs_the_hedge_only(tmp_path: Path) -> None:
    """There is no hedge, with the reason; the rest of the assessment is unchanged."""
    night = plan(tmp_path)
    market = index(night, Walk(known=("CBA.AX",)), "^AXJO")
    assert market == IndexFindings(
        None, "unknown_symbol: the walk must know ^AXJO, got nothing."
    )
    with_index, without = judged(night), judged(night, index=market)
    assert without.context.hedge is None
    assert without.context.volatility == with_index.context.volatility
    assert without.risk_score == with_index.risk_score


def test_a_symbol_without_prices_is_still_guarded(tmp_path: Path) -> None:
    """A report tomorrow is sat out although there are no prices."""
    night = plan(tmp_path, "CBA.AX,earnings,2025-11-11\n")
    known = events(night, offline(night), "CBA.AX", None)
    found = judged(night, known=known, prices=None)
    assert (found.sit_out, found.position_scale) == (True, 0)
    assert found.context.volatility is None
    assert found.context.hedge is None


def test_bad_news_adds_its_points(tmp_path: Path) -> None:
    """A 72-hour polarity below -0.10 adds 0.25 of risk; missing news adds nothing."""
    night = plan(tmp_path)
    calm, worse = judged(night), judged(night, news=BAD_NEWS)
    assert worse.risk_score == pytest.approx(calm.risk_score + 0.25)
    assert worse.context.polarity == -0.5
    assert calm.context.polarity is None


def test_a_dividend_of_the_day_comes_with_the_prices(tmp_path: Path) -> None:
    """The calendar does not name it; the day's own ex-date is sat out all the same."""
    night = plan(tmp_path, "CBA.AX,earnings,2026-02-11\n")
    prices = download(night, Walk(), "CBA.AX")
    known = events(night, offline(night), "CBA.AX", prices)
    found = judged(night, known=known)
    assert found.sit_out
    assert found.event
    assert (found.event.type, found.event.source) == ("dividend", "dividends")
    assert "is today" in found.sit_out_reason


def test_failed_prices_leave_the_calendar(tmp_path: Path) -> None:
    """Without prices the calendar is still read."""
    night = plan(tmp_path, "CBA.AX,earnings,2025-11-12\n")
    known = events(night, offline(night), "CBA.AX", None)
    assert known.gaps == ()
    assert ("earnings", date(2025, 11, 12)) in {
        (event.type, event.first) for event in known.events
    }


def test_a_night_without_any_calendar_is_unknown(tmp_path: Path) -> None:
    """The rule of the Pillar 3 reports does not rule out other events."""
    night = plan(tmp_path)
    known = events(night, offline(night), "CBA.AX", None)
    assert any("there is no event_calendar.csv" in gap for gap in known.gaps)
    found = judged(night, known=known)
    assert (found.status, found.sit_out) == ("unknown", None)
    assert found.haircut >= 0.20


def test_a_broken_source_costs_its_own_events_only(tmp_path: Path) -> None:
    """The calendar file's report counts; the broken source is named."""
    night = plan(tmp_path, "CBA.AX,earnings,2025-11-12\n")
    calendar = offline(night).event_sources[0]
    both = NewsAndEventSources((Calendar(), calendar), None, None, "", ())
    known = events(night, both, "CBA.AX", None)
    assert [event.type for event in known.events] == ["earnings"]
    assert known.gaps == ()
    assert any(note.startswith("unreachable: the calendar") for note in known.notes)


def test_nobody_to_ask_is_unknown(tmp_path: Path) -> None:
    """Without any source connected, that is the reason."""
    nobody = NewsAndEventSources((), None, None, "", ())
    assert events(plan(tmp_path), nobody, "CBA.AX", None).gaps == NO_EVENT_SOURCE


type Damage = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True)
class Damaged:
    """The walk, its frame damaged."""

    damage: Damage
    name: ClassVar[str] = "damaged"
    remote: ClassVar[bool] = False

    def fetch(self, symbol: str, first: date, last: date) -> PriceHistory:
        """Return the walk with the damage."""
        history = Walk().fetch(symbol, first, last)
        known = history.frame.loc[: pd.Timestamp(last)]
        return replace(history, frame=self.damage(known.copy()))


def cells(row: int, columns: list[str], factor: float) -> Damage:
    """Return a damage: these cells of one row are multiplied."""

    def damage(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[frame.index[row], columns] *= factor
        return frame

    return damage


@pytest.mark.parametrize("factor", [100.0, 0.01, 1.5, 0.6, 0.0, float("nan")])
@pytest.mark.parametrize("row", [-30, -2, -200])
def test_a_wrong_day_of_the_index_does_not_reach_beta(
    tmp_path: Path, row: int, factor: float
) -> None:
    """The day is left out, and the hedge is that of the other days."""
    night = plan(tmp_path)
    right = index(night, Walk(), "^AXJO")
    assert right.path
    day = pd.read_parquet(right.path).index[row]
    found = index(night, Damaged(cells(row, PRICE_COLUMNS, factor)), "^AXJO")
    assert found.path
    assert day not in pd.read_parquet(found.path).index
    hedge = judged(night, index=found).context.hedge
    assert hedge is not None
    assert (hedge.beta, hedge.r_squared) == pytest.approx((1, 1), abs=0.01)


@pytest.mark.parametrize(
    "damage",
    [
        lambda frame: frame.assign(volume=float("nan")),
        lambda frame: frame.assign(volume=0.0),
        lambda frame: frame.assign(open=float("nan")),
        lambda frame: frame.assign(low=0.0),
        lambda frame: frame.iloc[:-5],
        lambda frame: frame.iloc[-80:],
    ],
)
def test_what_an_index_never_has_is_not_asked_of_it(
    tmp_path: Path, damage: Damage
) -> None:
    """No volume, no open, three sessions late, a short history: beta all the same."""
    night = plan(tmp_path)
    found = index(night, Damaged(damage), "^AXJO")
    hedge = judged(night, index=found).context.hedge
    assert hedge is not None
    assert hedge.beta == pytest.approx(1, abs=0.02)


def test_an_old_index_is_no_beta(tmp_path: Path) -> None:
    """An index that ended weeks ago is refused with its last day, as a stock is."""
    damaged = Damaged(lambda frame: frame.iloc[:-18])
    found = index(plan(tmp_path), damaged, "^AXJO")
    assert found.refused
    assert "2025-10-" in found.reason


def test_the_index_is_cut_at_the_as_of_session(tmp_path: Path) -> None:
    """A bar dated later reaches no hedge."""
    found = index(plan(tmp_path), Walk(), "^AXJO")
    assert found.path
    assert pd.read_parquet(found.path).index[-1].date() == AS_OF


def test_a_missing_model_is_said_with_its_command(tmp_path: Path) -> None:
    """At the head of the run, once, and as everybody's reason."""
    absent = f"[sentiment]\nrevision = '{'0' * 40}'\n"
    found = open_sources(night := plan(tmp_path, settings=absent), night.open_feeds())
    (notice,) = found.notices
    assert notice == found.unavailable_reason
    assert notice.endswith("fetch it with `overnight model fetch`.")
    assert found.reader is None
    assert found.headlines is not None


def test_a_bad_line_and_an_expired_file_are_said(tmp_path: Path) -> None:
    """By number, and by last date; the dictionary needs no model and has no notice."""
    night = plan(
        tmp_path,
        "CBA.AX,earnings,2025-08-13\nCBA.AX,party,2025-11-12\n",
        "[sentiment]\nengine = 'lexicon'\n",
    )
    refusal, expired = offline(night).notices
    assert refusal.startswith("event_calendar.csv line 3 is not used: `event_type`")
    assert "its last date is 2025-08-13" in expired


def test_the_download_passes_the_dividends_on(tmp_path: Path) -> None:
    """The events stage finds ex-dates in what the download returns."""
    found = download(plan(tmp_path), Walk(), "CBA.AX")
    assert found.dividends == {AS_OF: 2.25}
