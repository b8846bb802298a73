"""`overnight evaluate --guard` on made prices, and on 28 recorded stocks."""

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from equipment import needed
from typer.testing import CliRunner, Result

from cli.app import app
from market_data.sessions import next_session, sessions_between
from storage.home import Home

FIRST, LAST = date(2024, 6, 3), date(2025, 10, 31)
SESSIONS = [d.date() for d in sessions_between("XNYS", date(2023, 6, 1), LAST)]
REPORTS = SESSIONS[100::60]
US_STOCKS = (
    "AAPL,AMD,AMZN,AVGO,BA,BAC,COST,CSCO,CVX,DIS,GOOGL,HD,IBM,INTC,JNJ,KO,MA,META,"
    "MSFT,NFLX,NVDA,ORCL,PFE,PG,TSLA,V,WMT,XOM"
)
BEFORE_THE_OPEN = "BA,BAC,CVX,HD,JNJ,KO,MA,PFE,PG,WMT,XOM"
"""Those of them that report before the open, whatever their file says."""


def write_stock(folder: Path, symbol: str, reacts_on: list[date], clock: str) -> None:
    """Write a calm stock that moves by 12 % on these days, and reports at `clock`."""
    sessions = sessions_between("XNYS", SESSIONS[0], date(2025, 11, 14))
    moves = np.random.default_rng(len(symbol)).normal(0, 0.005, len(sessions))
    moves[sessions.isin([pd.Timestamp(day) for day in reacts_on])] = -0.12
    close = 80 * np.cumprod(1 + moves)
    table = pd.DataFrame({"Date": sessions.date, "Open": close / (1 + moves)})
    table["High"] = np.maximum(table["Open"], close) * 1.002
    table["Low"] = np.minimum(table["Open"], close) * 0.998
    table = table.assign(**{"Close": close, "Adj Close": close, "Volume": 5_000_000})
    for part in ("prices", "events"):
        (folder / part).mkdir(exist_ok=True)
    table.to_csv(folder / "prices" / f"{symbol}.csv", index=False)
    earnings = [{"datetime": f"{day}T{clock}-05:00"} for day in REPORTS]
    (folder / "events" / f"{symbol}.json").write_text(
        json.dumps({"earnings": earnings})
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return two stocks that say "after the close"; WRONG moves on the day itself."""
    made = tmp_path_factory.mktemp("two_stocks")
    after = [next_session("XNYS", day) for day in REPORTS]
    write_stock(made, "RIGHT", after, "17:00:00")
    write_stock(made, "WRONG", list(REPORTS), "17:00:00")
    return made


def evaluate_guard(home: Path, folder: Path, *words: str) -> Result:
    """Run `overnight evaluate --guard` on a folder, with fewer bootstrap draws."""
    (home / "overnight.toml").write_text("[evaluation]\nbootstrap_draws = 200\n")
    source = ("--source", "folder", "--folder", str(folder), "--home", str(home))
    return CliRunner().invoke(app, ["evaluate", "--guard", *source, *words])


SPAN = ("--from", FIRST.isoformat(), "--to", LAST.isoformat())


@pytest.fixture(scope="module")
def judged(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the JSON of the two stocks; the calendar names a report of RIGHT."""
    home = tmp_path_factory.mktemp("home")
    line = f"RIGHT,earnings,{REPORTS[-1]},,\n"
    (home / "event_calendar.csv").write_text(
        f"ticker,event_type,date,title,url\n{line}"
    )
    done = evaluate_guard(home, folder, "RIGHT", "WRONG", "GONE", *SPAN, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def share(judged: dict[str, Any], policy: str, figure: str) -> float:
    """Return a figure of a policy."""
    return float(judged["guard"]["policies"][policy][figure]["value"])


def test_the_sessions_that_react_hold_the_largest_moves(judged: dict[str, Any]) -> None:
    """All largest moves are reactions; sit-outs at random hold their share of them."""
    nights = judged["guard"]["nights"]
    inside = [day for day in REPORTS if day > FIRST]
    assert share(judged, "reaction_session", "sessions") == pytest.approx(
        2 * len(inside) / nights
    )
    assert share(judged, "reaction_session", "largest_moves") == 1
    assert share(judged, "published", "largest_moves") == 1
    assert share(judged, "published", "sessions") == pytest.approx(
        2 * 7 * len(inside) / nights
    )
    drawn = judged["guard"]["policies"]["published"]["random"]["largest_moves"]
    assert drawn["value"] == pytest.approx(
        share(judged, "published", "sessions"), abs=0.03
    )


def test_wrong_times_of_day_are_found_in_the_prices(judged: dict[str, Any]) -> None:
    """The rule `reaction` follows them, so it misses the moves of that stock."""
    assert judged["guard"]["contradicted_times"] == ["WRONG"]
    assert share(judged, "reaction", "squared_returns") < 0.6
    assert share(judged, "reaction_by_prices", "squared_returns") > 0.9
    assert share(judged, "published", "forgone_a_year") < 0


def test_a_line_of_a_calendar_is_known_in_time(judged: dict[str, Any]) -> None:
    """The other reports are known to no night: their source lists past ones only."""
    count = 2 * sum(FIRST < day <= LAST for day in REPORTS)
    for known in judged["guard"]["known_in_time"]:
        assert known["confirmed"] == 1
        assert known["confirmed"] + known["estimated"] + known["not_known"] == count


def test_nothing_is_trained_and_the_files_are_whole(judged: dict[str, Any]) -> None:
    """The report holds the figures and two pictures; a missing stock has a reason."""
    (home,) = {Path(path).parents[3] for path in judged["files"]}
    assert {Path(path).name for path in judged["files"]} == {
        "figures.json",
        "sit_outs.png",
        "reaction_coverage.png",
    }
    assert all(Path(path).stat().st_size for path in judged["files"])
    assert not (home / "models").exists()
    assert not (home / "data").exists()
    assert judged["failures"]["GONE"].startswith("unknown_symbol: ")
    assert Home(home).sit_out_cost.exists()


def test_the_terminal_shows_all_tables(folder: Path, tmp_path: Path) -> None:
    """Policies, intervals, what was known, and the stocks with wrong times."""
    done = evaluate_guard(tmp_path, folder, "RIGHT", "WRONG", *SPAN)
    assert done.exit_code == 0, done.output
    for words in ("published", "volatility spike", "largest 1 %", "days before"):
        assert words in done.output
    assert "The times of day of the reports of WRONG must be wrong" in " ".join(
        done.output.split()
    )


def test_rows_of_an_evaluation_give_the_sit_outs_as_they_were(
    folder: Path, tmp_path: Path
) -> None:
    """If the home holds that evaluation, its nights alone are judged."""
    evaluation = Home(tmp_path).evaluations / f"{FIRST}_{LAST}"
    evaluation.mkdir(parents=True)
    days = [day.isoformat() for day in SESSIONS if FIRST <= day <= LAST][:50]
    lines = [f"RIGHT,{day},ok,{'true' if i < 10 else ''}" for i, day in enumerate(days)]
    heading = "symbol,as_of,data_status,event_skip_trading"
    (evaluation / "forecasts.csv").write_text("\n".join([heading, *lines]) + "\n")
    done = evaluate_guard(tmp_path, folder, "RIGHT", *SPAN, "--json")
    guard = json.loads(done.stdout)["guard"]
    assert guard["nights"] == 50
    assert guard["policies"]["as_they_were"]["sessions"]["value"] == 0.2


def test_a_damaged_table_of_forecasts_is_refused(folder: Path, tmp_path: Path) -> None:
    """One sentence names the file and what to do."""
    evaluation = Home(tmp_path).evaluations / f"{FIRST}_{LAST}"
    evaluation.mkdir(parents=True)
    (evaluation / "forecasts.csv").write_text("nothing\n")
    done = evaluate_guard(tmp_path, folder, "RIGHT", *SPAN)
    assert done.exit_code == 2
    assert "forecasts.csv is not a table of forecasts" in done.stderr


def test_without_a_known_report_no_rule_is_judged(folder: Path, tmp_path: Path) -> None:
    """The note says where to write them, and the home gets no cost to show."""
    shutil.copytree(folder / "prices", tmp_path / "prices")
    done = evaluate_guard(tmp_path, tmp_path, "RIGHT", *SPAN)
    assert "No report of these stocks is known" in done.output
    assert "published" not in done.output
    assert not Home(tmp_path).sit_out_cost.exists()


@pytest.mark.parametrize("words", [("--from", "2030-01-02"), ()])
def test_a_wrong_span_is_refused(
    folder: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """One sentence and exit code 2, as for an evaluation with training."""
    done = evaluate_guard(tmp_path, folder, "RIGHT", *words, "--to", LAST.isoformat())
    assert done.exit_code == 2
    assert "`from` must be a" in done.stderr


@pytest.mark.long
def test_the_published_shares_of_28_us_stocks(tmp_path: Path) -> None:
    """SPEC 8: the window holds 11.1 and 36.8 %, the reaction session 1.6 and 30.6 %."""
    market, first = needed("market"), date(2015, 7, 9)
    words = ("--symbols", US_STOCKS, "--from", first.isoformat(), "--json")
    done = evaluate_guard(tmp_path, market, *words, "--to", "2025-12-30")
    found = json.loads(done.stdout)
    for policy, sessions, moves in (
        ("published", 0.111, 0.368),
        ("reaction_session", 0.016, 0.306),
    ):
        assert share(found, policy, "sessions") == pytest.approx(sessions, abs=0.005)
        assert share(found, policy, "largest_moves") == pytest.approx(moves, abs=0.005)
    assert found["guard"]["contradicted_times"] == BEFORE_THE_OPEN.split(",")
