"""The flow of the update before the opening: what the lead did since the last night."""

from datetime import UTC, datetime

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from config.errors import RunError
from flows.request import taking
from pipeline.update_plan import UpdateRequest, plan_update
from screening.update_words import UpdateTexts
from tasks.exclusive_home import exclusive_home
from tasks.morning_update import (
    UpdateSummary,
    compute_update,
    deliver_failed_update,
    deliver_update,
    publish_update,
)


class MissedNight(RunError):
    """The night that the update needs was never published."""


@flow(name="morning-update")
@taking(UpdateRequest)
def morning_update(request: UpdateRequest) -> State[UpdateSummary]:
    """Update the last night before the opening: gap, interval, events; no call."""
    now = datetime.now(UTC)
    with deliver_failed_update(request, now):
        plan = plan_update(request, now)
        with exclusive_home(plan.night):
            # Read again: a night may have published while this run waited.
            plan = plan_update(request, datetime.now(UTC))
            if plan.missed:
                texts = UpdateTexts(plan.as_of, (), missed=plan.missed)
                deliver_update(plan, UpdateSummary(texts))
                return _missed(texts)
            summary = publish_update(plan, compute_update(plan))
            deliver_update(plan, summary)
    return Completed(message=f"{summary.texts.headline}.", data=summary)


def _missed(texts: UpdateTexts) -> State[UpdateSummary]:
    """Return a failed state, so that a notice is sent."""
    error = MissedNight(
        texts.reason_lines()[0].rstrip("."),
        "look at the runs of overnight-screening, and run the night",
    )
    return Failed(name="Missed", message=error.sentence, data=error)
