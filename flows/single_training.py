"""The flow that trains one symbol; `-p symbol=CBA.AX` is all that it needs."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Literal

from prefect import flow
from prefect.client.schemas.objects import State

from flows.lstm_training import TrainingRequest, train_all
from flows.request import name_run, taking
from market_data.selection import Selection, Symbols, SymbolText
from pipeline.plan import plan_run
from screening.summary import RunSummary


@dataclass(frozen=True, kw_only=True)
class SingleTrainingRequest(TrainingRequest):
    """What the training of one symbol is asked to do."""

    symbol: Annotated[SymbolText, "A Yahoo-style ticker, e.g. CBA.AX, AAPL or BP.L."]
    selection: Selection = field(init=False)
    train: Literal["always"] = field(init=False, default="always")

    def __post_init__(self) -> None:
        """Select the symbol."""
        object.__setattr__(self, "selection", Symbols(symbols=(self.symbol,)))


@flow(name="lstm-training", flow_run_name=name_run(SingleTrainingRequest))
@taking(SingleTrainingRequest)
def single_training(request: SingleTrainingRequest) -> State[RunSummary]:
    """Train the LSTM of one symbol: download, indicators, training."""
    return train_all(plan_run(request, datetime.now(UTC)))
