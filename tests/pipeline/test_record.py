"""A night's part in the track record: live calls, scored calls, and failures."""

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_calls import SESSIONS, night_of

from config.parameters import TrainingOverrides
from market_data.selection import Symbols
from market_data.sessions import next_open, sessions_between
from pipeline.download import download
from pipeline.guard import guard
from pipeline.index import index
from pipeline.indicators import indicators
from pipeline.plan import RunPlan, RunRequest, plan_run
from pipeline.record import record_night
from risk_guard.known_events import KnownEvents
from screening.findings import NO_SENTIMENT, PriceFindings, SymbolFindings
from screening.row import Row, build_row
from screening.table import rank
from screening.track_record.ledger import Ledger
from screening.track_record.track_record import TrackRecords
from storage.home import Home, write_atomic

SYMBOLS = ("AAA.AX", "BBB.AX")
FIRST = 80
"""The first night's place among `SESSIONS`; the prices begin before them all."""


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder of prices of two stocks and the index, a dividend in each stock."""
    folder = tmp_path_factory.mktemp("market")
    (folder / "prices").mkdir()
    days = sessions_between("XASX", date(2025, 1, 2), SESSIONS[-1]).date
    for seed, name in enumerate((*SYMBOLS, "^AXJO")):
        moves = np.random.default_rng(seed).normal(0, 0.01, len(days))
        close = 50 * np.exp(np.cumsum(moves))
        paid = np.where(np.arange(len(days)) < len(days) - 4, 0.97, 1.0)
        table = pd.DataFrame({"Date": days, "Close": close, "Adj Close": close * paid})
        table = table.assign(Open=close, High=close, Low=close, Volume=1000)
        table.to_csv(folder / "prices" / f"{name}.csv", index=False)
    return folder


def night(home: Path, market: Path, as_of: date, now: datetime) -> RunPlan:
    """Return the plan of a night on the folder's prices."""
    return plan_run(
        RunRequest(
            selection=Symbols(symbols=SYMBOLS),
            source="folder",
            folder=market,
            as_of=as_of,
            train="never",
            parameters=TrainingOverrides(period="1y"),
            home=home,
        ),
        now=now,
    )


def ran(
    plan: RunPlan, made_at: datetime
) -> tuple[TrackRecords | None, tuple[str, ...]]:
    """Run the stages that a call needs, record it, and return records and notices."""
    findings = found_by(plan)
    return record_night(
        plan, plan.open_feeds().prices, findings, rows_of(plan, findings), made_at
    )


def found_by(plan: RunPlan) -> list[SymbolFindings]:
    """Return what the stages that a call rests on find."""
    prices = plan.open_feeds().prices
    market = index(plan, prices, "^AXJO")
    findings = []
    for symbol in plan.symbols:
        got = download(plan, prices, symbol)
        nobody = KnownEvents((), ("nobody was asked",))
        findings.append(
            SymbolFindings(
                symbol=symbol,
                as_of=plan.as_of_for(symbol),
                forecast_session=plan.forecast_session(symbol),
                prices=got,
                indicators=indicators(plan, symbol, got),
                events=guard(plan, symbol, nobody, NO_SENTIMENT, got, market),
                market=market,
            )
        )
    return findings


def rows_of(plan: RunPlan, findings: list[SymbolFindings]) -> list[Row]:
    """Return the night's rows."""
    blend = plan.settings.blend
    return rank((build_row(one, plan.run_at, blend) for one in findings), blend)


