"""The daily training log: one JSON line per training."""

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
)
from storage.regular_files import require_regular

LOG_NAME = "_training_log.jsonl"
PARTS = "parts"

_appending = threading.Lock()
"""Held by the thread that appends; the home's lock excludes other processes."""


def training_entry(metadata: ModelMetadata, at: datetime) -> dict[str, Any]:
    """Return the line of a trained model.

    `status` is `trained`, `rejected`, or `worse` if the model is usable but did not
    replace the live one.
    """
    accepted = "trained" if metadata.takes_over else "worse"
    comparison = metadata.challenge
    return {
        "at": at.isoformat(),
        "symbol": metadata.symbol,
        "status": accepted if metadata.usable else "rejected",
        "reason": metadata.rejected,
        "challenge": comparison.sentence if comparison else None,
        "advice": metadata.advice,
        "grade": metadata.grade,
        "skill": metadata.skill,
        "loss_ratio": metadata.loss_ratio,
        "loss_ratio_vs_persistence": metadata.loss_ratio_vs_persistence,
        "epochs_run": metadata.epochs_run,
        "best_epoch": metadata.best_epoch,
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
    """Return whether the log has a line for the symbol at that instant.

    Lines in `parts/` are not read: `close_log` removes duplicates.
    """
    try:
        lines = read_bytes(_log_path(folder, at)).decode().splitlines()
    except OSError:
        return False
    entry = {"at": at.isoformat(), "symbol": symbol}
    start = json.dumps(entry, ensure_ascii=False)[:-1]
    return any(line.startswith(start) for line in lines)


def append_entry(folder: StoragePath, at: datetime, entry: dict[str, Any]) -> None:
    """Append a line to the log of the UTC day of `at`.

    An object store can't append: the line is stored in `parts/` until `close_log`.

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
        # Unique names: lines from several machines don't overwrite each other.
        name = f"{_day(at)}_{time.time_ns()}_{uuid.uuid4().hex}.json"
        write_atomic(path.parent / PARTS / name, line)


def _append(path: Path, line: bytes) -> None:
    """Append the line; if the disk is full, restore the file and raise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # A single write to an append-only file: a kill leaves no part of a line.
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags, 0o644)
    try:
        require_regular(path, os.fstat(descriptor))
        with _appending:
            size = os.fstat(descriptor).st_size
            os.lseek(descriptor, max(size - 1, 0), os.SEEK_SET)
            if size and os.read(descriptor, 1) != b"\n":
                line = b"\n" + line  # A power cut has left part of a line.
            if os.write(descriptor, line) < len(line):
                os.ftruncate(descriptor, size)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(descriptor)


def close_log(folder: StoragePath) -> None:
    """Move the lines in `parts/` of an object store to the logs of their days.

    Only the run that holds the home's lock may call it. On a disk there are no parts.

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
    # After a kill between the two steps below, the log already holds some parts.
    lines = dict.fromkeys([*logged, *read_all(parts)])
    with convert_write_errors(log):
        write_atomic(log, b"".join(lines))
        remove_all(parts)


def _log_path(folder: StoragePath, at: datetime) -> StoragePath:
    return folder / f"{_day(at)}{LOG_NAME}"


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d}"
