"""The guard: risk, haircut and sit-out of SPEC 8, and that it fails closed."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_events import AS_OF, event, window

from config.settings import GuardSettings
from market_data.sessions import sessions_between
from risk_guard.assessment import (
    EventAssessment,
    assess,
    haircut,
    unknown_events,
)
from risk_guard.events import Event
from risk_guard.known_events import KnownEvents
from risk_guard.market_context import MarketContext, Volatility

SETTINGS = GuardSettings()
CALM = MarketContext(0.0, Volatility(1.0, spike=False))
SPIKE = Volatility(2.0, spike=True)

kinds = st.sampled_from(["earnings", "dividend", "basel_iii", "regulatory"])
days = st.integers(-30, 20).map(lambda shift: AS_OF + timedelta(days=shift))
some_events = st.lists(st.builds(event, days, kinds), max_size=5).map(tuple)
polarities = st.none() | st.floats(-1, 1)
volatilities = st.none() | st.floats(0, 5).map(lambda r: Volatility(r, r > 1.35))
contexts = st.builds(MarketContext, polarities, volatilities)


def judged(
    *events: Event,
    as_of: date = AS_OF,
    exchange: str = "XASX",
    around: MarketContext = CALM,
    gaps: tuple[str, ...] = (),
) -> EventAssessment:
    """Return the guard's word on these events, with the default thresholds."""
    return assess(KnownEvents(events, gaps), exchange, as_of, around, SETTINGS)


def ahead(sessions: int, exchange: str = "XASX", as_of: date = AS_OF) -> date:
    """Return the session that many after (or, negative, before) the as-of session."""
    reach = timedelta(days=60)
    known = list(sessions_between(exchange, as_of - reach, as_of + reach).date)
    return known[known.index(as_of) + sessions]


@pytest.mark.parametrize(
    ("events", "around", "risk", "cut"),
    [
        ((), CALM, 0.0, 0.0),
        ((event(ahead(5), "dividend"),), CALM, 0.45, 0.20),
        ((event(ahead(5), "earnings"),), CALM, 0.65, 0.45),
        ((event(ahead(5), "regulatory"),), CALM, 0.65, 0.45),
        ((), MarketContext(-0.2), 0.25, 0.20),
        ((), MarketContext(-0.10), 0.0, 0.0),
        ((), MarketContext(None, SPIKE), 0.15, 0.0),
        ((event(ahead(5)),), MarketContext(0.5, SPIKE), 0.80, 0.70),
        ((event(ahead(5), "dividend"),), MarketContext(-0.2), 0.70, 0.45),
        ((event(ahead(5)),), MarketContext(-0.2, SPIKE), 1.0, 0.70),
    ],
)
def test_risk_adds_up_and_sets_the_haircut(
    events: tuple[Event, ...], around: MarketContext, risk: float, cut: float
) -> None:
    """The published points, capped at 1, and their haircut."""
    found = judged(*events, around=around)
    assert found.risk_score == pytest.approx(risk)
    assert found.haircut == cut
    assert found.risk_score == pytest.approx(min(1, sum(t.points for t in found.terms)))


@pytest.mark.parametrize(("day", "counts"), [(0, True), (7, True), (8, False)])
def test_the_look_ahead_is_seven_days(*, day: int, counts: bool) -> None:
    """The as-of day and the seventh day after it count, the eighth does not."""
    found = judged(event(AS_OF + timedelta(days=day), "dividend"))
    assert bool(found.terms) == counts


@pytest.mark.parametrize("kind", ["earnings", "basel_iii", "regulatory"])
@pytest.mark.parametrize("sessions", range(-5, 6))
def test_reports_are_sat_out_three_sessions_either_way(
    kind: str, sessions: int
) -> None:
    """Within three sessions before or after, the event's own being 0."""
    found = judged(event(ahead(sessions), kind))
    assert found.sit_out == (abs(sessions) <= 3)
    assert found.position_scale == (0 if found.sit_out else 1 - found.haircut)


@pytest.mark.parametrize("sessions", range(-3, 4))
def test_a_dividend_is_sat_out_one_session_either_way(sessions: int) -> None:
    """Tomorrow's ex-date sits out, one in three sessions does not."""
    assert judged(event(ahead(sessions), "dividend")).sit_out == (abs(sessions) <= 1)


@pytest.mark.parametrize(
    ("exchange", "as_of", "day", "sessions"),
    [
        ("XASX", date(2025, 12, 24), date(2025, 12, 29), 1),  # Christmas, Boxing Day
        ("XNYS", date(2025, 12, 24), date(2025, 12, 29), 2),  # Boxing Day trades
        ("XNYS", date(2025, 11, 26), date(2025, 11, 28), 1),  # Thanksgiving; half day
        ("XASX", date(2025, 11, 7), date(2025, 11, 8), 1),  # a Saturday counts Monday
        ("XASX", date(2026, 1, 27), date(2026, 1, 26), 0),  # Australia Day: the next
        ("XLON", date(2025, 12, 24), date(2025, 12, 29), 1),
    ],
)
def test_distances_are_the_exchange_s_sessions(
    exchange: str, as_of: date, day: date, sessions: int
) -> None:
    """Holidays and weekends don't count, half days do."""
    found = judged(event(day), as_of=as_of, exchange=exchange)
    assert found.sessions_to_event == sessions
    assert found.days_to_event == (day - as_of).days


