"""The figures of the archive against the record's own, and its size."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from config.settings import RecordSettings
from market_data.sessions import sessions_between
from screening.archive.coverage import coverage_by_month
from screening.archive.curve import record_curve
from screening.archive.night_rows import TYPES
from screening.archive.nights import group_by_month, night_lines
from screening.archive.page import Archive, archive_page
from screening.archive.strips import symbol_strips
from screening.track_record.track_record import clustered_mean

SETTINGS = RecordSettings(min_calls=30)
DAYS = sessions_between("XASX", date(2021, 1, 4), date(2025, 6, 30))


def test_the_end_of_the_band_is_the_records_interval() -> None:
    """With one call per session the sum's interval is n times that of the mean."""
    gains = pd.Series(np.random.default_rng(5).normal(0.03, 0.01, 40))
    days = pd.Series(DAYS[:40])
    scored = pd.DataFrame({"as_of": days, "call": "BUY", "hedged_return": gains})
    mean = clustered_mean(gains, days, SETTINGS.interval)
    curve = record_curve(scored, SETTINGS, "live")
    assert mean
    assert mean.high
    assert curve.top == pytest.approx(40 * mean.high)


def test_a_sell_gains_what_the_stock_loses_and_a_hold_is_not_followed() -> None:
    """The sentence counts BUY and SELL only, and has the sign of the call."""
    calls = ["SELL", "SELL", "HOLD"] * 20
    days = DAYS[:60]
    scored = pd.DataFrame({"as_of": days, "call": calls, "hedged_return": -0.01})
    sentence = record_curve(scored, SETTINGS, "live").sentence
    assert "+1.00 %" in sentence
    assert "of 40 calls on 40 sessions" in sentence


def test_the_coverage_is_the_share_inside() -> None:
    """Each month and kind has its own share; below the minimum there is none."""
    judged = pd.DataFrame(
        {
            "as_of": DAYS[:50],
            "live": [True] * 40 + [False] * 10,
            "low": -0.02,
            "high": 0.02,
            "return": [0.01, 0.01, 0.01, 0.03, -0.02] * 10,
        }
    )
    found = coverage_by_month(judged, RecordSettings(min_calls=10))
    assert [(one.month, one.kind, one.calls) for one in found] == [
        ("2021-03", "live", 1),
        ("2021-03", "replay", 10),
        ("2021-02", "live", 20),
        ("2021-01", "live", 19),
    ]
    assert found[0].share is None
    assert found[1].share
    assert found[1].share.mean == pytest.approx(0.8)
    assert found[2].text.startswith("80% (")


def test_a_strip_shows_the_last_sixty_calls() -> None:
    """A failed night is no call; sit-outs and replays have their own marks."""
    nights = DAYS[:80]
    table = pd.DataFrame(
        {
            "night": nights,
            "bytes": 1,
            "symbol": "A.AX",
            "as_of": nights,
            "live": [False] * 30 + [True] * 50,
            "status": "ok",
            "call": ["BUY", "HOLD", "SELL", ""] * 20,
            "sit_out": [False, True, False, False] * 20,
            "rule": "",
            "low": 0.0,
            "high": 0.0,
        }
    ).astype(TYPES)
    (strip,) = symbol_strips(table)
    assert strip.summary == (
        f"{nights[0].date()} to {nights[-2].date()}: 20 BUY, 20 HOLD, 20 SELL; "
        "20 sat out; 23 replays"
    )
    assert {name for name, _ in strip.paths} == {
        *("buy", "out", "sell"),
        *("buy replay", "out replay", "sell replay"),
    }


def test_a_thousand_nights_of_150_symbols_are_below_two_megabytes() -> None:
    """The whole page of four years stays small enough for a phone."""
    table = large_table(1000, 150)
    lines = night_lines(table, (), 0.5, lambda night: f"html/{night}_report.html")
    written_at = DAYS[1000].to_pydatetime()
    archive = Archive(written_at, group_by_month(lines), symbol_strips(table))
    assert archive.nights == 1000
    assert len(archive_page(archive).encode()) < 1_000_000


def large_table(nights: int, symbols: int) -> pd.DataFrame:
    """Return the rows of many nights with calls drawn at random."""
    count, draw = nights * symbols, np.random.default_rng(3)
    days = np.repeat(DAYS[:nights].to_numpy(), symbols)
    columns = {
        "night": days,
        "bytes": 1,
        "symbol": np.tile([f"S{number:03}.AX" for number in range(symbols)], nights),
        "as_of": days,
        "live": True,
        "status": draw.choice(["ok", "failed"], count, p=[0.98, 0.02]),
        "call": draw.choice(["BUY", "HOLD", "SELL"], count),
        "sit_out": draw.random(count) < 0.05,
        "rule": "published",
        "low": -0.02,
        "high": 0.02,
    }
    return pd.DataFrame(columns).astype(TYPES)
