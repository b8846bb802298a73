"""The names of the record's files: of one night, and of a closed month."""

import re
from collections.abc import Callable

from config.errors import StorageError
from storage.home import DRAFT
from storage.paths import StoragePath, files_in, sizes_in

CLOSED, ABOUT = "closed", b"closed"
"""The folder of the sums of closed calls, and their key of what they are of."""

ALL = "all"
"""The group of the sums that counts all calls."""

PARTS = ("returns", "unfinished", "sums")
"""The files of sums, written in this order."""

KINDS = ("calls", "outcomes")

ATTEMPTS = 20
"""How often a reader starts again because a night removed a file that it had listed."""

_MONTH = re.compile(r"(?:calls|outcomes)/(\d{4}-\d{2})\.parquet")
_NIGHT = re.compile(r"(?:calls|outcomes)/(\d{4}-\d{2})-\d{2}_[^/]*\.parquet")


def record_sizes(folder: StoragePath) -> dict[str, int]:
    """Return the sizes in bytes of a record's files, by `calls/NAME`, ordered.

    Raises
    ------
    FileNotFoundError
        If a file is removed meanwhile.
    """
    return {
        f"{kind}/{name}": size
        for kind in KINDS
        for name, size in sorted(sizes_in(folder / kind).items())
        if name.endswith(".parquet") and not name.startswith(DRAFT)
    }


def record_paths(folder: StoragePath, kind: str) -> list[StoragePath]:
    """Return the paths of a record's files of one kind, by name."""
    return [
        folder / name for name in record_sizes(folder) if name.startswith(f"{kind}/")
    ]


def month_of(name: str) -> str:
    """Return `2025-11` of `calls/2025-11.parquet`; '' for other names."""
    found = _MONTH.fullmatch(name)
    return found[1] if found else ""


def night_month_of(name: str) -> str:
    """Return `2025-11` of `calls/2025-11-10_...parquet`; '' for other names."""
    found = _NIGHT.fullmatch(name)
    return found[1] if found else ""


def read_again[Found](read: Callable[[], Found], folder: StoragePath) -> Found:
    """Return what `read` returns; start again if a night has just removed a file.

    Raises
    ------
    StorageError
        If a file is gone each time.
    """
    for _ in range(ATTEMPTS):
        try:
            return read()
        except FileNotFoundError as error:
            gone = error
    raise StorageError(f"{folder} changes while it is read", "try again") from gone


def newest_start(folder: StoragePath) -> str | None:
    """Return the number of the newest sums with all their parts, as text."""
    names = {path.name for path in files_in(folder / CLOSED)}
    starts = {name.partition("_")[0] for name in names}
    whole = [
        start
        for start in starts
        if {f"{start}_{part}.parquet" for part in PARTS} <= names
    ]
    return max(whole, default=None)


def next_number(folder: StoragePath) -> int:
    """Return a number above those of all sums, whole or not."""
    starts = [path.name.partition("_")[0] for path in files_in(folder / CLOSED)]
    return max((int(start) for start in starts if start.isdecimal()), default=0) + 1
