"""The command `overnight deliver`."""

import os
from collections.abc import Sequence

import typer

from cli.errors import Exit
from cli.options import DeliverOptions, command
from config.errors import ParameterError
from delivery.deliver import Delivery, deliver_unrecorded, list_unsent
from delivery.deliver import deliver as deliver_message
from delivery.message import test_message
from delivery.outbox import latest_message
from delivery.receivers import VARIABLE, Receiver, read_receivers
from delivery.sender import Sender
from storage.home import Home


@command(DeliverOptions)
def deliver(options: DeliverOptions) -> None:
    """Send the last night's message and report again, or a test message.

    The addresses are in OVERNIGHT_DELIVER_TO. Addresses that have not got the message
    get it; if all have it, all get it again.

    For example: overnight deliver --test
    """
    receivers = _require_receivers()
    if options.test:
        done = deliver_unrecorded(receivers, test_message(), Sender())
    else:
        outbox, message = latest_message(Home.existing(options.home))
        typer.echo(message.subject)
        left = list_unsent(outbox, receivers) or receivers
        done = deliver_message(outbox, message, left, Sender())
    _show(done)


def _require_receivers() -> tuple[Receiver, ...]:
    receivers = read_receivers(os.environ)
    if not receivers:
        raise ParameterError(
            f"the environment variable {VARIABLE} holds no address",
            "set it to one or more, e.g. ntfy://HOST/TOPIC; docs/delivery.md has an "
            "example of each kind",
        )
    return receivers


def _show(done: Sequence[Delivery]) -> None:
    """Print what became of each message; exit with 1 if one was not sent."""
    for one in done:
        typer.echo(f"{one.receiver.label}: {one.reason or 'sent'}")
    if any(one.reason for one in done):
        raise typer.Exit(Exit.RUN_FAILED)
