"""The names of the record's files: of one night, and of a closed month."""

import re

from storage.paths import StoragePath, sizes_in

KINDS = ("calls", "outcomes")

_MONTH = re.compile(r"(?:calls|outcomes)/(\d{4}-\d{2})\.parquet")
_NIGHT = re.compile(r"(?:calls|outcomes)/(\d{4}-\d{2})-\d{2}_[^/]*\.parquet")


def record_sizes(folder: StoragePath) -> dict[str, int]:
    """Return the sizes in bytes of a record's files, by `calls/NAME`, ordered.

    Raises
    ------
    FileNotFoundError
        If a file is removed meanwhile.
    """
    return {
        f"{kind}/{name}": size
        for kind in KINDS
        for name, size in sorted(sizes_in(folder / kind).items())
        if name.endswith(".parquet")
    }


def month_of(name: str) -> str:
    """Return `2025-11` of `calls/2025-11.parquet`; '' for other names."""
    found = _MONTH.fullmatch(name)
    return found[1] if found else ""


def night_month_of(name: str) -> str:
    """Return `2025-11` of `calls/2025-11-10_...parquet`; '' for other names."""
    found = _NIGHT.fullmatch(name)
    return found[1] if found else ""
