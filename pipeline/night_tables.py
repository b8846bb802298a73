"""The tables between two stages: signed when written, checked when read.

A damaged table is made again from its inputs. If that fails, its symbol fails.
"""

from collections.abc import Callable

import pandas as pd

from config.errors import DamagedTable
from pipeline.plan import RunPlan
from storage.paths import StoragePath
from storage.tables import read_signed, write_signed


def write_night_table(
    plan: RunPlan, stage: str, symbol: str, table: pd.DataFrame
) -> StoragePath:
    """Write a stage's table of a symbol; return its path.

    Raises
    ------
    StorageError
        If the disk or the store refuses the write.
    """
    path = plan.table(stage, symbol)
    table = table.copy(deep=False)
    table.attrs = {}
    write_signed(path, table, symbol=symbol, stage=stage)
    return path


def read_night_table(path: StoragePath, stage: str, symbol: str) -> pd.DataFrame:
    """Return a stage's table of a symbol as it was written.

    Raises
    ------
    DamagedTable
        If it is missing, or not as it was written.
    StorageError
        If the store refuses or does not answer.
    """
    return read_signed(path, symbol=symbol, stage=stage)


def read_or_rebuild(
    path: StoragePath,
    stage: str,
    symbol: str,
    rebuild: Callable[[], StoragePath | None],
) -> pd.DataFrame:
    """Return a stage's table of a symbol, rebuilt if it is damaged.

    `rebuild` writes the table and returns its path, or None if it can't.

    Raises
    ------
    DamagedTable
        If the table is damaged and `rebuild` returned None.
    SymbolError
        If `rebuild` raised it.
    StorageError
        If the store refuses or does not answer.
    """
    try:
        return read_night_table(path, stage, symbol)
    except DamagedTable:
        rebuilt = rebuild()
        if rebuilt is None:
            raise
    return read_night_table(rebuilt, stage, symbol)


def is_undamaged(path: StoragePath, stage: str, symbol: str) -> bool:
    """Return whether `path` holds a stage's table of the symbol, undamaged."""
    try:
        read_night_table(path, stage, symbol)
    except DamagedTable:
        return False
    return True
