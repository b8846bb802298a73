"""What the quality check finds: defects, notes and repairs."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from market_data.prices import CLOSE


@dataclass(frozen=True)
class Defect:
    """One finding: the rule broken, the first session that breaks it, a sentence."""

    rule: str
    session: date
    sentence: str


@dataclass(frozen=True)
class Findings:
    """What one rule, or several, found; only defects degrade a row.

    `notes` are sentences on what is unusual and no defect, `repairs` on what had one
    right answer.
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

MOST_ROWS = 3
"""Rows with wrong cells that one sentence names; the others are counted."""


def defect(rule: str, rows: pd.DataFrame, finding: str) -> Findings:
    """Return one defect for all `rows`, named by the first; nothing if there are none.

    `finding` continues a sentence that begins with the session.
    """
    if rows.empty:
        return NOTHING
    close = rows[CLOSE].iloc[0]
    value = "" if np.isnan(close) else f", close {close:g}"
    return name_days(rule, pd.DatetimeIndex(rows.index), f"{finding}{value}")


def name_days(rule: str, days: pd.DatetimeIndex, finding: str) -> Findings:
    """Return one defect for all `days`, named by the first; nothing if there are none.

    `finding` continues a sentence that begins with the session.
    """
    if days.empty:
        return NOTHING
    first = days[0].date()
    return Findings((Defect(rule, first, f"{first}{more(len(days))} {finding}"),))


def wrong_cells(
    rule: str, rows: pd.DataFrame, wrong: pd.DataFrame, finding: str = ""
) -> Findings:
    """Return one defect for all rows with a wrong cell; the first ones by their values.

    `wrong` says which cells of `rows` are.
    """
    hit = wrong.any(axis=1)
    days = pd.DatetimeIndex(rows.index[hit])
    if days.empty:
        return NOTHING
    said = [f"{day.date()} has {cells(rows, wrong, day)}" for day in days[:MOST_ROWS]]
    rest = f" (and {len(days) - MOST_ROWS} more)" if len(days) > MOST_ROWS else ""
    left = "the row is left out" if len(days) == 1 else "these rows are left out"
    sentence = f"{', '.join(said)}{rest}{finding}; {left}"
    return Findings((Defect(rule, days[0].date(), sentence),))


def cells(rows: pd.DataFrame, wrong: pd.DataFrame, day: pd.Timestamp) -> str:
    """Return a row's wrong cells as `close` 18536."""
    bad, values = (frame.loc[day].to_dict() for frame in (wrong, rows))
    return ", ".join(f"`{name}` {values[name]:g}" for name in bad if bad[name])


def more(count: int) -> str:
    """Return ` (and 2 more)` for 3, nothing for 1."""
    return f" (and {count - 1} more)" if count > 1 else ""