@pytest.fixture(scope="module")
def nights(market: Path, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """Give the ledger of four evenings, the last five sessions after the first."""
    home = tmp_path_factory.mktemp("home")
    for place in (FIRST, FIRST + 1, FIRST + 2, FIRST + 5):
        at = night_of(SESSIONS[place])
        _, notices = ran(night(home, market, SESSIONS[place], at), at)
        assert notices == ()
    return Ledger(Home(home).track_record)


def test_each_symbol_has_a_live_call_a_night(nights: Ledger) -> None:
    """An evening's run before the next open is live, with one call per symbol."""
    calls = nights.calls()
    assert len(calls) == 8
    assert calls["live"].all()
    assert set(calls["symbol"]) == set(SYMBOLS)
    assert calls["hedge_beta"].notna().all()
    assert calls["inputs_fingerprint"].nunique() == 8


def test_outcomes_are_those_of_the_prices_that_came(
    nights: Ledger, market: Path
) -> None:
    """Returns by adjusted close over adjusted close, hedged by the call's own beta."""
    calls = nights.calls().set_index(["symbol", "as_of"])
    found = nights.outcomes()
    assert dict(found["horizon"].value_counts()) == {1: 6, 5: 2}
    closes = {
        name: pd.read_csv(
            market / "prices" / f"{name}.csv", index_col="Date", parse_dates=True
        )["Adj Close"]
        for name in (*SYMBOLS, "^AXJO")
    }
    for row in found.to_dict("records"):
        ends = [row["as_of"], row["session"]]
        own, of_index = (
            closes[name][ends[1]] / closes[name][ends[0]] - 1
            for name in (row["symbol"], "^AXJO")
        )
        beta = calls.loc[(row["symbol"], row["as_of"]), "hedge_beta"]
        assert row["return"] == pytest.approx(own)
        assert row["hedged_return"] == pytest.approx(own - beta * of_index)


@pytest.mark.parametrize(("minutes", "live"), [(-1, True), (0, False), (60, False)])
def test_a_call_is_live_until_its_session_opens(
    market: Path,
    tmp_path: Path,
    minutes: int,
    live: bool,  # noqa: FBT001
) -> None:
    """What is published at the open or later is a replay, however fresh its prices."""
    as_of = SESSIONS[FIRST]
    at = next_open("XASX", as_of) + timedelta(minutes=minutes)
    records, _ = ran(night(tmp_path, market, as_of, at), at)
    assert records
    assert (records.live.calls, records.replayed.calls) == ((2, 0) if live else (0, 2))


def test_a_night_run_again_counts_once_and_a_replay_takes_nothing_away(
    market: Path, tmp_path: Path
) -> None:
    """The later run before the open counts, a run after it does not; all are kept."""
    as_of = SESSIONS[FIRST]
    records = None
    for hours in (8, 10, 90):
        at = night_of(as_of, hours)
        records, _ = ran(night(tmp_path, market, as_of, at), at)
    assert records
    assert (records.live.calls, records.live.replaced) == (2, 2)
    assert (records.replayed.calls, records.replayed.replaced) == (2, 0)
    assert len(Ledger(Home(tmp_path).track_record).calls()) == 6


def test_prices_that_are_gone_cost_their_symbol_alone(
    market: Path, tmp_path: Path
) -> None:
    """A table that vanished, and can't be made anew, is named; the night goes on."""
    at = night_of(SESSIONS[FIRST])
    plan = night(tmp_path, market, SESSIONS[FIRST], at)
    gone = PriceFindings(tmp_path / "gone.parquet", 80, "AUD", "folder", ())
    found = SymbolFindings("ZZZ.AX", plan.as_of, plan.as_of, prices=gone)
    records, notices = record_night(plan, plan.open_feeds().prices, [found], [], at)
    assert records is not None
    assert notices[0].startswith("ZZZ.AX of this night is not in the track record: ")


@pytest.fixture(scope="module")
def undisturbed(market: Path, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Give the recorded calls of the first night."""
    home, at = tmp_path_factory.mktemp("home"), night_of(SESSIONS[FIRST])
    ran(night(home, market, SESSIONS[FIRST], at), at)
    return Ledger(Home(home).track_record).calls()


@pytest.mark.parametrize("stage", ["prices", "index"])
def test_a_table_damaged_before_the_record_is_made_anew(
    market: Path, undisturbed: pd.DataFrame, tmp_path: Path, stage: str
) -> None:
    """All calls are recorded, with the fingerprints of an undisturbed night."""
    at = night_of(SESSIONS[FIRST])
    plan = night(tmp_path, market, SESSIONS[FIRST], at)
    findings = found_by(plan)
    for table in (plan.tables / stage).iterdir():
        table.write_bytes(b"PAR1")
    rows = rows_of(plan, findings)
    _, notices = record_night(plan, plan.open_feeds().prices, findings, rows, at)
    assert notices == ()
    again = Ledger(Home(tmp_path).track_record).calls()
    assert len(again) == len(SYMBOLS)
    pd.testing.assert_frame_equal(undisturbed, again)


def test_a_ledger_that_cannot_be_read_costs_no_night(
    market: Path, tmp_path: Path
) -> None:
    """The run goes on without a record, and a notice gives the reason."""
    folder = Home(tmp_path).track_record
    write_atomic(folder / "calls" / "torn.parquet", "PAR1")
    at = night_of(SESSIONS[FIRST])
    records, notices = ran(night(tmp_path, market, SESSIONS[FIRST], at), at)
    assert records is None
    assert notices[0].startswith("The night is not in the track record: ")
    assert [path.name for path in (folder / "calls").iterdir()] == ["torn.parquet"]
