"""The tables between two stages: signed when written, checked when read.

A damaged table is made again from its inputs. If that fails, its symbol fails.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from config.errors import DamagedTable
from pipeline.plan import RunPlan
from storage.paths import StoragePath
from storage.regular_files import file_version
from storage.tables import read_signed, write_signed

KEPT_TABLES = 1000
"""So many tables stay in memory, some 40 KB each: several stages read the same one."""

NO_ATTRIBUTES: Mapping[str, object] = MappingProxyType({})


def write_night_table(
    plan: RunPlan,
    stage: str,
    symbol: str,
    table: pd.DataFrame,
    attributes: Mapping[str, object] = NO_ATTRIBUTES,
) -> StoragePath:
    """Write a stage's table of a symbol with its own `attributes`; return its path.

    Raises
    ------
    StorageError
        If the disk or the store refuses the write.
    """
    path = plan.table(stage, symbol)
    table = table.copy(deep=False)
    table.attrs.clear()
    table.attrs.update(attributes)
    write_signed(path, table, symbol=symbol, stage=stage)
    return path


def read_or_rebuild(
    plan: RunPlan,
    stage: str,
    symbol: str,
    path: StoragePath,
    rebuild: Callable[[], object] | None,
) -> pd.DataFrame:
    """Return a stage's table of a symbol, rebuilt if it is damaged.

    `rebuild` writes the table of this night again.

    Raises
    ------
    DamagedTable
        If the table is damaged, and `rebuild` is None or did not write it.
    SymbolError
        If `rebuild` raised it.
    StorageError
        If the store refuses or does not answer.
    """
    try:
        return _read(path, symbol, stage)
    except DamagedTable:
        if rebuild is None:
            raise
        rebuild()
    return _read(plan.table(stage, symbol), symbol, stage)


def _read(path: StoragePath, symbol: str, stage: str) -> pd.DataFrame:
    """Return the signed table at `path`, from memory if the file is unchanged."""
    if not isinstance(path, Path):
        return read_signed(path, symbol=symbol, stage=stage)
    with suppress(OSError):  # A missing file is a damaged table.
        return _read_version(path, symbol, stage, file_version(path)).copy()
    return read_signed(path, symbol=symbol, stage=stage)


@lru_cache(maxsize=KEPT_TABLES)
def _read_version(
    path: Path,
    symbol: str,
    stage: str,
    version: tuple[int, int, int],  # noqa: ARG001  another version is read anew
) -> pd.DataFrame:
    return read_signed(path, symbol=symbol, stage=stage)
