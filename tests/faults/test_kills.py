"""Kill -9 at any moment: what is read afterwards is whole, old or new."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
import writing_jobs
from writing_jobs import (
    AT,
    FIRST,
    LAST,
    ROWS,
    SYMBOL,
    csv_of,
    registry_of,
    store_of,
)

from screening.columns import COLUMNS
from storage.home import DRAFT, Home, remove_drafts

pytestmark = pytest.mark.long

KILLS = 50
ROUNDS = 200
"""More than a process writes before it is killed; a later round has more prices."""

Kill = Callable[[int, float], None]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a home whose path holds a space."""
    return Home(tmp_path / "a home")


@pytest.fixture
def kill(home: Home) -> Iterator[Kill]:
    """Give a function that lets a process write from a round on, and kills it."""
    program = Path(writing_jobs.__file__)
    forking = subprocess.Popen(
        [sys.executable, program, home.root],
        env=os.environ | {"PYTHONPATH": str(program.parents[1])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def kill_one(begin: int, seconds: float) -> None:
        print(begin, file=forking.stdin, flush=True)
        child = int(forking.stdout.readline())
        while last_logged(home) < begin:
            time.sleep(0.02)  # From its first round on it is in full swing.
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)

    yield kill_one
    forking.communicate()


def test_fifty_kills_tear_no_file(home: Home, kill: Kill) -> None:
    """After each kill every file is of one round, and every reader finds its file."""
    moments = random.Random(6)  # noqa: S311  moments, no secrets
    for number in range(KILLS):
        begin = 2 + ROUNDS * number
        kill(begin, moments.uniform(0, 0.08))
        newest = last_logged(home)
        assert newest <= stored_round(home) <= newest + 1
        assert newest <= registry_of(home).require(SYMBOL).data_points <= newest + 1
        assert newest <= published_round(home) <= newest + 1
    remove_drafts(home)
    left = [path for path in home.root.rglob("*") if path.is_file()]
    assert not [path for path in left if path.name.startswith(DRAFT)]
    registry_of(home).trained_since(SYMBOL, AT)  # Ends a save that was killed.
    history = list((home.models / "history").glob("*"))
    assert len(history) == 6
    assert not list((home.models / "drafts").glob("*.json"))


def stored_round(home: Home) -> int:
    """Return the round of the stored prices: all of them are of one."""
    frame = store_of(home).history(SYMBOL, FIRST, LAST).frame
    (number,) = pd.unique(frame.to_numpy().ravel())
    return int(number)


def published_round(home: Home) -> int:
    """Return the round of the CSV, of which every row and cell is there."""
    with csv_of(home).open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert tuple(rows[0]) == tuple(COLUMNS)
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert len(rows) == ROWS + 1
    (number,) = {row[0] for row in rows[1:]}
    return int(number)


def last_logged(home: Home) -> int:
    """Return the round of the log's last line; each is whole, and there once."""
    (log,) = home.training_log.glob("*.jsonl")
    rounds = [json.loads(line)["round"] for line in log.read_text().splitlines()]
    assert rounds == sorted(set(rounds))
    return int(rounds[-1])
