"""The distribution of a night: recomputed by hand from prices and the night's table."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from market_data.selection import Symbols
from modelling.forecasting import Forecast
from modelling.freshness import ModelState
from modelling.reaction_pool import US_POOL
from pipeline.distributions import STAGE, distributions
from pipeline.download import STAGE as PRICES
from pipeline.download import download
from pipeline.night_tables import write_night_table
from pipeline.plan import RunPlan, RunRequest, plan_run
from risk_guard.events import Event
from risk_guard.known_events import KnownEvents
from risk_guard.past_reports import PastReport
from risk_guard.reactions import ReportTime
from screening.findings import (
    DistributionFindings,
    ModelFindings,
    PriceFindings,
    SymbolFindings,
)
from storage.home import Home
from storage.tables import read_signed

SYMBOLS = ("AAA.AX", "BBB.AX", "CCC.AX")
SYMBOL, AS_OF, NEXT = SYMBOLS[0], date(2025, 11, 10), date(2025, 11, 11)
NOW = datetime(2025, 11, 10, 8, 30, tzinfo=UTC)
REPORTS = tuple(
    PastReport(date(year, month, 12), "before_open", "folder")
    for year, month in [(2024, 11), (2025, 2), (2025, 5), (2025, 8)]
)


@pytest.fixture(scope="module")
def plan(market: Path, tmp_path_factory: pytest.TempPathFactory) -> RunPlan:
    """Return the plan of a night that has downloaded its prices."""
    request = RunRequest(
        selection=Symbols(symbols=(SYMBOL,)),
        source="folder",
        folder=market,
        as_of=AS_OF,
        home=str(tmp_path_factory.mktemp("home")),
    )
    plan = plan_run(request, NOW)
    download(plan, plan.open_feeds().prices, SYMBOL)
    return plan


def report(day: date, time_of_day: ReportTime = "before_open") -> Event:
    """Return a coming report."""
    return Event("earnings", day, day, "", "folder", "confirmed", NOW, time=time_of_day)


def findings(
    plan: RunPlan, *events: Event, predicted: float | None = 0.004
) -> SymbolFindings:
    """Return the findings of a night with these events and past reports."""
    prices = PriceFindings(plan.table(PRICES, SYMBOL), 280, "AUD", "folder", ())
    forecast = predicted and Forecast(100.4, predicted, -0.1, 0.1, 0.6)
    return SymbolFindings(
        SYMBOL,
        AS_OF,
        NEXT,
        prices=prices,
        model=ModelFindings(ModelState("fresh", 0), None, forecast or None),
        known_events=KnownEvents(events, past_reports=REPORTS),
    )


def found_on(
    plan: RunPlan, *events: Event, predicted: float | None = 0.004
) -> DistributionFindings:
    """Return the distribution of a night with these events."""
    found = findings(plan, *events, predicted=predicted)
    return distributions(plan, None, [found])[SYMBOL]


def bars_of(plan: RunPlan) -> pd.DataFrame:
    """Return the night's prices."""
    return read_signed(plan.table(PRICES, SYMBOL), symbol=SYMBOL, stage=PRICES)


def at_place(values: list[float], share: float) -> float:
    """Return the value at place share * (n + 1) of the ordered values."""
    ordered = sorted(values)
    place = share * (len(ordered) + 1)
    below = math.floor(place)
    left, right = ordered[below - 1], ordered[below]
    return left + (place - below) * (right - left)


def test_an_ordinary_night_by_hand(plan: RunPlan) -> None:
    """Scale, z, interval and probability follow from prices and the night's table."""
    found, bars = found_on(plan), bars_of(plan)
    table = read_signed(plan.table(STAGE, SYMBOL), symbol=SYMBOL, stage=STAGE)
    ordinary = table[table["ordinary"]]
    changes = bars["close"].pct_change(fill_method=None)
    reacted = {pd.Timestamp(one.day) for one in REPORTS}
    last_year = set(bars.index[-252:])
    assert set(ordinary.index) == last_year - reacted
    for session in ordinary.index[[0, 100, -1]]:
        row = ordinary.loc[session]
        assert row["return"] == pytest.approx(changes[session], rel=1e-12)
        assert row["z"] == pytest.approx(row["return"] / row["scale"], rel=1e-12)
    assert (found.reaction, found.sessions) == ("no", len(ordinary))
    outcomes = [0.004 + (found.scale or 0) * z for z in ordinary["z"]]
    assert found.outcomes
    assert found.outcomes.low == pytest.approx(at_place(outcomes, 0.1), abs=1e-12)
    assert found.outcomes.high == pytest.approx(at_place(outcomes, 0.9), abs=1e-12)
    up = sum(1.0 if one > 0 else 0.5 * (one == 0) for one in outcomes) / len(outcomes)
    assert found.outcomes.probability_up == pytest.approx(up, abs=1e-12)
    assert found.ordinary == found.outcomes


