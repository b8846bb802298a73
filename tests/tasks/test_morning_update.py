"""Publishing and delivering an update: files, receipts, kills, replays, no night."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from own_receivers import SECRET, HttpReceiver, http_receiver
from own_updates import AS_OF, MORNING, OPENED, publish_night, update
from prefect.logging import disable_run_logger
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_SERVER_ALLOW_EPHEMERAL_MODE,
    temporary_settings,
)

from delivery.receivers import VARIABLE
from delivery.sender import Sender
from pipeline.morning_update import MorningUpdate
from pipeline.update_plan import MorningPlan
from screening.table import read_csv_text
from screening.track_record.update_record import read_updates
from screening.update_row import (
    IN_THE_OPENING_PRICE,
    UPDATE_COLUMNS,
    update_csv_path,
    update_page_path,
)
from screening.update_words import UpdateTexts
from storage.home import Home
from tasks.morning_update import UpdateSummary, deliver_update, publish_update

ONCE = Sender(pauses=())


@pytest.fixture(scope="module")
def home(market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the home of a published night of three stocks."""
    made = tmp_path_factory.mktemp("delivered")
    publish_night(made, market)
    return made


@pytest.fixture(autouse=True)
def _no_server() -> Iterator[None]:
    no_server = temporary_settings(
        {PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: False}, restore_defaults={PREFECT_API_URL}
    )
    with disable_run_logger(), no_server:
        yield


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpReceiver]:
    """Yield a receiver whose address, with a token, is in the environment."""
    with http_receiver() as receiver:
        monkeypatch.setenv(VARIABLE, f"json://{receiver.place}/{SECRET}")
        yield receiver


def publish(found: tuple[MorningPlan, MorningUpdate]) -> UpdateSummary:
    """Publish an update as the flow does, without a run of Prefect."""
    plan, computed = found
    done: Any = publish_update.fn(plan, computed)
    return done  # type: ignore[no-any-return]


def test_csv_and_page_say_where_the_gap_is(home: Path) -> None:
    """One row per symbol with all columns; the page has the sentence on the gap."""
    summary = publish(update(home))
    text = read_csv_text(update_csv_path(Home(home).screening_csv, AS_OF))
    assert text.splitlines()[0].split(",") == UPDATE_COLUMNS
    assert len(text.splitlines()) == 4
    page = update_page_path(Home(home).morning_reports, AS_OF).read_text()
    assert summary.csv
    assert IN_THE_OPENING_PRICE.replace("'", "&#39;") in page


def test_two_runs_of_a_morning_send_one_message(home: Path, web: HttpReceiver) -> None:
    """The second run replaces the files and adds a version to the record."""
    before = len(read_updates(Home(home).update_record)[0])
    for minutes in (0, 5):
        found = update(home, MORNING + timedelta(minutes=minutes))
        deliver_update.fn(found[0], publish(found), ONCE)
    assert [message["title"] for message in web.messages] == [
        "Morning of 2025-11-11: 3 of 3 stocks updated"
    ]
    assert IN_THE_OPENING_PRICE in web.messages[0]["message"]
    assert len(read_updates(Home(home).update_record)[0]) == before + 6


def test_a_replay_is_stored_and_not_sent(home: Path, web: HttpReceiver) -> None:
    """Its rows and its record are not live."""
    found = update(home, OPENED, replay=True)
    summary = publish(found)
    deliver_update.fn(found[0], summary, ONCE)
    assert web.messages == []
    assert summary.texts.replay
    assert summary.texts.records
    assert summary.texts.records.replayed.updates == 3


def test_a_night_that_was_never_published_is_delivered(
    home: Path, web: HttpReceiver
) -> None:
    """The message names the night and says that there is no update."""
    plan, _ = update(home, MORNING)
    texts = UpdateTexts(plan.as_of, (), missed=AS_OF + timedelta(days=1))
    deliver_update.fn(plan, UpdateSummary(texts), ONCE)
    (message,) = web.messages
    assert "the night of 2025-11-11 was never published" in message["title"]
    assert "there is no update" in message["message"]
