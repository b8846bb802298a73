"""The command `overnight events`."""

from datetime import UTC, datetime

from cli.options import EventOptions, command
from cli.output import print_result
from cli.render_events import show_events
from cli.request import night_arguments
from pipeline.plan import RunRequest, plan_run
from status.event_report import event_report
from storage.home import Home


@command(EventOptions)
def events(options: EventOptions) -> None:
    """Show coming events, their risk, haircuts and sit-outs.

    Write your own events into event_calendar.csv in the home folder.

    For example: overnight events CBA.AX --as-of 2025-11-10
    """
    Home.existing(options.home)
    plan = plan_run(RunRequest(**night_arguments(options)), now=datetime.now(UTC))
    print_result(event_report(plan), show_events, as_json=options.json)
