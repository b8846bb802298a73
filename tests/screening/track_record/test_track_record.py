"""The track record against plain Python, and what it must not mix."""

import math
from collections.abc import Callable
from datetime import timedelta
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_calls import (
    NOW,
    SESSIONS,
    call,
    calls_frame,
    night_of,
    outcome,
    outcomes_frame,
)

from config.settings import RecordSettings
from screening.track_record.track_record import (
    TOO_FEW,
    GroupStatistics,
    Horizon,
    TrackRecord,
    clustered_mean,
    track_records,
)

FEW = RecordSettings(min_calls=2, horizons=(1,))
CALL_OF = {1: "BUY", -1: "SELL", 0: "HOLD"}
Made = tuple[dict[str, Any], float]


def many(seed: int = 0, symbols: int = 4, nights: int = 15) -> list[Made]:
    """Return random calls, each with its return of one session."""
    random = np.random.default_rng(seed)
    return [
        (
            call(
                f"S{number}.AX",
                as_of,
                call=CALL_OF[int(random.integers(-1, 2))],
                haircut=float(random.choice([0.0, 0.2, 0.45])),
                lstm_direction=float(random.choice([-1, 0, 1, np.nan])),
                trend_direction=float(random.choice([-1, -0.5, 0, 0.5, 1])),
                hedge_beta=1.0,
            ),
            float(random.normal(0, 0.02)),
        )
        for as_of in SESSIONS[:nights]
        for number in range(symbols)
    ]


def record_of(made: list[Made], settings: RecordSettings = FEW) -> TrackRecord:
    """Return the live record of calls with their returns; the index lost 1 %."""
    found = outcomes_frame(
        *(
            outcome(one, 1, moved, index_return=-0.01, hedged_return=moved + 0.01)
            for one, moved in made
        )
    )
    calls = calls_frame(*(one for one, _ in made))
    return track_records(calls, found, settings, NOW).live


def one_session(record: TrackRecord) -> Horizon:
    """Return the record's figures at one session."""
    (horizon,) = (one for one in record.horizons if one.sessions == 1)
    return horizon


def group(groups: tuple[GroupStatistics, ...], name: str) -> GroupStatistics:
    """Return the group of that name."""
    (found,) = (one for one in groups if one.group == name)
    return found


def figures(found: GroupStatistics) -> list[float]:
    """Return a group's count and raw figures."""
    means = [found.hit_rate, found.mean_return, found.mean_gain]
    return [found.calls, *(one.mean if one else math.nan for one in means)]


def by_hand(made: list[Made], direction: Callable[[Any], float]) -> list[float]:
    """Return the same from plain Python: a hit is a return of the direction's sign."""
    gains = [math.copysign(1, direction(one)) * moved for one, moved in made]
    hits = [gain > 0 for gain in gains]
    return [len(made), fmean(hits), fmean(moved for _, moved in made), fmean(gains)]


@pytest.mark.parametrize(("name", "sign"), [("BUY", 1), ("SELL", -1)])
def test_a_call_hits_where_the_return_has_its_sign(name: str, sign: int) -> None:
    """Count, hit rate, mean return and mean gain of BUY and SELL, by plain Python."""
    made = many()
    of_it = [(one, moved) for one, moved in made if one["call"] == name]
    found = group(one_session(record_of(made)).by_call, name)
    assert figures(found) == pytest.approx(by_hand(of_it, lambda _: sign))


def test_a_hold_has_no_direction() -> None:
    """HOLD has a count and a mean return, and neither hit rate nor gain."""
    made = many()
    held = [moved for one, moved in made if one["call"] == "HOLD"]
    found = group(one_session(record_of(made)).by_call, "HOLD")
    assert (found.calls, found.hit_rate, found.mean_gain) == (len(held), None, None)
    assert found.mean_return
    assert found.mean_return.mean == pytest.approx(fmean(held))


def test_a_return_of_zero_hits_nothing() -> None:
    """An unchanged price is a hit for neither BUY nor SELL."""
    made = [
        (call("A.AX", as_of, call=said), 0.0)
        for as_of, said in zip(SESSIONS, ["BUY", "SELL"] * 2, strict=False)
    ]
    hit_rate = one_session(record_of(made)).directional_calls.hit_rate
    assert hit_rate
    assert hit_rate.mean == 0


