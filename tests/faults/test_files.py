"""Disks that are full or read-only, files that are no models, clocks that go back."""

import json
import os
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from writing_jobs import (
    AT,
    FIRST,
    LAST,
    SYMBOL,
    csv_of,
    described,
    registry_of,
    store_of,
    write_all,
)

from config.errors import BusyError, ModelUnusable, StorageError
from config.settings import ModelSettings
from market_data.sessions import as_of_session
from modelling.freshness import model_state
from modelling.registry import ModelPair, Registry
from modelling.training_log import append_entry
from screening.table import write_csv
from storage.home import Home, keep_newest_folders
from storage.lock import one_run_at_a_time

Write = Callable[[Home], object]

WRITES: dict[str, Write] = {
    "prices": lambda home: store_of(home, 2).history(SYMBOL, date(1990, 1, 2), LAST),
    "model": lambda home: registry_of(home).save(
        described(2), lambda path: path.write_bytes(b"2" * 200_000)
    ),
    "csv": lambda home: write_csv(csv_of(home), [{"reason": "x" * 1000}] * 300),
    "log": lambda home: append_entry(home.training_log, AT, {"reason": "x" * 300_000}),
    "lock": lambda home: one_run_at_a_time(home).__enter__(),
}


def state_of(home: Home) -> dict[str, bytes]:
    """Return all files below the home, by name."""
    files = [path for path in home.root.rglob("*") if path.is_file()]
    return {str(path.relative_to(home.root)): path.read_bytes() for path in files}


@pytest.mark.parametrize("what", ["prices", "model", "csv", "log"])
def test_a_full_disk_is_named_and_leaves_what_was_there(
    small_disk: Path, what: str
) -> None:
    """The message has path and cause; prices, model, CSV and log stay as they were."""
    home = Home(small_disk)
    write_all(home, 0)
    before = state_of(home)
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file:
        file.write(b"x" * 1_000_000)  # As much of it as there is room for.
    with pytest.raises(StorageError, match="No space left on") as refused:
        WRITES[what](home)
    assert str(refused.value).startswith(str(small_disk))
    assert "an earlier file is unchanged" in str(refused.value)
    filler.unlink()
    assert state_of(home) == before
    assert registry_of(home).require(SYMBOL).data_points == 0


def test_a_line_that_the_disk_cuts_is_taken_back(small_disk: Path) -> None:
    """A disk that fills in the middle of a line leaves the log without the line."""
    home = Home(small_disk)
    append_entry(home.training_log, AT, {"line": 1})
    with pytest.raises(StorageError, match="No space left"):
        append_entry(home.training_log, AT, {"line": "x" * 300_000})
    append_entry(home.training_log, AT, {"line": 3})
    (log,) = home.training_log.glob("*")
    assert [json.loads(line)["line"] for line in log.read_text().splitlines()] == [1, 3]


def test_a_line_after_a_torn_one_is_whole(tmp_path: Path) -> None:
    """What a power cut left of a line spoils that line alone."""
    append_entry(tmp_path, AT, {"line": 1})
    (log,) = tmp_path.glob("*")
    log.write_bytes(log.read_bytes()[:-4])
    append_entry(tmp_path, AT, {"line": 2})
    assert json.loads(log.read_text().splitlines()[-1]) == {"line": 2}


@pytest.mark.parametrize("what", WRITES)
def test_a_read_only_home_is_named(read_only: Path, what: str) -> None:
    """Whatever is to be written there: path, cause, and what to do."""
    with pytest.raises(StorageError, match=r"Read-only file system; .*run again"):
        WRITES[what](Home(read_only))


def test_a_home_on_another_drive_takes_all_files(small_disk: Path) -> None:
    """Files are made beside their place, so no drive lies between."""
    home = Home(small_disk / "h\u00f6me \u591c 'x' $HOME")
    for number in range(3):
        write_all(home, number)
    assert registry_of(home).require(SYMBOL).data_points == 2
    assert set(store_of(home).history(SYMBOL, FIRST, LAST).frame["close"]) == {2}


@pytest.mark.parametrize("content", [b"import os", b"PK\x05\x06", b""])
def test_a_text_or_half_a_zip_is_no_model(tmp_path: Path, content: bytes) -> None:
    """A file whose metadata fit it, and that is no model, is named."""
    registry = Registry(tmp_path, ModelSettings())
    saved = registry.save(described(1), lambda path: path.write_bytes(content))
    with pytest.raises(ModelUnusable, match=r"lstm_CBA\.AX_model\.keras can't be used"):
        registry.load(saved)


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """A small file that unpacks to more than a model is refused by its listing."""

    def bomb(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("config.json", "{}")
            archive.writestr("model.weights.h5", b"\0" * 20_000_000)

    registry = Registry(tmp_path, ModelSettings(max_model_mb=10))
    saved = registry.save(described(1), bomb)
    assert ModelPair.of(tmp_path, SYMBOL).model.stat().st_size < 100_000
    with pytest.raises(ModelUnusable, match="20 MB unpacked, of at most 10"):
        registry.load(saved)


def test_a_folder_in_a_models_place_is_no_model(tmp_path: Path) -> None:
    """What can't be read as a file counts as missing, and is named."""
    registry = Registry(tmp_path, ModelSettings())
    registry.save(described(1), lambda path: path.write_bytes(b"1"))
    pair = ModelPair.of(tmp_path, SYMBOL)
    pair.model.unlink()
    pair.model.mkdir()
    with pytest.raises(ModelUnusable, match=pair.model.name):
        registry.require(SYMBOL)


def test_metadata_of_another_symbol_are_no_description(tmp_path: Path) -> None:
    """A pair copied to another symbol's name is missing there."""
    registry = Registry(tmp_path, ModelSettings())
    registry.save(described(1), lambda path: path.write_bytes(b"1"))
    own, other = ModelPair.of(tmp_path, SYMBOL), ModelPair.of(tmp_path, "BHP.AX")
    other.model.write_bytes(own.model.read_bytes())
    other.metadata.write_bytes(own.metadata.read_bytes())
    with pytest.raises(ModelUnusable, match=r"lstm_BHP\.AX"):
        registry.require("BHP.AX")


def test_a_second_run_is_told_of_the_first(tmp_path: Path) -> None:
    """The home is held by one run; the other ends with what to do."""
    home = Home(tmp_path)
    with (
        one_run_at_a_time(home),
        pytest.raises(BusyError, match=r"another run is using .*; wait"),
        one_run_at_a_time(home),
    ):
        pass


def test_a_clock_set_back_removes_no_table_of_tonight(tmp_path: Path) -> None:
    """Nights dated in the future do not push out the one that runs now."""
    now = datetime.now(UTC).timestamp()
    for number in range(6):
        folder = tmp_path / f"2030-01-0{number + 1}"
        folder.mkdir()
        os.utime(folder, (now + 10_000, now + 10_000))
    tonight = tmp_path / "2025-06-27"
    tonight.mkdir()
    keep_newest_folders(tonight, 3)
    assert tonight.is_dir()
    assert len(list(tmp_path.iterdir())) == 3


def test_a_clock_set_back_makes_no_model_younger_than_new() -> None:
    """A model trained "tomorrow" is of age 0, and an as-of in the future is refused."""
    metadata = described(0)
    state = model_state(
        metadata, LAST, metadata.training_date - timedelta(days=30), ModelSettings()
    )
    assert (state.status, state.age_days) == ("fresh", 0)
    before_the_close = datetime(2025, 6, 27, 3, tzinfo=UTC)
    assert as_of_session("XASX", LAST, before_the_close) < LAST
