"""`overnight evaluate` on a folder of prices, against a real night of it."""

import json
import re
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from plain_night import plain_night
from typer.testing import CliRunner, Result

from cli.app import app
from cli.options import ScreenOptions
from cli.render_evaluation import show_evaluation
from cli.request import flow_arguments
from config.parameters import TrainingOverrides
from config.settings import EvaluationSettings
from evaluation.evaluate import Evaluation, run_evaluation
from evaluation.forecast_record import COLUMNS, NIGHT_COLUMNS, record_frame
from evaluation.intervals import INTERVALS
from evaluation.metrics import Metrics, compute_metrics
from market_data.selection import Symbols
from pipeline.plan import RunRequest, plan_run
from storage.home import Home
from workers.process_pool import ProcessPool

FIRST, LAST = date(2025, 11, 7), date(2025, 11, 10)
QUICK = TrainingOverrides(epochs=1, sequence_length=30, period="1y", lstm_units=(4, 3))
WORDS = ("--epochs", "1", "--sequence-length", "30", "--period", "1y")
UNITS = ("--lstm-units", "4,3")
CALENDAR = """ticker,event_type,date
AAA.AX,earnings,2025-11-10
BBB.AX,earnings,2025-11-11
"""
INDEX = "^AXJO"


def evaluate(home: Path, market: Path, *words: str) -> Result:
    """Run `overnight evaluate` for two nights in that home, and return its result."""
    source = ("--source", "folder", "--folder", str(market), "--home", str(home))
    span = ("--from", FIRST.isoformat(), "--to", LAST.isoformat())
    return CliRunner().invoke(app, ["evaluate", *words, *source, *span, *WORDS, *UNITS])


