"""A night whose home is in a store gives the results of a home in a folder."""

import io
import json
import shutil
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from config.errors import BusyError
from status.model_status import model_statuses
from storage.home import Home
from storage.lock import one_run_at_a_time
from storage.paths import files_in, folders_by_use, is_there, read_bytes

CSV = "2025-11-10_screening_results.csv"
SYMBOLS = ("AAA.AX", "BBB.AX", "SHORT.AX")


def rows_of(home: Home) -> pd.DataFrame:
    """Return the night's CSV as text, without the times of the run."""
    text = io.BytesIO(read_bytes(home.screening_csv / CSV))
    rows = pd.read_csv(text, dtype=str, keep_default_na=False).set_index("symbol")
    return rows.drop(columns=["run_at", "model_trained_at"])


@pytest.fixture(scope="module")
def stored(quick_night: Any, bucket: str) -> tuple[Home, Any]:  # noqa: ANN401
    """Give a home in a store and the state of a night in it, with one short symbol."""
    home = Home.at(f"{bucket}/{uuid.uuid4().hex}")
    return home, quick_night(home.root, *SYMBOLS)


@pytest.fixture(scope="module")
def on_disk(
    quick_night: Any,  # noqa: ANN401
    trained_home: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Home:
    """Give the home of the same night in a folder, with models trained there."""
    home = Home(tmp_path_factory.mktemp("home"))
    shutil.copytree(trained_home / "models", home.models)
    quick_night(home.root, *SYMBOLS, train="never")
    return home


def test_the_csv_is_that_of_a_folder(stored: tuple[Home, Any], on_disk: Home) -> None:
    """Every cell is the same, the model's component included, but for the times."""
    home, state = stored
    rows = rows_of(home)
    assert state.name == "Completed with failures"
    assert list(rows.loc[["AAA.AX", "BBB.AX"], "model_status"]) == ["fresh"] * 2
    pd.testing.assert_frame_equal(rows, rows_of(on_disk))


def test_models_log_and_tables_lie_in_the_store(stored: tuple[Home, Any]) -> None:
    """Both pairs of files, the day's log with one line per model, and no lock."""
    home, state = stored
    assert len(files_in(home.models)) == 2 * 2
    (log,) = files_in(home.training_log)
    lines = [json.loads(line) for line in read_bytes(log).splitlines()]
    assert sorted(line["symbol"] for line in lines) == ["AAA.AX", "BBB.AX"]
    assert [night.name for night in folders_by_use(home.nights)] == ["2025-11-10"]
    assert not is_there(home.lock)
    assert str(state.result().csv) == f"{home.root}/reports/csv/{CSV}"


def test_the_status_reads_the_stores_models(stored: tuple[Home, Any]) -> None:
    """`overnight status` takes the address too."""
    home, _ = stored
    found = model_statuses(None, str(home.root), datetime.now(UTC))
    assert found.totals["trained"] == 2


def test_a_published_night_is_skipped(
    run_night: Any,  # noqa: ANN401
    stored: tuple[Home, Any],
) -> None:
    """What is published in the store is not run again unless forced."""
    state = run_night(stored[0].root, *SYMBOLS, force=False)
    assert state.name == "Skipped"


def test_a_second_run_in_the_same_store_is_refused(
    run_night: Any,  # noqa: ANN401
    stored: tuple[Home, Any],
) -> None:
    """While another run holds the home, a run ends with a clear message."""
    with one_run_at_a_time(stored[0]):
        state = run_night(stored[0].root, "AAA.AX")
    assert isinstance(state.result(raise_on_failure=False), BusyError)


def test_a_night_goes_on_where_a_killed_one_stopped(
    quick_night: Any,  # noqa: ANN401
    stored: tuple[Home, Any],
) -> None:
    """The next run uses the checkpoints and models that are in the store."""
    home, first = stored
    again = quick_night(home.root, *SYMBOLS).result()
    assert first.result().resumed == {}
    assert again.resumed == {"train": 2}
