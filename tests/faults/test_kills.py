"""Kill -9 at any moment: what is read afterwards is whole, old or new."""

import csv
import json
import multiprocessing
import random
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from writing_jobs import (
    AT,
    FIRST,
    LAST,
    ROWS,
    SYMBOL,
    csv_of,
    registry_of,
    store_of,
    write_all,
    write_for_ever,
)

from config.home import DRAFT, Home, remove_drafts
from screening.columns import COLUMNS

KILLS = 50
Kill = Callable[[int, float], None]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a home in which the round 0 was written to its end."""
    opened = Home(tmp_path / "a home")
    write_all(opened, 0)
    return opened


@pytest.fixture
def kill(home: Home) -> Kill:
    """Return a function that lets a process write from a round on, and kills it.

    Its modules are loaded once: each process is a copy of one that has them.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["writing_jobs"])

    def kill_one(begin: int, seconds: float) -> None:
        process = context.Process(target=write_for_ever, args=(str(home.root), begin))
        process.start()
        first = home.training_log / f"{AT:%Y-%m-%d}_training_log.jsonl"
        size = first.stat().st_size
        while process.is_alive() and first.stat().st_size == size:
            time.sleep(0.005)  # Its first round is written: it is in full swing.
        time.sleep(seconds)
        process.kill()
        process.join()

    return kill_one


def test_fifty_kills_tear_no_file(home: Home, kill: Kill) -> None:
    """After each kill every file is of one round, and every reader finds its file."""
    moments = random.Random(6)  # noqa: S311  moments, no secrets
    for number in range(KILLS):
        begin = 1 + 1000 * number
        kill(begin, moments.uniform(0, 0.08))
        newest = last_logged(home)
        assert begin <= newest
        assert newest <= stored_round(home) <= newest + 1
        assert newest <= registry_of(home).required(SYMBOL).data_points <= newest + 1
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
    """Return the round of the log's last line; each line is whole, none is there twice."""
    (log,) = home.training_log.glob("*.jsonl")
    rounds = [json.loads(line)["round"] for line in log.read_text().splitlines()]
    assert rounds == sorted(set(rounds))
    return int(rounds[-1])
