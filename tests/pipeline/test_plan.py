"""The plan of a run; a request with a wrong value is refused and writes nothing."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from config.errors import ParameterError, SelectionError, UsageError
from config.parameters import TrainingOverrides
from market_data.selection import Symbols, Universe, find_list
from pipeline.plan import RunPlan, RunRequest, plan_run

NOW = datetime(2025, 11, 10, 8, 30, tzinfo=UTC)
"""19:30 in Sydney, 03:30 in New York: the ASX has closed, Wall Street is not open."""


def plan(home: Path, now: datetime = NOW, **changes: Any) -> RunPlan:  # noqa: ANN401
    """Return the plan of an ordinary run with `changes`."""
    request: dict[str, Any] = {
        "selection": Symbols(symbols=("CBA.AX", "AAPL")),
        "source": "yahoo",
        "folder": None,
        "as_of": None,
        "train": "stale",
        "preset": "standard",
        "parameters": TrainingOverrides(),
        "home": home,
    }
    return plan_run(RunRequest(**(request | changes)), now=now)


def test_each_exchange_has_its_own_as_of(tmp_path: Path) -> None:
    """The ASX's Monday is over while New York's last session is Friday's."""
    night = plan(tmp_path)
    assert night.as_of_for("CBA.AX") == date(2025, 11, 10)
    assert night.as_of_for("AAPL") == date(2025, 11, 7)
    assert night.as_of == date(2025, 11, 10)
    assert night.forecast_session("AAPL") == date(2025, 11, 10)


def test_history_starts_a_period_before_the_as_of(tmp_path: Path) -> None:
    """Two years of history are counted back from the symbol's own as-of."""
    assert plan(tmp_path).first_date("AAPL") == date(2023, 11, 7)


def test_the_sample_ends_in_2013(tmp_path: Path) -> None:
    """A sample night is the night of the package's last session."""
    night = plan(tmp_path, source="sample", selection=Universe(universe="sample"))
    assert night.as_of == date(2013, 3, 1)


def test_a_users_own_list_can_be_named(tmp_path: Path) -> None:
    """A universe of the home's `overnight.toml` is a universe."""
    (tmp_path / "overnight.toml").write_text('[universes]\nmine = ["BHP.AX"]\n')
    assert plan(tmp_path, selection=find_list("mine")).symbols == ("BHP.AX",)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"source": "ftp"}, ParameterError, "yahoo, folder, sample"),
        ({"source": "folder"}, ParameterError, "holds `prices/`"),
        ({"train": "maybe"}, ParameterError, "stale, always, never"),
        ({"as_of": date(2031, 1, 1)}, ParameterError, "2031-01-01"),
        ({"as_of": date(1931, 1, 1)}, ParameterError, "1931-01-01"),
        ({"selection": find_list("x")}, SelectionError, "asx_priority"),
        ({"selection": Symbols(symbols=("../../x",))}, SelectionError, "../../x"),
    ],
)
def test_a_wrong_request_is_refused(
    tmp_path: Path, changes: dict[str, Any], error: type[UsageError], words: str
) -> None:
    """What can't be run is refused with its value or choices; nothing is written."""
    with pytest.raises(error, match=words.replace("/", "[/]")):
        plan(tmp_path, **changes)
    assert not list(tmp_path.iterdir())


def test_a_bad_symbol_of_an_own_list_is_named_with_it(tmp_path: Path) -> None:
    """A list of the user's own is checked like any other; an empty one is refused."""
    toml = tmp_path / "overnight.toml"
    toml.write_text('[universes]\nmine = ["BHP.AX", "../../x"]\n')
    with pytest.raises(SelectionError, match="universe mine: `symbol` must look like"):
        plan(tmp_path, selection=find_list("mine"))
    toml.write_text("[universes]\nmine = []\n")
    with pytest.raises(ParameterError, match=r"`universes.mine` must have at least 1"):
        plan(tmp_path, selection=find_list("mine"))


def test_a_request_s_rule_for_sit_outs_replaces_the_setting(tmp_path: Path) -> None:
    """Without one the setting of `overnight.toml` holds."""
    (tmp_path / "overnight.toml").write_text("[guard]\nsit_out = 'reaction'\n")
    night = plan(tmp_path)
    assert night.with_sit_out(None).settings.guard.sit_out == "reaction"
    assert night.with_sit_out("published").settings.guard.sit_out == "published"
