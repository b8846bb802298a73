"""A message, and the texts of the messages that belong to no night. Pure."""

from dataclasses import dataclass, replace
from typing import Literal, Self

from config.plain_text import plain_text

MAX_CHARACTERS = 1900
"""Longest text; Discord refuses more than 2,000 characters."""

REPEAT = "(may be a repeat)"

Kind = Literal["result", "failure", "update", "no_update", "failed_update"]
"""A run that failed and its later success are two messages of one night; so are the
messages of a morning with and without an update, and of one that failed."""


@dataclass(frozen=True)
class Message:
    """A message: subject, text of several lines, and the report's file name or ""."""

    subject: str
    text: str
    report: str = ""

    @classmethod
    def of_lines(cls, subject: str, lines: list[str], report: str = "") -> Self:
        """Return the message of these lines, cut at a whole line if it is too long."""
        kept = [plain_text(line) for line in lines]
        end = "[cut; the report has all of it]"
        if len("\n".join(kept)) > MAX_CHARACTERS:
            while kept and len("\n".join([*kept, end])) > MAX_CHARACTERS:
                kept.pop()
            kept.append(end)
        return cls(plain_text(subject), "\n".join(kept), report)

    def as_repeat(self) -> Self:
        """Return the message with a subject that says that it may be a repeat."""
        return replace(self, subject=f"{self.subject} {REPEAT}")


def failure_message(night: str, reason: str) -> Message:
    """Return the message about a run that ended without a result.

    `night` is its as-of date, or the day of the run if that is not known.
    """
    lines = ["The run failed.", "", reason, "", "docs/failures.md explains failures."]
    return Message.of_lines(f"Night of {night}: the run failed", lines)


def test_message() -> Message:
    """Return the message of `overnight deliver --test`."""
    text = "This is a test message. Messages about your nights arrive here."
    return Message("Test of Event Risk Guard", text)
