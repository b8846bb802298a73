"""A night with events and news: SPEC's sit-outs and haircuts in the published CSV."""

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tiny_finbert import write_tiny_finbert

from storage.home import Home

CALENDAR = """# mine
ticker,event_type,date,title,url
AAA.AX,basel_iii,2025-11-11,Pillar 3 report,
BBB.AX,earnings,2025-11-17,Full year,
CCC.AX,dividend,2025-11-13,Final,
DDD.AX,party,2025-11-13,,
CCC.AX,earnings,2026-02-11,,
"""
NEWS = [
    {"title": "AAA profit beats, shares surge", "pubDate": "2025-11-10T20:00:00Z"},
    {"title": "Sector outlook weak", "pubDate": "2025-11-09T23:00:00Z"},
]
REPEATS = [
    {
        "content": {
            "title": "Aaa Profit Beats, Shares Surge - Reuters",
            "pubDate": "2025-11-10T21:00:00Z",
        }
    },
    {"title": "SECTOR OUTLOOK WEAK!", "providerPublishTime": 1762740000},
    {"title": "AAA fraud probe", "pubDate": "2025-11-10T23:00:01Z"},
    {"title": "AAA bankrupt", "pubDate": "2025-11-11T09:00:00Z"},
    {"title": "AAA old loss", "pubDate": "2025-11-07T22:59:00Z"},
]


def prepared(
    home: Path, market: Path, *, engine: str = "lexicon", news: list[Any] | None = None
) -> Path:
    """Write a home's settings and calendar; return a market with AAA's headlines."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "overnight.toml").write_text(f"[sentiment]\nengine = '{engine}'\n")
    (home / "event_calendar.csv").write_text(CALENDAR)
    folder = home / "market"
    shutil.copytree(market, folder)
    (folder / "news").mkdir()
    (folder / "news" / "AAA.AX.json").write_text(json.dumps(news or NEWS))
    shutil.copy(folder / "prices" / "BBB.AX.csv", folder / "prices" / "^AXJO.csv")
    return folder


def screened(quick_night: Any, home: Path, folder: Path) -> tuple[pd.DataFrame, Any]:  # noqa: ANN401
    """Return the night's rows as text, and its summary."""
    state = quick_night(
        home, "AAA.AX", "BBB.AX", "CCC.AX", folder=folder, train="never"
    )
    path = Home(home).screening_csv / "2025-11-10_screening_results.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False).set_index("symbol")
    return rows, state.result()


