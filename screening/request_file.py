"""Where a night stores which request produced each symbol's row."""

import json
from datetime import date

from config.errors import StorageError
from storage.home import Home
from storage.paths import StoragePath, read_bytes

Request = dict[str, str]
"""The parts of a request that decide a row, as text."""

MAX_BYTES = 20_000_000
"""A larger file is not read; 10,000 symbols take 5 MB."""


def requests_path(home: Home, as_of: date) -> StoragePath:
    """Return the path of the requests of a night."""
    return home.nights / as_of.isoformat() / "requests.json"


def read_requests(path: StoragePath) -> dict[str, Request]:
    """Return the requests by symbol, none if they are not known.

    They are not known for nights of earlier versions, and for nights whose tables are
    removed.
    """
    try:
        found = json.loads(read_bytes(path, MAX_BYTES))
    except (OSError, StorageError, ValueError, RecursionError):
        return {}
    return found if _are_requests(found) else {}


def _are_requests(found: object) -> bool:
    return isinstance(found, dict) and all(
        isinstance(request, dict)
        and all(isinstance(value, str) for value in request.values())
        for request in found.values()
    )
