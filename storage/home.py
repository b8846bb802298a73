"""The home folder: where each kind of file lies, and how a file appears in it.

A file appears whole or not at all. Symbols become paths elsewhere (`file_stem`).
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
    folders_by_use,
    place_at,
    refusals_named,
    remove_tree,
    write_atomic,
)

DRAFT = ".new-"
"""How the names of files begin that are not whole yet."""


@dataclass(frozen=True)
class Home:
    """The folder that holds `data/ models/ reports/ logs/`, on a disk or in a store."""

    root: StoragePath

    @classmethod
    def at(cls, address: str | Path) -> Self:
        """Return the home at a path, or at an address like `s3://bucket/folder`.

        Raises
        ------
        ParameterError
            For an address whose store is unknown, or its package not installed.
        """
        return cls(place_at(address))

    @classmethod
    def existing(cls, address: str | Path) -> Self:
        """Return the home at a folder that is there; a store's is not looked for.

        Raises
        ------
        ParameterError
            For a folder that is not there or is a file, and as `at`.
        """
        home = cls.at(address)
        if isinstance(home.root, Path) and not home.root.is_dir():
            if home.root.exists():
                raise ParameterError(
                    f"`home` must be a folder, got the file {home.root}; correct "
                    "--home or OVERNIGHT_HOME."
                )
            raise ParameterError(
                f"`home` must be a folder that is there, got {home.root}; correct "
                "--home or OVERNIGHT_HOME, or let a first night make the folder: "
                f"`overnight screen --home {shlex.quote(str(home.root))}`."
            )
        return home

    @property
    def prices(self) -> StoragePath:
        """Return the folder of the price store."""
        return self.root / "data" / "prices"

    @property
    def nights(self) -> StoragePath:
        """Return the folder of the tables between two stages, a folder a night."""
        return self.root / "data" / "nights"

    @property
    def models(self) -> StoragePath:
        """Return the folder of the model registry."""
        return self.root / "models"

    @property
    def screening_csv(self) -> StoragePath:
        """Return the folder of the screening CSVs."""
        return self.root / "reports" / "csv"

    @property
    def morning_reports(self) -> StoragePath:
        """Return the folder of the morning reports."""
        return self.root / "reports" / "html"

    @property
    def track_record(self) -> StoragePath:
        """Return the folder of the ledger of calls and what became of them."""
        return self.root / "reports" / "track_record"

    @property
    def training_log(self) -> StoragePath:
        """Return the folder of the daily training logs."""
        return self.root / "logs" / "lstm_training"

    @property
    def event_calendar(self) -> StoragePath:
        """Return the user's calendar of events, beside `overnight.toml`."""
        return self.root / "event_calendar.csv"

    @property
    def seen_events(self) -> StoragePath:
        """Return the folder of what event sources said on live nights."""
        return self.root / "data" / "events"

    @property
    def polarities(self) -> StoragePath:
        """Return the folder of the language model's earlier answers."""
        return self.root / "data" / "sentiment"

    @property
    def lock(self) -> StoragePath:
        """Return the file that one run at a time locks."""
        return self.root / "data" / "run.lock"


def write_file_atomic(path: StoragePath, write: Callable[[Path], object]) -> None:
    """Let `write` fill a file on this machine, then put it in `path`'s place.

    Readers see the old file or the new one, never a part. The new file has `path`'s
    suffix because some writers choose the format by it.

    Raises
    ------
    StorageError
        If the disk is full, or it or the store refuses; what was there before stays.
    """
    with refusals_named(path):
        if isinstance(path, Path):
            _write_beside(path, write)
            return
        with tempfile.TemporaryDirectory() as folder:
            new = Path(folder) / f"new{path.suffix}"
            write(new)
            write_atomic(path, new.read_bytes())


def _write_beside(path: Path, write: Callable[[Path], object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{DRAFT}{uuid.uuid4().hex}{path.suffix}")
    try:
        write(new)
        _flush_to_disk(new)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _flush_to_disk(path: Path) -> None:
    # Without it a power cut after the rename can leave an empty file (ext4, XFS).
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def remove_drafts(home: Home) -> None:
    """Remove the parts of files that killed runs left; nobody else may be writing."""
    if not isinstance(home.root, Path):
        return  # A store shows whole objects only.
    for folder in ("data", "models", "reports", "logs"):
        for draft in (home.root / folder).rglob(f"{DRAFT}*"):
            draft.unlink(missing_ok=True)


def write_text_atomic(path: StoragePath, text: str) -> None:
    """Put `text` in `path`'s place as UTF-8, its line ends kept; see `write_file_atomic`."""
    write_file_atomic(
        path, lambda new: new.write_text(text, encoding="utf-8", newline="")
    )


def keep_newest_folders(current: StoragePath, count: int) -> None:
    """Keep `count` folders: `current` and those beside it that were so last.

    In a store the newest object in a folder tells when that was.
    """
    if isinstance(current, Path):
        _keep_newest(current, count)
        return
    folders = folders_by_use(current.parent)
    folders.sort(key=lambda folder: folder != current)
    for folder in folders[count:]:
        remove_tree(folder)


def _keep_newest(current: Path, count: int) -> None:
    if current.is_dir():
        os.utime(current)
    folders = [path for path in current.parent.glob("*") if path.is_dir()]
    folders.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
    folders.sort(key=lambda path: path != current)  # First, if the clock went back.
    for folder in folders[count:]:
        remove_tree(folder)
