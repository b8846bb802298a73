"""What becomes of a deployed run's lines if the worker that reads them is killed."""

import os
import sys

from rich.console import Console


def outlive_worker() -> None:
    """Let this process go on without its lines once nobody reads them.

    Prefect prints its log with rich, which ends a process whose pipe is broken.
    """
    Console.on_broken_pipe = _drop_lines  # type: ignore[assignment]


def _drop_lines(console: Console) -> None:
    """Print nothing more, neither by rich nor by any other writer."""
    console.quiet = True
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
