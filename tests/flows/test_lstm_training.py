"""The training flow: models, their log, their status, and what failed."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from config.parameters import TrainingOverrides
from market_data.selection import Symbols
from status.model_status import model_statuses

QUICK = TrainingOverrides(epochs=1, sequence_length=30, period="1y", lstm_units=(4, 3))
SYMBOLS = ("AAA.AX", "SHORT.AX", "BBB.AX")


@pytest.fixture(scope="module")
def trained(
    prefect_server: None,  # noqa: ARG001
    train_first: Any,  # noqa: ANN401
    market: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, Any]:
    """Give the home and the state of a training run with one symbol too short."""
    from flows.lstm_training import lstm_training  # noqa: PLC0415

    home = tmp_path_factory.mktemp("home")
    train_first("training", home, *SYMBOLS, parameters=QUICK, train="always")
    return home, lstm_training(
        selection=Symbols(symbols=SYMBOLS),
        source="folder",
        folder=market,
        as_of=date(2025, 11, 10),
        parameters=QUICK,
        home=str(home),
        return_state=True,
    )


def test_the_summary_names_what_failed(trained: tuple[Path, Any]) -> None:
    """Trained symbols are counted; a failed one has its reason, a model its seconds."""
    _, state = trained
    summary = state.result()
    assert state.name == "Completed with failures"
    assert [model.symbol for model in summary.trained] == ["AAA.AX", "BBB.AX"]
    assert summary.failures["SHORT.AX"].startswith("too_short")
    assert all(model.results.training_time > 0 for model in summary.trained)


def test_the_home_s_log_has_the_run(trained: tuple[Path, Any]) -> None:
    """It has the start with the request, the end with the counts, and the failure."""
    home, _ = trained
    log = (home / "logs" / "screening" / "overnight.log").read_text()
    start, end, failed = [line.partition(" UTC ")[2] for line in log.splitlines()]
    assert start.startswith("start training: 3 symbols (AAA.AX, SHORT.AX, BBB.AX), ")
    assert start.endswith("as of 2025-11-10, train always")
    assert end.startswith("end training: 2 of 3 symbols, 1 failed, 2 trained, ")
    assert failed.startswith("failed SHORT.AX: too_short: ")


def test_each_model_has_a_line_in_the_log(trained: tuple[Path, Any]) -> None:
    """The day's log holds a JSON line for each model trained or failed."""
    home, _ = trained
    (log,) = (home / "logs" / "lstm_training").iterdir()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    by_symbol = {line["symbol"]: line for line in lines}
    assert len(lines) == len(by_symbol) == len(SYMBOLS)
    assert by_symbol["SHORT.AX"]["status"] == "failed"
    assert by_symbol["SHORT.AX"]["reason"].startswith("too_short")
    assert by_symbol["AAA.AX"]["below_advised_range"]


def test_the_status_counts_what_is_there(trained: tuple[Path, Any]) -> None:
    """Trained, missing and the totals are those of the selected symbols."""
    home, _ = trained
    found = model_statuses(Symbols(symbols=SYMBOLS), home, datetime.now(UTC))
    lines = {line.symbol: line for line in found.symbols}
    assert lines["AAA.AX"].trained
    assert lines["AAA.AX"].age_days == 0
    assert not lines["AAA.AX"].stale
    assert lines["SHORT.AX"].status == "missing"
    assert found.totals["trained"] == 2
    assert found.totals["missing"] == 1


def test_the_models_metadata_is_the_published_one(trained: tuple[Path, Any]) -> None:
    """A model's JSON opens with the published guide's keys."""
    home, _ = trained
    facts = json.loads((home / "models" / "lstm_AAA.AX_metadata.json").read_text())
    published = (
        "symbol training_date data_points features sequence_length epochs results"
    )
    assert list(facts)[:7] == published.split()
    assert set(facts["results"]) == {"final_loss", "final_val_loss", "training_time"}
    assert facts["last_session"] == "2025-11-10"
