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
from screening.market_state import group_by_exchange, market_state
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


def test_the_market_has_one_line_per_exchange(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It follows the ranked table; a night without a state has none."""
    groups = group_by_exchange([screened("AAA.AX"), screened("MSFT")]).values()
    market = tuple(market_state(group, None, 7) for group in groups)
    night = RunSummary(AS_OF, ("AAA.AX",), {}, 1.0, rows=NIGHT.rows, csv=Path("n.csv"))
    show_summary(replace(night, market=market))
    shown = capsys.readouterr().out
    assert "Market XASX: no prices of ^AXJO\nMarket XNYS: no prices of ^GSPC\n" in shown
    show_summary(night)
    assert "Market" not in capsys.readouterr().out


def test_explain_says_why_nobody_can_act(capsys: pytest.CaptureFixture[str]) -> None:
    """The explanation has the reason, and the call that the score would give."""
    row = next(row for row in NIGHT.rows if row["symbol"] == "SAFE.AX")
    show_explanation(explain(csv_cells(row), Settings()))
    text = " ".join(capsys.readouterr().out.split())
    assert "Nobody can act on the call: it hardly moves: 0.100% a session" in text


def test_a_long_table_has_its_first_and_last_ten_rows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The rows between are counted; with `all_rows` each has its line."""
    row = NIGHT.rows[0]
    symbols = tuple(f"S{number:03}.AX" for number in range(150))
    rows = [row | {"symbol": one, "rank": at} for at, one in enumerate(symbols, 1)]
    night = RunSummary(AS_OF, symbols, {}, 1.0, rows=rows, csv=Path("n.csv"))
    show_summary(night)
    short = capsys.readouterr().out
    assert short.count(".AX ") == 20
    assert "130 more" in short
    assert "S009.AX" in short
    assert "S140.AX" in short
    show_summary(night, all_rows=True)
    assert capsys.readouterr().out.count(".AX ") == 150


def test_many_failures_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """Ten reasons are printed; the others are counted."""
    failures = {
        f"S{number:03}.AX": f"unreachable: no answer {number}." for number in range(150)
    }
    show_summary(RunSummary(AS_OF, tuple(failures), failures, 1.0))
    shown = capsys.readouterr().out
    assert shown.count("failed S") == 10
    assert "and 140 more; --all shows them" in shown
