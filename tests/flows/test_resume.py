"""A killed night is resumed: no finished stage runs again, and no file is torn."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from plain_night import ONE_PROCESS, plain_night

from config.parameters import TrainingOverrides
from market_data.selection import Symbols
from pipeline.plan import RunRequest
from workers.process_pool import ProcessPool

COMMAND = str(Path(sys.executable).with_name("overnight"))
KILLS = int(os.environ.get("OVERNIGHT_TEST_KILLS", "2"))
"""How often the night is killed; twenty take some minutes."""

FILES = 18
"""A night of three symbols writes more; each kill comes after a random share."""

CSV = "2013-03-01_screening_results.csv"
SYMBOLS = ("AAPL", "IBM", "MSFT")
EPOCHS, UNITS = 2, (4, 3)

pytestmark = pytest.mark.long


def night(home: Path, server: str) -> subprocess.Popen[str]:
    """Start a night of the sample that trains every model."""
    words = [COMMAND, "screen", *SYMBOLS, "--source", "sample", "--train", "always"]
    network = ["--epochs", str(EPOCHS), "--lstm-units", "{},{}".format(*UNITS)]
    return subprocess.Popen(
        [*words, *network, "--home", str(home)],
        env=os.environ | {"PREFECT_API_URL": server},
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def whole_files(home: Path) -> set[Path]:
    """Return the files of a home that are no drafts."""
    found = {path for path in home.rglob("*.*") if not path.name.startswith(".new-")}
    return {path for path in found if path.parent.name != "drafts"}


def killed_after(files: int, home: Path, server: str) -> None:
    """Start a night and `kill -9` it when it has written so many files more."""
    before = len(whole_files(home))
    run = night(home, server)
    while len(whole_files(home)) < before + files:
        assert run.poll() is None, run.communicate()[0]
        time.sleep(0.02)
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()


@pytest.fixture(scope="module")
def killed(
    prefect_server: None,  # noqa: ARG001
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, str]:
    """Give the home of a night killed at random moments, and its last run's output."""
    from prefect.settings import PREFECT_API_URL  # noqa: PLC0415

    server = str(PREFECT_API_URL.value())
    home = tmp_path_factory.mktemp("killed")
    (home / "overnight.toml").write_text(ONE_PROCESS)
    moments = random.Random(11)  # noqa: S311  no secret
    for _ in range(KILLS):
        killed_after(moments.randint(1, max(1, FILES // KILLS)), home, server)
    said, _ = night(home, server).communicate(timeout=290)
    return home, said


@pytest.fixture(scope="module")
def undisturbed(
    training_pool: ProcessPool,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Give the home of the same night, run once."""
    home = tmp_path_factory.mktemp("undisturbed")
    request = RunRequest(
        selection=Symbols(symbols=SYMBOLS),
        source="sample",
        train="always",
        preset="quick_test",
        parameters=TrainingOverrides(epochs=EPOCHS, lstm_units=UNITS),
        home=str(home),
    )
    plain_night(request, training_pool)
    return home


def rows(home: Path) -> pd.DataFrame:
    """Return the night's CSV without the times of the run."""
    table = pd.read_csv(home / "reports" / "csv" / CSV, dtype=str)
    return table.drop(columns=["run_at", "model_trained_at"])


def test_the_last_run_ends_well_and_counts_what_it_resumed(
    killed: tuple[Path, str],
) -> None:
    """After the kills a run finishes the night and counts what was there."""
    home, said = killed
    assert "3 of 3 symbols usable" in said
    assert "resumed from an unfinished run" in said
    assert sorted(rows(home)["symbol"]) == sorted(SYMBOLS)


def test_nothing_is_trained_twice(killed: tuple[Path, str]) -> None:
    """Each model has one line in the log, and no earlier model lies in the history."""
    home, _ = killed
    lines = [
        json.loads(line)
        for path in (home / "logs" / "lstm_training").iterdir()
        for line in path.read_text().splitlines()
    ]
    assert Counter(line["symbol"] for line in lines) == Counter(SYMBOLS)
    assert not list((home / "models").glob("history/*"))


def test_a_killed_night_has_the_rows_of_an_undisturbed_one(
    killed: tuple[Path, str], undisturbed: Path
) -> None:
    """The CSV is that of a night that ran once, in every column but the times."""
    pd.testing.assert_frame_equal(rows(killed[0]), rows(undisturbed))


def test_every_file_is_whole(killed: tuple[Path, str]) -> None:
    """Every file in the home can be read, except for unfinished drafts."""
    home, _ = killed
    files = [path for path in home.rglob("*") if path.is_file()]
    for path in files:
        if path.name.startswith(".new-"):
            continue
        if path.suffix == ".parquet":
            pd.read_parquet(path)
        if path.suffix == ".json":
            json.loads(path.read_text())
    assert {path.suffix for path in files} >= {".parquet", ".json", ".keras", ".csv"}
