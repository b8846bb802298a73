"""`overnight evaluate --update` on made stocks, and on 11 recorded ones."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from equipment import needed
from own_updates import write_lead
from typer.testing import CliRunner

from cli.app import app

ASX = "CBA,ANZ,NAB,WBC,MQG,BHP,RIO,CSL,WES,BOQ,FMG"


def evaluate(home: Path, folder: Path, symbols: str, *words: str) -> Any:  # noqa: ANN401
    """Run the command on a folder."""
    source = ("--source", "folder", "--folder", str(folder), "--home", str(home))
    command = ["evaluate", "--update", "--symbols", symbols, *source, *words]
    return CliRunner().invoke(app, command)


@pytest.fixture
def folder(market: Path, tmp_path: Path) -> Path:
    """Return made stocks with New York's index beside them."""
    made = tmp_path / "made"
    (made / "prices").mkdir(parents=True)
    for path in (market / "prices").glob("*.csv"):
        (made / "prices" / path.name).write_bytes(path.read_bytes())
    write_lead(made, date(2025, 12, 4))
    return made


def test_past_mornings_are_judged(folder: Path, tmp_path: Path) -> None:
    """Every row has an update or a reason; the first line says where the gap is."""
    span = ("--from", "2025-11-03", "--to", "2025-12-01")
    done = evaluate(tmp_path, folder, "AAA.AX,BBB.AX", *span, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    # 21 sessions; Thanksgiving and the half day after it give no update.
    assert found["figures"]["updates"] == 2 * 19
    assert sum(found["without_update"].values()) == 2 * 2
    assert found["note"].startswith("The gap is in the opening price")
    shown = evaluate(tmp_path, folder, "AAA.AX,BBB.AX", *span)
    assert shown.stdout.startswith("The gap is in the opening price")


def test_a_span_without_a_lead_is_refused(folder: Path, tmp_path: Path) -> None:
    """One sentence says why no morning has an update."""
    (folder / "prices" / "^GSPC.csv").unlink()
    done = evaluate(tmp_path, folder, "AAA.AX", "--from", "2025-11-03")
    assert done.exit_code == 2
    assert "no morning from 2025-11-03" in done.stderr


@pytest.mark.long
def test_the_published_figures_of_11_stocks(tmp_path: Path) -> None:
    """SPEC 12: same sign in 59.6, 65.8 and 50.4 %, correlations .315, .516, -.08."""
    symbols = ",".join(f"{name}.AX" for name in ASX.split(","))
    span = ("--from", "2024-02-01", "--to", "2026-01-02", "--json")
    found = json.loads(evaluate(tmp_path, needed("market"), symbols, *span).stdout)
    figures = found["figures"]
    for name, hits, correlation in (
        ("close_to_close", 0.596, 0.315),
        ("gap", 0.658, 0.516),
        ("open_to_close", 0.504, -0.08),
    ):
        shares, strength = figures["hits"][name], figures["correlations"][name]
        assert shares["low"] <= hits <= shares["high"]
        assert strength["value"] == pytest.approx(correlation, abs=0.03)
    assert figures["with_lead"]["brier_score"]["value"] < 0.24
