"""The optional test equipment in `../shared`, and its types."""

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import pytest

SHARED = Path(__file__).parents[1].parent / "shared"
REPLAY_NOW = "2025-06-27"


class Replay(Protocol):
    """The methods that tests use of a running replay of Yahoo."""

    url: str
    ca: str

    def faults(self, *rules: str) -> None:
        """Answer with these faults from now on."""

    def stats(self) -> dict[str, Any]:
        """Return how many requests came, by kind."""

    def log(self) -> list[dict[str, Any]]:
        """Return the requests that came."""

    def reset(self) -> None:
        """Forget faults and counters."""

    def set_now(self, now: str) -> None:
        """Set the date that the replay uses as today."""

    def close(self) -> None:
        """Stop serving."""


def needed(path: str) -> Path:
    """Return a path of the shared folder; skip the test if it is missing."""
    found = SHARED / path
    if not found.exists():
        pytest.skip(f"the test equipment is not there: {found}")
    return found


def equipment(folder: str, name: str) -> ModuleType:
    """Import a module of a read-only shared folder, leaving no trace of it there."""
    path, written = list(sys.path), sys.dont_write_bytecode
    sys.path.insert(0, str(needed(folder)))
    sys.dont_write_bytecode = True
    try:
        return importlib.import_module(name)
    finally:
        sys.path[:], sys.dont_write_bytecode = path, written
