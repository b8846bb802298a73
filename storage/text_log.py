"""A text log that is rotated: lines are added at its end, old files are numbered."""

from collections.abc import Sequence

from storage.home import write_atomic
from storage.paths import (
    StoragePath,
    convert_write_errors,
    is_there,
    move,
    read_bytes,
)

MAX_LOG_BYTES = 1_000_000
"""Size from which a log is put aside as `NAME.1`; a run writes some hundred bytes."""

LOGS_KEPT = 3
"""Older files beside the log: `NAME.1` is the newest of them."""


def add_lines(
    path: StoragePath, lines: Sequence[str], max_bytes: int = MAX_LOG_BYTES
) -> None:
    """Add lines to the log at `path`, which is replaced as a whole.

    An object store can't append, and `RotatingFileHandler` knows no store; one way for
    both is enough for two writes per run. The caller holds the home's lock.

    Raises
    ------
    OSError
        If the log is no regular file.
    StorageError
        If the disk or the store refuses; the log is unchanged.
    """
    new = "".join(f"{line}\n" for line in lines).encode()
    try:
        old = read_bytes(path)
    except FileNotFoundError:
        old = b""
    if old and len(old) + len(new) > max_bytes:
        _rotate(path)
        old = b""
    if old and not old.endswith(b"\n"):
        old += b"\n"
    write_atomic(path, old + new)


def _rotate(path: StoragePath) -> None:
    """Rename NAME.2 to NAME.3, NAME.1 to NAME.2, NAME to NAME.1."""
    with convert_write_errors(path):
        for number in range(LOGS_KEPT, 0, -1):
            newer = path.with_name(f"{path.name}.{number - 1}") if number > 1 else path
            if is_there(newer):
                move(newer, path.with_name(f"{path.name}.{number}"))
