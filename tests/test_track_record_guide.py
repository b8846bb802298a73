"""docs/track-record.md: its commands run, its snippet gives the same figures."""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from made_calls import SESSIONS, call, calls_frame, night_of, outcome, outcomes_frame
from typer.testing import CliRunner

from cli.app import app
from config.settings import RecordSettings
from screening.track_record.ledger import Ledger
from screening.track_record.track_record import track_records
from storage.home import Home

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "track-record.md").read_text(encoding="utf-8")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Return a ledger of live and replayed calls, one of them made twice."""
    said = ["BUY", "SELL", "HOLD", "BUY", "BUY"]
    made = [
        call("A.AX", as_of, call=one, live=as_of != SESSIONS[3])
        for as_of, one in zip(SESSIONS, said, strict=False)
    ]
    again = made[0] | {"call": "SELL", "made_at": night_of(SESSIONS[0], 12)}
    known = Ledger(Home(tmp_path).track_record)
    known.append(
        calls_frame(*made, again),
        outcomes_frame(*(outcome(one, 1, -0.01) for one in (*made[1:], again))),
        SESSIONS[0],
        night_of(SESSIONS[0]),
    )
    return known


def test_the_snippet_gives_the_figures_of_the_record(
    ledger: Ledger, tmp_path: Path
) -> None:
    """The snippet's counts and hit rates are those of `overnight track-record`."""
    (snippet,) = re.findall(r"```python\n(.+?)```", GUIDE, flags=re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", snippet],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    printed = [line.split() for line in done.stdout.splitlines()[-2:]]
    few = RecordSettings(min_calls=2, horizons=(1,))
    records = track_records(ledger.calls(), ledger.outcomes(), few, datetime.now(UTC))
    bets = records.live.horizons[0].directional_calls
    assert bets.hit_rate
    assert printed[0][1:] == ["1", "0.000000"]
    assert printed[1] == ["True", str(bets.calls), f"{bets.hit_rate.mean:.6f}"]


def test_its_commands_run(ledger: Ledger) -> None:
    """Each command of the guide works in a home with a ledger."""
    home = str(ledger.folder.parents[1])
    (block,) = re.findall(r"```sh\n(.+?)```", GUIDE, flags=re.DOTALL)
    for line in block.splitlines():
        _, *words = line.split()
        done = CliRunner().invoke(app, [*words, "--home", home])
        assert done.exit_code == 0, done.stderr


def test_its_links_lead_somewhere() -> None:
    """The files and settings that the guide names exist."""
    for link in re.findall(r"\]\(([^)]+)\)", GUIDE):
        assert (ROOT / "docs" / link).resolve().exists()
    assert {"min_calls", "horizons", "interval"} <= set(RecordSettings.model_fields)
