"""The findings of the quality check: defects, notes and repairs."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from market_data.prices import CLOSE


@dataclass(frozen=True)
class Defect:
    """A broken rule, the first session that breaks it, and a sentence."""

    rule: str
    session: date
    sentence: str


@dataclass(frozen=True)
class Findings:
    """The findings of one or several rules; only defects degrade a row.

    `notes` are sentences on unusual values, `repairs` on repaired faults.
    """

    defects: tuple[Defect, ...] = ()
    notes: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()

    def __add__(self, other: "Findings") -> "Findings":
        """Return both together, in the order found."""
        return Findings(
            self.defects + other.defects,
            self.notes + other.notes,
            self.repairs + other.repairs,
        )


NOTHING = Findings()

MAX_ROWS = 3
"""A sentence names this many rows with wrong cells and counts the others."""


def defect(rule: str, rows: pd.DataFrame, finding: str) -> Findings:
    """Return one defect for all `rows`, which names the first; nothing for no rows.

    `finding` continues a sentence that begins with the session.
    """
    if rows.empty:
        return NOTHING
    close = rows[CLOSE].iloc[0]
    value = "" if np.isnan(close) else f", close {close:g}"
    return name_days(rule, pd.DatetimeIndex(rows.index), f"{finding}{value}")


def name_days(rule: str, days: pd.DatetimeIndex, finding: str) -> Findings:
    """Return one defect for all `days`, which names the first; nothing for no days.

    `finding` continues a sentence that begins with the session.
    """
    if days.empty:
        return NOTHING
    first = days[0].date()
    return Findings((Defect(rule, first, f"{first}{more(len(days))} {finding}"),))


def wrong_cells(
    rule: str, rows: pd.DataFrame, wrong: pd.DataFrame, finding: str = ""
) -> Findings:
    """Return one defect for all rows with a wrong cell; it shows the first values.

    `wrong` is True for each wrong cell of `rows`.
    """
    hit = wrong.any(axis=1)
    days = pd.DatetimeIndex(rows.index[hit])
    if days.empty:
        return NOTHING
    named = [f"{day.date()} has {cells(rows, wrong, day)}" for day in days[:MAX_ROWS]]
    rest = f" (and {len(days) - MAX_ROWS} more)" if len(days) > MAX_ROWS else ""
    effect = "the row is left out" if len(days) == 1 else "these rows are left out"
    sentence = f"{', '.join(named)}{rest}{finding}; {effect}"
    return Findings((Defect(rule, days[0].date(), sentence),))


def cells(rows: pd.DataFrame, wrong: pd.DataFrame, day: pd.Timestamp) -> str:
    """Return the wrong cells of a row, like "`close` 18536"."""
    bad, values = (frame.loc[day].to_dict() for frame in (wrong, rows))
    return ", ".join(f"`{name}` {values[name]:g}" for name in bad if bad[name])


def more(count: int) -> str:
    """Return ` (and 2 more)` for 3, nothing for 1."""
    return f" (and {count - 1} more)" if count > 1 else ""
