"""Sends one message to one address in a process of its own, and tries again.

The process is killed when its time is over. It gets the address by a pipe, and only one
word of its output is read, so that no text of a library can show the address.
"""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from delivery.message import Message
from delivery.receivers import Receiver

PROGRAM = Path(__file__).with_name("apprise_process.py")
"""Run with `-P`: else a folder `gi` or `dbus` where a run starts breaks apprise."""

NOT_UNDERSTOOD = "apprise does not understand it"


@dataclass(frozen=True)
class Sender:
    """How often and how long a message is tried; by default two minutes in all."""

    pauses: tuple[float, ...] = (10.0, 20.0)
    """Seconds of each pause between two tries."""
    seconds: float = 28.0
    """Seconds after which a try is cut off."""

    def send(self, receiver: Receiver, message: Message, attached: bytes = b"") -> str:
        """Send the message; return "", or why it was not sent.

        `attached` is the content of the report, for a mail only.
        """
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / message.report if attached else None
            if path:
                path.write_bytes(attached)
            job = {
                "address": receiver.address,
                "subject": message.subject,
                "text": message.text,
                "file": str(path) if path else None,
            }
            return self._try_again(json.dumps(job).encode())

    def _try_again(self, job: bytes) -> str:
        reason = self._try(job)
        for pause in self.pauses:
            if reason in ("", NOT_UNDERSTOOD):
                break
            time.sleep(pause)
            reason = self._try(job)
        return reason

    def _try(self, job: bytes) -> str:
        try:
            done = subprocess.run(  # noqa: S603  this Python and our program
                [sys.executable, "-P", PROGRAM],
                input=job,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=self.seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"it did not answer within {self.seconds:g} s"
        return _reason(done.stdout.split()[-1:])


def _reason(words: list[bytes]) -> str:
    """Return the sentence for the process' last word; "" if the message was sent."""
    word = words[0].decode(errors="replace") if words else ""
    if word.startswith("refused-") and word[8:].isdecimal():
        return f"it answered {word[8:11]}"
    known = {
        "sent": "",
        "unknown": NOT_UNDERSTOOD,
        "unreachable": "it could not be reached, or broke the connection",
    }
    return known.get(word, "apprise could not send it")
