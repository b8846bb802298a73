"""The task that delivers a night: live nights, replays, skipped and failed runs."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from made_morning import morning, screened
from own_receivers import SECRET, HttpReceiver, http_receiver

from config.errors import BusyError, ParameterError, StorageError
from delivery.message import REPEAT
from delivery.receivers import VARIABLE
from delivery.sender import Sender
from market_data.selection import Symbols
from pipeline.plan import RunPlan, RunRequest, plan_run
from screening.summary import RunSummary
from screening.table import csv_path, write_csv
from storage.home import Home
from tasks.deliver import deliver, deliver_failure, deliver_skipped

LIVE = datetime(2025, 11, 10, 8, 30, tzinfo=UTC)
LATER = datetime(2025, 11, 20, 8, 30, tzinfo=UTC)
ONCE = Sender(pauses=())
ROWS = morning([screened("AAA.AX")]).rows
VERDICT = "Night of 2025-11-10: 1 of 1 symbols usable"


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401
    """Yield a receiver whose address, with a token, is in the environment."""
    with http_receiver() as receiver:
        monkeypatch.setenv(VARIABLE, f"json://{receiver.place}/{SECRET}")
        yield receiver


def request(home: Path, market: Path, **changes: Any) -> RunRequest:  # noqa: ANN401
    """Return the request of a night of one symbol."""
    asked: dict[str, Any] = {"selection": Symbols(symbols=("AAA.AX",))}
    asked |= {"source": "folder", "folder": market, "home": str(home)}
    return RunRequest(**(asked | changes))


def plan_at(now: datetime, home: Path, market: Path) -> RunPlan:
    """Return the plan of the night of 10 November at an instant."""
    return plan_run(request(home, market, as_of=LIVE.date()), now)


def summary(plan: RunPlan, **changes: Any) -> RunSummary:  # noqa: ANN401
    """Return the summary of a night of one usable symbol."""
    csv = csv_path(plan.home.screening_csv, plan.as_of)
    found = RunSummary(plan.as_of, plan.symbols, {}, 1.0, rows=ROWS, csv=csv)
    return replace(found, **changes)


def subjects(web: HttpReceiver) -> list[str]:
    """Return the subjects of the messages that came."""
    return [message["title"] for message in web.messages]


def test_a_live_night_is_sent_once(
    web: HttpReceiver, market: Path, tmp_path: Path
) -> None:
    """A second run of the same night sends nothing, whatever it found."""
    plan = plan_at(LIVE, tmp_path, market)
    for _ in range(2):
        assert deliver.fn(plan, summary(plan), ONCE) == ()
    deliver_skipped(plan, ONCE)
    assert subjects(web) == [VERDICT]


def test_a_run_that_failed_and_one_that_succeeds_are_both_sent(
    web: HttpReceiver, market: Path, tmp_path: Path
) -> None:
    """First why it failed, then the result."""
    plan = plan_at(LIVE, tmp_path, market)
    rows = [ROWS[0] | {"data_status": "failed", "reason": "too_short: 3 rows"}]
    failed = summary(plan, rows=rows, failures={"AAA.AX": "too_short: 3 rows"})
    deliver.fn(plan, failed, ONCE)
    deliver.fn(plan, summary(plan), ONCE)
    bad = "Night of 2025-11-10: The run failed: none of 1 symbols is usable"
    assert subjects(web) == [bad, VERDICT]
    assert "too_short: 3 rows" in web.messages[0]["message"]


def test_a_replay_is_stored_and_not_sent(
    web: HttpReceiver, market: Path, tmp_path: Path
) -> None:
    """Nobody waits for the message of a past night; a skipped replay sends nothing."""
    plan = plan_at(LATER, tmp_path, market)
    deliver.fn(plan, summary(plan), ONCE)
    deliver_skipped(plan, ONCE)
    assert web.requests == []
    assert list(plan.home.delivery.glob("2025-11-10-*/result.json"))


def test_a_skipped_night_completes_an_interrupted_delivery(
    web: HttpReceiver, market: Path, tmp_path: Path
) -> None:
    """The earlier run published the CSV and was killed before it composed a message."""
    plan = plan_at(LIVE, tmp_path, market)
    write_csv(csv_path(plan.home.screening_csv, plan.as_of), ROWS)
    for _ in range(2):
        deliver_skipped(plan, ONCE)
    assert subjects(web) == [VERDICT]


def test_an_unreachable_receiver_is_a_notice_without_the_address(
    web: HttpReceiver,
    market: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The night is not failed by it; the next run of the night sends it with a mark."""
    plan = plan_at(LIVE, tmp_path, market)
    web.answers = [404]
    (notice,) = deliver.fn(plan, summary(plan), ONCE)
    assert "(json://127.0.0.1) was not sent: it answered 404" in notice
    assert SECRET not in notice + caplog.text
    deliver_skipped(plan, ONCE)
    assert subjects(web) == [VERDICT, f"{VERDICT} {REPEAT}"]


