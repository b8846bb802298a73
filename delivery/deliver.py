"""Sends a stored message to each receiver at once, with receipts before and after."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from config.errors import OvernightError, StorageError
from delivery.message import Message
from delivery.outbox import Outbox
from delivery.receivers import VARIABLE, Receiver
from delivery.sender import Sender
from storage.paths import StoragePath, read_bytes
from storage.store_requests import confirm_home

MAX_AT_ONCE = 8
MAX_ATTACHED = 10_000_000
"""Bytes of the largest report that is attached; many mail servers refuse more."""


@dataclass(frozen=True)
class Delivery:
    """What became of the message to one receiver; `reason` is "" if it was sent."""

    receiver: Receiver
    reason: str = ""

    @property
    def notice(self) -> str:
        """Return the sentence about a message that was not sent."""
        return (
            f"the message to {self.receiver.label} was not sent: {self.reason}; check "
            f"{VARIABLE} and the receiver, then send it with `overnight deliver`."
        )


def deliver_unsent(
    outbox: Outbox, receivers: Sequence[Receiver], sender: Sender
) -> tuple[Delivery, ...]:
    """Send the stored message to each receiver whose receipt does not say `sent`."""
    message = outbox.read()
    if message is None:
        return ()
    return deliver(outbox, message, list_unsent(outbox, receivers), sender)


def list_unsent(outbox: Outbox, receivers: Sequence[Receiver]) -> tuple[Receiver, ...]:
    """Return the receivers whose receipt does not say `sent`."""
    return tuple(one for one in receivers if outbox.state(one) != "sent")


def deliver(
    outbox: Outbox, message: Message, receivers: Sequence[Receiver], sender: Sender
) -> tuple[Delivery, ...]:
    """Send the message to all receivers at once, whatever their receipts say.

    A receiver that has a receipt gets a subject that says that it may be a repeat. A
    mail has the report attached.
    """
    report = outbox.home.morning_reports / message.report if message.report else None
    attached = _read_report(report) if report else b""
    again = {one for one in receivers if outbox.state(one)}

    def send(receiver: Receiver) -> Delivery:
        try:
            outbox.note(receiver, "sending")
            confirm_home(outbox.folder)  # The run may have been suspended since.
            shown = message.as_repeat() if receiver in again else message
            reason = sender.send(receiver, shown, attached if receiver.by_mail else b"")
            if not reason:
                outbox.note(receiver, "sent")
        except OvernightError as error:
            return Delivery(receiver, error.problem)
        return Delivery(receiver, reason)

    return _at_once(send, receivers)


def deliver_unrecorded(
    receivers: Sequence[Receiver], message: Message, sender: Sender
) -> tuple[Delivery, ...]:
    """Send a message that has no receipts, e.g. a test message, to all receivers."""
    return _at_once(lambda one: Delivery(one, sender.send(one, message)), receivers)


def _at_once(
    send: Callable[[Receiver], Delivery], receivers: Sequence[Receiver]
) -> tuple[Delivery, ...]:
    with ThreadPoolExecutor(MAX_AT_ONCE) as threads:
        return tuple(threads.map(send, receivers))


def _read_report(path: StoragePath) -> bytes:
    """Return the report's content, b"" if it is missing or too large to attach."""
    try:
        return read_bytes(path, MAX_ATTACHED)
    except (OSError, StorageError):
        return b""
