"""What commands advise: for models that could be better, and commands that exist."""

import ast
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import typer
from made_rows import ACTIVE, DISTRIBUTION, csv_row, four

from cli.app import app
from cli.tables import show_statuses, show_summary
from config.errors import RunError
from config.parameters import TrainingParameters
from config.settings import BlendSettings, ModelSettings
from features.component import Component
from features.indicators import FEATURES, INDICATORS
from modelling.early_stopping import EpochCounts
from modelling.forecasting import Forecast
from modelling.freshness import ModelState
from modelling.grading import advice, rejection
from modelling.keras_network import start_network, write_network
from modelling.model_metadata import Challenge, ModelMetadata, TrainingResults
from modelling.registry import Registry
from screening.findings import (
    IndicatorFindings,
    ModelFindings,
    PriceFindings,
    SymbolFindings,
)
from screening.row import build_row
from screening.summary import RunSummary
from screening.table import csv_path, write_csv
from status.home_status import read_home_status
from status.model_status import model_statuses
from status.published import find_published_report
from storage.home import Home

SMALL = TrainingParameters(lstm_units=(2, 2))
AT = datetime(2025, 11, 10, 9, 0, tzinfo=UTC)
ADVICE = str(advice("overfitting", TrainingParameters(), EpochCounts(50, 50)))

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
        "parameters": SMALL,
        "library_versions": {},
        "data_fingerprint": "",
    }
    return ModelMetadata.model_validate(facts | changes)


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., ModelMetadata]:
    """Give a function that saves a small model in the home."""
    registry = Registry(Home(tmp_path).models, ModelSettings())
    write = partial(write_network, start_network(SMALL), SMALL)
    return lambda **changes: registry.save(model(**changes), write)


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
    found = model_statuses(None, tmp_path, later)
    (line,) = found.symbols
    assert (line.usable, line.advice) == (True, ADVICE)
    assert line.challenger == "graded overfitting"
    show_statuses(found)
    assert f"advice CBA.AX: {ADVICE}" in capsys.readouterr().out


RATIOS = {"loss_ratio": 5.25, "loss_ratio_vs_persistence": 2.31}


def test_the_status_has_both_loss_ratios(
    saved: Callable[..., ModelMetadata],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The raw ratio and that against persistence; a rejected model's reason too."""
    reason = rejection("overfitting", *RATIOS.values(), 0.99, ModelSettings())
    saved(grade="overfitting", rejected=reason, **RATIOS)
    found = model_statuses(None, tmp_path, AT)
    assert found.symbols[0].model_dump(include=set(RATIOS)) == RATIOS
    show_statuses(found)
    table = " ".join(capsys.readouterr().out.split())
    assert "loss ratio against persistence 2.310 (raw 5.250) is above 2" in table


def test_the_status_says_that_a_champion_stays(
    saved: Callable[..., ModelMetadata], tmp_path: Path
) -> None:
    """The newer model that lost is named with its numbers."""
    saved(training_date=AT - timedelta(days=8))
    saved(challenge=LOST)
    (line,) = model_statuses(None, tmp_path, AT).symbols
    assert line.trained_at == AT - timedelta(days=8)
    assert line.challenger == LOST.sentence


def test_the_row_says_that_a_champion_stays() -> None:
    """In the night in which the challenger lost, while the old model is used."""
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
            ACTIVE,
        ),
        model=ModelFindings(
            ModelState("stale", 8), model(), Forecast(101.0, 0.01, -0.02, 0.04, 0.75)
        ),
        trained=model(challenge=LOST),
        distribution=DISTRIBUTION,
    )
    row = build_row(findings, AT, BlendSettings())
    assert f"the new model is worse ({LOST.sentence})" in row["reason"]


ROOT = Path(__file__).parents[2]
OTHERS = {"--extra", "--nthreads", "--nworkers", "--no-nanny", "--xla"} | {
    *("--no-prompt", "--all", "--pool", "--type", "--host", "--port", "--prefect-file")
}
"""Options of uv, Dask, JAX and Prefect that our texts mention."""

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
OUR_FOLDERS = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


def texts_in(node: ast.AST) -> Iterator[str]:
    """Give the texts of a module; what an f-string computes is X."""
    if isinstance(node, ast.JoinedStr):
        parts = (getattr(part, "value", "X") for part in node.values)
        yield "".join(part if isinstance(part, str) else "X" for part in parts)
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from texts_in(child)


def printed_texts() -> Iterator[tuple[str, str]]:
    """Give all texts of our modules with the module's name, its docstrings included."""
    for folder in OUR_FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            for text in texts_in(ast.parse(path.read_text(encoding="utf-8"))):
                yield path.name, text


def options_by_command() -> dict[str, set[str]]:
    """Return each command's options; a group's commands are called `group command`."""
    found: dict[str, set[str]] = {}

    def walk(command: Any, name: str) -> None:  # noqa: ANN401  typer's own command
        for inner_name, inner in getattr(command, "commands", {}).items():
            walk(inner, f"{name} {inner_name}".strip())
        params = command.load().params if hasattr(command, "load") else command.params
        found[name] = {"--help", *(word for param in params for word in param.opts)}

    walk(typer.main.get_command(app), "")
    return found


def test_every_option_that_a_text_names_exists() -> None:
    """An option that a message suggests is an option of one of our commands."""
    known = set().union(*options_by_command().values()) | OTHERS
    assert not {
        (module, option)
        for module, text in printed_texts()
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)
        if option not in known and "prefect" not in text
    }


def test_every_command_that_a_text_names_exists() -> None:
    """`overnight WORDS` in a text is a command with options of its own."""
    commands = options_by_command()
    named = [
        (module, words)
        for module, text in printed_texts()
        for words in re.findall(r"(?:`|: )overnight ([a-z-][^`\n;]*)", text)
    ]
    assert len(named) > 20
    for module, words in named:
        first, *rest = re.findall(r"(?:--)?[A-Za-z][\w-]*", words)
        command = f"{first} {rest[0]}" if first == "model" and rest else first
        command = "" if first.startswith("--") else command
        assert command in commands, (module, words)
        options = set(re.findall(r"--[a-z][a-z-]+", words))
        assert options <= commands[command], (module, words)


def test_the_next_steps_are_commands_for_a_shell(tmp_path: Path) -> None:
    """Homes and lists with spaces, quotes and $ come back as single words."""
    home = tmp_path / 'my "home" $HOME'
    home.mkdir()
    (home / "overnight.toml").write_text('[universes]\n"my $list" = ["CBA.AX"]\n')
    row = csv_row(four(1, 1, 1, None), symbol="CBA.AX", data_source="yahoo")
    row["run_at"] = "2025-11-10T08:30:00+00:00"
    write_csv(csv_path(Home(home).screening_csv, AT.date()), [row])
    commands = [
        shlex.split(step.command)
        for now in (AT, AT + timedelta(days=30))
        for step in read_home_status(str(home), now).next
    ]
    assert all(words[-2:] == ["--home", str(home)] for words in commands)
    assert ["overnight", "screen", "--universe", "my $list"] in [
        words[:4] for words in commands
    ]


def test_a_night_that_is_missing_names_its_home(tmp_path: Path) -> None:
    """The command that would write the report is for this home."""
    home = tmp_path / "a b"
    with pytest.raises(RunError, match=r"as-of 2025-11-10 --home '.*a b'"):
        find_published_report(Home(home), AT.date())
