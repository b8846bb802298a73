"""A Prefect server that is named and refuses its user: what to do.

What names a server that does not answer is tested with a terminal, in test_telemetry.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from status.doctor import list_checks, run_check


@pytest.fixture
def refusing() -> Iterator[str]:
    """Give the address of a server that refuses every request."""

    class Refuse(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Refuse)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/api"
    server.shutdown()
    server.server_close()


def test_a_server_that_asks_for_its_string_is_named(
    tmp_path: Path, refusing: str
) -> None:
    """The doctor's line names the variable, and no password of the address."""
    from prefect.settings import PREFECT_API_URL, temporary_settings  # noqa: PLC0415

    secret = refusing.replace("//", "//me:hush@")
    checks = list_checks(str(tmp_path), "sample", None, datetime.now(UTC))
    with temporary_settings({PREFECT_API_URL: secret}):
        line = run_check("prefect server", checks["prefect server"])
    assert not line.ok
    assert line.found == f"{refusing} refuses this user with status 401"
    assert "PREFECT_API_AUTH_STRING" in line.cure
