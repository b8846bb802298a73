"""The market's state of a night, stored beside the night's tables for later readers."""

from collections.abc import Sequence
from datetime import date

from pydantic import TypeAdapter

from config.errors import OvernightError
from screening.market_state import MarketState
from storage.home import Home, write_atomic
from storage.paths import StoragePath, read_bytes

_STATES = TypeAdapter(tuple[MarketState, ...])


def write_market_states(home: Home, as_of: date, states: Sequence[MarketState]) -> None:
    """Replace the stored states of the night of `as_of`.

    Raises
    ------
    StorageError
        If the disk or the store refuses the write.
    """
    write_atomic(_path(home, as_of), _STATES.dump_json(tuple(states)))


def read_market_states(home: Home, as_of: date) -> tuple[MarketState, ...]:
    """Return the stored states of a night, none if they are missing or damaged."""
    try:
        return _STATES.validate_json(read_bytes(_path(home, as_of)))
    except (OSError, ValueError, OvernightError):
        return ()


def _path(home: Home, as_of: date) -> StoragePath:
    return home.nights / as_of.isoformat() / "market_state.json"
