"""The CSV: its header, its order, its cells, and that it appears whole."""

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import StorageError
from config.settings import BlendSettings
from screening.columns import COLUMNS
from screening.table import (
    cell,
    csv_path,
    find_csv_fault,
    rank,
    read_published_coverage,
    read_published_status,
    read_rows,
    write_csv,
)

HEADER = (
    "symbol,exchange,as_of,forecast_session,run_at,close,currency,prediction,"
    "confidence,score,rank,predicted_close,predicted_return,predicted_return_low,"
    "predicted_return_high,probability_up,prediction_source,components,"
    "lstm_direction,lstm_confidence,lstm_confidence_after_haircut,lstm_weight,"
    "trend_direction,trend_confidence,trend_weight,technical_direction,"
    "technical_confidence,technical_weight,finbert_direction,finbert_confidence,"
    "finbert_weight,finbert_headlines,event_status,event_type,event_date,"
    "event_title,event_source,days_to_event,sessions_to_event,event_risk_score,"
    "event_weight_haircut,event_skip_trading,event_warning,sentiment_72h,"
    "volatility_ratio,volatility_spike,hedge_beta,hedge_r2,position_scale,sma_20,"
    "sma_50,rsi,macd,macd_signal,percent_b,volatility_20d,average_volume_20d,"
    "model_status,model_grade,model_trained_at,model_age_days,model_skill,"
    "model_directional_accuracy,data_status,data_sessions,data_source,"
    "median_turnover_20d,traded_share_60d,return_scale,distribution_sessions,"
    "event_time,event_reaction,event_past_reactions,event_typical_move,"
    "event_own_share,previous_prediction,reason"
)


def row(symbol: str, score: float | None) -> dict[str, Any]:
    """Return the smallest row that can be ranked, a failed row without a score."""
    if score is None:
        return {"symbol": symbol, "data_status": "failed"}
    return {"symbol": symbol, "data_status": "ok", "score": score}


def test_the_header_is_the_published_one(tmp_path: Path) -> None:
    """An empty night's CSV is the published header and nothing else."""
    path = csv_path(tmp_path, date(2025, 11, 10))
    write_csv(path, [])
    assert path.name == "2025-11-10_screening_results.csv"
    assert path.read_bytes() == HEADER.encode() + b"\n"


def test_a_call_that_nobody_can_act_on_is_ranked_after_the_others() -> None:
    """The best score is behind the worst if its stock hardly moves."""
    fund = row("FUND.AX", 0.9) | {"return_scale": 0.0005}
    found = rank([fund, row("A", -0.5), row("Z", None)], BlendSettings())
    assert [(one["symbol"], one.get("rank")) for one in found] == [
        ("A", 1),
        ("FUND.AX", 2),
        ("Z", None),
    ]


def test_best_score_first_failed_last() -> None:
    """Rows are ranked by score, equal ones by symbol; failed ones have no rank."""
    rows = rank(
        [row("Z", None), row("B", 0.1), row("C", 0.9), row("A", 0.1), row("Y", None)],
        BlendSettings(),
    )
    assert [(one["symbol"], one.get("rank")) for one in rows] == [
        ("C", 1),
        ("A", 2),
        ("B", 3),
        ("Y", None),
        ("Z", None),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (float("nan"), ""),
        (float("inf"), ""),
        (True, "true"),
        (False, "false"),
        (0.1, "0.1"),
        (-0.25, "-0.25"),
        (1e-6, "1e-06"),
        (0.30000000000000004, "0.30000000000000004"),
        (date(2025, 11, 10), "2025-11-10"),
        (3, "3"),
        (-3, "-3"),
        (np.float64(-0.5), "-0.5"),
        ("plain", "plain"),
        ("two\nlines", "two lines"),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-cmd", "'-cmd"),
        ("@SUM(A1)", "'@SUM(A1)"),
        (" =1+1", "'=1+1"),
        ("\t=1+1", "'=1+1"),
        ("news;=1+1", "news;'=1+1"),
        ("news; @SUM(A1)", "news; '@SUM(A1)"),
        ("news\t=1+1", "news =1+1"),
        ("news; more", "news; more"),
    ],
)
def test_a_cell_is_written_safely(value: object, text: str) -> None:
    """A cell not known is empty, numbers keep their digits, formulas are escaped."""
    assert cell(value) == text


@given(st.text())
def test_no_text_stays_a_formula(text: str) -> None:
    """Whatever a title holds, its cell starts with nothing a spreadsheet runs."""
    assert not cell(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_back_as_it_was(number: float) -> None:
    """No digit is lost between the row and a reader of the CSV."""
    assert float(cell(number)) == number


def test_a_row_has_one_cell_per_column(tmp_path: Path) -> None:
    """Unknown columns are empty cells; text with commas stays one cell."""
    path = tmp_path / "night.csv"
    write_csv(path, [{**row("CBA.AX", 0.5), "reason": 'a, "b"'}])
    with path.open(newline="") as file:
        (read,) = csv.DictReader(file)
    assert list(read) == COLUMNS
    assert (read["symbol"], read["reason"], read["close"]) == ("CBA.AX", 'a, "b"', "")


def test_a_csv_that_cannot_be_written_names_its_path(tmp_path: Path) -> None:
    """A refusing disk gives the path and leaves no part of a file."""
    (tmp_path / "reports").write_text("a file where a folder must be")
    with pytest.raises(StorageError, match="reports"):
        write_csv(tmp_path / "reports" / "night.csv", [])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda text: text.replace(",", "\t").encode(), "no commas"),
        (lambda text: text.replace(",", "|").encode(), "no commas"),
        (lambda text: b"sep=;\r\n" + text.replace(",", ";").encode(), "no commas"),
        (lambda text: text.encode("utf-16"), "not UTF-8"),
        (lambda text: (text + "\u00e9").encode("cp1252"), "not UTF-8"),
        (lambda text: text.replace("2025-11-10", "10/11/2025").encode(), "10/11/2025"),
    ],
)
def test_a_resaved_csv_is_named_with_what_changed(
    tmp_path: Path, change: Callable[[str], bytes], named: str
) -> None:
    """Another separator, encoding or form of dates is no night without rows."""
    path = csv_path(tmp_path, date(2025, 11, 10))
    write_csv(path, [row("CBA.AX", 0.5) | {"as_of": date(2025, 11, 10)}])
    path.write_bytes(change(path.read_text()))
    assert "is no longer as the night wrote it" in find_csv_fault(path)
    assert named in find_csv_fault(path)


def test_a_csv_that_a_spreadsheet_saved(tmp_path: Path) -> None:
    """A BOM and CRLF are read; other separators are named, never read as no rows."""
    path = csv_path(tmp_path, date(2025, 11, 10))
    write_csv(path, [row("CBA.AX", 0.5)])
    text = path.read_text()
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert [one["symbol"] for one in read_rows(path)] == ["CBA.AX"]
    assert find_csv_fault(path) == ""
    path.write_text(text.replace(",", ";"))
    assert "is no longer as the night wrote it" in find_csv_fault(path)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00", b"symbol\n"])
def test_a_foreign_csv_publishes_no_symbol(tmp_path: Path, content: bytes) -> None:
    """A file that is not a screening CSV has no symbols."""
    path = csv_path(tmp_path, date(2025, 11, 10))
    path.write_bytes(content)
    assert read_published_status(path) == {}


def test_a_row_of_an_earlier_session_does_not_publish_its_symbol(
    tmp_path: Path,
) -> None:
    """A symbol with a row of an earlier session is still due."""
    path = csv_path(tmp_path, date(2025, 11, 10))
    sydney, new_york = date(2025, 11, 10), date(2025, 11, 7)
    rows = [
        {**row("CBA.AX", 0.1), "as_of": sydney},
        {**row("AAPL", 0.2), "as_of": new_york},
        {**row("MSFT", None), "as_of": new_york},
    ]
    write_csv(path, rank(rows, BlendSettings()))
    assert read_published_coverage(path, {"CBA.AX": sydney}) == 1
    assert read_published_coverage(path, {"AAPL": new_york, "MSFT": new_york}) == 0.5
    assert read_published_coverage(path, {"CBA.AX": sydney, "AAPL": sydney}) is None
    assert read_published_coverage(path, {"NAB.AX": sydney}) is None
