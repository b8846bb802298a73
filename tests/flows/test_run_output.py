"""The lines of a deployed run whose worker has been killed."""

import subprocess
import sys

import pytest

PRINT_TWICE = """
import sys
from rich.console import Console
from flows.run_output import outlive_worker

if "outlive" in sys.argv:
    outlive_worker()
print("ready", flush=True)
input()
Console(stderr=True).print("nobody reads this, as Prefect prints its log")
print("nor this", file=sys.stderr, flush=True)
print("nor this", flush=True)
raise SystemExit(7)
"""


@pytest.mark.parametrize(("words", "code"), [(["outlive"], 7), ([], 1)])
def test_a_run_goes_on_when_nobody_reads_its_lines(words: list[str], code: int) -> None:
    """It ends with its own code; by default its first line ends it."""
    run = subprocess.Popen(
        [sys.executable, "-c", PRINT_TWICE, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stdin
    assert run.stdout
    assert run.stderr
    assert run.stdout.readline() == "ready\n"
    run.stdout.close()
    run.stderr.close()
    run.stdin.write("\n")
    run.stdin.close()
    assert run.wait() == code
