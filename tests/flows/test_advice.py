"""What `overnight train` and `overnight status` say of models that could be better."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.home import Home
from config.parameters import TrainingParameters
from config.settings import BlendSettings, ModelSettings
from features.component import Component
from features.indicators import FEATURES, INDICATORS
from flows.model_status import statuses
from flows.terminal import show_statuses, show_summary
from modelling.evaluation import advice
from modelling.forecasting import Forecast
from modelling.freshness import ModelState
from modelling.model_metadata import Challenge, ModelMetadata, TrainingResults
from modelling.registry import Registry
from screening.findings import (
    IndicatorFindings,
    ModelFindings,
    PriceFindings,
    SymbolFindings,
)
from screening.row import screened_row
from screening.summary import RunSummary

AT = datetime(2025, 11, 10, 9, 0, tzinfo=UTC)
ADVICE = str(advice("overfitting", TrainingParameters()))

LOST = Challenge(
    champion_trained_at=AT - timedelta(days=8),
    sessions=41,
    rmse=0.0151,
    champion_rmse=0.0139,
    p_value=0.0123,
    lost=True,
)


def model(**changes: Any) -> ModelMetadata:  # noqa: ANN401  any field of the metadata
    """Return the metadata of a usable model with `changes`."""
    facts: dict[str, Any] = {
        "symbol": "CBA.AX",
        "training_date": AT,
        "data_points": 470,
        "features": tuple(FEATURES),
        "sequence_length": 60,
        "epochs": 50,
        "results": TrainingResults(
            final_loss=0.001, final_val_loss=0.001, training_time=1
        ),
        "loss_ratio": 1.0,
        "epochs_run": 50,
        "below_advised_range": False,
        "training_windows": 300,
        "validation_windows": 80,
        "first_session": date(2023, 11, 10),
        "last_session": date(2025, 11, 10),
        "price_source": "folder",
        "price_basis": 170.0,
        "scaler_minimum": (0.0,) * 8,
        "scaler_maximum": (1.0,) * 8,
        "calibration_residuals": (0.01, -0.01),
        "skill": 0.99,
        "directional_accuracy": 0.5,
        "majority_rate": 0.5,
        "grade": "excellent",
        "rejected": None,
        "advice": None,
        "parameters": TrainingParameters(),
        "library_versions": {},
        "data_fingerprint": "",
    }
    return ModelMetadata.model_validate(facts | changes)


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., ModelMetadata]:
    """Give a function that saves a model in the home; no file of it is loaded."""
    registry = Registry(Home(tmp_path).models, ModelSettings())
    return lambda **changes: registry.save(
        model(**changes), lambda path: path.write_bytes(b"not read")
    )


def test_a_training_ends_with_the_advice(capsys: pytest.CaptureFixture[str]) -> None:
    """By symbol, with the option that changes the parameter, on a line of its own."""
    bad = model(grade="overfitting", rejected="graded overfitting", advice=ADVICE)
    worse = model(symbol="BHP.AX", challenge=LOST)
    summary = RunSummary(AT.date(), ("CBA.AX",), {}, 1.0, trained=(bad, worse))
    show_summary(summary)
    said = capsys.readouterr().out
    assert (
        "advice CBA.AX: overfitting: fewer epochs than 50 (--epochs), or dropout 0.3 "
        "instead of 0.2 (--dropout)"
    ) in said
    assert "stays" in said


def test_the_status_has_the_advice_too(
    saved: Callable[..., ModelMetadata],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """For a person and for a program, of the live model or a newer one not used."""
    saved()
    later = AT + timedelta(days=8)
    saved(training_date=later, rejected="graded overfitting", advice=ADVICE)
    found = statuses(None, tmp_path, later)
    (line,) = found.symbols
    assert (line.usable, line.advice) == (True, ADVICE)
    assert line.challenger == "graded overfitting"
    show_statuses(found)
    assert f"advice CBA.AX: {ADVICE}" in capsys.readouterr().out


def test_the_status_says_that_a_champion_stays(
    saved: Callable[..., ModelMetadata], tmp_path: Path
) -> None:
    """The newer model that lost is named with its numbers."""
    saved(training_date=AT - timedelta(days=8))
    saved(challenge=LOST)
    (line,) = statuses(None, tmp_path, AT).symbols
    assert line.trained_at == AT - timedelta(days=8)
    assert line.challenger == LOST.sentence


def test_the_row_says_that_a_champion_stays() -> None:
    """In the night in which the challenger lost, while the old model speaks."""
    findings = SymbolFindings(
        symbol="CBA.AX",
        as_of=AT.date(),
        forecast_session=AT.date() + timedelta(days=1),
        prices=PriceFindings(Path("p"), 506, "AUD", "folder", ()),
        indicators=IndicatorFindings(
            Path("i"),
            {"close": 100.0} | dict.fromkeys(INDICATORS, 1.5),
            Component(0.5, 0.5),
            Component(-0.2, 0.6),
        ),
        model=ModelFindings(
            ModelState("stale", 8), model(), Forecast(101.0, 0.01, -0.02, 0.04, 0.75)
        ),
        trained=model(challenge=LOST),
    )
    row = screened_row(findings, AT, BlendSettings())
    assert f"the new model is worse ({LOST.sentence})" in row["reason"]
