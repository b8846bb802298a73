"""The training log: one JSON line a model, whole even under many threads."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.errors import StorageError
from modelling.model_metadata import Challenge, ModelMetadata
from modelling.training_log import (
    PARTS,
    append_entry,
    close_log,
    failure_entry,
    is_logged,
    training_entry,
)
from storage.home import Home
from storage.paths import StoragePath, files_in, read_bytes

Describe = Callable[..., ModelMetadata]

AT = datetime(2013, 3, 1, 22, 5, tzinfo=UTC)
FILE = "2013-03-01_training_log.jsonl"


def lines(folder: StoragePath) -> list[dict[str, object]]:
    """Return the day's log as it is when a run has ended, line by line."""
    close_log(folder)
    text = read_bytes(folder / FILE).decode()
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def test_each_entry_is_a_line_of_its_day(home: Home, describe: Describe) -> None:
    """Entries are appended in order to the file of their day; none is lost."""
    entries = [
        training_entry(describe(), AT),
        failure_entry("BHP.AX", "too_short: 40 sessions", AT),
    ]
    for entry in entries:
        append_entry(home.training_log, AT, entry)
    assert lines(home.training_log) == entries
    assert [path.name for path in files_in(home.training_log)] == [FILE]


def test_each_day_has_its_file(home: Home) -> None:
    """An entry of another day goes to another file."""
    for day in (1, 2):
        at = datetime(2013, 3, day, tzinfo=UTC)
        append_entry(home.training_log, at, failure_entry("AAPL", "why", at))
    close_log(home.training_log)
    names = [path.name for path in files_in(home.training_log)]
    assert names == [FILE, "2013-03-02_training_log.jsonl"]


def test_many_threads_do_not_mix_their_lines(home: Home) -> None:
    """Long lines from eight threads at once arrive whole, each exactly once."""
    count = 100 if isinstance(home.root, Path) else 32  # Each is an object of its own.
    entries = [
        failure_entry("AAPL", f"{number} " + "é" * 3000, AT) for number in range(count)
    ]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: append_entry(home.training_log, AT, one), entries))
    found = sorted(str(line["reason"]) for line in lines(home.training_log))
    assert found == sorted(entry["reason"] for entry in entries)


@pytest.mark.parametrize("reason", ['a "quoted"\nword', "naïve ünïcode", "{}"])
def test_any_reason_stays_one_line(home: Home, reason: str) -> None:
    """Line breaks and quotes in a reason are escaped, other scripts readable."""
    append_entry(home.training_log, AT, failure_entry("AAPL", reason, AT))
    assert [line["reason"] for line in lines(home.training_log)] == [reason]


def test_a_killed_runs_lines_are_logged_once(home: Home) -> None:
    """The next run logs what a killed one left, and a line said twice only once."""
    folder, first = home.training_log, failure_entry("AAPL", "why", AT)
    append_entry(folder, AT, first)
    close_log(folder)
    assert is_logged(folder, AT, "AAPL")
    assert not is_logged(folder, AT, "MSFT")
    later = failure_entry("MSFT", "why", AT)
    append_entry(folder, AT, later)
    if not isinstance(folder, Path):  # Killed before it took the waiting line away.
        append_entry(folder, AT, first)
    assert lines(folder) == [first, later]
    assert files_in(folder / PARTS) == []


def test_a_trained_model_is_logged_with_its_record(describe: Describe) -> None:
    """The line of a usable model holds its losses, grade, skill and instant."""
    entry = training_entry(describe(), AT)
    assert (entry["status"], entry["symbol"]) == ("trained", "CBA.AX")
    assert entry["at"] == "2013-03-01T22:05:00+00:00"
    assert (entry["final_loss"], entry["final_val_loss"]) == (0.005, 0.006)
    assert (entry["grade"], entry["skill"]) == ("excellent", 0.99)
    assert entry["below_advised_range"] is True


def test_a_rejected_model_is_logged_as_such(describe: Describe) -> None:
    """The line of a rejected model holds the reason and the advice."""
    metadata = describe(rejected="graded poor", advice="more epochs")
    entry = training_entry(metadata, AT)
    assert entry["status"] == "rejected"
    assert (entry["reason"], entry["advice"]) == ("graded poor", "more epochs")


def test_a_model_that_lost_its_challenge_is_logged_as_worse(describe: Describe) -> None:
    """The line says who stays, by how much, and with what chance of being wrong."""
    contest = Challenge(
        champion_trained_at=AT,
        sessions=41,
        rmse=0.0151,
        champion_rmse=0.0139,
        p_value=0.0123,
        lost=True,
    )
    entry = training_entry(describe(challenge=contest), AT)
    assert entry["status"] == "worse"
    assert entry["challenge"] == (
        "the model of 2013-03-01 stays: RMSE 0.01510 against its 0.01390 on the same "
        "41 sessions, p = 0.012"
    )
    won = contest.model_copy(update={"lost": False})
    entry = training_entry(describe(challenge=won), AT)
    assert entry["status"] == "trained"
    assert entry["challenge"].startswith("replaces that of 2013-03-01: ")


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A file where the folder should be: the error names the path of the log."""
    (tmp_path / "logs").write_text("a file")
    with pytest.raises(StorageError, match=FILE):
        append_entry(tmp_path / "logs", AT, failure_entry("AAPL", "why", AT))
