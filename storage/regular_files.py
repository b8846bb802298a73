"""Files on a disk that are read: regular ones of a limited size, and nothing else."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

MAX_FILE_BYTES = 1_000_000_000
"""Size above which no file is read, unless its reader passes a lower limit."""

# Without O_NONBLOCK, opening a FIFO waits for a writer. Windows has neither.
_READ_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@contextmanager
def regular_file(
    path: Path, max_bytes: int = MAX_FILE_BYTES
) -> Iterator[BufferedReader]:
    """Open a file, or the file that a link names, for reading.

    Raises
    ------
    OSError
        If it is missing, a folder, pipe, socket or device, or above `max_bytes`.
    """
    require_regular(path)  # Merely opening some devices has an effect.
    with open(os.open(path, _READ_FLAGS), "rb") as file:  # noqa: PTH123  a descriptor
        found = os.fstat(file.fileno())
        require_regular(path, found)
        if found.st_size > max_bytes:
            raise size_error(path, max_bytes)
        yield file


def require_regular(path: Path, found: os.stat_result | None = None) -> None:
    """Raise an `OSError` unless `path` is a file or a link to one."""
    mode = (found or path.stat()).st_mode
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a pipe, socket or device"
        raise OSError(errno.EINVAL, f"not a regular file but {what}", str(path))


def size_error(path: object, max_bytes: int) -> OSError:
    """Return the error of a file that is larger than `max_bytes`."""
    return OSError(errno.EFBIG, f"larger than {max_bytes / 1e6:g} MB", str(path))


def file_version(path: Path) -> tuple[int, int, int]:
    """Return what changes if the file is written or replaced: inode, size, time in ns.

    Raises
    ------
    OSError
        If it is missing.
    """
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns
