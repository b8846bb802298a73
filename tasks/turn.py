"""A run's turn in its home: a deployed run waits for it, a person is told at once."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import tenacity
from prefect.runtime import deployment

from config.errors import BusyError
from pipeline.plan import RunPlan
from storage.home import remove_drafts
from storage.lock import one_run_at_a_time
from tasks.server import warn

LOOK_EVERY_SECONDS = 2


@contextmanager
def exclusive_home(plan: RunPlan) -> Iterator[None]:
    """Hold the night's home alone; a deployed run waits for it while it may.

    Raises
    ------
    BusyError
        If another run holds it, and goes on holding it.
    """
    patience = plan.settings.run.home_lock_timeout_seconds if deployment.id else 0
    with ExitStack() as held:
        taking = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(BusyError),
            wait=tenacity.wait_fixed(LOOK_EVERY_SECONDS),
            stop=tenacity.stop_after_delay(patience),
            before_sleep=_say_once,
            reraise=True,
        )
        taking(lambda: held.enter_context(one_run_at_a_time(plan.home)))
        remove_drafts(plan.home)
        yield


def _say_once(state: tenacity.RetryCallState) -> None:
    if state.attempt_number == 1:
        warn("Another run is in this home; this one waits for its end.")
