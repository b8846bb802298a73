"""Task: send the night's message; no receiver and no fault of it fails the run."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import deployment

from config.errors import BusyError, OvernightError
from delivery.deliver import Delivery, deliver_unrecorded, deliver_unsent
from delivery.message import Kind, Message, failure_message
from delivery.night_message import NightRows, night_message
from delivery.outbox import Outbox
from delivery.receivers import read_receivers
from delivery.sender import Sender
from pipeline.plan import RunPlan, RunRequest, plan_run
from screening.report.earlier import earlier_night
from screening.report.report_file import report_path
from screening.summary import RunSummary
from screening.table import csv_cells, csv_path, read_rows
from storage.home import Home
from storage.paths import is_there
from tasks.server import warn

Cells = dict[str, str]


@task(task_run_name="deliver {plan.as_of}", cache_policy=NO_CACHE)
def deliver(
    plan: RunPlan, summary: RunSummary, sender: Sender | None = None
) -> tuple[str, ...]:
    """Compose and send the night's message; return a sentence per unsent message.

    A replay's message is only stored: `overnight deliver` sends it.
    """
    kind: Kind = "failure" if summary.outcome == "Failed" else "result"
    with _as_notice() as notices:
        outbox = _outbox(plan, kind)
        outbox.store(compose_message(plan, summary))
        if not _is_replay(plan):
            notices.extend(_send(outbox, sender or Sender()))
    return tuple(notices)


def compose_message(plan: RunPlan, summary: RunSummary) -> Message:
    """Return the message about the run's own symbols."""
    own = set(plan.symbols)
    rows = [csv_cells(row) for row in summary.rows if row["symbol"] in own]
    return _compose(plan, rows, summary.notices)


def deliver_skipped(plan: RunPlan, sender: Sender | None = None) -> None:
    """Send what the earlier run of a skipped night has left unsent, e.g. when killed.

    That run may have been killed before it composed a message; then the message is
    composed from its CSV, without the notices of that run.
    """
    if _is_replay(plan) or not read_receivers(os.environ):
        return
    with _as_notice():
        outbox = _outbox(plan, "result")
        if outbox.read() is None:
            path, own = csv_path(plan.home.screening_csv, plan.as_of), set(plan.symbols)
            rows = [row for row in read_rows(path) if row["symbol"] in own]
            outbox.store(_compose(plan, rows, ()))
        _send(outbox, sender or Sender())


@contextmanager
def deliver_failure(
    request: RunRequest, now: datetime, sender: Sender | None = None
) -> Iterator[None]:
    """Send why the run of the block failed, and raise its error again.

    A replay, and a command that is refused because the home is in use, send nothing.
    """
    try:
        yield
    except Exception as error:
        refused = isinstance(error, BusyError) and not deployment.id
        if not refused and read_receivers(os.environ):
            with _as_notice():
                _send_failure(request, now, error, sender or Sender())
        raise


def _send_failure(
    request: RunRequest, now: datetime, error: Exception, sender: Sender
) -> None:
    plan = _plan(request, now)
    if request.source == "sample" or (_is_replay(plan) if plan else request.as_of):
        return
    night = plan.as_of if plan else now.date()
    symbols: Sequence[str] = plan.symbols if plan else (repr(request.selection),)
    message = failure_message(str(night), _sentence(error))
    try:
        home = Home.at(request.home or os.environ.get("OVERNIGHT_HOME") or ".")
        outbox = Outbox.of_night(home, night, symbols, "failure")
        outbox.store(message)
    except OvernightError:  # A full disk may be the failure: sent without a receipt.
        receivers = read_receivers(os.environ)
        _warn(deliver_unrecorded(receivers, message, sender))
    else:
        _send(outbox, sender)


def _plan(request: RunRequest, now: datetime) -> RunPlan | None:
    """Return the plan again, None if it was the plan that failed."""
    try:
        return plan_run(request, now)
    except Exception:  # noqa: BLE001  it is the error of the run, which is sent
        return None


def _sentence(error: Exception) -> str:
    if isinstance(error, OvernightError):
        return error.sentence
    return f"Unexpected error ({type(error).__name__}: {str(error)[:200]})."


def _outbox(plan: RunPlan, kind: Kind) -> Outbox:
    return Outbox.of_night(plan.home, plan.as_of, plan.symbols, kind)


def _is_replay(plan: RunPlan) -> bool:
    return any(map(plan.is_replay, plan.symbols))


def _compose(plan: RunPlan, rows: Sequence[Cells], notices: Sequence[str]) -> Message:
    report = report_path(plan.home.morning_reports, plan.as_of)
    symbols = [row["symbol"] for row in rows]
    night = NightRows(
        as_of=plan.as_of,
        rows=rows,
        notices=notices,
        earlier=earlier_night(plan.home.screening_csv, plan.as_of, symbols),
        blend=plan.settings.blend,
        min_coverage=plan.settings.run.min_coverage,
        report=report.name if is_there(report) else "",
        held=plan.holdings.symbols,
        added=plan.added,
    )
    return night_message(night)


def _send(outbox: Outbox, sender: Sender) -> list[str]:
    """Send to the receivers of the environment; return the notices."""
    return _warn(deliver_unsent(outbox, read_receivers(os.environ), sender))


def _warn(done: Sequence[Delivery]) -> list[str]:
    """Log and return a notice for each message that was not sent."""
    notices = [one.notice for one in done if one.reason]
    for notice in notices:
        warn(notice)
    return notices


@contextmanager
def _as_notice() -> Iterator[list[str]]:
    """Yield a list of notices; a fault of the block becomes one, and is logged."""
    notices: list[str] = []
    try:
        yield notices
    except Exception as error:  # noqa: BLE001  whatever it is, the night is published
        detail = str(error)[:200] if isinstance(error, OvernightError) else ""
        kind = type(error).__name__
        notices.append(f"the message could not be delivered ({kind}: {detail})")
        warn(notices[-1])
