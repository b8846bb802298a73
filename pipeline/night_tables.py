"""The tables between two stages: signed where they are written, checked where read.

What was damaged in between is made anew from its inputs, or costs its symbol.
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
    """Write a stage's table of a symbol; return where it lies.

    Raises
    ------
    StorageError
        If the disk or the store refuses.
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
        If it is not that table any more.
    StorageError
        If the store refuses or does not answer.
    """
    return read_signed(path, symbol=symbol, stage=stage)


def read_or_rebuild(
    path: StoragePath,
    stage: str,
    symbol: str,
    make_anew: Callable[[], StoragePath | None],
) -> pd.DataFrame:
    """Return a stage's table of a symbol, made anew where it is damaged.

    `make_anew` writes the table and returns where it lies, None where it can't.

    Raises
    ------
    DamagedTable
        If the table is damaged and `make_anew` returned None.
    SymbolError
        What `make_anew` raised.
    StorageError
        If the store refuses or does not answer.
    """
    try:
        return read_night_table(path, stage, symbol)
    except DamagedTable:
        again = make_anew()
        if again is None:
            raise
    return read_night_table(again, stage, symbol)


def is_whole(path: StoragePath, stage: str, symbol: str) -> bool:
    """Return whether a stage's table of a symbol lies at `path` as it was written."""
    try:
        read_night_table(path, stage, symbol)
    except DamagedTable:
        return False
    return True