def test_a_home_that_refuses_receipts_costs_no_night(
    web: HttpReceiver, market: Path, tmp_path: Path
) -> None:
    """Without a receipt nothing is sent; the notice says why."""
    plan = plan_at(LIVE, tmp_path, market)
    plan.home.delivery.parent.mkdir(parents=True)
    plan.home.delivery.write_text("a file in the folder's place")
    (notice,) = deliver.fn(plan, summary(plan), ONCE)
    assert "the message could not be delivered (StorageError" in notice
    assert web.requests == []


@pytest.mark.parametrize(
    "error", [ParameterError("it is wrong", "mend it"), KeyError()]
)
def test_a_run_that_raises_sends_why(
    web: HttpReceiver, market: Path, tmp_path: Path, error: Exception
) -> None:
    """The error goes on to the caller; the same failure again sends nothing."""
    for _ in range(2):
        with (
            pytest.raises(type(error)),
            deliver_failure(request(tmp_path, market), LIVE, ONCE),
        ):
            raise error
    assert subjects(web) == ["Night of 2025-11-10: the run failed"]
    assert type(error).__name__ in web.messages[0]["message"] or (
        "it is wrong; mend it." in web.messages[0]["message"]
    )


def test_why_a_run_failed_is_sent_without_a_receipt_too(
    web: HttpReceiver, market: Path, tmp_path: Path
) -> None:
    """A full disk is a failure that the home can't keep a receipt of."""
    (tmp_path / "data").write_text("a file in the folder's place")
    with (
        pytest.raises(StorageError),
        deliver_failure(request(tmp_path, market), LIVE, ONCE),
    ):
        raise StorageError("the disk is full", "free some")
    assert "the disk is full; free some." in web.messages[0]["message"]


def test_settings_that_can_not_be_read_are_a_failed_run(
    web: HttpReceiver, market: Path, tmp_path: Path
) -> None:
    """The plan itself fails; the message has the fault of the file."""
    (tmp_path / "overnight.toml").write_text("[run]\nnonsense = 1")
    asked = request(tmp_path, market)
    with pytest.raises(ParameterError), deliver_failure(asked, LIVE, ONCE):
        plan_run(asked, LIVE)
    assert "nonsense" in web.messages[0]["message"]


def test_replays_and_refused_commands_send_no_failure(
    web: HttpReceiver, market: Path, tmp_path: Path
) -> None:
    """A person is at the terminal, or asked for a past night."""
    past = request(tmp_path, market, as_of=LIVE.date())
    with pytest.raises(KeyError), deliver_failure(past, LATER, ONCE):
        raise KeyError
    now = request(tmp_path, market)
    with pytest.raises(BusyError), deliver_failure(now, LIVE, ONCE):
        raise BusyError("the home is in use")
    assert web.requests == []


def test_without_addresses_the_message_is_stored_alone(
    market: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`overnight deliver` can send it when addresses are set; no receipt is made."""
    monkeypatch.delenv(VARIABLE, raising=False)
    plan = plan_at(LIVE, tmp_path, market)
    assert deliver.fn(plan, summary(plan)) == ()
    assert [path.name for path in Home(tmp_path).delivery.rglob("*.json")] == [
        "latest.json",
        "result.json",
    ]
