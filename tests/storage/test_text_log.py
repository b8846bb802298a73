"""A text log grows at its end and is rotated, on a disk and in S3."""

import pytest

from storage.home import Home
from storage.paths import files_in, read_bytes
from storage.secret_check import mask_secrets
from storage.text_log import LOGS_KEPT, add_lines


def test_lines_are_added_and_old_logs_are_numbered(home: Home) -> None:
    """A log that would pass its size becomes NAME.1; the oldest one is removed."""
    for number in range(7):
        add_lines(home.run_log, [f"run {number}"], max_bytes=10)
    assert read_bytes(home.run_log) == b"run 6\n"
    names = [path.name for path in files_in(home.run_log.parent)]
    assert names == [
        home.run_log.name,
        *(f"{home.run_log.name}.{one}" for one in range(1, LOGS_KEPT + 1)),
    ]
    add_lines(home.run_log, ["again"])
    assert read_bytes(home.run_log) == b"run 6\nagain\n"


@pytest.mark.parametrize(
    "text",
    [
        "proxy http://me:hunter2x@proxy:80 refused",
        "https://hooks.slack.com/services/hunter2x failed",
        "GET /?token=hunter2x: 403",
        "the address post://hunter2x failed",
    ],
)
def test_secrets_are_masked(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses with passwords and tokens, and values of the environment, are `***`."""
    monkeypatch.setenv("OVERNIGHT_NOTICE_URL", "post://hunter2x")
    masked = mask_secrets(text)
    assert "hunter2x" not in masked
    assert "***" in masked
    assert mask_secrets("CBA.AX: no prices") == "CBA.AX: no prices"
