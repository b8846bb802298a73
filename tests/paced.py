"""A process that asks for turns: `paced.py machine|server RATE CALLS [TURN_FILE]`.

Prints the time of each turn it was given, as it is given.
"""

import sys
import time
from pathlib import Path

from pipeline.request_pace import MachinePace, Pace


def main(kind: str, rate: str, calls: str, turn: str = "") -> None:
    """Take `calls` turns, as fast as they are given."""
    machine = kind == "machine"
    pace = MachinePace(float(rate), Path(turn)) if machine else server_pace(float(rate))
    for _ in range(int(calls)):
        pace()
        print(time.time(), flush=True)  # noqa: T201  read by the test


def server_pace(rate: float) -> Pace:
    """Return the pace of a Prefect server, whose client is imported only for it."""
    from tasks.server_pace import ServerPace  # noqa: PLC0415

    return ServerPace(rate)


if __name__ == "__main__":
    main(*sys.argv[1:])
