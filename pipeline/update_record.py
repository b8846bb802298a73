"""Records a morning's updates, and scores earlier ones by the night's prices."""

from contextlib import suppress
from datetime import datetime

import pandas as pd

from config.errors import OvernightError, StorageError, SymbolError
from pipeline.download import STAGE as PRICES
from pipeline.morning_update import MorningUpdate
from pipeline.update_plan import MorningPlan
from screening.track_record.update_record import (
    UpdateRecords,
    append_updates,
    make_updates,
    read_updates,
    score_updates,
    update_records,
)
from storage.tables import read_signed


def record_morning(
    plan: MorningPlan, update: MorningUpdate, made_at: datetime
) -> tuple[UpdateRecords | None, tuple[str, ...]]:
    """Add the morning's updates to their record; return the records.

    An update that was computed before the opening, but is recorded after it, does not
    count as live. A record that can't be read or written does not fail the morning: the
    records are then None, with the reason.
    """
    night, folder = plan.night, plan.night.home.update_record
    settings = night.settings.track_record
    try:
        updates, scored = read_updates(folder)
        bars = {
            symbol: bars
            for symbol in night.symbols
            if (bars := _bars(plan, symbol)) is not None
        }
        new = score_updates(updates, scored, bars, made_at)
        made = make_updates(update.rows, made_at)
        made, new = append_updates(folder, made, new, night.as_of, made_at)
        records = update_records(
            pd.concat([updates, made], ignore_index=True),
            pd.concat([scored, new], ignore_index=True),
            settings,
        )
    except Exception as error:  # noqa: BLE001  whatever it is, the morning goes on
        kind = "" if isinstance(error, OvernightError) else f"{type(error).__name__}: "
        return None, (f"The update is not in its track record: {kind}{error}",)
    return records, ()


def _bars(plan: MorningPlan, symbol: str) -> pd.DataFrame | None:
    with suppress(SymbolError, StorageError):
        path = plan.night.table(PRICES, symbol)
        return read_signed(path, symbol=symbol, stage=PRICES)
    return None
