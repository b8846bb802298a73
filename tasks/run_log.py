"""The text log of runs in a home, `logs/screening/overnight.log`, for a person."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from config.errors import OvernightError, StorageError, list_names
from config.plain_text import plain_text
from pipeline.plan import RunPlan
from screening.summary import RunSummary
from storage.secret_check import mask_secrets
from storage.text_log import add_lines
from tasks.server import warn

MAX_FAILURES = 50
"""Failures that are logged one by one; the CSV has the reason of every failure."""


class RunLog:
    """The lines of one run; a log that can't be written is a warning of the run."""

    def __init__(self, plan: RunPlan, flow: str) -> None:
        """Log the start and the request."""
        self._path = plan.home.run_log
        self._flow = flow
        self.add(f"start {flow}: {_request(plan)}")

    def end(self, summary: RunSummary) -> None:
        """Log the counts, the seconds, the failures and the notices of the run."""
        reasons = {**summary.untrained, **summary.failures}
        failures = [
            f"{'failed' if name in summary.failures else 'not trained'} {name}: {why}"
            for name, why in reasons.items()
        ]
        more = len(failures) - MAX_FAILURES
        if more > 0:
            failures[MAX_FAILURES:] = [f"and {more} more; see the CSV"]
        self.add(
            f"end {self._flow}: {summary.succeeded} of {len(summary.symbols)} symbols, "
            f"{len(summary.failures)} failed, {len(summary.trained)} trained, "
            f"{summary.seconds:.0f} s",
            *failures,
            *(f"note {notice}" for notice in summary.notices),
        )

    def add(self, *sentences: str) -> None:
        """Log sentences without secrets, each in one line with the time in UTC."""
        at = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
        lines = [f"{at} {plain_text(mask_secrets(one))}" for one in sentences]
        try:
            add_lines(self._path, lines)
        except (OSError, StorageError) as error:
            warn(f"{self._path} can't be written ({plain_text(str(error))}).")


@contextmanager
def log_run(plan: RunPlan, flow: str) -> Iterator[RunLog]:
    """Log the start of a run, and the error that ends it; the caller logs its end.

    A start without an end belongs to a run that was killed. The caller holds the
    home's lock.
    """
    log = RunLog(plan, flow)
    try:
        yield log
    except BaseException as error:
        known = isinstance(error, OvernightError)
        log.add(f"end {flow}: {error if known else f'{type(error).__name__}: {error}'}")
        raise


def _request(plan: RunPlan) -> str:
    """Return `3 symbols (A, B, C), source folder my_prices, as of 2025-11-10, ...`."""
    folder = f" {plan.folder}" if plan.folder else ""
    return (
        f"{len(plan.symbols)} symbols ({list_names(plan.symbols)}), source "
        f"{plan.source}{folder}, as of {plan.as_of}, train {plan.train}"
    )
