"""The command `overnight train`."""

from cli.options import TrainOptions, command
from cli.output import show_step
from cli.prefect_server import prefect_server
from config.quick_imports import quick_imports


@command(TrainOptions)
def train(options: TrainOptions) -> None:
    """Train one LSTM per symbol; ask for a stock list if none is named.

    For example: overnight train CBA.AX --preset high_accuracy
    """
    from cli.request import flow_arguments  # noqa: PLC0415  it is slow
    from storage.home import Home  # noqa: PLC0415  as above
    from storage.lock import require_free  # noqa: PLC0415  as above

    require_free(Home.at(options.home))
    arguments = flow_arguments(options, "always")
    show_step("starting Prefect and loading the libraries")
    with prefect_server() as server:
        # These imports take seconds, in which the server starts.
        with quick_imports():
            from cli.run_flow import run_flow  # noqa: PLC0415
            from flows.lstm_training import lstm_training  # noqa: PLC0415

        run_flow(server, lstm_training, arguments, all_rows=options.all)
