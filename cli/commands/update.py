"""The command `overnight update`."""

from cli.options import UpdateOptions, command
from cli.prefect_server import prefect_server
from config.quick_imports import quick_imports


@command(UpdateOptions)
def update(options: UpdateOptions) -> None:
    """Update the last night before the opening by what New York did since.

    Expected gap, probability and interval change; no call does. The gap is in the
    opening price: it earns nothing by itself.

    For example: overnight update --home ~/overnight
    """
    from storage.home import Home  # noqa: PLC0415  it is slow
    from storage.lock import require_free  # noqa: PLC0415  as above

    require_free(Home.existing(options.home))
    with prefect_server() as server:
        # These imports take seconds, in which the server starts.
        with quick_imports():
            from cli.run_update import run_update  # noqa: PLC0415

        run_update(server, options)
