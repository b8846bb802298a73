"""The tables between two stages: signed when written, checked when read.

A damaged table is made again from its inputs. If that fails, its symbol fails.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import pandas as pd

from config.errors import DamagedTable
from pipeline.plan import RunPlan
from storage.paths import StoragePath
from storage.tables import read_signed, write_signed

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
        return read_signed(path, symbol=symbol, stage=stage)
    except DamagedTable:
        if rebuild is None:
            raise
        rebuild()
    return read_signed(plan.table(stage, symbol), symbol=symbol, stage=stage)
