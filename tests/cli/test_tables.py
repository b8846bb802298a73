"""The table with which a night ends, and the sentences below it."""

from dataclasses import replace
from pathlib import Path

import pytest
from made_morning import AS_OF, morning, screened
from made_rows import DISTRIBUTION

from cli.render_explanation import show_explanation
from cli.tables import show_summary
from config.settings import Settings
from screening.explanation import explain
from screening.summary import RunSummary
from screening.table import csv_cells

NIGHT = morning(
    [
        screened("AAA.AX"),
        screened("SAFE.AX", distribution=replace(DISTRIBUTION, scale=0.001)),
    ]
)


def test_calls_on_which_nobody_can_act_are_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A sentence below the table names them; they are the last of the ranking."""
    symbols = ("AAA.AX", "SAFE.AX")
    path = Path("night.csv")
    show_summary(RunSummary(AS_OF, symbols, {}, 1.0, rows=NIGHT.rows, csv=path))
    text = " ".join(capsys.readouterr().out.split())
    assert "Nobody can act on 1 of the calls (SAFE.AX): the stock hardly moves" in text


def test_explain_says_why_nobody_can_act(capsys: pytest.CaptureFixture[str]) -> None:
    """The explanation has the reason, and the call that the score would give."""
    row = next(row for row in NIGHT.rows if row["symbol"] == "SAFE.AX")
    show_explanation(explain(csv_cells(row), Settings()))
    text = " ".join(capsys.readouterr().out.split())
    assert "Nobody can act on the call: it hardly moves: 0.100% a session" in text
