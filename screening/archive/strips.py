"""The last calls of each symbol as a strip of marks. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

SHOWN = 60
"""Calls that a strip shows, the latest on the right."""

STEP = 5
"""Pixels from one call to the next."""

HEIGHT = 20

MARKS = {
    "buy": "2v7h4v-7z",
    "sell": "11v7h4v-7z",
    "hold": "9v2h4v-2z",
    "out": "4v12h4v-12z",
}
"""The outline of each mark, from its upper edge on: up, down, flat, and a full bar."""


@dataclass(frozen=True)
class Strip:
    """A symbol's last calls; `paths` are SVG outlines by class, e.g. `buy replay`."""

    symbol: str
    last: str
    last_night: date
    summary: str
    paths: tuple[tuple[str, str], ...]


def symbol_strips(table: pd.DataFrame) -> tuple[Strip, ...]:
    """Return a strip per symbol with a call, by symbol; `table` is by night."""
    columns = ["symbol", "night", "call", "sit_out", "live"]
    made = table.loc[table["call"] != "", columns]
    latest = made.groupby("symbol", sort=True).tail(SHOWN)
    latest = latest.assign(
        night=latest["night"].dt.date,
        sit_out=latest["sit_out"].fillna(value=False).astype(bool),
        live=latest["live"].fillna(value=True).astype(bool),
    )
    return tuple(
        _strip(str(symbol), list(rows.itertuples(index=False, name=None)))
        for symbol, rows in latest.groupby("symbol", sort=True)
    )


Call = tuple[str, date, str, bool, bool]


def _strip(symbol: str, calls: Sequence[Call]) -> Strip:
    paths: dict[str, str] = {}
    for place, (_, _, call, sat_out, live) in enumerate(calls, SHOWN - len(calls)):
        mark = "out" if sat_out else call.lower()
        if mark in MARKS:
            name = mark if live else f"{mark} replay"
            paths[name] = f"{paths.get(name, '')}M{place * STEP} {MARKS[mark]}"
    first, last = calls[0], calls[-1]
    return Strip(
        symbol=symbol,
        last=last[2],
        last_night=last[1],
        summary=f"{first[1]} to {last[1]}: {_summary(calls)}",
        paths=tuple(paths.items()),
    )


def _summary(calls: Sequence[Call]) -> str:
    """Return `4 BUY, 8 HOLD, 2 SELL; 3 sat out; 5 replays`."""
    made = Counter(call for _, _, call, _, _ in calls)
    counts = ", ".join(f"{number} {call}" for call, number in sorted(made.items()))
    sat_out = sum(out for _, _, _, out, _ in calls)
    replays = sum(not live for _, _, _, _, live in calls)
    more = f"; {sat_out} sat out" if sat_out else ""
    kinds = f"; {replays} replay{'' if replays == 1 else 's'}" if replays else ""
    return f"{counts}{more}{kinds}"
