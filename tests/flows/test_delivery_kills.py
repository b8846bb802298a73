"""A whole run that is killed while a receiver takes its message."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from made_market import random_walk
from own_receivers import HttpReceiver, http_receiver

from delivery.message import REPEAT
from market_data.sessions import as_of_session, calendar

COMMAND = str(Path(sys.executable).with_name("overnight"))


def write_market(folder: Path) -> None:
    """Write the prices of one symbol up to the last completed session."""
    now = datetime.now(UTC)
    last = as_of_session("XASX", now.date(), now)
    sessions = calendar("XASX").sessions_window(str(last), -300)
    walk = random_walk(sessions, 1)
    (folder / "prices").mkdir(parents=True)
    table = walk.assign(**{"Adj Close": walk["Close"]})
    table.to_csv(folder / "prices" / "AAA.AX.csv", index=False)


def screen(folder: Path, web: HttpReceiver) -> int:
    """Run the night of the symbol on the tests' server; return the exit code."""
    from prefect.settings import PREFECT_API_URL  # noqa: PLC0415

    words = ["screen", "AAA.AX", "--train", "never", "--source", "folder"]
    folders = ["--folder", str(folder / "market"), "--home", str(folder / "home")]
    run = subprocess.Popen(
        [COMMAND, *words, *folders],
        env=os.environ
        | {
            "OVERNIGHT_DELIVER_TO": f"json://{web.place}",
            "PREFECT_API_URL": str(PREFECT_API_URL.value()),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    web.victim = run.pid
    return run.wait()


@pytest.mark.long
@pytest.mark.usefixtures("prefect_server")
def test_a_killed_run_is_followed_by_a_message_marked_as_a_repeat(
    tmp_path: Path,
) -> None:
    """The next run sends it again with a mark; a third run sends nothing."""
    write_market(tmp_path / "market")
    with http_receiver("kill") as web:
        assert [screen(tmp_path, web) for _ in range(3)] == [-9, 0, 0]
    first, second = (message["title"] for message in web.messages)
    assert second == f"{first} {REPEAT}"
    assert "1 of 1 symbols usable" in first
