"""How long a temporary server's start is waited for."""

import os
import time

import pytest

from config.errors import RunError
from tasks.server_start import ServerStart

NOBODY = 2**22 + 1
"""A number above every process number."""


def test_a_start_without_work_is_given_up_with_its_cause() -> None:
    """The message says how long nothing was done, and how busy the machine is."""
    start = ServerStart(idle_seconds=0)
    time.sleep(0.01)
    with pytest.raises(
        RunError, match=r"no processor time .* load .* on \d+ processor"
    ):
        start.check(NOBODY)


def test_a_process_that_works_is_waited_for_until_the_last_limit() -> None:
    """Each bit of processor time counts as work; the message has the sum of it."""
    start = ServerStart(idle_seconds=30, max_seconds=0.2)
    start.check(os.getpid())
    time.sleep(0.25)
    with pytest.raises(RunError, match=r"used the processor for \d+\.\d s .*load"):
        start.check(os.getpid())