@pytest.fixture(scope="module")
def night(
    quick_night: Any,  # noqa: ANN401
    market: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[pd.DataFrame, Any]:
    """Give the rows and the summary of a night with calendar and headlines."""
    home = tmp_path_factory.mktemp("home")
    return screened(quick_night, home, prepared(home, market))


def cells(rows: pd.DataFrame, symbol: str, *names: str) -> list[str]:
    """Return some cells of a symbol's row."""
    return [str(rows.loc[symbol, name]) for name in names]


def test_a_report_tomorrow_is_sat_out(night: tuple[pd.DataFrame, Any]) -> None:
    """The night this project began with: HOLD, no position, the score still there."""
    rows, _ = night
    asked = ("prediction", "event_skip_trading", "position_scale", "event_type")
    assert cells(rows, "AAA.AX", *asked) == ["HOLD", "true", "0.0", "basel_iii"]
    assert float(rows.loc["AAA.AX", "score"])
    assert cells(rows, "AAA.AX", "event_date", "sessions_to_event", "event_status") == [
        "2025-11-11",
        "1",
        "confirmed",
    ]


def test_earnings_five_sessions_ahead_cost_a_haircut(
    night: tuple[pd.DataFrame, Any],
) -> None:
    """No sit-out; the haircut of its risk score."""
    rows, _ = night
    asked = ("event_skip_trading", "sessions_to_event", "days_to_event")
    assert cells(rows, "BBB.AX", *asked) == ["false", "5", "7"]
    risk = float(rows.loc["BBB.AX", "event_risk_score"])
    expected = "0.7" if risk >= 0.8 else "0.45"
    assert rows.loc["BBB.AX", "event_weight_haircut"] == expected
    assert risk >= 0.65


def test_a_dividend_in_three_sessions_is_not_sat_out(
    night: tuple[pd.DataFrame, Any],
) -> None:
    """It is risk, and no reason to hold."""
    rows, _ = night
    assert cells(rows, "CCC.AX", "event_skip_trading", "event_type") == [
        "false",
        "dividend",
    ]


def test_headlines_are_read_by_the_engine_that_is_named(
    night: tuple[pd.DataFrame, Any],
) -> None:
    """Direction, count and weight; `components` names the reader."""
    rows, _ = night
    assert rows.loc["AAA.AX", "components"] == "trend technical lexicon"
    assert rows.loc["AAA.AX", "finbert_headlines"] == "2"
    assert (
        rows.loc["AAA.AX", "finbert_direction"] == rows.loc["AAA.AX", "sentiment_72h"]
    )
    assert cells(rows, "BBB.AX", "finbert_direction", "finbert_headlines") == ["", ""]
    assert "finbert is missing (no_news" in rows.loc["BBB.AX", "reason"]


def test_weights_without_news_are_spread(night: tuple[pd.DataFrame, Any]) -> None:
    """Trend 0.40 and technical 0.35 share what the news component leaves."""
    rows, _ = night
    weights = [float(rows.loc["BBB.AX", f"{n}_weight"]) for n in ("trend", "technical")]
    assert weights == pytest.approx([0.40 / 0.75, 0.35 / 0.75])


def test_the_hedge_is_there(night: tuple[pd.DataFrame, Any]) -> None:
    """Beta and R squared against the index of the same source; BBB is its own."""
    rows, _ = night
    hedge = [float(rows.loc["BBB.AX", name]) for name in ("hedge_beta", "hedge_r2")]
    assert hedge == pytest.approx([1, 1])
    assert float(rows.loc["AAA.AX", "hedge_r2"]) < 0.2


def test_a_bad_line_is_named_at_the_head_of_the_run(
    night: tuple[pd.DataFrame, Any],
) -> None:
    """By its number; the rest of the calendar was used."""
    _, summary = night
    (notice,) = summary.notices
    assert notice.startswith("event_calendar.csv line 6 is not used: `event_type`")


def test_later_and_repeated_headlines_change_no_cell(
    quick_night: Any,  # noqa: ANN401
    market: Path,
    night: tuple[pd.DataFrame, Any],
    tmp_path: Path,
) -> None:
    """No headline after the cut-off counts, and no repeated title."""
    folder = prepared(tmp_path, market, news=[*REPEATS, *NEWS])
    rows, _ = screened(quick_night, tmp_path, folder)
    assert rows.drop(columns="run_at").equals(night[0].drop(columns="run_at"))


def test_a_missing_model_is_said_once_and_nothing_stands_in(
    quick_night: Any,  # noqa: ANN401
    market: Path,
    tmp_path: Path,
) -> None:
    """The head of the run names the command; each row has its reason."""
    folder = prepared(tmp_path, market)
    toml = "[sentiment]\nmodel_folder = 'nowhere'\n"
    (tmp_path / "overnight.toml").write_text(toml)
    (tmp_path / "event_calendar.csv").unlink()
    rows, summary = screened(quick_night, tmp_path, folder)
    (notice,) = summary.notices
    assert "FinBERT's folder nowhere has no config.json" in notice
    assert set(rows["components"]) == {"trend technical"}
    assert rows.loc["AAA.AX", "finbert_headlines"] == "2"
    assert rows.loc["AAA.AX", "finbert_direction"] == ""
    assert "finbert is missing (FinBERT's folder" in rows.loc["AAA.AX", "reason"]
    assert set(rows["event_status"]) == {"unknown"}
    assert all(float(cut) >= 0.2 for cut in rows["event_weight_haircut"])
    assert all("there is no event_calendar.csv" in one for one in rows["event_warning"])


def test_finbert_reads_with_its_own_files(
    quick_night: Any,  # noqa: ANN401
    market: Path,
    tmp_path: Path,
) -> None:
    """A model with known answers: `surge`, `profit`, `beats` are good news."""
    folder = prepared(tmp_path, market)
    model = write_tiny_finbert(tmp_path / "model")
    toml = f"[sentiment]\nmodel_folder = '{model.as_posix()}'\n"
    (tmp_path / "overnight.toml").write_text(toml)
    rows, _ = screened(quick_night, tmp_path, folder)
    assert rows.loc["AAA.AX", "components"] == "trend technical finbert"
    assert float(rows.loc["AAA.AX", "finbert_direction"]) > 0.5
    assert list((tmp_path / "data" / "sentiment").glob("finbert-sha256-*.parquet"))


def test_the_night_is_the_last_of_its_calendar(night: tuple[pd.DataFrame, Any]) -> None:
    """Every row is of the as-of session that was asked for."""
    assert set(night[0]["as_of"]) == {str(date(2025, 11, 10))}
