"""One run per home: a deployed run waits for the home, a command is refused at once."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import tenacity
from prefect.runtime import deployment

from config.errors import BusyError
from pipeline.plan import RunPlan
from storage.home import remove_drafts
from storage.lock import one_run_at_a_time
from tasks.server import warn

RETRY_SECONDS = 2


@contextmanager
def exclusive_home(plan: RunPlan) -> Iterator[None]:
    """Hold the lock of the plan's home; only a deployed run waits for it.

    Raises
    ------
    BusyError
        If another run still holds the lock after `home_lock_timeout_seconds`.
    """
    timeout = plan.settings.run.home_lock_timeout_seconds if deployment.id else 0
    with ExitStack() as lock:
        acquire = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(BusyError),
            wait=tenacity.wait_fixed(RETRY_SECONDS),
            stop=tenacity.stop_after_delay(timeout),
            before_sleep=_warn_once,
            reraise=True,
        )
        acquire(lambda: lock.enter_context(one_run_at_a_time(plan.home)))
        remove_drafts(plan.home)
        yield


def _warn_once(state: tenacity.RetryCallState) -> None:
    if state.attempt_number == 1:
        warn("Another run is using this home; this run waits until that one ends.")
