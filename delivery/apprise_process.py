"""The process that sends one message; it imports nothing of this project.

Its input is a JSON object with the address; its output is one word: `sent`, `unknown`
(no address of apprise), `unreachable`, `refused-401` or `failed`.
"""

import json
import logging
import os
import re
import sys
import threading
from typing import Any

import apprise

_REFUSED = re.compile(r"\berror=(\d{3})\b|\((\d{3}), ")
"""An HTTP status in apprise's log, or the code of a mail server."""


MAX_SECONDS = 60
"""Time after which the process ends by itself, if the run that started it is dead."""


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
    threading.Timer(MAX_SECONDS, os._exit, [1]).start()
    answer = os.dup(1)
    # Whatever a library prints is dropped.
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    os.write(answer, f"\n{_send(json.load(sys.stdin.buffer))}\n".encode())
    os._exit(0)  # No thread of a library, and not the timer, keeps the process.


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
    sent = service.notify(
        title=job["subject"],
        body=job["text"],
        body_format=apprise.NotifyFormat.TEXT,
        attach=job["file"],
    )
    return "sent" if sent else reason.word


if __name__ == "__main__":
    main()
