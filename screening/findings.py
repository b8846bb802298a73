"""What the stages found for one symbol: small values that point to stored tables."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from features.component import Component
from modelling.forecasting import Forecast
from modelling.freshness import ModelState
from modelling.model_metadata import ModelMetadata
from risk_guard.assessment import EventAssessment


@dataclass(frozen=True)
class PriceFindings:
    """Adjusted prices stored at `path`.

    `defects` and `repairs` are sentences, empty where there are none; only defects
    degrade the row.
    """

    path: Path
    sessions: int
    currency: str
    source: str
    defects: tuple[str, ...]
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True)
class IndicatorFindings:
    """Indicators stored at `path`, their values at the as-of session, two voices.

    `last` may hold NaN where an indicator is undefined.
    """

    path: Path
    last: dict[str, float]
    trend: Component
    technical: Component


@dataclass(frozen=True)
class ModelFindings:
    """The symbol's model on this night, and its forecast where it may speak."""

    state: ModelState
    metadata: ModelMetadata | None
    forecast: Forecast | None

    @property
    def voice(self) -> Component:
        """Return the LSTM's component, missing with the model's reason."""
        if self.forecast is None:
            return Component.missing(self.state.reason)
        return self.forecast.voice


@dataclass(frozen=True)
class SymbolFindings:
    """All there is to say of one symbol; later stages are None after a failure."""

    symbol: str
    as_of: date
    forecast_session: date
    events: EventAssessment
    finbert: Component
    failure: str | None = None
    prices: PriceFindings | None = None
    indicators: IndicatorFindings | None = None
    model: ModelFindings | None = None
    trained: ModelMetadata | None = None
    training_failure: str | None = None