@pytest.mark.parametrize("component", ["lstm", "trend"])
def test_a_component_is_judged_by_its_own_direction(component: str) -> None:
    """Each call in which it had a direction counts, also a HOLD; 0 does not."""
    made = many()
    leant = [
        (one, moved) for one, moved in made if abs(one[f"{component}_direction"]) > 0
    ]
    found = group(one_session(record_of(made)).by_component, component)
    assert figures(found) == pytest.approx(
        by_hand(leant, lambda one: one[f"{component}_direction"])
    )


def test_haircut_groups_hold_directional_calls_and_sit_outs_apart() -> None:
    """A haircut group counts BUY and SELL; sit-outs have their own group."""
    sat_out = [
        (call("Z.AX", as_of, call="HOLD", sit_out=True), 0.01) for as_of in SESSIONS[:3]
    ]
    made = many()
    horizon = one_session(record_of(made + sat_out))
    tier = [
        (one, moved)
        for one, moved in made
        if one["haircut"] == 0.45 and one["call"] != "HOLD"
    ]
    side = {"BUY": 1, "SELL": -1}
    assert [one.group for one in horizon.by_haircut] == ["0%", "20%", "45%", "sit-out"]
    assert figures(group(horizon.by_haircut, "45%")) == pytest.approx(
        by_hand(tier, lambda one: side[one["call"]])
    )
    assert group(horizon.by_haircut, "sit-out").calls == 3


def test_the_hedged_figures_use_the_hedged_returns() -> None:
    """A hit against the index is a hedged return with the call's sign."""
    made = many()
    buys = [moved + 0.01 for one, moved in made if one["call"] == "BUY"]
    found = group(one_session(record_of(made)).by_call, "BUY")
    assert found.hedged_hit_rate
    assert found.hedged_mean_return
    assert found.hedged_calls == len(buys)
    assert found.hedged_hit_rate.mean == pytest.approx(fmean(one > 0 for one in buys))
    assert found.hedged_mean_return.mean == pytest.approx(fmean(buys))


def test_too_few_calls_have_no_figures() -> None:
    """Below 30 scored calls a group has its count and no figures."""
    settings = RecordSettings(horizons=(1,))
    for nights, enough in ((29, False), (30, True)):
        made = [(call("A.AX", as_of), 0.01) for as_of in SESSIONS[:nights]]
        bets = one_session(record_of(made, settings)).directional_calls
        assert bets.calls == nights
        assert bets.verdict == ("" if enough else TOO_FEW)
        assert (bets.hit_rate is not None, bets.mean_gain is not None) == (
            enough,
            enough,
        )


def test_replays_never_count_among_live_calls() -> None:
    """The two records share no call, though the ledger holds both."""
    made = many(nights=10)
    replayed = [(one | {"live": False}, -moved) for one, moved in many(1, nights=5)]
    both = made + replayed
    calls = calls_frame(
        *(
            one | {"made_at": night_of(SESSIONS[0], n)}
            for n, (one, _) in enumerate(both)
        )
    )
    records = track_records(calls, outcomes_frame(), FEW, NOW)
    assert (records.live.calls, records.replayed.calls) == (40, 20)
    alone = track_records(calls[calls["live"]], outcomes_frame(), FEW, NOW)
    assert alone.live == records.live


def test_a_night_run_twice_counts_once() -> None:
    """The version published last counts, the first version does not."""
    first = call("A.AX", SESSIONS[0], call="SELL")
    later = first | {"call": "BUY", "made_at": night_of(SESSIONS[0], 12)}
    calls = calls_frame(later, first)
    found = outcomes_frame(outcome(first, 1, 0.02), outcome(later, 1, 0.02))
    record = track_records(calls, found, FEW, NOW).live
    assert (record.calls, record.replaced) == (1, 1)
    counts = {one.group: one.calls for one in one_session(record).by_call}
    assert counts == {"BUY": 1, "SELL": 0, "HOLD": 0}


def test_what_is_not_scored_is_counted() -> None:
    """A call is pending until its session is over, then it waits for a night."""
    made = [call("A.AX", as_of) for as_of in SESSIONS[:3]]
    now = night_of(SESSIONS[2])
    record = track_records(calls_frame(*made), outcomes_frame(), FEW, now).live
    horizon = one_session(record)
    assert (horizon.calls, horizon.scored) == (3, 0)
    assert (horizon.pending, horizon.waiting) == (1, 2)


