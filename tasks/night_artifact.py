"""Shows a night on Prefect's page: the message about it, and where its files are."""

from functools import partial

from prefect.artifacts import create_markdown_artifact

from delivery.markdown import escape, message_markdown
from pipeline.plan import RunPlan
from screening.summary import RunSummary
from tasks.deliver import compose_message
from tasks.server import try_show


def show_night(plan: RunPlan, summary: RunSummary) -> None:
    """Put the night's message into a Markdown artifact; a fault is only logged."""
    try_show("the night's summary", partial(_show, plan, summary))


def _show(plan: RunPlan, summary: RunSummary) -> None:
    home = plan.home
    files = {"CSV": summary.csv, "Report": summary.report, "All nights": home.archive}
    # As text: a page from a server can't open a file on a disk.
    places = [f"- {name}: {escape(str(path))}" for name, path in files.items() if path]
    text = message_markdown(compose_message(plan, summary))
    create_markdown_artifact(
        "\n\n".join([text, "### Files", "\n".join(places)]),
        key="night",
        description=summary.verdict,
    )
