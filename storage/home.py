"""The home folder: where each kind of file is, and how a file is written.

A file is replaced as a whole: readers see the old one or the new one.
"""

import os
import shlex
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from config.errors import ParameterError
from storage.paths import (
    StoragePath,
    convert_write_errors,
    folders_by_use,
    parse_address,
    put_object,
    remove_tree,
)

DRAFT = ".new-"
"""Start of the names of files that are still being written."""


class _Place:
    """A path below the root of a home, as an attribute of the home."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def __get__(self, home: "Home", _: type) -> StoragePath:
        """Return the path in this home."""
        return home.root.joinpath(*self._names)


@dataclass(frozen=True)
class Home:
    """The folder, on a disk or in S3, that holds `data/ models/ reports/ logs/`."""

    root: StoragePath

    prices = _Place("data", "prices")
    """Folder of the downloaded prices."""
    nights = _Place("data", "nights")
    """Folder of the tables between two stages, one folder per night."""
    seen_events = _Place("data", "events")
    """Folder of the answers that event sources gave on live nights."""
    past_earnings = _Place("data", "events", "past_earnings")
    """Folder of Yahoo's lists of past earnings."""
    polarities = _Place("data", "sentiment")
    """Folder of the language model's stored answers."""
    delivery = _Place("data", "delivery")
    """Folder of the messages of nights and their receipts."""
    lock = _Place("data", "run.lock")
    """The lock file, which one run at a time holds."""
    models = _Place("models")
    """Folder of the models."""
    screening_csv = _Place("reports", "csv")
    """Folder of the screening CSVs."""
    morning_reports = _Place("reports", "html")
    """Folder of the morning reports."""
    archive = _Place("reports", "index.html")
    """The page with one line per night."""
    night_summaries = _Place("reports", "nights.parquet")
    """What the archive needs of each screening CSV; it can be computed again."""
    track_record = _Place("reports", "track_record")
    """Folder of the past calls and their outcomes."""
    update_record = _Place("reports", "update_record")
    """Folder of the past updates before the opening and their outcomes."""
    evaluations = _Place("reports", "evaluation")
    """Folder of the evaluations, one folder for each span of nights."""
    sit_out_cost = _Place("reports", "evaluation", "sit_out_cost.json")
    """What sitting out cost by the last scorecard of the guard."""
    training_log = _Place("logs", "lstm_training")
    """Folder of the daily training logs."""
    run_log = _Place("logs", "screening", "overnight.log")
    """The text log of runs."""
    event_calendar = _Place("event_calendar.csv")
    """The user's own calendar of events."""
    holdings = _Place("holdings.csv")
    """What the user holds."""
    events_calendar = _Place("reports", "events.ics")
    """The coming events for a calendar program."""

    @classmethod
    def at(cls, address: str | Path) -> Self:
        """Return the home at a path, or at an address like `s3://bucket/folder`.

        Raises
        ------
        ParameterError
            For an address that is not in S3, or if s3fs is not installed.
        """
        return cls(parse_address(address))

    @classmethod
    def existing(cls, address: str | Path) -> Self:
        """Return the home at an existing folder; in S3 the folder is not checked.

        Raises
        ------
        ParameterError
            If the folder is missing or a file, and as `at`.
        """
        home = cls.at(address)
        if not isinstance(home.root, Path) or home.root.is_dir():
            return home
        if home.root.exists():
            raise ParameterError(
                f"`home` must be a folder, got the file {home.root}",
                "correct --home or OVERNIGHT_HOME",
            )
        raise ParameterError(
            f"the home {home.root} is missing",
            "correct --home or OVERNIGHT_HOME, or run a first night, which creates it: "
            f"`overnight screen --home {shlex.quote(str(home.root))}`",
        )


def write_file_atomic(path: StoragePath, write: Callable[[Path], object]) -> None:
    """Replace the file at `path` by the one that `write` fills.

    `write` gets a path on this machine with the suffix of `path`, because some writers
    choose their format by it.

    Raises
    ------
    StorageError
        If the disk is full, or the disk or store refuses; the old file is unchanged.
    """
    with convert_write_errors(path):
        if isinstance(path, Path):
            _write_beside(path, write)
            return
        with tempfile.TemporaryDirectory() as folder:
            new = Path(folder) / f"new{path.suffix}"
            write(new)
            put_object(path, new.read_bytes())


def _write_beside(path: Path, write: Callable[[Path], object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{DRAFT}{uuid.uuid4().hex}{path.suffix}")
    try:
        write(new)
        # Without fsync a power cut can leave an empty file (ext4, XFS).
        with new.open("rb+") as file:
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def write_atomic(path: StoragePath, content: bytes | str) -> None:
    """Replace the file at `path` by bytes or UTF-8 text, as `write_file_atomic`."""
    data = content.encode() if isinstance(content, str) else content
    write_file_atomic(path, lambda new: new.write_bytes(data))


def remove_drafts(home: Home) -> None:
    """Remove the unfinished files of killed runs; no other run may be writing."""
    if not isinstance(home.root, Path):
        return  # In S3 an unfinished object is never visible.
    for folder in ("data", "models", "reports", "logs"):
        for draft in (home.root / folder).rglob(f"{DRAFT}*"):
            draft.unlink(missing_ok=True)


def keep_newest_folders(current: StoragePath, count: int) -> None:
    """Keep `current` and the most recently used folders beside it, `count` in all.

    In S3 a folder is as recent as its newest object.
    """
    if isinstance(current, Path):
        if current.is_dir():
            os.utime(current)
        on_disk = [path for path in current.parent.glob("*") if path.is_dir()]
        on_disk.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
        folders: list[StoragePath] = [*on_disk]
    else:
        folders = [*folders_by_use(current.parent)]
    folders.sort(
        key=lambda path: path != current
    )  # First, even if the clock went back.
    for folder in folders[count:]:
        remove_tree(folder)
