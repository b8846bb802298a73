"""What a signal that ends the process leaves to be done."""

import subprocess
import sys

STEPS = """
from storage.interruption import end_steps, on_interruption
with on_interruption(lambda: print("closed")):
    pass
with (
    on_interruption(lambda: print("outer")),
    on_interruption(lambda: 1 / 0),
    on_interruption(lambda: print("inner")),
):
    end_steps()
"""
"""In a process of its own, since all threads of an ending process stop."""


def test_the_steps_of_open_blocks_are_taken_and_none_can_fail() -> None:
    """The innermost block's step comes first; a closed block's step is not taken."""
    words = [sys.executable, "-c", STEPS]
    ended = subprocess.run(words, capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["inner", "outer"]
