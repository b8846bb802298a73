"""The quality rules on a history as a whole: complete, up to date, believable."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from config.errors import BadPrices, StalePrices, TooShort
from config.settings import PriceSettings
from market_data.cadence import looks_like
from market_data.findings import NOTHING, Defect, Findings, defect, more, name_days
from market_data.prices import ADJUSTED_CLOSE, CLOSE, HIGH, LOW, OPEN, VOLUME
from market_data.sessions import sessions_between

RECENT_BARS = 20
"""Sessions for which a bar that contradicts itself degrades: those of the features."""

OLD_CONTRADICTION = 3.0
"""Usual moves by which an old bar must contradict itself to be more than a note.

Real bars stay below: of 329 ASX and London files, the worst of 2024 had 2.3.
"""

AROUND = 10
"""Sessions before and after a close whose range it leaves, if it stands alone."""

LEFT = 0.25
"""Part of a move that may be left after the next session, if the price came back."""

MOST_NAMED = 5
"""Moves that a note lists; the earlier ones are counted."""


def enough_sessions(
    rows: pd.DataFrame, exchange: str, settings: PriceSettings
) -> Findings:
    """Return whether the exchange's sessions are there, in all and of late.

    Counted from the first row, so that a share listed of late lacks nothing.

    Raises
    ------
    BadPrices
        If fewer than `min_session_share` are there: these are no daily bars.
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
        said = f"{int(there.sum())} of {len(span)} sessions {name} have a row"
        if there.mean() < settings.min_session_share:
            raise BadPrices(
                f"only {said}, {settings.min_session_share:.0%} are needed"
                f"{looks_like(rows.index) or _largest_gap(span, there)}."
            )
        if not found.defects:
            first = span[~there][0].date()
            found = Findings((Defect("few_sessions", first, f"only {said}"),))
    return found


def _largest_gap(sessions: pd.DatetimeIndex, there: npt.NDArray[np.bool_]) -> str:
    """Return where the most sessions in a row are missing, and what to do."""
    placed = np.flatnonzero(np.concatenate([[True], there, [True]]))
    gap = np.diff(placed) - 1
    first = sessions[placed[gap.argmax()]].date()
    return (
        f"; {gap.max()} in a row are missing from {first} on; fetch the symbol again, "
        "or wait until it has traded for longer"
    )


def refuse_stale(rows: pd.DataFrame, as_of: pd.Timestamp, said: Findings) -> None:
    """Refuse a history that does not end with the as-of session.

    An older close in the place of the as-of close would date every number wrongly.
    `said` may hold why the row of that session was left out.
    """
    last = rows.index[-1].date()
    if rows.index[-1] == as_of:
        return
    left = [one.sentence for one in said.defects if one.rule == "missing_value"]
    why = f" ({left[0]})" if left else ""
    raise StalePrices(
        f"the last bar must be of the as-of session {as_of.date()}, got {last}{why}; "
        f"fetch newer prices or screen with --as-of {last}."
    )


def refuse_short(rows: pd.DataFrame, settings: PriceSettings) -> None:
    """Refuse fewer sessions than screening needs."""
    if len(rows) < settings.min_sessions:
        raise TooShort(
            f"screening needs {settings.min_sessions} sessions, got {len(rows)} "
            f"up to {rows.index[-1].date()}; wait until it has traded for longer."
        )


def contradictions(rows: pd.DataFrame, settings: PriceSettings) -> Findings:
    """Return the bars whose open or close lies outside low to high.

    A recent one is in the indicators, and degrades. An old one does so only where it is
    large: exchanges have whole days of slightly wrong bars (ASX 2024-11-15, London
    2024-05-01), and nobody would look at them a year later.
    """
    ends = rows[[OPEN, CLOSE]]
    over = np.maximum(ends.max(axis=1) / rows[HIGH], rows[LOW] / ends.min(axis=1)) - 1
    broken = rows[(over > settings.bar_slack) | (rows[HIGH] < rows[LOW])]
    recent = broken.index >= rows.index[-RECENT_BARS:][0]
    large = over[broken.index] > OLD_CONTRADICTION * _usual_move(rows)
    bad, old = broken[recent | large], broken[~(recent | large)]
    upside = bad[HIGH] < bad[LOW]
    found = defect("high_below_low", bad[upside], "has high < low")
    found += defect(
        "outside_high_low", bad[~upside], "has an open or close outside low to high"
    )
    if old.empty:
        return found
    first = f"{old.index[0].date()}{more(len(old))}"
    said = f"{first} has an open or close slightly outside low to high"
    return found + Findings(notes=(said,))


