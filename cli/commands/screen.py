"""The command `overnight screen`."""

from cli.options import ScreenOptions, command
from cli.request import flow_arguments
from cli.run_flow import run_flow
from flows.overnight_screening import overnight_screening


@command(ScreenOptions)
def screen(options: ScreenOptions) -> None:
    """Screen stocks and write the CSV.

    For example: overnight screen --source sample
    """
    arguments = flow_arguments(options, options.train)
    run_flow(overnight_screening, arguments, force=True, only=options.only)
