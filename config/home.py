"""The home folder: where each kind of file lies, and how a file appears in it.

A file appears whole or not at all. Symbols become paths elsewhere (`file_stem`).
"""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.errors import StorageError


@dataclass(frozen=True)
class Home:
    """The folder that holds `data/ models/ reports/ logs/`."""

    root: Path

    @property
    def prices(self) -> Path:
        """Return the folder of the price store."""
        return self.root / "data" / "prices"

    @property
    def nights(self) -> Path:
        """Return the folder of the tables between two stages, a folder a night."""
        return self.root / "data" / "nights"

    @property
    def models(self) -> Path:
        """Return the folder of the model registry."""
        return self.root / "models"

    @property
    def screening_csv(self) -> Path:
        """Return the folder of the screening CSVs."""
        return self.root / "reports" / "csv"

    @property
    def training_log(self) -> Path:
        """Return the folder of the daily training logs."""
        return self.root / "logs" / "lstm_training"

    @property
    def event_calendar(self) -> Path:
        """Return the user's calendar of events, beside `overnight.toml`."""
        return self.root / "event_calendar.csv"

    @property
    def seen_events(self) -> Path:
        """Return the folder of the events that earlier nights were told of."""
        return self.root / "data" / "events"

    @property
    def polarities(self) -> Path:
        """Return the folder of the language model's earlier answers."""
        return self.root / "data" / "sentiment"

    @property
    def lock(self) -> Path:
        """Return the file that one run at a time locks."""
        return self.root / "data" / "run.lock"


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a file beside `path`, then put it in `path`'s place.

    Readers see the old file or the new one, never a part. The new file has `path`'s
    suffix because some writers choose the format by it.

    Raises
    ------
    StorageError
        If the disk is full or refuses; what was there before stays.
    """
    with refusals_named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f".new-{uuid.uuid4().hex}{path.suffix}")
        try:
            write(new)
            _flush_to_disk(new)
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)


@contextmanager
def refusals_named(path: Path) -> Iterator[None]:
    """Turn a refusal of the disk while writing `path` into a `StorageError`."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{path} must be writable, got: {error.strerror or error}; what was there "
            "before stays: free space, or permit it, and run again."
        ) from error


def keep_newest_folders(current: Path, count: int) -> None:
    """Keep `count` folders: `current` and those beside it that were so last."""
    if current.is_dir():
        os.utime(current)
    folders = [path for path in current.parent.glob("*") if path.is_dir()]
    folders.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for folder in folders[count:]:
        shutil.rmtree(folder, ignore_errors=True)


def write_text_whole(path: Path, text: str) -> None:
    """Put `text` in `path`'s place as UTF-8, its line ends kept; see `write_whole`."""
    write_whole(path, lambda new: new.write_text(text, encoding="utf-8", newline=""))


def _flush_to_disk(path: Path) -> None:
    # Without it a power cut after the rename can leave an empty file (ext4, XFS).
    with path.open("rb+") as file:
        os.fsync(file.fileno())
