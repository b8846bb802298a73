"""Receivers of messages on loopback: an HTTP server with faults, and a mail server."""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

SECRET = "s3cr3t0Passw0rd"  # noqa: S105  of no account


class HttpReceiver:
    """An HTTP server that keeps each request, and answers it as `answers` says.

    An answer is a status, or `hang`, `close` (in the middle), or `kill` (the process
    whose id is `victim` is killed, and the answer is 200).
    """

    def __init__(self, *answers: int | str) -> None:
        """Listen on a free port; after the given answers, each one is 200."""
        self.answers, self.victim = list(answers), 0
        self.requests: list[tuple[str, bytes]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.place = f"127.0.0.1:{self._server.server_address[1]}"
        # By default it looks every half second whether it is to end.
        serve = self._server.serve_forever
        threading.Thread(target=serve, args=(0.01,), daemon=True).start()

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Return the JSON objects that came."""
        return [json.loads(body) for _, body in self.requests]

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append((self.path, body))
                answer = receiver.answers.pop(0) if receiver.answers else 200
                if answer == "kill":
                    os.kill(receiver.victim, signal.SIGKILL)
                if answer == "hang":
                    time.sleep(8)
                if answer == "close":
                    self.wfile.write(b"HTTP/1.1 2")
                    self.close_connection = True
                    return
                self.send_response(answer if isinstance(answer, int) else 200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        return Handler


@contextmanager
def http_receiver(*answers: int | str) -> Iterator[HttpReceiver]:
    """Yield an HTTP receiver that answers so."""
    receiver = HttpReceiver(*answers)
    yield receiver
    receiver.close()


class _Mails:
    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: ANN401, N802
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append(mail)  # type: ignore[arg-type]  the policy makes it one
        return "250 OK"


def _is_right(_server: Any, _session: Any, _envelope: Any, _how: str, data: Any) -> Any:  # noqa: ANN401
    right = isinstance(data, LoginPassword) and data.password == SECRET.encode()
    return AuthResult(success=right, handled=False)


@contextmanager
def mail_receiver() -> Iterator[tuple[str, list[EmailMessage]]]:
    """Yield the place of a mail server with the password `SECRET`, and its mails."""
    handler = _Mails()
    server = Controller(
        handler,
        hostname="127.0.0.1",
        port=0,
        authenticator=_is_right,
        auth_require_tls=False,
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        server.port = probe.getsockname()[1]
    server.start()
    yield f"127.0.0.1:{server.port}", handler.mails
    server.stop()
