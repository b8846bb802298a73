"""The command `overnight train`."""

from cli.options import TrainOptions, command
from cli.output import show_step


@command(TrainOptions)
def train(options: TrainOptions) -> None:
    """Train one LSTM per symbol; ask for a stock list if none is named.

    For example: overnight train CBA.AX --preset high_accuracy
    """
    from storage.home import Home  # noqa: PLC0415  it is slow
    from storage.lock import require_free  # noqa: PLC0415  as above

    require_free(Home.at(options.home))
    show_step("starting Prefect and loading the libraries")
    from tasks.temporary_server import temporary_server  # noqa: PLC0415  as above

    with temporary_server() as server:
        # These imports take seconds, in which the server starts.
        from cli.request import flow_arguments  # noqa: PLC0415
        from cli.run_flow import run_flow  # noqa: PLC0415
        from flows.lstm_training import lstm_training  # noqa: PLC0415

        arguments = flow_arguments(options, "always")
        run_flow(server, lstm_training, arguments, all_rows=options.all)
