"""The command `overnight update`."""

from cli.options import UpdateOptions, command
from tasks.temporary_server import temporary_server


@command(UpdateOptions)
def update(options: UpdateOptions) -> None:
    """Update the last night before the opening by what New York did since.

    Expected gap, probability and interval change; no call does. The gap is in the
    opening price: it earns nothing by itself.

    For example: overnight update --home ~/overnight
    """
    with temporary_server() as server:
        # These imports take seconds, in which the server starts.
        from cli.run_update import run_update  # noqa: PLC0415

        run_update(server, options)
