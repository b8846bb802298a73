"""The flow that trains one symbol: `-p symbol=CBA.AX` is all it needs."""

from datetime import UTC, datetime
from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State

from config.parameters import PresetName, TrainingOverrides
from flows.lstm_training import train_all
from flows.run_name import run_name
from market_data.selection import Symbols, SymbolText
from market_data.sources import SourceName
from pipeline.plan import AsOf, plan_run
from screening.summary import RunSummary


@flow(name="lstm-training", flow_run_name=run_name)
def single_training(
    symbol: SymbolText,
    source: SourceName = "yahoo",
    folder: Path | None = None,
    as_of: AsOf | None = None,
    preset: PresetName = "standard",
    parameters: TrainingOverrides = TrainingOverrides(),
    home: str | None = None,
) -> State[RunSummary]:
    """Train the LSTM of one symbol: download, indicators, training.

    Args:
        symbol: A Yahoo-style ticker, e.g. CBA.AX, AAPL or BP.L.
        source: Where prices come from.
        folder: The folder source's folder; it holds `prices/`.
        as_of: Use nothing dated later; empty: today.
        preset: How the model is trained, unless a parameter says otherwise.
        parameters: What differs from the preset.
        home: Where data, models, reports and logs lie; empty: OVERNIGHT_HOME.
    """
    return train_all(
        plan_run(
            Symbols(symbols=(symbol,)),
            source=source,
            folder=folder,
            as_of=as_of,
            train="always",
            preset=preset,
            parameters=parameters,
            home=home,
            now=datetime.now(UTC),
        )
    )
