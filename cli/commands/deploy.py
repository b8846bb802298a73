"""The command `overnight deploy`."""

import signal
import sys

import typer

from cli.errors import Exit
from cli.options import DeployOptions, command
from flows.operation import operate


@command(DeployOptions)
def deploy(options: DeployOptions) -> None:
    """Start Prefect's UI with all schedules and a worker on this machine.

    The webhook in OVERNIGHT_NOTICE_URL gets a message about a failed or missed night.

    For example: overnight deploy --port 4200
    """
    for name in {"SIGTERM", "SIGHUP"} & set(dir(signal)):  # Windows has no SIGHUP.
        signal.signal(getattr(signal, name), lambda *_: sys.exit(Exit.INTERRUPTED))
    # A shell that starts the command with `&` has it ignore SIGINT, which Prefect's
    # worker needs to end.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    operate(options.home, options.port, typer.echo)
