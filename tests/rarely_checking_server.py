"""The app of a Prefect server that looks for tasks of its own less often.

An idle server looked four times a second, which took 1.5 CPU seconds of a hundred. No
test needs these tasks: they delete old logs and look for late runs.
"""

from datetime import timedelta
from functools import partial
from typing import Any

from tasks.server_process import load_server

RARELY = timedelta(seconds=5)


def create_app() -> Any:  # noqa: ANN401
    """Return Prefect's app, whose worker is made when the server starts."""
    app = load_server()
    from prefect.server.api import background_workers  # noqa: PLC0415  slow before

    background_workers.Worker = partial(
        background_workers.Worker,
        minimum_check_interval=RARELY,
        scheduling_resolution=RARELY,
    )
    return app
