"""A whole run with receivers, through Prefect: what is sent, and what is shown."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest
from own_receivers import SECRET, http_receiver

from delivery.receivers import VARIABLE


def test_a_failed_live_night_is_sent_and_no_record_shows_an_address(
    run_night: Any,  # noqa: ANN401
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The made market has ended, so tonight fails; one of two addresses is wrong."""
    with http_receiver() as web:
        wrong = f"bogus://me:{SECRET}@{SECRET}/{SECRET}?token={SECRET}"
        good = f"json://me:{SECRET}@{web.place}/{SECRET}?+token={SECRET}"
        monkeypatch.setenv(VARIABLE, f"{wrong} {good}")
        caplog.set_level("DEBUG")
        state = run_night(tmp_path, "AAA.AX", as_of=None, train="never")
    assert state.is_failed()
    (message,) = web.messages
    assert "The run failed: none of 1 symbols is usable" in message["title"]
    assert "stale_prices" in message["message"]
    (page,) = tmp_path.glob("reports/html/*.html")
    assert "the message to address 1 (bogus://) was not sent" in page.read_text()
    assert SECRET not in caplog.text
    for path in (*tmp_path.rglob("*"), *prefect_files()):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path


def test_an_error_of_the_flow_is_sent(
    run_night: Any,  # noqa: ANN401
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A wrong setting ends the run; the message names it."""
    (tmp_path / "overnight.toml").write_text("[run]\nnonsense = 1")
    with http_receiver() as web:
        monkeypatch.setenv(VARIABLE, f"json://{web.place}")
        state = run_night(tmp_path, "AAA.AX", as_of=None)
    assert state.is_failed()
    (message,) = web.messages
    assert "nonsense" in message["message"]


def prefect_files() -> list[Path]:
    """Return the files of the test server's database: runs, logs, artifacts."""
    from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL  # noqa: PLC0415

    url = PREFECT_API_DATABASE_CONNECTION_URL.value()
    text = getattr(url, "get_secret_value", lambda: url)()
    database = Path(unquote(urlparse(str(text)).path))
    found = list(database.parent.glob(f"{database.name}*"))
    assert found
    return found
