"""Tasks of a morning: compute the update, record and publish it, send its message."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from prefect import task
from prefect.artifacts import create_link_artifact
from prefect.cache_policies import NO_CACHE
from prefect.runtime import deployment

from config.errors import BusyError, OvernightError
from delivery.deliver import deliver_unsent
from delivery.message import Kind, Message
from delivery.outbox import Outbox
from delivery.receivers import read_receivers
from delivery.sender import Sender
from delivery.update_message import update_message
from pipeline.morning_update import MorningUpdate, update_morning
from pipeline.update_plan import MorningPlan, UpdateRequest
from pipeline.update_record import record_morning
from screening.report.update_page import update_page
from screening.table import write_csv
from screening.update_row import UPDATE_COLUMNS, update_csv_path, update_page_path
from screening.update_words import UpdateTexts
from storage.home import Home, write_atomic
from storage.paths import StoragePath
from tasks.server import try_show, warn
from tasks.server_pace import request_pace


@dataclass(frozen=True)
class UpdateSummary:
    """What a morning found, and where its files are; a missed night has no files."""

    texts: UpdateTexts
    csv: StoragePath | None = None
    page: StoragePath | None = None


@task(task_run_name="update {plan.as_of}", cache_policy=NO_CACHE)
def compute_update(plan: MorningPlan) -> MorningUpdate:
    """Return the update of every row of the night."""
    pace = request_pace(plan.night.settings.prices.requests_per_second)
    return update_morning(plan, plan.night.open_feeds(pace))


@task(task_run_name="publish update {plan.as_of}", cache_policy=NO_CACHE)
def publish_update(plan: MorningPlan, update: MorningUpdate) -> UpdateSummary:
    """Record the update, then write its CSV and its page.

    A killed run leaves no CSV without its record. A run that repeats it adds a later
    version to the record, and replaces the files.
    """
    records, unrecorded = record_morning(plan, update, datetime.now(UTC))
    texts = UpdateTexts(
        plan.as_of, update.rows, (*update.notices, *unrecorded), records=records
    )
    home = plan.night.home
    csv = update_csv_path(home.screening_csv, plan.as_of)
    page = update_page_path(home.morning_reports, plan.as_of)
    write_csv(csv, update.rows, UPDATE_COLUMNS)
    write_atomic(page, update_page(texts, str(plan.morning)))
    for notice in texts.notices:
        warn(notice)
    try_show("the link to the update", partial(_show_link, page))
    return UpdateSummary(texts, csv, page)


@task(task_run_name="deliver update {plan.as_of}", cache_policy=NO_CACHE)
def deliver_update(
    plan: MorningPlan, summary: UpdateSummary, sender: Sender | None = None
) -> None:
    """Store and send the update's message; a replay's is only stored.

    Two runs of one morning send one message. A morning that has nothing to update and
    a later one that has are two messages.
    """
    kind: Kind = "update" if summary.texts.updated else "no_update"
    page = summary.page.name if summary.page else ""
    message = update_message(summary.texts, str(plan.morning), page)
    send = not plan.replay and plan.night.source != "sample"
    _store_and_send(_outbox(plan, kind), message, sender, send=send)


@contextmanager
def deliver_failed_update(
    request: UpdateRequest, now: datetime, sender: Sender | None = None
) -> Iterator[None]:
    """Send why the run of the block failed, and raise its error again.

    Only a deployed run sends: a person at a terminal reads the error.
    """
    try:
        yield
    except Exception as error:
        if deployment.id and not isinstance(error, BusyError) and not request.replay:
            reason = (
                error.sentence if isinstance(error, OvernightError) else repr(error)
            )
            subject = f"Morning of {now.date()}: the update before the opening failed"
            home = Home.at(request.home or os.environ.get("OVERNIGHT_HOME") or ".")
            outbox = Outbox.of_night(home, now.date(), (), "failed_update")
            message = Message.of_lines(subject, ["There is no update.", "", reason])
            _store_and_send(outbox, message, sender, send=True)
        raise


def _outbox(plan: MorningPlan, kind: Kind) -> Outbox:
    return Outbox.of_night(plan.night.home, plan.morning, plan.night.symbols, kind)


def _store_and_send(
    outbox: Outbox, message: Message, sender: Sender | None, *, send: bool
) -> None:
    """Store and send a message; a fault of it is logged and fails no run."""
    try:
        outbox.store(message)
        if send:
            receivers = read_receivers(os.environ)
            for one in deliver_unsent(outbox, receivers, sender or Sender()):
                if one.reason:
                    warn(one.notice)
    except Exception as error:  # noqa: BLE001  whatever it is, the update is published
        detail = str(error)[:200] if isinstance(error, OvernightError) else ""
        kind = type(error).__name__
        warn(f"the message could not be delivered ({kind}: {detail})")


def _show_link(page: StoragePath) -> None:
    create_link_artifact(
        key="morning-update", link=page.resolve().as_uri(), link_text=page.name
    )