def test_a_window_raises_the_risk_and_forces_nothing() -> None:
    """Its day is not known: no sit-out, no date; the risk of a report."""
    found = judged(window(AS_OF - timedelta(days=9), AS_OF + timedelta(days=9)))
    assert (found.risk_score, found.haircut) == (0.65, 0.45)
    assert found.sit_out is False
    assert (found.days_to_event, found.sessions_to_event) == (None, None)
    assert found.status == "estimated"


def test_the_forcing_event_is_the_one_shown() -> None:
    """A sit-out comes before an event that forces none, a date before a window."""
    soon, report = event(ahead(2), "dividend"), event(ahead(3), "basel_iii")
    around = window(AS_OF, AS_OF + timedelta(days=5))
    assert judged(around, soon, report).event == report
    assert judged(around, soon).event == soon
    assert "basel_iii" in judged(soon, report).sit_out_reason
    assert "3 sessions ahead" in judged(soon, report).sit_out_reason


def test_nobody_knowing_is_a_risk() -> None:
    """Without an answer: unknown, at least 20 %, a warning, no word on sitting out."""
    found = judged(gaps=("Yahoo said 429.", "there is no file."))
    assert (found.status, found.haircut, found.sit_out) == ("unknown", 0.20, None)
    assert found.warning == (
        "Events unknown (Yahoo said 429; there is no file): 20% haircut, check the "
        "calendar yourself."
    )
    assert found.position_scale == pytest.approx(0.8)


def test_events_that_the_row_does_not_name_are_in_its_warning() -> None:
    """The row names one event; what else lies ahead adds to the risk and is said."""
    dividend, report = event(ahead(4), "dividend"), event(ahead(5), "basel_iii")
    found = judged(dividend, report)
    assert found.event == dividend
    assert found.warning == f"Also ahead: basel_iii {report.days}."
    assert judged(dividend).warning == ""


def test_a_known_event_sits_out_though_others_are_unknown() -> None:
    """What is known counts, and its larger haircut stays."""
    found = judged(event(ahead(1)), gaps=("Yahoo said 429",))
    assert (found.status, found.sit_out, found.haircut) == ("unknown", True, 0.45)


def test_what_was_never_asked_is_unknown() -> None:
    """The placeholder is the unknown finding."""
    found = unknown_events("nobody was asked", SETTINGS)
    assert (found.status, found.haircut, found.event) == ("unknown", 0.20, None)


@given(
    some_events,
    st.builds(
        event,
        st.integers(0, 20).map(lambda shift: AS_OF + timedelta(days=shift)),
        kinds,
    ),
    contexts,
)
def test_an_added_event_never_lowers_risk_or_haircut(
    events: tuple[Event, ...], more: Event, around: MarketContext
) -> None:
    """More to come is never less risk, and never ends a sit-out."""
    before, after = judged(*events, around=around), judged(*events, more, around=around)
    assert after.risk_score >= before.risk_score
    assert after.haircut >= before.haircut
    assert bool(after.sit_out) >= bool(before.sit_out)


@given(some_events, contexts)
def test_a_missing_source_never_lowers_the_haircut(
    events: tuple[Event, ...], around: MarketContext
) -> None:
    """The same events with a gap in what is known cost no less."""
    known = judged(*events, around=around)
    gap = judged(*events, around=around, gaps=("no answer",))
    assert gap.haircut >= max(known.haircut, 0.20)
    assert gap.position_scale <= known.position_scale


@given(some_events, contexts, st.floats(-1, 1), st.floats(-1, 1))
def test_worse_news_never_lowers_the_haircut(
    events: tuple[Event, ...], around: MarketContext, one: float, other: float
) -> None:
    """The haircut falls at most as the news gets better."""
    worse, better = sorted((one, other))
    bad = judged(*events, around=replace(around, polarity=worse))
    good = judged(*events, around=replace(around, polarity=better))
    assert bad.haircut >= good.haircut


@given(some_events, contexts)
def test_risk_is_a_share_and_order_does_not_matter(
    events: tuple[Event, ...], around: MarketContext
) -> None:
    """Risk, haircut and scale lie in 0 to 1, whatever the order of the events."""
    found, turned = judged(*events, around=around), judged(*events[::-1], around=around)
    for share in (found.risk_score, found.haircut, found.position_scale):
        assert 0 <= share <= 1
    assert (found.risk_score, found.sit_out) == (turned.risk_score, turned.sit_out)


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_haircut_never_falls_as_risk_grows(one: float, other: float) -> None:
    """The table is monotone."""
    low, high = sorted((one, other))
    assert haircut(low, SETTINGS) <= haircut(high, SETTINGS)


@pytest.mark.parametrize(
    ("risk", "cut"),
    [(0.249, 0), (0.25, 0.2), (0.499, 0.2), (0.5, 0.45), (0.799, 0.45), (0.8, 0.7)],
)
def test_a_tier_begins_at_its_risk(risk: float, cut: float) -> None:
    """The bounds of SPEC's table belong to the higher tier."""
    assert haircut(risk, SETTINGS) == cut
