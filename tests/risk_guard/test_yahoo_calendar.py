"""Yahoo's calendar: days of the exchange, whatever this machine's own time zone is."""

import contextlib
import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from equipment import Replay
from hypothesis import given
from hypothesis import strategies as st
from made_events import AS_OF, NOW

from config.errors import RateLimited, SymbolError, UnknownSymbol, Unreachable
from config.settings import GuardSettings, PriceSettings
from market_data.yahoo_client import YahooClient
from risk_guard.event_sources import EventAnswer
from risk_guard.yahoo_calendar import YahooCalendar, read_calendar_events

ROOT = Path(__file__).parents[2]
QUICK = PriceSettings(extras_retry_seconds=0, requests_per_second=50)


def epoch(*when: int) -> int:
    """Return the seconds since 1970 of a UTC instant."""
    return int(datetime(*when, tzinfo=UTC).timestamp())  # type: ignore[arg-type,misc]


def read(
    answer: dict[str, Any], symbol: str = "CBA.AX", as_of: date = AS_OF
) -> EventAnswer:
    """Return what is read of an answer."""
    return read_calendar_events(answer, symbol, as_of, NOW, GuardSettings())


def days(answer: EventAnswer) -> list[tuple[str, date]]:
    """Return type and day of each event."""
    return [(one.type, one.first) for one in answer.events]


MORNING = {"earnings": {"earningsDate": [epoch(2025, 11, 16, 22, 30)]}}


def test_an_instant_is_a_day_of_the_exchange() -> None:
    """22:30 of Sunday in UTC is Monday's morning in Sydney."""
    assert days(read(MORNING)) == [("earnings", date(2025, 11, 17))]
    assert days(read(MORNING, "AAPL")) == [("earnings", date(2025, 11, 16))]


def test_midnight_utc_is_a_date_of_the_exchange() -> None:
    """Yahoo writes a date without a time so; in New York it is the evening before."""
    answer = {"earnings": {"earningsDate": [epoch(2025, 11, 19)]}}
    for symbol in ("AAPL", "CBA.AX", "BP.L"):
        (found,) = read(answer, symbol).events
        assert (found.first, found.time) == (date(2025, 11, 19), "unknown")


@pytest.mark.parametrize(
    ("hour", "time"), [(13, "before_open"), (16, "during"), (21, "after_close")]
)
def test_a_confirmed_instant_has_a_time_of_day(hour: int, time: str) -> None:
    """It is that of the exchange's hours; an estimated date has none."""
    earnings = {"earningsDate": [epoch(2025, 11, 19, hour)]}
    assert [one.time for one in read({"earnings": earnings}, "AAPL").events] == [time]
    estimate = {"earnings": earnings | {"isEarningsDateEstimate": True}}
    assert [one.time for one in read(estimate, "AAPL").events] == ["unknown"]


def test_this_machine_s_zone_does_not_matter() -> None:
    """The same days in a process of any zone; the client's own would differ."""
    answer = MORNING | {"exDividendDate": epoch(2025, 11, 13)}
    code = (
        "import json,os,sys,time,warnings; warnings.simplefilter('ignore')\n"
        "from datetime import UTC,date,datetime\n"
        "from config.settings import GuardSettings\n"
        "from risk_guard.yahoo_calendar import read_calendar_events\n"
        "answer = json.load(sys.stdin)\n"
        "for os.environ['TZ'] in ('Australia/Sydney', 'America/New_York', 'UTC'):\n"
        "    time.tzset()\n"
        "    found = read_calendar_events(answer, 'CBA.AX',\n"
        "        date(2025, 11, 10), datetime.now(UTC), GuardSettings())\n"
        "    print(time.tzname[0], *[one.first for one in found.events])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(answer),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [
        f"{zone} 2025-11-17 2025-11-13" for zone in ("AEST", "EST", "UTC")
    ]


