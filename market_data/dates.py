"""Reads the dates of a file: days, times with an offset, and their order."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from market_data.sessions import calendar

Places = npt.NDArray[np.intp]

_WRITTEN = (
    r"(?i)^(?P<day>\d{4}-\d\d-\d\d)"
    r"(?:[t ]\s*(?P<clock>\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?))?"
    r"\s*(?P<offset>z|utc|gmt|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)?$"
)


DAY_LENGTH = len("2025-11-10")


def local_moments(texts: pd.Series, exchange: str) -> pd.Series:
    """Return the texts as local times of the exchange, without a zone.

    `2025-06-26 14:00:00+00:00` is midnight of the 27th in Sydney. A day, and a time
    without an offset, stay as written. If all times with an offset are midnights of
    their offset, they stay as written too: such a file means days
    (`2025-06-26T00:00:00Z` is not the evening of the 25th in New York). Unreadable text
    is NaT.
    """
    days = _days(texts)
    if days is not None:
        return days
    parts = texts.str.strip().str.extract(_WRITTEN)
    clock = parts["clock"].str.replace(",", ".").fillna("00:00")
    written = pd.to_datetime(
        parts["day"].str.cat(clock, sep=" "), format="ISO8601", errors="coerce"
    ).astype("datetime64[ns]")
    instants = parts["offset"].notna() & parts["clock"].notna() & written.notna()
    if (written[instants] == written[instants].dt.normalize()).all():
        return written
    utc = written[instants] - _utc_offsets(parts["offset"][instants])
    zone = calendar(exchange).tz
    written[instants] = (
        utc.dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None)
    )
    return written


def _days(texts: pd.Series) -> pd.Series | None:
    """Return the dates if all texts are days like `2025-11-10`, else None."""
    if not all(len(text) == DAY_LENGTH and text.isascii() for text in texts):
        return None
    days = pd.to_datetime(texts, format="%Y-%m-%d", errors="coerce")
    return None if days.isna().any() else days.astype("datetime64[ns]")


def _utc_offsets(offsets: pd.Series) -> pd.Series:
    """Return the time difference to UTC of each offset (`+10:00`, `-0400`, `Z`)."""
    digits = offsets.str.replace(":", "").where(offsets.str[:1].isin(["+", "-"]), "+00")
    minutes = 60 * digits.str[1:3].astype(int)
    minutes += digits.str[3:5].replace("", "0").astype(int)
    signed = minutes.where(digits.str[0] == "+", -minutes)
    return pd.to_timedelta(signed, unit="min").astype("timedelta64[ns]")


def oldest_first(moments: pd.Series) -> Places:
    """Return the rows' places sorted by time.

    Rows of equal time keep the file's order. If the file begins with the newest row,
    their order is reversed, because the first of two rows is then the later one.
    """
    places: Places = np.arange(len(moments))
    if len(moments) and moments.iloc[0] > moments.iloc[-1]:
        places = places[::-1]
    return places[np.argsort(moments.to_numpy()[places], kind="stable")]
