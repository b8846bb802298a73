"""What Prefect's server does by itself: end dead runs, tell the person of lost nights.

Automations, kept by the server: they act though the run, or its worker, is gone.
"""

from datetime import timedelta

from prefect.automations import Automation
from prefect.blocks.webhook import Webhook
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import CallWebhook, ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture
from pydantic import SecretStr

SILENT_SECONDS = 540
"""Three heartbeats of 180 s; a run that is silent for longer is dead.

A run that a worker has taken gives its first within a minute: until then it is pending.
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
"""Names of final states, Prefect's own and ours."""

TOLD = ("Failed", "Missed", "Crashed", "TimedOut", "Late")
"""States that reach the person; `Missed` is the night watch's."""

DEAD_RUNS = "overnight: a run without heartbeat has crashed"
LOST_NIGHTS = "overnight: tell of failed and missed runs"
WEBHOOK = "overnight-notice"

PAYLOAD = """{
  "text": {{ (
    flow_run.name ~ ": " ~ flow_run.state.name ~ ". " ~ (flow_run.state.message or "")
  ) | tojson }},
  "run": {{ flow_run.name | tojson }},
  "state": {{ flow_run.state.name | tojson }},
  "url": {{ (flow_run | ui_url) | tojson }}
}"""
"""Slack's, Mattermost's and Teams' webhooks show `text`; a program reads the rest."""


def end_dead_runs(silent_seconds: float = SILENT_SECONDS) -> None:
    """Let the server call a run crashed that has been silent for so long."""
    _put(
        Automation(
            name=DEAD_RUNS,
            description="A killed worker can't say that its run has ended.",
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
                within=timedelta(seconds=silent_seconds),
            ),
            actions=[
                ChangeFlowRunState(
                    state=StateType.CRASHED,
                    message=f"No heartbeat for {silent_seconds:g} s: the process died.",
                )
            ],
        )
    )


def tell_of_lost_nights(url: SecretStr | None) -> None:
    """Let the server post each failed, crashed, missed or late run to `url`.

    Without one nothing is posted, and an earlier address is forgotten.
    """
    if url is None:
        _remove(LOST_NIGHTS)
        return
    # Prefect's save is typed for async callers too.
    block = Webhook(url=url).save(WEBHOOK, overwrite=True)
    _put(
        Automation(
            name=LOST_NIGHTS,
            description="Posts to the webhook of OVERNIGHT_NOTICE_URL.",
            trigger=EventTrigger(
                expect={f"prefect.flow-run.{state}" for state in TOLD},
                match={"prefect.resource.id": ["prefect.flow-run.*"]},
                for_each={"prefect.resource.id"},
                posture=Posture.Reactive,
                threshold=1,
            ),
            actions=[CallWebhook(block_document_id=block, payload=PAYLOAD)],
        )
    )


def _put(automation: Automation) -> None:
    """Create the automation in the place of its namesake."""
    _remove(automation.name)
    automation.create()


def _remove(name: str) -> None:
    with get_client(sync_client=True) as client:
        for automation in client.read_automations_by_name(name):
            client.delete_automation(automation.id)
