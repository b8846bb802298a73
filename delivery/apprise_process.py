"""The process that sends one message; it imports nothing of this project.

Its input is a JSON object with the address; its output is one word: `sent`, `unknown`
(no address of apprise), `unreachable`, `refused-401` or `failed`.
"""

import base64
import json
import logging
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import apprise

_REFUSED = re.compile(r"\berror=(\d{3})\b|\((\d{3}), ")
"""An HTTP status in apprise's log, or the code of a mail server."""


class _Reason(logging.Handler):
    """Keeps one word about what apprise logs; the text itself may hold the address."""

    word = "failed"

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the status of an answer, or that there was no answer."""
        text = record.getMessage()
        if found := _REFUSED.search(text):
            self.word = f"refused-{found[1] or found[2]}"
        elif "connection error" in text.lower() and self.word == "failed":
            self.word = "unreachable"


def main() -> None:
    """Send the message of the input and print the word."""
    answer = os.dup(1)
    # Whatever a library prints is dropped.
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    os.write(answer, f"\n{_send(json.load(sys.stdin.buffer))}\n".encode())


def _send(job: dict[str, Any]) -> str:
    reason = _Reason()
    logger = logging.getLogger("apprise")
    logger.handlers, logger.propagate = [reason], False
    logger.setLevel(logging.DEBUG)
    asset = apprise.AppriseAsset(
        app_id="Event Risk Guard", app_desc="Overnight screening", async_mode=False
    )
    service = apprise.Apprise(asset=asset)
    if not service.add(job["address"]) or len(service) != 1:
        return "unknown"
    with tempfile.TemporaryDirectory() as folder:
        sent = service.notify(
            title=job["subject"],
            body=job["text"],
            body_format=apprise.NotifyFormat.TEXT,
            attach=_attachment(Path(folder), job),
        )
    return "sent" if sent else reason.word


def _attachment(folder: Path, job: dict[str, Any]) -> str | None:
    """Write the attached file and return its path, None without a file."""
    if not job["file_name"]:
        return None
    path = folder / Path(job["file_name"]).name
    path.write_bytes(base64.b64decode(job["file"]))
    return str(path)


if __name__ == "__main__":
    main()