@pytest.fixture(scope="module")
def market_with_index(market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the market folder with prices of its index, so with a hedge.

    The index has the prices of CCC.AX.
    """
    folder = tmp_path_factory.mktemp("with_index")
    shutil.copytree(market / "prices", folder / "prices")
    shutil.copy(folder / "prices" / "CCC.AX.csv", folder / "prices" / f"{INDEX}.csv")
    return folder


@pytest.fixture(scope="module")
def evaluated(
    market_with_index: Path,
    training_pool: ProcessPool,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, dict[str, Any]]:
    """Return the home and the JSON of two nights, each with its own model."""
    home = tmp_path_factory.mktemp("home")
    (home / "event_calendar.csv").write_text(CALENDAR)
    request = RunRequest(
        selection=Symbols(symbols=("AAA.AX", "BBB.AX", "GONE.AX")),
        source="folder",
        folder=market_with_index,
        as_of=LAST,
        train="always",
        parameters=QUICK,
        home=home,
    )
    plan = plan_run(request, datetime.now(UTC))
    found = run_evaluation(plan, FIRST, 1, None, lambda *_: None, training_pool)
    return home, json.loads(found.model_dump_json())


def report_file(evaluated: tuple[Path, dict[str, Any]], name: str) -> Path:
    """Return the report's file with that name."""
    (path,) = [path for path in evaluated[1]["files"] if path.endswith(name)]
    return Path(path)


def record_of(evaluated: tuple[Path, dict[str, Any]]) -> pd.DataFrame:
    """Return the report's forecast record."""
    return record_frame(report_file(evaluated, "forecasts.csv").read_text())


def cells(path: Path) -> pd.DataFrame:
    """Return a CSV's cells as text."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def test_the_command_evaluates_what_its_options_say(
    tmp_path: Path, market: Path
) -> None:
    """Its JSON has the nights, the parameters, and why the one symbol has no row."""
    done = evaluate(tmp_path, market, "GONE.AX", "--refit-sessions", "2", "--json")
    assert done.exit_code == 0, done.output
    found = Evaluation.model_validate_json(done.stdout)
    assert (found.first, found.last) == (FIRST, LAST)
    assert (found.symbols, found.source) == (("GONE.AX",), "folder")
    assert (found.refit_sessions, found.models.trained) == (2, 0)
    assert found.parameters == QUICK.apply_to("standard")
    assert found.failures["GONE.AX"].startswith("unknown_symbol: ")


def test_one_row_per_forecast(evaluated: tuple[Path, dict[str, Any]]) -> None:
    """Each symbol and night has one row with its return; a failure has a reason."""
    record = record_of(evaluated)
    assert tuple(record.columns) == COLUMNS
    assert len(record) == 4
    assert record["realized_return"].notna().all()
    assert sorted(set(record["as_of"])) == [FIRST.isoformat(), LAST.isoformat()]
    assert evaluated[1]["failures"]["GONE.AX"].startswith("unknown_symbol: ")
    assert evaluated[1]["models"]["trained"] == 4


def test_both_loss_ratios_of_each_model_are_recorded(
    evaluated: tuple[Path, dict[str, Any]],
) -> None:
    """The raw ratio and the one relative to persistence are in `models.csv`."""
    models = cells(report_file(evaluated, "models.csv"))
    ratios = models[["loss_ratio", "loss_ratio_vs_persistence"]].astype(float)
    assert len(ratios) == 4
    assert (ratios > 0).all(axis=None)


def test_the_realized_return_by_the_price_file(
    evaluated: tuple[Path, dict[str, Any]], market: Path
) -> None:
    """It is adjusted close / adjusted close of the session before - 1."""
    prices = pd.read_csv(market / "prices" / "AAA.AX.csv", index_col="Date")[
        "Adj Close"
    ]
    record = record_of(evaluated).set_index(["symbol", "as_of"])
    realized = record.loc[("AAA.AX", "2025-11-10"), "realized_return"]
    assert realized == pytest.approx(prices["2025-11-11"] / prices["2025-11-10"] - 1)


def test_the_metrics_follow_from_the_csv(
    evaluated: tuple[Path, dict[str, Any]],
) -> None:
    """The rows of `forecasts.csv` give the metrics of the report."""
    found = compute_metrics(record_of(evaluated), EvaluationSettings(), 10.0)
    assert Metrics.model_validate(evaluated[1]["figures"]) == found


def test_calls_with_and_without_the_guard_are_recorded(
    evaluated: tuple[Path, dict[str, Any]],
) -> None:
    """An event of the user's calendar is sat out with the guard, not without."""
    record = record_of(evaluated).set_index(["symbol", "as_of"])
    row = record.loc[("BBB.AX", "2025-11-10")]
    assert (row["prediction"], row["position_scale"]) == ("HOLD", 0)
    score, cut = row["score_without_guard"], row["event_weight_haircut"]
    lost = row["lstm_weight"] * row["lstm_direction"] * row["lstm_confidence"] * cut
    assert cut > 0
    assert score == pytest.approx(row["score"] + lost)
    call = "BUY" if score > 0.3 else "SELL" if score < -0.3 else "HOLD"
    assert row["prediction_without_guard"] == call


def test_the_scorecard_judges_the_sit_outs_of_the_rows(
    evaluated: tuple[Path, dict[str, Any]],
) -> None:
    """Both reports are known, the one after the last night too; all nights sit out."""
    guard, record = evaluated[1]["guard"], record_of(evaluated)
    shares = {
        name: policy["sessions"]["value"] for name, policy in guard["policies"].items()
    }
    assert guard["nights"] == len(record)
    assert shares["as_they_were"] == (record["event_skip_trading"] == "true").mean()
    assert shares["published"] == 1
    assert report_file(evaluated, "sit_outs.png").stat().st_size


def test_each_row_has_the_compared_intervals(
    evaluated: tuple[Path, dict[str, Any]],
) -> None:
    """All are on the same rows; ours is wider than the ordinary one near a report."""
    record = record_of(evaluated).set_index(["symbol", "as_of"])
    for name in INTERVALS.values():
        assert (record[f"{name}_low"] < record[f"{name}_high"]).all()
    near = record.loc[("BBB.AX", "2025-11-10")]
    assert near["event_reaction"] == "possible"
    assert near["predicted_return_low"] < near["ordinary_low"]
    assert near["predicted_return_high"] > near["ordinary_high"]
    assert evaluated[1]["figures"]["intervals"]["rows"] == len(record)


def test_each_row_has_the_index_of_its_own_night(
    evaluated: tuple[Path, dict[str, Any]], market_with_index: Path
) -> None:
    """The index' closes up to the row's session are compared with their mean."""
    path = market_with_index / "prices" / f"{INDEX}.csv"
    closes = pd.read_csv(path, index_col="Date")["Adj Close"]
    record = record_of(evaluated)
    for row in record.itertuples():
        until = closes[: row.as_of]
        expected = until.iloc[-1] / until.tail(200).mean() - 1
        assert row.market_against_sma_200 == pytest.approx(expected)
        assert row.market_volatility in ("calm", "usual", "wild")
    groups = evaluated[1]["figures"]["by_market"]
    assert sum(one["forecasts"] for name, one in groups.items() if "vol" in name) == 4


def test_the_table_by_the_index_has_its_groups(
    evaluated: tuple[Path, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each group of the figures is a line with its count of rows."""
    found = Evaluation.model_validate(evaluated[1])
    show_evaluation(found)
    table = capsys.readouterr().out.partition("by the index on the night")[2]
    assert found.figures.by_market
    for name, group in found.figures.by_market.items():
        word = name.partition("_")[0]
        assert re.search(rf"^ {word} +{group.forecasts} ", table, re.MULTILINE)


def test_nothing_but_the_report_is_left(evaluated: tuple[Path, dict[str, Any]]) -> None:
    """No model, no price and no table of past nights stays in the home."""
    assert {path.name for path in evaluated[0].iterdir()} == {
        "event_calendar.csv",
        "reports",
    }


def test_an_evaluated_night_is_the_night_itself(
    evaluated: tuple[Path, dict[str, Any]],
    training_pool: ProcessPool,
    market_with_index: Path,
    tmp_path: Path,
) -> None:
    """A live night of that date has the same cells, hedge and event included."""
    (tmp_path / "event_calendar.csv").write_text(CALENDAR)
    options = ScreenOptions(
        symbol=["AAA.AX"],
        source="folder",
        folder=market_with_index,
        as_of=FIRST.isoformat(),
        epochs="1",
        sequence_length="30",
        period="1y",
        lstm_units=UNITS[1],
        home=str(tmp_path),
    )
    plain_night(RunRequest(**flow_arguments(options, "always")), training_pool)
    (path,) = Home(tmp_path).screening_csv.iterdir()
    night = cells(path).iloc[0]
    record = cells(report_file(evaluated, "forecasts.csv"))
    evaluated_row = record[
        (record["symbol"] == "AAA.AX") & (record["as_of"] == str(FIRST))
    ]
    assert night["hedge_beta"]
    assert night["event_status"] == "confirmed"
    same = [x for x in NIGHT_COLUMNS if x not in ("run_at", "model_trained_at")]
    assert evaluated_row.iloc[0][same].to_dict() == night[same].to_dict()


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ([], "`from` must be a date like 2025-11-10, got none"),
        (["--from", "soon"], "`from` must be a date like 2025-11-10, got 'soon'"),
        (["--from", "2013-02-01", "--to", "x"], "`to` must be a date like"),
        (["--from", "2013-02-01", "--epochs", "0"], "`epochs` must be 1 to 100"),
        (["--from", "2013-03-02"], "`from` must be a session on or before 2013-03-01"),
    ],
)
def test_a_wrong_request_is_refused(
    tmp_path: Path, words: list[str], refusal: str
) -> None:
    """The refusal is one sentence with exit code 2, before anything is trained."""
    home = ["--source", "sample", "--home", str(tmp_path)]
    done = CliRunner().invoke(app, ["evaluate", *words, *home])
    assert done.exit_code == 2
    assert refusal in done.stderr
