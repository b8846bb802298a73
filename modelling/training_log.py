"""The daily training log: one JSON line for each model trained or failed."""

import errno
import json
import os
import threading
import time
import uuid
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from upath import UPath

from modelling.model_metadata import ModelMetadata
from storage.home import write_atomic
from storage.paths import (
    StoragePath,
    convert_write_errors,
    objects_in,
    read_all,
    read_bytes,
    remove_all,
    require_regular,
)

LOG_NAME = "_training_log.jsonl"
PARTS = "parts"

_appending = threading.Lock()
"""The threads of a run; other processes are kept out of a home by its lock."""


def training_entry(metadata: ModelMetadata, at: datetime) -> dict[str, Any]:
    """Return the line of a model that was trained: live now, rejected, or worse.

    `status` is `worse` where the model is usable and yet the one before it stays.
    """
    accepted = "trained" if metadata.takes_over else "worse"
    contest = metadata.challenge
    return {
        "at": at.isoformat(),
        "symbol": metadata.symbol,
        "status": accepted if metadata.usable else "rejected",
        "reason": metadata.rejected,
        "challenge": contest.sentence if contest else None,
        "advice": metadata.advice,
        "grade": metadata.grade,
        "skill": metadata.skill,
        "epochs_run": metadata.epochs_run,
        "shrinkage_factor": metadata.shrinkage_factor,
        "below_advised_range": metadata.below_advised_range,
        **metadata.results.model_dump(),
    }


def failure_entry(symbol: str, reason: str, at: datetime) -> dict[str, Any]:
    """Return the line of a model that could not be trained."""
    return {
        "at": at.isoformat(),
        "symbol": symbol,
        "status": "failed",
        "reason": reason,
    }


def is_logged(folder: StoragePath, at: datetime, symbol: str) -> bool:
    """Return whether the log has a line of the symbol of that instant.

    A line that still waits in a store is not looked at: written twice, it is logged
    once.
    """
    try:
        lines = read_bytes(_log_path(folder, at)).decode().splitlines()
    except OSError:
        return False
    entry = {"at": at.isoformat(), "symbol": symbol}
    start = json.dumps(entry, ensure_ascii=False)[:-1]
    return any(line.startswith(start) for line in lines)


def append_entry(folder: StoragePath, at: datetime, entry: dict[str, Any]) -> None:
    """Append one line to the log of that (UTC) day.

    A store can't append: there the line waits in `parts/` for `close_log`.

    Raises
    ------
    StorageError
        If the disk or the store refuses.
    """
    path = _log_path(folder, at)
    line = (json.dumps(entry, ensure_ascii=False) + "\n").encode()
    with convert_write_errors(path):
        if isinstance(path, Path):
            _append(path, line)
            return
        # Its own name for each line: writers on many machines lose none. The time only
        # puts the lines in order.
        name = f"{_day(at)}_{time.time_ns()}_{uuid.uuid4().hex}.json"
        write_atomic(path.parent / PARTS / name, line)


def _append(path: Path, line: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # One write on an append-only descriptor: a kill leaves no part of a line.
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags, 0o644)
    try:
        require_regular(path, os.fstat(descriptor))
        with _appending:
            _append_whole(descriptor, line)
    finally:
        os.close(descriptor)


def _append_whole(descriptor: int, line: bytes) -> None:
    """Write the line, or leave the file as it was where the disk is full."""
    size = os.fstat(descriptor).st_size
    if size and _last_byte(descriptor, size) != b"\n":
        line = b"\n" + line  # What a power cut tore stays a line of its own.
    if os.write(descriptor, line) < len(line):
        os.ftruncate(descriptor, size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _last_byte(descriptor: int, size: int) -> bytes:
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1)


def close_log(folder: StoragePath) -> None:
    """Put the lines that wait in a store into their days' logs; on a disk none waits.

    Lines of a killed run are among them. Only the run that holds the home may call it.

    Raises
    ------
    StorageError
        If the store refuses; no line is lost.
    """
    if isinstance(folder, Path):
        return
    waiting = objects_in(folder / PARTS)
    for day, parts in groupby(waiting, key=lambda part: part.name.partition("_")[0]):
        _close_day(folder / f"{day}{LOG_NAME}", list(parts))


def _close_day(log: UPath, parts: list[UPath]) -> None:
    try:
        logged = read_bytes(log).splitlines(keepends=True)
    except FileNotFoundError:
        logged = []
    # A kill between the two steps leaves parts that the log already holds.
    lines = dict.fromkeys([*logged, *read_all(parts)])
    with convert_write_errors(log):
        write_atomic(log, b"".join(lines))
        remove_all(parts)


def _log_path(folder: StoragePath, at: datetime) -> StoragePath:
    return folder / f"{_day(at)}{LOG_NAME}"


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d}"
