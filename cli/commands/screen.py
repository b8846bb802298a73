"""The command `overnight screen`."""

from cli.options import ScreenOptions, command
from cli.output import show_step
from cli.prefect_server import prefect_server
from config.quick_imports import quick_imports


@command(ScreenOptions)
def screen(options: ScreenOptions) -> None:
    """Screen stocks and write the CSV.

    For example: overnight screen --source sample
    """
    from cli.request import flow_arguments, parse_sit_out  # noqa: PLC0415  it is slow
    from storage.home import Home  # noqa: PLC0415  as above
    from storage.lock import require_free  # noqa: PLC0415  as above

    require_free(Home.at(options.home))
    arguments = flow_arguments(options, options.train)
    sit_out = parse_sit_out(options.sit_out)
    show_step("starting Prefect and loading the libraries")
    with prefect_server() as server:
        # These imports take seconds, in which the server starts.
        with quick_imports():
            from cli.run_flow import run_flow  # noqa: PLC0415
            from flows.overnight_screening import overnight_screening  # noqa: PLC0415

        run_flow(
            server,
            overnight_screening,
            arguments,
            all_rows=options.all,
            force=True,
            only=options.only,
            sit_out=sit_out,
        )