def test_an_empty_ledger_has_an_empty_record() -> None:
    """Without calls there are counts of 0 and no figures."""
    records = track_records(calls_frame(), outcomes_frame(), RecordSettings(), NOW)
    assert records.live.calls == records.replayed.calls == 0
    assert [one.sessions for one in records.live.horizons] == [1, 5, 20]
    assert records.live.horizons[0].directional_calls.verdict == TOO_FEW


def test_the_interval_is_that_of_day_means_where_days_are_equal() -> None:
    """With as many calls each day it is Student's interval of the days' means."""
    from scipy import stats  # noqa: PLC0415  half a second

    random = np.random.default_rng(5)
    values = pd.Series(random.normal(0.001, 0.02, 40))
    days = pd.Series(np.repeat(range(8), 5))
    found = clustered_mean(values, days, 0.95)
    means = values.groupby(days).mean()
    low, high = stats.t.interval(0.95, 7, means.mean(), stats.sem(means))
    assert found
    assert (found.low, found.high) == pytest.approx((low, high))


def test_copies_of_a_call_in_one_night_make_no_interval_narrower() -> None:
    """Twenty equal calls of one night are the evidence of one night."""
    values = pd.Series(np.random.default_rng(1).normal(0, 0.02, 10))
    days = pd.Series(range(10))
    one = clustered_mean(values, days, 0.95)
    twenty = clustered_mean(
        pd.concat([values] * 20, ignore_index=True),
        pd.concat([days] * 20, ignore_index=True),
        0.95,
    )
    assert one
    assert twenty
    assert (twenty.low, twenty.high) == pytest.approx((one.low, one.high))


def test_equal_nights_give_no_interval() -> None:
    """One hit of three on every night gives no interval of width 0."""
    hits, days = pd.Series([1.0, 0.0, 0.0] * 3), pd.Series([1, 1, 1, 2, 2, 2, 3, 3, 3])
    found = clustered_mean(hits, days, 0.95)
    assert found
    assert (found.mean, found.low, found.high) == (pytest.approx(1 / 3), None, None)


@pytest.mark.parametrize("days", [[1, 1, 1], [1, 2, 3]])
def test_an_interval_that_is_not_known_is_missing(days: list[int]) -> None:
    """One night, or equal values, give a mean without an interval."""
    values = [0.1, 0.2, 0.3] if len(set(days)) == 1 else [0.2, 0.2, 0.2]
    found = clustered_mean(pd.Series(values), pd.Series(days), 0.95)
    assert found
    assert (found.mean, found.low, found.high) == (pytest.approx(0.2), None, None)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 3), st.floats(-0.5, 0.5)), min_size=1))
def test_neither_order_nor_side_changes_a_mean(gains: list[tuple[int, float]]) -> None:
    """Reversed calls give the same interval, negated calls its mirror image."""
    days, values = (pd.Series(list(part)) for part in zip(*gains, strict=True))
    found = clustered_mean(values, days, 0.95)
    backwards = clustered_mean(values[::-1], days[::-1], 0.95)
    mirrored = clustered_mean(-values, days, 0.95)
    assert found
    assert backwards
    assert mirrored
    ends = [found.mean, found.low or 0, found.high or 0]
    assert [backwards.mean, backwards.low or 0, backwards.high or 0] == pytest.approx(
        ends, abs=1e-9
    )
    assert [-mirrored.mean, -(mirrored.high or 0), -(mirrored.low or 0)] == (
        pytest.approx(ends, abs=1e-9)
    )


def test_a_hit_rate_lies_between_none_and_all() -> None:
    """The interval of a hit rate is cut at 0 and 1."""
    made = [
        (call("A.AX", as_of), moved)
        for as_of, moved in zip(SESSIONS, [0.1, 0.1, -0.1], strict=False)
    ]
    hit_rate = one_session(record_of(made)).directional_calls.hit_rate
    assert hit_rate
    assert (hit_rate.low, hit_rate.high) == (0, 1)


def test_made_at_is_part_of_the_key() -> None:
    """An outcome belongs only to the version that it was scored for."""
    first = call("A.AX", SESSIONS[0])
    later = first | {"made_at": first["made_at"] + timedelta(hours=1)}
    found = outcomes_frame(outcome(first, 1, 0.02))
    record = track_records(calls_frame(first, later), found, FEW, NOW).live
    assert one_session(record).scored == 0
