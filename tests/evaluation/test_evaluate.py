"""`overnight evaluate` on a folder of prices, against a real night of it."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from cli.app import app
from cli.options import ScreenOptions
from cli.request import flow_arguments
from config.settings import EvaluationSettings
from evaluation.forecast_record import COLUMNS, NIGHT_COLUMNS, record_frame
from evaluation.metrics import Metrics, compute_metrics
from storage.home import Home

FIRST, LAST = date(2025, 11, 7), date(2025, 11, 10)
QUICK = ("--epochs", "1", "--sequence-length", "30", "--period", "1y")
CALENDAR = "ticker,event_type,date\nBBB.AX,earnings,2025-11-11\n"


def evaluate(home: Path, market: Path, *words: str) -> Result:
    """Return what `overnight evaluate` says of two nights in that home."""
    source = ("--source", "folder", "--folder", str(market), "--home", str(home))
    span = ("--from", FIRST.isoformat(), "--to", LAST.isoformat())
    return CliRunner().invoke(app, ["evaluate", *words, *source, *span, *QUICK])


@pytest.fixture(scope="module")
def told(
    market: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """Give the home and the JSON of two nights, each with a model of its own."""
    home = tmp_path_factory.mktemp("home")
    (home / "event_calendar.csv").write_text(CALENDAR)
    words = ("AAA.AX", "BBB.AX", "GONE.AX", "--refit-sessions", "1", "--json")
    done = evaluate(home, market, *words)
    assert done.exit_code == 0, done.output
    return home, json.loads(done.stdout)


def report_file(told: tuple[Path, dict[str, Any]], name: str) -> Path:
    """Return the file of that name that the report names."""
    (path,) = [one for one in told[1]["files"] if one.endswith(name)]
    return Path(path)


def record_of(told: tuple[Path, dict[str, Any]]) -> pd.DataFrame:
    """Return the report's forecasts."""
    return record_frame(report_file(told, "forecasts.csv").read_text())


def cells(path: Path) -> pd.DataFrame:
    """Return a CSV as text, to the last digit."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def test_one_row_a_forecast(told: tuple[Path, dict[str, Any]]) -> None:
    """Each symbol and night once, with what came of it; a broken symbol is named."""
    record = record_of(told)
    assert tuple(record.columns) == COLUMNS
    assert len(record) == 4
    assert record["realized_return"].notna().all()
    assert sorted(set(record["as_of"])) == [FIRST.isoformat(), LAST.isoformat()]
    assert told[1]["failures"]["GONE.AX"].startswith("unknown_symbol: ")
    assert told[1]["models"]["trained"] == 4


def test_what_came_of_it_by_the_csv(
    told: tuple[Path, dict[str, Any]], market: Path
) -> None:
    """The realized return follows from the prices alone."""
    prices = pd.read_csv(market / "prices" / "AAA.AX.csv", index_col="Date")[
        "Adj Close"
    ]
    record = record_of(told).set_index(["symbol", "as_of"])
    came = record.loc[("AAA.AX", "2025-11-10"), "realized_return"]
    assert came == pytest.approx(prices["2025-11-11"] / prices["2025-11-10"] - 1)


def test_the_figures_follow_from_the_csv(told: tuple[Path, dict[str, Any]]) -> None:
    """Whoever has the rows gets the same report."""
    found = compute_metrics(record_of(told), EvaluationSettings(), 10.0)
    assert Metrics.model_validate(told[1]["figures"]) == found


def test_the_guard_is_told_apart(told: tuple[Path, dict[str, Any]]) -> None:
    """The user's calendar counts: sat out with the guard, called without."""
    record = record_of(told).set_index(["symbol", "as_of"])
    row = record.loc[("BBB.AX", "2025-11-10")]
    assert (row["prediction"], row["position_scale"]) == ("HOLD", 0)
    assert row["prediction_without_guard"] in ("BUY", "HOLD", "SELL")
    assert np.isfinite(row["score_without_guard"])


def test_nothing_but_the_report_is_left(told: tuple[Path, dict[str, Any]]) -> None:
    """No model, no price, no table of the walk stays in the home."""
    assert {path.name for path in told[0].iterdir()} == {
        "event_calendar.csv",
        "reports",
    }


def test_an_evaluated_night_is_the_night_itself(
    told: tuple[Path, dict[str, Any]],
    prefect_server: None,  # noqa: ARG001
    market: Path,
    tmp_path: Path,
) -> None:
    """A real night of that date says the same, cell by cell."""
    from flows.overnight_screening import overnight_screening  # noqa: PLC0415

    (tmp_path / "event_calendar.csv").write_text(CALENDAR)
    options = ScreenOptions(
        symbol=["AAA.AX"],
        source="folder",
        folder=market,
        as_of=FIRST.isoformat(),
        epochs="1",
        sequence_length="30",
        period="1y",
        home=str(tmp_path),
    )
    overnight_screening(**flow_arguments(options, "always"), return_state=True)
    (path,) = Home(tmp_path).screening_csv.iterdir()
    night = cells(path).iloc[0]
    record = cells(report_file(told, "forecasts.csv"))
    mine = record[(record["symbol"] == "AAA.AX") & (record["as_of"] == str(FIRST))]
    same = [one for one in NIGHT_COLUMNS if one not in ("run_at", "model_trained_at")]
    assert mine.iloc[0][same].to_dict() == night[same].to_dict()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "`from` must be a date like 2025-11-10, got none"),
        (["--from", "soon"], "`from` must be a date like 2025-11-10, got 'soon'"),
        (["--from", "2013-02-01", "--to", "x"], "`to` must be a date like"),
        (["--from", "2013-02-01", "--epochs", "0"], "`epochs` must be 1 to 100"),
        (["--from", "2013-03-02"], "`from` must be a session on or before 2013-03-01"),
    ],
)
def test_a_wrong_request_is_refused(
    tmp_path: Path, words: list[str], said: str
) -> None:
    """In one sentence, with exit code 2, before anything is trained."""
    home = ["--source", "sample", "--home", str(tmp_path)]
    done = CliRunner().invoke(app, ["evaluate", *words, *home])
    assert done.exit_code == 2
    assert said in done.stderr
