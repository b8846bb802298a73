"""The sentiment benchmark: its figures against a case worked by hand."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEADLINES = """text,label
Profit beats estimates,1
Shares surge,1
Fraud probe opened,0
Annual general meeting,2
"Shares plunge, then surge",0
"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what the script prints for five headlines."""
    home = tmp_path_factory.mktemp("benchmark")
    (home / "headlines.csv").write_text(HEADLINES)
    (home / "overnight.toml").write_text('[sentiment]\nmodel_folder = "no_such"\n')
    script = ROOT / "benchmarks" / "sentiment.py"
    words = [str(script), str(home / "headlines.csv"), "--home", str(home)]
    done = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": "."},
    )
    return done.stdout


def figures(printed: str, engine: str) -> list[float]:
    """Return an engine's accuracy and macro-F1."""
    (line,) = (one for one in printed.splitlines() if one.startswith(engine))
    return [float(number) for number in line.split()[-2:]]


def test_always_neutral_is_right_where_nothing_is_said(printed: str) -> None:
    """One of five is neutral: F1 of neutral is 2/6, of the others 0."""
    assert figures(printed, "always neutral") == pytest.approx([0.2, 1 / 9], abs=1e-3)


def test_the_dictionary_is_judged_by_the_same_rule(printed: str) -> None:
    """Four of five right: one bearish headline reads neutral."""
    # bullish 2/2 hits, F1 1; bearish 1 of 2, F1 2/3; neutral 1 hit of 2 calls, F1 2/3.
    expected = [0.8, (1 + 2 / 3 + 2 / 3) / 3]
    assert figures(printed, "lexicon") == pytest.approx(expected, abs=1e-3)


def test_a_missing_model_takes_no_part_and_is_named(printed: str) -> None:
    """Only available engines are measured; what FinBERT lacks is printed."""
    (line,) = (one for one in printed.splitlines() if "finbert" in one.lower())
    assert line.startswith("FinBERT is not measured: ")
    assert "no_such" in line
