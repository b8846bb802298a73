"""The quality rules for a whole history: complete, up to date and plausible."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from config.errors import BadPrices, StalePrices, TooShort
from config.settings import PriceSettings
from market_data.cadence import SAVE_DAILY, describe_cadence
from market_data.findings import NOTHING, Defect, Findings, defect, more, name_days
from market_data.prices import ADJUSTED_CLOSE, CLOSE, HIGH, LOW, OPEN, VOLUME
from market_data.sessions import sessions_between

RECENT_BARS = 20
"""A contradictory bar degrades the row if it is among this many last sessions, which
the features use."""

OLD_CONTRADICTION = 3.0
"""An older bar degrades the row if it contradicts itself by this many usual moves.

Real bars stay below: of 329 ASX and London files, the worst of 2024 had 2.3.
"""

AROUND = 10
"""Sessions before and after a close; an isolated close is outside their range."""

REMAINDER = 0.25
"""A price came back if at most this part of its move remains after the next session."""

LONG_GAP = 30
"""Missing sessions in a row after which only the later sessions are used: the ticker
may belong to another company."""

MAX_NAMED = 5
"""A note lists this many moves and counts the earlier ones."""


def find_missing_sessions(
    rows: pd.DataFrame, exchange: str, settings: PriceSettings
) -> Findings:
    """Return a defect if too many sessions lack a row, over all or recently.

    Sessions count from the first row, so that a recently listed share lacks none.

    Raises
    ------
    BadPrices
        If fewer than `min_session_share` have a row: these are not daily bars.
    """
    sessions = sessions_between(exchange, rows.index[0].date(), rows.index[-1].date())
    found = NOTHING
    for span, name in (
        (sessions, f"since {rows.index[0].date()}"),
        (sessions[-settings.recent_sessions :], "up to the last row"),
    ):
        there = span.isin(rows.index)
        if not len(span) or there.mean() >= settings.complete_session_share:
            continue
        counted = f"{int(there.sum())} of {len(span)} sessions {name} have a row"
        if there.mean() < settings.min_session_share:
            cadence = describe_cadence(rows.index)
            raise BadPrices(
                f"only {counted}, {settings.min_session_share:.0%} are needed"
                f"{cadence or _largest_gap(span, there)}",
                SAVE_DAILY if cadence else "fetch it again, or wait for more sessions",
            )
        if not found.defects:
            first = span[~there][0].date()
            found = Findings((Defect("few_sessions", first, f"only {counted}"),))
    return found


def _largest_gap(sessions: pd.DatetimeIndex, there: npt.NDArray[np.bool_]) -> str:
    """Return where the most sessions in a row are missing."""
    placed = np.flatnonzero(np.concatenate([[True], there, [True]]))
    gap = np.diff(placed) - 1
    first = sessions[placed[gap.argmax()]].date()
    return f"; {gap.max()} in a row are missing from {first} on"


def refuse_stale(rows: pd.DataFrame, as_of: pd.Timestamp, found: Findings) -> None:
    """Refuse a history that does not end with the as-of session.

    Otherwise every number would be of an older session. `found` may have the reason why
    the row of the as-of session was dropped.
    """
    last = rows.index[-1].date()
    if rows.index[-1] == as_of:
        return
    reasons = [d.sentence for d in found.defects if d.rule == "missing_value"]
    reason = f" ({reasons[0]})" if reasons else ""
    raise StalePrices(
        f"the last bar is of {last}, not of the as-of session {as_of.date()}{reason}",
        f"fetch newer prices or screen with --as-of {last}",
    )


def refuse_short(rows: pd.DataFrame, settings: PriceSettings) -> None:
    """Refuse fewer sessions than screening needs."""
    if len(rows) < settings.min_sessions:
        raise TooShort(
            f"screening needs {settings.min_sessions} sessions, got {len(rows)} "
            f"up to {rows.index[-1].date()}",
            "wait until the symbol has traded for longer",
        )


def find_contradictions(rows: pd.DataFrame, settings: PriceSettings) -> Findings:
    """Return the bars whose open or close is outside low to high.

    A recent bar is in the indicators and degrades the row. An old bar degrades it only
    if its contradiction is large: exchanges have whole days of slightly wrong bars (ASX
    2024-11-15, London 2024-05-01).
    """
    start, high, low, close = rows[[OPEN, HIGH, LOW, CLOSE]].to_numpy().T
    above, below = np.maximum(start, close) / high, low / np.minimum(start, close)
    over = pd.Series(np.maximum(above, below) - 1, index=rows.index)
    wrong = (over.to_numpy() > settings.bar_slack) | (high < low)
    if not wrong.any():
        return NOTHING
    broken = rows[wrong]
    recent = broken.index >= rows.index[-RECENT_BARS:][0]
    usual = _usual_move(rows[ADJUSTED_CLOSE].pct_change())
    large = over[broken.index] > OLD_CONTRADICTION * usual
    bad, old = broken[recent | large], broken[~(recent | large)]
    upside = bad[HIGH] < bad[LOW]
    found = defect("high_below_low", bad[upside], "has high < low")
    found += defect(
        "outside_high_low", bad[~upside], "has an open or close outside low to high"
    )
    if old.empty:
        return found
    first = f"{old.index[0].date()}{more(len(old))}"
    note = f"{first} has an open or close slightly outside low to high"
    return found + Findings(notes=(note,))


def _days(rows: pd.DataFrame) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(rows.index)


def _usual_move(moves: pd.Series) -> float:
    """Return the mean absolute daily move."""
    return float(moves.abs().mean())


def find_jumps(rows: pd.DataFrame, settings: PriceSettings) -> Findings:
    """Return the moves of the adjusted close that are many times the usual move.

    Such a move is a defect if its volume is low, or if the price came back in the next
    session. Any other is news and becomes a note.
    """
    moves = rows[ADJUSTED_CLOSE].pct_change()
    usual = _usual_move(moves)
    large = moves.abs() > settings.jump_multiple * usual
    if not large.any():
        return NOTHING
    back = large & _came_back(rows)
    large &= ~back.shift(fill_value=False)  # The return is part of the same move.
    wrong = large & (back | _has_low_volume(rows, settings))
    found = _note_news(moves[large & ~wrong], settings)
    if not wrong.any():
        return found
    day = rows.index[wrong][0]
    detail = "and came back in the next session" if back[day] else "on little volume"
    times = abs(moves[day]) / usual
    finding = f"moved {moves[day]:+.1%}, {times:.0f} times the usual, {detail}"
    return name_days("jump", _days(rows[wrong]), finding) + found


def _came_back(rows: pd.DataFrame) -> pd.Series:
    """Return which closes are isolated: undone in the next session, and out of range.

    The range of the `AROUND` sessions excludes the swings of a crash, and the ticks of
    a share of half a cent.
    """
    closes = rows[ADJUSTED_CLOSE]
    move, remainder = closes / closes.shift() - 1, closes.shift(-1) / closes.shift() - 1
    factor = closes / rows[CLOSE]
    high, low = _max_around(rows[HIGH] * factor), _max_around(-rows[LOW] * factor)
    return ((closes > high) | (-closes > low)) & (
        remainder.abs() <= REMAINDER * move.abs()
    )


def _max_around(values: pd.Series) -> pd.Series:
    """Return the largest of the `AROUND` values before and after each one."""
    before, after = (
        part.rolling(AROUND, min_periods=1).max().shift()
        for part in (values, values[::-1])
    )
    return pd.concat([before, after], axis=1).max(axis=1)


def _has_low_volume(rows: pd.DataFrame, settings: PriceSettings) -> pd.Series:
    """Return which sessions have less volume than usual for a large move."""
    volume = rows[VOLUME]
    usual = volume.rolling(settings.recent_sessions, min_periods=1).median().shift()
    return volume.eq(0) | (volume < settings.min_jump_volume_ratio * usual)


def _note_news(moves: pd.Series, settings: PriceSettings) -> Findings:
    """Return one note on all moves that were traded and stayed."""
    if moves.empty:
        return NOTHING
    listed = moves.iloc[-MAX_NAMED:]
    days = pd.DatetimeIndex(listed.index)
    named = [
        f"{day.date()} {move:+.1%}" for day, move in zip(days, listed, strict=True)
    ]
    earlier = len(moves) - len(listed)
    before = f"{earlier} earlier ones, " if earlier else ""
    note = (
        f"moves of over {settings.jump_multiple:g} times the usual, with the volume of "
        f"news: {before}{', '.join(named)}"
    )
    return Findings(notes=(note,))


def drop_before_long_gap(
    rows: pd.DataFrame, exchange: str
) -> tuple[pd.DataFrame, Findings]:
    """Return the rows after the last gap of `LONG_GAP` or more sessions."""
    long = [gap for gap in _gaps(rows, exchange) if gap.missing >= LONG_GAP]
    if not long:
        return rows, NOTHING
    day, missing = long[-1]
    kept = rows[rows.index >= day]
    sentence = (
        f"{missing} sessions are missing before {day.date()}, the "
        f"{len(rows) - len(kept)} earlier sessions are not used"
    )
    return kept, Findings((Defect("hole", day.date(), sentence),))


def find_gaps(rows: pd.DataFrame, exchange: str, settings: PriceSettings) -> Findings:
    """Return a defect for each gap of more than `max_gap_sessions` sessions."""
    return Findings(
        tuple(
            Defect(
                "hole",
                day.date(),
                f"{missing} sessions are missing before {day.date()}",
            )
            for day, missing in _gaps(rows, exchange)
            if missing > settings.max_gap_sessions
        )
    )


class _Gap(NamedTuple):
    """The first session after a gap, and how many sessions are missing before it."""

    after: pd.Timestamp
    missing: int


def _gaps(rows: pd.DataFrame, exchange: str) -> list[_Gap]:
    """Return the gaps between the rows, which are of sessions of the exchange."""
    sessions = sessions_between(exchange, rows.index[0].date(), rows.index[-1].date())
    skipped = np.diff(sessions.get_indexer(rows.index)) - 1
    days = _days(rows)
    return [
        _Gap(days[place + 1], int(skipped[place]))
        for place in np.flatnonzero(skipped > 0)
    ]
