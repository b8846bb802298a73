"""Every command says in one sentence that its bucket or its keys are wrong."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import override

import pytest
from object_store import CREDENTIALS
from s3fs import S3FileSystem
from typer.testing import CliRunner

from cli.app import app

COMMANDS = [
    ["status"],
    ["doctor"],
    ["report"],
    ["explain", "CBA.AX"],
    ["events", "CBA.AX", "--source", "sample"],
    ["track-record"],
    ["evaluate", "CBA.AX", "--source", "sample", "--from", "2013-02-01"],
    ["holdings"],
    ["deliver"],
    ["clean"],
    ["update"],
    ["screen", "CBA.AX", "--source", "sample"],
    ["train", "CBA.AX", "--source", "sample"],
    [],
]


class _Refusal(BaseHTTPRequestHandler):
    """Answers every request as S3 does if the key is unknown."""

    def _refuse(self) -> None:
        code = "InvalidAccessKeyId"
        text = f"<Error><Code>{code}</Code><Message>unknown key</Message></Error>"
        self.send_response(403)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text.encode())

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _refuse  # noqa: N815

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.fixture
def refusing_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Yield the address of a home in a store that refuses this machine's keys."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Refusal)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    S3FileSystem.clear_instance_cache()  # They were opened for the bucket's server.
    yield "s3://refused/x"
    S3FileSystem.clear_instance_cache()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: "".join(words[:1]))
def test_a_missing_bucket_is_named_by_every_command(
    bucket: str, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """The sentence names the bucket, and says to create it or to correct the home."""
    monkeypatch.setenv("OVERNIGHT_DELIVER_TO", "json://127.0.0.1:9/x")
    done = CliRunner().invoke(app, [*words, "--home", f"{bucket}-missing/x"])
    assert done.exit_code == 1
    assert done.stderr == (
        f"overnight: the bucket {bucket}-missing does not exist; create it, or correct "
        "--home or OVERNIGHT_HOME.\n"
    )


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: "".join(words[:1]))
def test_wrong_keys_are_named_by_every_command(
    refusing_store: str, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """The sentence has the store's reason, and says to check the permissions."""
    monkeypatch.setenv("OVERNIGHT_DELIVER_TO", "json://127.0.0.1:9/x")
    done = CliRunner().invoke(app, [*words, "--home", refusing_store])
    assert done.exit_code == 1
    assert done.stderr.startswith(f"overnight: {refusing_store}/")
    # The answer to a HEAD request has no text.
    assert re.search(r"can't be (read|written): (unknown key|Forbidden); ", done.stderr)
    assert done.stderr.count("\n") == 1