def _days(rows: pd.DataFrame) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(rows.index)


def _usual_move(rows: pd.DataFrame) -> float:
    """Return the mean absolute daily move of the adjusted close."""
    return float(rows[ADJUSTED_CLOSE].pct_change().abs().mean())


def jumps(rows: pd.DataFrame, settings: PriceSettings) -> Findings:
    """Return the moves of the adjusted close that are many times the usual one.

    Such a move is a defect if nobody traded it, or if the price came back at once. Any
    other is news, and a note.
    """
    moves, usual = rows[ADJUSTED_CLOSE].pct_change(), _usual_move(rows)
    wild = moves.abs() > settings.jump_multiple * usual
    if not wild.any():
        return NOTHING
    back = wild & _came_back(rows)
    wild &= ~back.shift(fill_value=False)  # The way back is part of the same move.
    wrong = wild & (back | _untraded(rows, settings))
    found = _news(moves[wild & ~wrong], settings)
    if not wrong.any():
        return found
    day = rows.index[wrong][0]
    why = "and came back in the next session" if back[day] else "on little volume"
    times = abs(moves[day]) / usual
    said = f"moved {moves[day]:+.1%}, {times:.0f} times the usual, {why}"
    return name_days("jump", _days(rows[wrong]), said) + found


def _came_back(rows: pd.DataFrame) -> pd.Series:
    """Return which closes stand alone: undone at once, and outside what is around.

    "Outside" spares the swings of a crash, and the ticks of a share of half a cent.
    """
    closes = rows[ADJUSTED_CLOSE]
    move, left = closes / closes.shift() - 1, closes.shift(-1) / closes.shift() - 1
    factor = closes / rows[CLOSE]
    high, low = _most_around(rows[HIGH] * factor), _most_around(-rows[LOW] * factor)
    return ((closes > high) | (-closes > low)) & (left.abs() <= LEFT * move.abs())


def _most_around(values: pd.Series) -> pd.Series:
    """Return the largest of the `AROUND` values before and after each one."""
    before, after = (
        way.rolling(AROUND, min_periods=1).max().shift()
        for way in (values, values[::-1])
    )
    return pd.concat([before, after], axis=1).max(axis=1)


def _untraded(rows: pd.DataFrame, settings: PriceSettings) -> pd.Series:
    """Return which sessions have less volume than a large move brings."""
    volume = rows[VOLUME]
    usual = volume.rolling(settings.recent_sessions, min_periods=1).median().shift()
    return volume.eq(0) | (volume < settings.min_jump_volume_ratio * usual)


def _news(moves: pd.Series, settings: PriceSettings) -> Findings:
    """Return one note on all moves that were traded and stayed."""
    if moves.empty:
        return NOTHING
    listed = moves.iloc[-MOST_NAMED:]
    days = pd.DatetimeIndex(listed.index)
    said = [f"{day.date()} {move:+.1%}" for day, move in zip(days, listed, strict=True)]
    earlier = len(moves) - len(listed)
    before = f"{earlier} earlier ones, " if earlier else ""
    note = (
        f"moves of over {settings.jump_multiple:g} times the usual, with the volume of "
        f"news: {before}{', '.join(said)}"
    )
    return Findings(notes=(note,))


def holes(rows: pd.DataFrame, exchange: str, settings: PriceSettings) -> Findings:
    """Return where more than `max_gap_sessions` in a row are missing."""
    sessions = sessions_between(exchange, rows.index[0].date(), rows.index[-1].date())
    skipped = np.diff(sessions.get_indexer(rows.index)) - 1
    return Findings(
        tuple(
            Defect(
                "hole",
                day.date(),
                f"{missing} sessions are missing before {day.date()}",
            )
            for day, missing in zip(_days(rows)[1:], skipped, strict=True)
            if missing > settings.max_gap_sessions
        )
    )
