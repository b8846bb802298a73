"""One folder for all temporary files of a command and of its child processes."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from config.errors import StorageError
from storage.interruption import on_interruption

PREFIX = "overnight-"
LOCK = "in_use.lock"
"""The file that a command keeps locked in its folder; the system unlocks it."""

NEW_SECONDS = 60
"""A folder is left alone so long: its command may not have locked it yet."""

VARIABLE = "TMPDIR"


@contextmanager
def own_temporary_folder() -> Iterator[Path]:
    """Keep temporary files in a new folder, which is removed at the end of the block.

    A killed command leaves its folder behind; the next one removes it.

    Raises
    ------
    StorageError
        If the system's folder for temporary files can't be used.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        lock = FileLock(folder / LOCK)
        lock.acquire()
    except OSError as error:
        raise StorageError(
            f"no folder for temporary files can be made ({error})",
            f"free space there, or name another folder in {VARIABLE}",
        ) from error
    before = tempfile.tempdir, os.environ.get(VARIABLE)
    with on_interruption(lambda: _remove(folder)):
        try:
            _remove_abandoned(folder)
            _use(str(folder), str(folder))
            yield folder
        finally:
            _use(*before)
            lock.release()
            _remove(folder)


def _use(folder: str | None, variable: str | None) -> None:
    """Set Python's folder for temporary files, and the one of child processes."""
    tempfile.tempdir = folder
    if variable is None:
        os.environ.pop(VARIABLE, None)
    else:
        os.environ[VARIABLE] = variable


def _remove_abandoned(own: Path) -> None:
    """Remove the folders of this user's commands that have ended without doing so."""
    user = own.stat().st_uid
    for lock in own.parent.glob(f"{PREFIX}*/{LOCK}"):
        with contextlib.suppress(OSError, Timeout):
            found = lock.parent.lstat()  # Not of what a link of another user points to.
            is_old = time.time() - found.st_mtime > NEW_SECONDS
            if found.st_uid == user and is_old and lock.parent != own:
                with FileLock(lock, timeout=0):
                    _remove(lock.parent)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
