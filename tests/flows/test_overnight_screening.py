"""A whole night through Prefect: rows, states, artifacts, and what may change them."""

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock
from pool_jobs import predict_in_keras

from config.errors import BusyError
from screening.columns import COLUMNS
from screening.summary import TooFewSymbols
from screening.track_record.ledger import Ledger
from storage.home import Home
from workers.process_pool import ProcessPool

CSV = "2025-11-10_screening_results.csv"
REPORT = "2025-11-10_morning_report.html"
GOOD = ("AAA.AX", "BBB.AX", "CCC.AX")
EARLIER = date(2025, 10, 27)
EARLIER_CSV = f"{EARLIER}_screening_results.csv"


def rows_of(home: Path, name: str = CSV) -> pd.DataFrame:
    """Return the night's CSV as text, one row per symbol."""
    path = Home(home).screening_csv / name
    return pd.read_csv(path, dtype=str, keep_default_na=False).set_index("symbol")


def without_times(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows without the two columns of the run's times."""
    return rows.drop(columns=["run_at", "model_trained_at"])


@pytest.fixture(scope="module")
def night(
    run_night: Any,  # noqa: ANN401
    train_first: Any,  # noqa: ANN401
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, Any]:
    """Give the home and the state of a night with two broken symbols."""
    home = tmp_path_factory.mktemp("home")
    symbols = (*GOOD, "SHORT.AX", "GONE.AX")
    train_first("screening", home, *symbols)
    return home, run_night(home, *symbols)


@pytest.fixture(scope="module")
def replayed(
    quick_night: Any,  # noqa: ANN401
    night: tuple[Path, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Give a home with the night's models, in which an earlier night was replayed."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(night[0] / "models", home / "models")
    quick_night(home, "AAA.AX", as_of=EARLIER)
    return home


def test_a_broken_symbol_is_its_own_row(night: tuple[Path, Any]) -> None:
    """Every symbol has one row, failed ones last with a sentence."""
    home, _ = night
    rows = rows_of(home)
    assert sorted(rows.index) == sorted([*GOOD, "SHORT.AX", "GONE.AX"])
    assert [*rows.index[-2:]] == ["GONE.AX", "SHORT.AX"]
    assert rows.loc["SHORT.AX", "reason"].startswith("too_short: screening needs 55")
    assert rows.loc["GONE.AX", "reason"].startswith("unknown_symbol: ")
    assert list(rows.loc["GONE.AX", ["score", "prediction", "rank"]]) == ["", "", ""]


def test_the_run_says_that_symbols_failed(night: tuple[Path, Any]) -> None:
    """Prefect shows a run with broken symbols as completed with failures."""
    _, state = night
    assert state.is_completed()
    assert state.name == "Completed with failures"
    assert "3 of 5 symbols" in state.message
    assert "SHORT.AX (too_short" in state.message


def test_the_header_is_the_published_one(night: tuple[Path, Any]) -> None:
    """The CSV holds the published columns in their order."""
    home, _ = night
    first = (Home(home).screening_csv / CSV).read_text().splitlines()[0]
    assert first.split(",") == COLUMNS


@pytest.mark.parametrize("symbol", GOOD)
def test_a_row_can_be_computed_again(night: tuple[Path, Any], symbol: str) -> None:
    """Score, confidence and call follow from the row's own columns to 1e-6."""
    home, _ = night
    row = rows_of(home).loc[symbol]
    parts = {
        name: row[f"{name}_confidence{suffix}"]
        for name, suffix in {
            "lstm": "_after_haircut",
            "trend": "",
            "technical": "",
            "finbert": "",
        }.items()
        if row[f"{name}_weight"]
    }
    weights = {name: float(row[f"{name}_weight"]) for name in parts}
    score = sum(
        weights[name] * float(row[f"{name}_direction"]) * float(sure)
        for name, sure in parts.items()
    )
    base = {"lstm": 0.45, "trend": 0.25, "technical": 0.15, "finbert": 0.15}
    sure_of = sum(base[name] * float(row[f"{name}_confidence"]) for name in parts)
    confidence = 100 * (1 - float(row["event_weight_haircut"])) * sure_of
    call = "BUY" if score > 0.3 else "SELL" if score < -0.3 else "HOLD"
    assert sum(weights.values()) == pytest.approx(1)
    assert float(row["score"]) == pytest.approx(score, abs=1e-6)
    assert float(row["confidence"]) == pytest.approx(confidence, abs=1e-6)
    assert row["prediction"] == call
    assert row["prediction_source"] == ("LSTM" if "lstm" in parts else "TREND")


def test_a_night_keeps_its_calls_in_the_ledger(night: tuple[Path, Any]) -> None:
    """Each row with a call is in the track record, as a replay: its session is over."""
    home, state = night
    calls = Ledger(Home(home).track_record).calls().set_index("symbol")
    rows = rows_of(home).loc[list(GOOD)]
    assert sorted(calls.index) == sorted(GOOD)
    assert calls["call"].to_dict() == rows["prediction"].to_dict()
    assert calls["score"].to_dict() == rows["score"].astype(float).to_dict()
    assert not calls["live"].any()
    record = state.result().track_record
    assert (record.live.calls, record.replayed.calls) == (0, 3)
    page = (Home(home).morning_reports / REPORT).read_text(encoding="utf-8")
    assert "Replayed calls (their outcome was known): 3, of 2025-11-10" in page


def test_good_rows_are_the_same_without_the_broken_ones(
    trained_home: Path, night: tuple[Path, Any]
) -> None:
    """A broken symbol changes no other row, and a night can be repeated elsewhere."""
    home, _ = night
    again = without_times(rows_of(trained_home))
    assert sorted(again.index) == sorted(GOOD)
    assert again.equals(without_times(rows_of(home)).loc[again.index])


def test_a_night_without_training_says_the_same(
    quick_night: Any,  # noqa: ANN401
    night: tuple[Path, Any],
    tmp_path: Path,
) -> None:
    """With the models of the first run, `never` gives the same rows."""
    home, _ = night
    again = tmp_path / "again"
    shutil.copytree(home / "models", again / "models")
    quick_night(again, *GOOD, train="never")
    first = rows_of(home).loc[list(GOOD)].sort_index()
    assert (
        rows_of(again)
        .sort_index()
        .drop(columns="run_at")
        .equals(first.drop(columns="run_at"))
    )


def test_no_later_price_reaches_a_night(
    quick_night: Any,  # noqa: ANN401
    replayed: Path,
    market: Path,
    tmp_path: Path,
) -> None:
    """Prices after the as-of session are not read: altering them changes no byte."""
    other = tmp_path / market.name  # `event_warning` names the folder.
    shutil.copytree(market, other)
    for path in (other / "prices").glob("*.csv"):
        table = pd.read_csv(path)
        later = table["Date"] > EARLIER.isoformat()
        prices = ["Open", "High", "Low", "Close", "Adj Close"]
        table[prices] = table[prices].mask(later, table[prices] * 1.7)
        table["Volume"] = table["Volume"].mask(later, 7)
        table.to_csv(path, index=False)
    quick_night(tmp_path, "AAA.AX", folder=other, as_of=EARLIER)
    rows = [without_times(rows_of(home, EARLIER_CSV)) for home in (replayed, tmp_path)]
    assert rows[0].loc["AAA.AX", "prediction_source"] == "LSTM"  # it could be silent
    assert rows[0].equals(rows[1])


def test_a_model_that_knows_the_future_is_silent(
    quick_night: Any,  # noqa: ANN401
    night: tuple[Path, Any],
    tmp_path: Path,
) -> None:
    """A replay of an earlier night does not hear a model trained on later prices."""
    home, _ = night
    shutil.copytree(home / "models", tmp_path / "models")
    quick_night(tmp_path, "AAA.AX", train="never", as_of=EARLIER)
    row = rows_of(tmp_path, EARLIER_CSV).loc["AAA.AX"]
    assert row["prediction_source"] == "TREND"
    assert row["model_status"] == "missing"
    assert "after the as-of session 2025-10-27" in row["reason"]


def test_a_replay_leaves_the_live_model_alone(
    quick_night: Any,  # noqa: ANN401
    night: tuple[Path, Any],
    replayed: Path,
) -> None:
    """A replay trains a model of its own; the later night then has the same rows."""
    home, _ = night
    earlier = rows_of(replayed, EARLIER_CSV).loc["AAA.AX"]
    quick_night(replayed, "AAA.AX", train="never")
    columns = ["predicted_close", "score", "prediction_source", "model_grade"]
    assert list(rows_of(replayed).loc["AAA.AX", columns]) == list(
        rows_of(home).loc["AAA.AX", columns]
    )
    assert earlier["model_status"] in ("fresh", "rejected")


def test_a_bare_keras_session_gives_the_predicted_close(
    night: tuple[Path, Any], market: Path, training_pool: ProcessPool
) -> None:
    """Model file and metadata alone reproduce the CSV's predicted close.

    Keras runs where it is loaded; its import here would take 4 s.
    """
    home, _ = night
    row = rows_of(home).loc["BBB.AX"]
    facts = json.loads((home / "models/lstm_BBB.AX_metadata.json").read_text())
    if facts["rejected"]:
        pytest.skip(f"rejected: {facts['rejected']}")
    import pandas_ta  # noqa: PLC0415

    table = pd.read_csv(market / "prices" / "BBB.AX.csv", index_col="Date")
    table = table.loc["2024-11-10":"2025-11-10"]
    close = table["Close"]
    features = pd.DataFrame(
        {
            "close": close,
            "volume": table["Volume"],
            "high": table["High"],
            "low": table["Low"],
            "open": table["Open"],
            "sma_20": close.rolling(20).mean(),
            "rsi": pandas_ta.rsi(close, 14),
            "macd": pandas_ta.macd(close).iloc[:, 0],
        }
    )[facts["features"]].tail(facts["sequence_length"])
    low, high = (np.array(facts[f"scaler_{end}imum"]) for end in ("min", "max"))
    window = ((features - low) / (high - low)).to_numpy()
    model = home / "models/lstm_BBB.AX_model.keras"
    answer = training_pool.run(predict_in_keras, (model, window))
    predicted = answer * (high[0] - low[0]) + low[0]
    assert float(row["predicted_close"]) == pytest.approx(predicted, rel=1e-6)


def test_too_few_survivors_fail_the_run_and_leave_the_csv(
    quick_night: Any,  # noqa: ANN401
    tmp_path: Path,
) -> None:
    """Below half of the symbols the run is failed, and its CSV is still there."""
    state = quick_night(tmp_path, "AAA.AX", "SHORT.AX", "GONE.AX", train="never")
    assert state.is_failed()
    assert "1 of 3 symbols" in state.message
    assert len(rows_of(tmp_path)) == 3
    with pytest.raises(TooFewSymbols, match="1 of 3 symbols"):
        state.result()


def test_a_second_run_in_the_same_home_is_refused(
    run_night: Any,  # noqa: ANN401
    tmp_path: Path,
) -> None:
    """While another run holds the home, a run ends with a clear message."""
    lock = Home(tmp_path).lock
    lock.parent.mkdir(parents=True)
    with FileLock(lock):
        state = run_night(tmp_path, "AAA.AX")
    error = state.result(raise_on_failure=False)
    assert isinstance(error, BusyError)
    assert "another run" in str(error)


def test_what_a_person_sees_in_prefect(night: tuple[Path, Any]) -> None:
    """The run leaves a progress, two tables and its summary as artifacts."""
    from prefect.client.orchestration import get_client  # noqa: PLC0415

    home, state = night
    with get_client(sync_client=True) as client:
        found = {
            one["key"]: one
            for one in client._client.post(
                "/artifacts/filter",
                json={"artifacts": {}, "sort": "CREATED_DESC"},
            ).json()
            if one["flow_run_id"] == str(state.state_details.flow_run_id)
        }
    assert set(found) >= {
        "run-progress",
        "screening",
        "trained-models",
        "night",
    }
    assert found["run-progress"]["data"] == 100
    table = json.loads(found["screening"]["data"])
    assert len(table) == 5
    assert all(len(row["score"]) <= len("-0.0123") for row in table)
    words = {"true": "SIT OUT", "false": "trade", "": "not known"}
    cells = rows_of(home)["event_skip_trading"].fillna("")
    assert [row["sit_out"] for row in table] == [words[cell] for cell in cells]
    assert all(row["events"] for row in table)
    text = found["night"]["data"]
    assert found["night"]["type"] == "markdown"
    assert "3 of 5 symbols usable" in text
    assert "SHORT.AX\\: too\\_short" in text
    assert "](" not in text


def test_the_morning_report_lies_beside_the_csv(night: tuple[Path, Any]) -> None:
    """The night's report is a replay's, draws the usable and names the failed."""
    home, state = night
    page = (home / "reports" / "html" / REPORT).read_text(encoding="utf-8")
    assert "Replay of a past night" in page
    assert page.count("<path class=close ") == len(GOOD)
    assert "3 of 5 symbols usable" in page
    assert rows_of(home).loc["AAA.AX", "score"] in page
    assert state.result().report == home / "reports" / "html" / REPORT


@pytest.fixture(scope="module")
def two_nights(
    quick_night: Any,  # noqa: ANN401
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Give a home with two nights of a symbol."""
    home = tmp_path_factory.mktemp("home")
    quick_night(home, "AAA.AX", train="never", as_of=date(2025, 11, 7))
    quick_night(home, "AAA.AX", train="never")
    return home


def test_the_next_night_tells_what_changed(two_nights: Path) -> None:
    """A night compares itself with the CSV of the night before."""
    page = (two_nights / "reports" / "html" / REPORT).read_text(encoding="utf-8")
    assert "Compared with the night of 2025-11-07, for 1 symbol of both" in page


def test_a_report_that_cannot_be_written_costs_no_night(
    quick_night: Any,  # noqa: ANN401
    tmp_path: Path,
) -> None:
    """If the report can't be written, the run has a notice and the CSV is complete."""
    place = tmp_path / "reports" / "html"
    place.parent.mkdir()
    place.write_text("a file where a folder must be")
    state = quick_night(tmp_path, "AAA.AX", train="never")
    assert state.is_completed()
    assert rows_of(tmp_path).loc["AAA.AX", "data_status"] != "failed"
    summary = state.result()
    assert summary.report is None
    assert "the morning report could not be written" in summary.notices[-1]


def test_an_archive_that_cannot_be_written_costs_no_night(
    quick_night: Any,  # noqa: ANN401
    tmp_path: Path,
) -> None:
    """If the archive can't be written, the run has a notice and its report."""
    (tmp_path / "reports" / "index.html").mkdir(parents=True)
    state = quick_night(tmp_path, "AAA.AX", train="never")
    assert state.is_completed()
    summary = state.result()
    assert summary.report
    assert "The archive of nights was not written" in summary.notices[-1]


def test_the_archive_has_a_line_per_night(two_nights: Path) -> None:
    """Each night adds its line, which leads to its report."""
    page = (two_nights / "reports" / "index.html").read_text(encoding="utf-8")
    assert f'href="html/{REPORT}"' in page
    assert 'href="html/2025-11-07_morning_report.html"' in page
    assert page.count('class="tag">replay<') == 2


def test_a_training_that_hangs_costs_the_lstm_alone(
    run_night: Any,  # noqa: ANN401
    tmp_path: Path,
) -> None:
    """A training over its limit is cut; the row runs on the other components."""
    (tmp_path / "overnight.toml").write_text("[models]\ntraining_seconds = 0.5\n")
    state = run_night(tmp_path, "AAA.AX")
    row = rows_of(tmp_path).loc["AAA.AX"]
    assert state.is_completed()
    assert row["prediction_source"] == "TREND"
    failure = "training_failed: the training process did not end within 0.5 s"
    assert f"lstm is missing ({failure}" in row["reason"]
    (log,) = Home(tmp_path).training_log.iterdir()
    assert json.loads(log.read_text())["status"] == "failed"