@pytest.mark.parametrize(
    ("estimated", "status"), [(True, "estimated"), (False, "confirmed")]
)
def test_the_status_is_yahoo_s(*, estimated: bool, status: str) -> None:
    """An estimate stays one."""
    answer = {"earnings": MORNING["earnings"] | {"isEarningsDateEstimate": estimated}}
    assert [one.status for one in read(answer).events] == [status]


def test_each_date_of_a_range_is_an_event() -> None:
    """Both ends are sat out; Yahoo's ranges span a few days."""
    ends = [epoch(2025, 11, 17, 1), epoch(2025, 11, 21, 1)]
    found = read({"earnings": {"earningsDate": ends}})
    assert [day.day for _, day in days(found)] == [17, 21]


@pytest.mark.parametrize(
    ("ahead", "known"), [(0, True), (60, True), (200, True), (201, False), (-1, False)]
)
def test_yahoo_knows_what_comes_by_the_next_earnings(
    *, ahead: int, known: bool
) -> None:
    """Without one, or with one so far off that another is missing, it does not."""
    noon = datetime(2025, 11, 10, 2, tzinfo=UTC) + timedelta(days=ahead)
    found = read({"earnings": {"earningsDate": [int(noon.timestamp())]}})
    assert found.covers_future == known
    assert bool(found.gap) != known


@pytest.mark.parametrize(
    "answer", [{}, {"earnings": None}, {"earnings": {"earningsDate": []}}]
)
def test_an_empty_calendar_is_not_a_calm_one(answer: dict[str, Any]) -> None:
    """It means that Yahoo does not know."""
    found = read(answer)
    assert (found.events, found.covers_future) == ((), False)
    assert found.gap == "Yahoo names no coming earnings date of CBA.AX"


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["raw", "earningsDate", "x"]), inner)
    ),
    max_leaves=5,
)


@given(
    st.fixed_dictionaries(
        {}, optional={"earnings": json_values, "exDividendDate": json_values}
    )
)
def test_wrong_shapes_are_no_answer(answer: dict[str, Any]) -> None:
    """Whatever Yahoo sends, there are events or one kind of failure."""
    with contextlib.suppress(Unreachable):
        assert isinstance(read(answer), EventAnswer)


def ask(symbol: str, as_of: date, settings: PriceSettings = QUICK) -> EventAnswer:
    """Return what the real client gets from the replay."""
    client = YahooClient(settings, pause_seconds=0.1)
    source = YahooCalendar(client, GuardSettings())
    return source.ask(symbol, as_of, NOW)


def test_the_recorded_calendar_is_read(replay: Replay) -> None:
    """Apple's earnings of 2025-07-31, three sessions ahead, as Yahoo sent them."""
    replay.set_now("2025-07-28")
    found = ask("AAPL", date(2025, 7, 28))
    assert ("earnings", date(2025, 7, 31)) in days(found)
    assert found.covers_future


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("rate_limit", RateLimited),
        ("http,status=503", Unreachable),
        ("truncate", Unreachable),
        ("html_down", Unreachable),
        ("not_found", UnknownSymbol),
    ],
)
def test_a_refusal_is_a_failure_never_an_empty_calendar(
    replay: Replay, fault: str, kind: type[SymbolError]
) -> None:
    """Each has its type; the client itself would return `{}` for some."""
    name, _, more = fault.partition(",")
    replay.faults(",".join(filter(None, [name, "endpoint=quoteSummary", more])))
    with pytest.raises(kind, match=r"AAPL"):
        ask("AAPL", date(2025, 6, 27))


def test_a_passing_fault_is_tried_again(replay: Replay) -> None:
    """Within its own waiting time, which is not that of the prices."""
    replay.faults("rate_limit,endpoint=quoteSummary,first=2")
    patient = PriceSettings(
        retry_seconds=0, extras_retry_seconds=10, requests_per_second=50
    )
    assert ask("AAPL", date(2025, 6, 27), patient).events