def test_the_scale_of_the_forecast_session_ends_at_the_as_of_session(
    plan: RunPlan,
) -> None:
    """The square root of the mean of a day's, a week's and a month's proxies."""
    bars, found = bars_of(plan), found_on(plan)
    before = bars["close"].shift()
    within = np.log(bars["high"] / bars["low"]) ** 2 / (4 * math.log(2))
    proxy = within + np.log(bars["open"] / before) ** 2
    means = [proxy.iloc[-count:].mean() for count in (1, 5, 22)]
    assert bars.index[-1].date() == AS_OF
    assert found.scale == pytest.approx(math.sqrt(sum(means) / 3), rel=1e-9)


def test_a_reaction_session_by_hand(plan: RunPlan) -> None:
    """The pool times the own share replaces the ordinary z."""
    found = found_on(plan, report(NEXT))
    sizes = [abs(past.z) for past in found.past]
    assert [past.session for past in found.past] == [one.day for one in REPORTS]
    share = (sum(sizes) + 6 * 2.648) / (len(sizes) + 6) / 2.648
    assert found.own_share == pytest.approx(share, rel=1e-12)
    assert (found.reaction, found.pool) == ("yes", US_POOL.name)
    outcomes = [0.004 + (found.scale or 0) * z * share for z in US_POOL.z]
    assert found.outcomes
    assert found.outcomes.low == pytest.approx(at_place(outcomes, 0.1), abs=1e-12)
    assert found.outcomes.high == pytest.approx(at_place(outcomes, 0.9), abs=1e-12)
    assert found.ordinary == found_on(plan).outcomes


@pytest.mark.parametrize(
    ("day", "time_of_day", "reaction"),
    [
        (NEXT, "before_open", "yes"),
        (NEXT, "during", "yes"),
        (NEXT, "after_close", "no"),
        (NEXT, "unknown", "possible"),
        (AS_OF, "before_open", "no"),
        (AS_OF, "after_close", "yes"),
        (AS_OF, "unknown", "possible"),
        (date(2025, 11, 12), "unknown", "no"),
        (date(2025, 11, 8), "unknown", "no"),  # A Saturday: Monday has reacted.
        (date(2025, 11, 9), "after_close", "no"),
    ],
)
def test_the_time_of_day_decides_the_reaction(
    plan: RunPlan, day: date, time_of_day: ReportTime, reaction: str
) -> None:
    """A report reacts in the first session that closes after it."""
    assert found_on(plan, report(day, time_of_day)).reaction == reaction


@pytest.mark.parametrize(
    ("time_of_day", "reaction"), [("after_close", "yes"), ("unknown", "possible")]
)
def test_a_report_that_has_come_counts_if_the_price_has_not_reacted(
    plan: RunPlan, time_of_day: ReportTime, reaction: str
) -> None:
    """A source may name only its next report, and list this one among past ones."""
    came = PastReport(AS_OF, time_of_day, "yahoo earnings")
    found = findings(plan)
    known = replace(found.known_events, unreacted=(came,))
    (answer,) = distributions(plan, None, [replace(found, known_events=known)]).values()
    assert answer.reaction == reaction


