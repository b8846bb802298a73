"""A process that asks for turns: `paced.py machine|server RATE CALLS [TURN_FILE]`.

Prints the time of each turn it was given, as it is given.
"""

import sys
import time
from pathlib import Path

from pipeline.request_pace import MachinePace
from tasks.server_pace import ServerPace


def main(kind: str, rate: str, calls: str, turn: str = "") -> None:
    """Take `calls` turns, as fast as they are given."""
    machine = kind == "machine"
    pace = MachinePace(float(rate), Path(turn)) if machine else ServerPace(float(rate))
    for _ in range(int(calls)):
        pace()
        print(time.time(), flush=True)  # noqa: T201  read by the test


if __name__ == "__main__":
    main(*sys.argv[1:])
