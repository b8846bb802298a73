"""The closes that change a night's calls, stored beside its tables."""

from collections.abc import Mapping
from datetime import date

from pydantic import TypeAdapter

from config.errors import OvernightError
from screening.price_changes import PriceChanges
from storage.home import Home, write_atomic
from storage.paths import StoragePath, read_bytes

_BY_SYMBOL = TypeAdapter(dict[str, PriceChanges])


def write_price_changes(
    home: Home, as_of: date, found: Mapping[str, PriceChanges]
) -> None:
    """Replace the stored price changes of the night of `as_of`, by symbol.

    Raises
    ------
    StorageError
        If the disk or the store refuses the write.
    """
    write_atomic(_path(home, as_of), _BY_SYMBOL.dump_json(dict(found)))


def read_price_changes(home: Home, as_of: date) -> dict[str, PriceChanges]:
    """Return the stored price changes by symbol, none if missing or damaged."""
    try:
        return _BY_SYMBOL.validate_json(read_bytes(_path(home, as_of)))
    except (OSError, ValueError, OvernightError):
        return {}


def _path(home: Home, as_of: date) -> StoragePath:
    return home.nights / as_of.isoformat() / "price_changes.json"