def test_many_reactions_of_the_night_s_stocks_are_the_pool(
    plan: RunPlan, tmp_path: Path
) -> None:
    """With 150 of them the pool is theirs, each divided by its share as known then."""
    market = replace(plan, home=Home(tmp_path), symbols=SYMBOLS)
    days = [day.date() for day in bars_of(plan).index[-120:-60]]
    reports = tuple(PastReport(day, "before_open", "folder") for day in days)
    every = []
    for symbol in SYMBOLS:
        prices = download(market, market.open_feeds().prices, symbol)
        known = KnownEvents((report(NEXT),), past_reports=reports)
        found = replace(findings(plan), symbol=symbol, prices=prices)
        every.append(replace(found, known_events=known))
    answers = distributions(market, None, every)
    pooled = []
    for symbol in SYMBOLS:
        sizes: list[float] = []
        for past in answers[symbol].past:
            share = (sum(sizes) + 6 * 2.648) / (len(sizes) + 6) / 2.648
            pooled.append(past.z / share)
            sizes.append(abs(past.z))
    assert len(pooled) == 180
    mean = sum(map(abs, pooled)) / len(pooled)
    for symbol in SYMBOLS:
        own = [abs(past.z) for past in answers[symbol].past]
        share = (sum(own) + 6 * mean) / (len(own) + 6) / mean
        table = read_signed(market.table(STAGE, symbol), symbol=symbol, stage=STAGE)
        assert answers[symbol].own_share == pytest.approx(share, rel=1e-12)
        drawn = sorted(table.loc[table["reaction"], "z"])
        assert drawn == pytest.approx(sorted(z * share for z in pooled), rel=1e-9)
        assert table.attrs["mean_size"] == pytest.approx(mean, rel=1e-12)
        assert answers[symbol].pool == "180 reactions of the screened stocks"


def test_an_unknown_time_is_half_ordinary_half_reaction(plan: RunPlan) -> None:
    """The interval lies between both, and each half has 199 outcomes."""
    found = found_on(plan, report(NEXT, "unknown"))
    table = read_signed(plan.table(STAGE, SYMBOL), symbol=SYMBOL, stage=STAGE)
    assert table["mixture"].sum() == 398
    surely = found_on(plan, report(NEXT)).outcomes
    assert found.outcomes
    assert found.ordinary
    assert surely
    assert surely.low < found.outcomes.low < found.ordinary.low
    assert found.ordinary.high < found.outcomes.high < surely.high


def test_a_window_widens_nothing(plan: RunPlan) -> None:
    """An event on an unknown day of a range leaves the ordinary interval."""
    window = replace(report(AS_OF), last=date(2025, 11, 19), status="estimated")
    assert found_on(plan, window).outcomes == found_on(plan).outcomes


def test_without_a_model_the_centre_is_zero(plan: RunPlan) -> None:
    """The interval is there, and nothing is added to the probability."""
    found = found_on(plan, predicted=None)
    assert found.outcomes
    assert found.outcomes.low < 0 < found.outcomes.high
    assert found.added == 0


@pytest.mark.parametrize("predicted", [-0.1, -0.02, -0.0003, 1e-5, 0.001, 0.05])
def test_no_report_raises_what_a_forecast_adds(plan: RunPlan, predicted: float) -> None:
    """A possible and a certain reaction never raise what the centre adds."""
    by_night = [
        found_on(plan, *events, predicted=predicted).added or 0
        for events in ([], [report(NEXT, "unknown")], [report(NEXT)])
    ]
    assert by_night == sorted(by_night, reverse=True)


def test_too_short_a_history_has_no_interval_and_says_why(
    plan: RunPlan, tmp_path: Path
) -> None:
    """With 55 sessions the scale is known, the interval is not."""
    found = findings(plan)
    bars = bars_of(plan).iloc[-55:]
    short = replace(plan, home=Home(tmp_path))
    path = write_night_table(short, PRICES, SYMBOL, bars)
    assert found.prices
    few = replace(found, prices=replace(found.prices, path=path, sessions=55))
    answer = distributions(short, None, [few])[SYMBOL]
    assert answer.outcomes is None
    assert answer.scale
    assert answer.reason.startswith("the history has 32 standardised returns")


def test_damaged_prices_cost_one_symbol_its_distribution(plan: RunPlan) -> None:
    """The reason is kept, and the symbol without prices has its own."""
    found = findings(plan)
    assert found.prices
    lost = replace(found, prices=replace(found.prices, path=Path("gone.parquet")))
    none = replace(found, symbol="BHP.AX", prices=None)
    answers = distributions(plan, None, [lost, none])
    assert "gone.parquet" in answers[SYMBOL].reason
    assert answers["BHP.AX"].reason == "there are no prices"
