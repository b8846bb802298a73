"""The daily training log: one JSON line for each model trained or failed."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.home import refusals_named
from modelling.model_metadata import ModelMetadata


def trained_entry(metadata: ModelMetadata, at: datetime) -> dict[str, Any]:
    """Return the line of a model that was trained, rejected or not."""
    return {
        "at": at.isoformat(),
        "symbol": metadata.symbol,
        "status": "trained" if metadata.usable else "rejected",
        "reason": metadata.rejected,
        "advice": metadata.advice,
        "grade": metadata.grade,
        "skill": metadata.skill,
        "epochs_run": metadata.epochs_run,
        "below_advised_range": metadata.below_advised_range,
        **metadata.results.model_dump(),
    }


def failed_entry(symbol: str, reason: str, at: datetime) -> dict[str, Any]:
    """Return the line of a model that could not be trained."""
    return {
        "at": at.isoformat(),
        "symbol": symbol,
        "status": "failed",
        "reason": reason,
    }


def is_logged(folder: Path, at: datetime, symbol: str) -> bool:
    """Return whether the log has a line of the symbol of that instant."""
    try:
        lines = _log_path(folder, at).read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    entry = {"at": at.isoformat(), "symbol": symbol}
    start = json.dumps(entry, ensure_ascii=False)[:-1]
    return any(line.startswith(start) for line in lines)


def append_entry(folder: Path, at: datetime, entry: dict[str, Any]) -> None:
    """Append one line to the log of that (UTC) day.

    Raises
    ------
    StorageError
        If the disk refuses.
    """
    path = _log_path(folder, at)
    line = (json.dumps(entry, ensure_ascii=False) + "\n").encode()
    with refusals_named(path):
        folder.mkdir(parents=True, exist_ok=True)
        # One write on an append-only descriptor: lines of parallel tasks don't mix.
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, line)
        finally:
            os.close(descriptor)


def _log_path(folder: Path, at: datetime) -> Path:
    return folder / f"{at.astimezone(UTC):%Y-%m-%d}_training_log.jsonl"
