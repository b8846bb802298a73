"""The command `overnight train`."""

from cli.options import TrainOptions, command
from cli.request import flow_arguments
from cli.run_flow import run_flow
from flows.lstm_training import lstm_training


@command(TrainOptions)
def train(options: TrainOptions) -> None:
    """Train one LSTM per symbol; ask for a stock list if none is named.

    For example: overnight train CBA.AX --preset high_accuracy
    """
    run_flow(lstm_training, flow_arguments(options, "always"))
