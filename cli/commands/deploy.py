"""The command `overnight deploy`."""

import signal
import sys
from types import FrameType

import typer

from cli.interruption import ignore_signals, signals_to_handle
from cli.options import DeployOptions, command
from flows.operation import operate


@command(DeployOptions)
def deploy(options: DeployOptions) -> None:
    """Start Prefect's UI with all schedules and a worker on this machine.

    The webhook in OVERNIGHT_NOTICE_URL gets a message about a failed or missed night.

    For example: overnight deploy --port 4200
    """
    # A shell that starts the command with `&` has it ignore SIGINT, which Prefect's
    # worker needs to end.
    for number in signals_to_handle():
        signal.signal(number, _exit_on_first_signal)
    operate(options.home, options.port, typer.echo)


def _exit_on_first_signal(number: int, _frame: FrameType | None) -> None:
    """Exit and ignore further signals until the process has ended.

    A second Ctrl-C could come when Python has ended this command and is closing down:
    it would kill the process, whose exit code would then be another one.
    """
    ignore_signals()
    sys.exit(128 + number)
