"""Automations of Prefect's server: end dead runs, and post failed and missed runs.

The server runs them, so they also work when a run or its worker has died.
"""

from datetime import timedelta
from typing import Any

from prefect.automations import Automation
from prefect.blocks.webhook import Webhook
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import CallWebhook, ChangeFlowRunState
from prefect.events.schemas.automations import (
    AutomationCore,
    EventTrigger,
    Posture,
)
from pydantic import SecretStr

HEARTBEAT_TIMEOUT_SECONDS = 540
"""A run without a heartbeat for this time, three intervals of 180 s, is dead.

The first heartbeat comes within a minute; until then the run is pending.
"""

ENDED = (
    "Cancelled",
    "Completed",
    "Completed with failures",
    "Crashed",
    "Failed",
    "Missed",
    "Skipped",
    "TimedOut",
)
"""Names of final states: Prefect's own and ours."""

POSTED = ("Failed", "Missed", "Crashed", "TimedOut", "Late")
"""States that are posted to the webhook; `Missed` is a state of the night watch."""

DEAD_RUNS = "overnight: a run without heartbeat has crashed"
LOST_NIGHTS = "overnight: report failed and missed runs"
WEBHOOK = "overnight-notice"

PAYLOAD = """{
  "text": {{ (
    flow_run.name ~ ": " ~ flow_run.state.name ~ ". " ~ (flow_run.state.message or "")
  ) | tojson }},
  "run": {{ flow_run.name | tojson }},
  "state": {{ flow_run.state.name | tojson }},
  "url": {{ (flow_run | ui_url) | tojson }}
}"""
"""Slack, Mattermost and Teams show `text`; a program can read the other fields."""


def end_dead_runs(seconds: float = HEARTBEAT_TIMEOUT_SECONDS) -> None:
    """Let the server mark a run without heartbeat as crashed after this time.

    If the server has the same automation already, it is kept with the runs that the
    server watches; a new one would never end a run that died before it was made.
    """
    _ensure(
        Automation(
            name=DEAD_RUNS,
            description="A killed worker can't report that its run has ended.",
            trigger=EventTrigger(
                after={"prefect.flow-run.heartbeat", "prefect.flow-run.Pending"},
                expect={
                    "prefect.flow-run.heartbeat",
                    *(f"prefect.flow-run.{state}" for state in ENDED),
                },
                match={"prefect.resource.id": ["prefect.flow-run.*"]},
                for_each={"prefect.resource.id"},
                posture=Posture.Proactive,
                threshold=1,
                within=timedelta(seconds=seconds),
            ),
            actions=[
                ChangeFlowRunState(
                    state=StateType.CRASHED,
                    message=f"No heartbeat for {seconds:g} s: the process died.",
                )
            ],
        )
    )


def post_lost_nights(url: SecretStr | None) -> None:
    """Let the server post each failed, crashed, missed or late run to `url`.

    If `url` is None, nothing is posted and an earlier address is removed.
    """
    if url is None:
        _remove(LOST_NIGHTS)
        return
    # Prefect's save is typed for async callers too.
    block = Webhook(url=url).save(WEBHOOK, overwrite=True)
    _replace(
        Automation(
            name=LOST_NIGHTS,
            description="Posts to the webhook of OVERNIGHT_NOTICE_URL.",
            trigger=EventTrigger(
                expect={f"prefect.flow-run.{state}" for state in POSTED},
                match={"prefect.resource.id": ["prefect.flow-run.*"]},
                for_each={"prefect.resource.id"},
                posture=Posture.Reactive,
                threshold=1,
            ),
            actions=[CallWebhook(block_document_id=block, payload=PAYLOAD)],
        )
    )


def _ensure(automation: Automation) -> None:
    """Create the automation, unless the server has an equal one."""
    with get_client(sync_client=True) as client:
        found = client.read_automations_by_name(automation.name)
    if [_content(one) for one in found] != [_content(automation)]:
        _replace(automation)


def _content(automation: AutomationCore) -> dict[str, Any]:
    """Return all of the automation except what the server adds."""
    return automation.model_dump(include=set(AutomationCore.model_fields))


def _replace(automation: Automation) -> None:
    """Create the automation; it replaces an earlier one of the same name."""
    _remove(automation.name)
    automation.create()


def _remove(name: str) -> None:
    with get_client(sync_client=True) as client:
        for automation in client.read_automations_by_name(name):
            client.delete_automation(automation.id)
