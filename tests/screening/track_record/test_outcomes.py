"""Scoring: which calls are due, by which closes, and which wait."""

from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_calls import (
    NOW,
    SESSIONS,
    call,
    calls_frame,
    night_of,
    outcomes_frame,
)

from market_data.prices import PRICE_COLUMNS, adjust_prices
from screening.track_record.ledger import OUTCOMES
from screening.track_record.outcomes import PricedSymbol, score

HORIZONS = (1, 5, 20)


def walk(seed: int = 0, sessions: list[date] = SESSIONS) -> pd.Series:
    """Return closes that move every session."""
    moves = np.random.default_rng(seed).normal(0, 0.02, len(sessions))
    return pd.Series(10 * np.exp(np.cumsum(moves)), pd.DatetimeIndex(sessions))


def priced(closes: pd.Series, **changes: Any) -> PricedSymbol:  # noqa: ANN401
    """Return A.AX's closes as a night after all of them has them."""
    given: dict[str, Any] = {
        "symbol": "A.AX",
        "as_of": closes.index[-1].date(),
        "source": "folder",
        "closes": closes,
        "fingerprint": "prices",
    }
    return PricedSymbol(**(given | changes))


def scores(
    calls: list[dict[str, Any]],
    by: PricedSymbol,
    so_far: pd.DataFrame | None = None,
    at: datetime = NOW,
) -> pd.DataFrame:
    """Return what a night with these prices scores."""
    known = outcomes_frame() if so_far is None else so_far
    return OUTCOMES.validate(score(calls_frame(*calls), known, [by], HORIZONS, at))


def test_a_return_is_close_over_close_at_each_horizon() -> None:
    """1, 5 and 20 sessions after the as-of session, over its close, minus 1."""
    closes = walk()
    found = scores([call("A.AX", SESSIONS[3])], priced(closes)).set_index("horizon")
    for horizon in HORIZONS:
        row = found.loc[horizon]
        expected = closes.iloc[3 + horizon] / closes.iloc[3] - 1
        assert row["return"] == pytest.approx(expected)
        assert row["session"].date() == SESSIONS[3 + horizon]
        assert (row["close_from"], row["close_to"]) == (
            closes.iloc[3],
            closes.iloc[3 + horizon],
        )


def test_only_what_is_due_is_scored() -> None:
    """A call of five sessions ago is scored at 1 and 5 sessions, today's at none."""
    closes = walk()[:11]
    found = scores(
        [call("A.AX", SESSIONS[5]), call("A.AX", SESSIONS[10])], priced(closes)
    )
    assert sorted(found["horizon"]) == [1, 5]


def test_a_call_is_scored_once() -> None:
    """Later prices, revised or not, do not score a call again."""
    calls = [call("A.AX", SESSIONS[0])]
    first = scores(calls, priced(walk()[:3]))
    again = scores(calls, priced(walk(9)), first)
    assert list(first["horizon"]) == [1]
    assert sorted(again["horizon"]) == [5, 20]


def test_a_dividend_is_part_of_the_return() -> None:
    """A price that falls only by a dividend and a split has a return of 0."""
    raw = pd.Series([100.0, 100.0, 95.0, 47.5, 47.5], pd.DatetimeIndex(SESSIONS[:5]))
    table = pd.DataFrame(dict.fromkeys(PRICE_COLUMNS, raw))
    table["adjusted_close"] = [47.5] * 5  # Paid 5 on the third day, split on the next.
    known = adjust_prices(table)["close"]
    (row,) = scores([call("A.AX", SESSIONS[0])], priced(known)).to_dict("records")
    assert row["return"] == pytest.approx(0)
    assert row["close_from"] == pytest.approx(47.5)
    assert row["priced_as_of"].date() == SESSIONS[4]


def test_the_hedge_subtracts_beta_times_the_index() -> None:
    """Hedged return = return - beta * return of the index over the same sessions."""
    closes, index = walk(), walk(4)
    by = priced(closes, index="^AXJO", index_closes=index)
    found = scores([call("A.AX", SESSIONS[2], hedge_beta=1.3)], by).iloc[0]
    own = closes.iloc[3] / closes.iloc[2] - 1
    market = index.iloc[3] / index.iloc[2] - 1
    assert found["index_return"] == pytest.approx(market)
    assert found["hedged_return"] == pytest.approx(own - 1.3 * market)


def test_a_call_without_beta_has_no_hedged_return() -> None:
    """A missing beta is not replaced by 0 or 1."""
    by = priced(walk(), index="^AXJO", index_closes=walk(4))
    found = scores([call("A.AX", SESSIONS[2])], by)
    assert found["return"].notna().all()
    assert found["hedged_return"].isna().all()


def test_a_missing_index_is_added_later_to_the_scored_return() -> None:
    """A night without the index scores the return; a later night adds the hedge."""
    calls, closes, index = (
        [call("A.AX", SESSIONS[2], hedge_beta=1.3)],
        walk(),
        walk(4),
    )
    first = scores(calls, priced(closes[:4]))
    again = scores(calls, priced(closes[:4]), first)
    by = priced(walk(9)[:4], index="^AXJO", index_closes=index[:4], fingerprint="new")
    (row,) = scores(calls, by, first).to_dict("records")
    assert again.empty
    assert row["return"] == pytest.approx(closes.iloc[3] / closes.iloc[2] - 1)
    assert row["hedged_return"] == pytest.approx(
        row["return"] - 1.3 * (index.iloc[3] / index.iloc[2] - 1)
    )
    assert row["prices_fingerprint"] == "prices"


@pytest.mark.parametrize("hole", [2, 3])
def test_a_call_waits_for_both_closes(hole: int) -> None:
    """Without a close at either end there is no return."""
    closes = walk()[:5].drop(pd.Timestamp(SESSIONS[hole]))
    assert scores([call("A.AX", SESSIONS[2])], priced(closes)).empty


@pytest.mark.parametrize("changes", [{"symbol": "B.AX"}, {"source": "yahoo"}])
def test_prices_of_another_stock_or_source_score_nothing(
    changes: dict[str, str],
) -> None:
    """A call is scored by prices of its own symbol and its own source."""
    assert scores([call("A.AX", SESSIONS[2])], priced(walk(), **changes)).empty


def test_only_versions_that_count_are_scored() -> None:
    """Of a night run twice the last version is scored; so is a replay."""
    first = call("A.AX", SESSIONS[0])
    later = first | {"made_at": night_of(SESSIONS[0], 12)}
    replay = first | {"made_at": NOW, "live": False}
    found = scores([first, later, replay], priced(walk()[:3]))
    assert sorted(found["made_at"]) == [
        pd.Timestamp(later["made_at"]),
        pd.Timestamp(NOW),
    ]
