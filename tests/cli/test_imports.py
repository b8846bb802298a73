"""Commands that only read load none of the libraries that compute a night."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from made_calls import SESSIONS, call, calls_frame, outcomes_frame
from made_rows import csv_row, four

from screening.report.report_file import report_path
from screening.table import csv_path, write_csv
from screening.track_record.ledger import Ledger
from storage.home import Home, write_atomic

AS_OF = date(2025, 11, 10)
HEAVY = {
    *("pandas", "pandera", "scipy", "sklearn", "lightgbm", "matplotlib", "pandas_ta"),
    *("tensorflow", "keras", "h5py", "prefect", "yfinance", "exchange_calendars"),
    *("apprise", "curl_cffi", "jinja2", "onnxruntime", "distributed", "numba"),
}
SCRIPT = """
import json, sys
from cli.app import main
sys.argv = ["overnight", *sys.argv[1:]]
try:
    main()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with a night of the sample: CSV, report and track record."""
    home = Home(tmp_path_factory.mktemp("home"))
    known = {"data_source": "sample", "run_at": "2025-11-10T08:30Z"}
    interval = {"predicted_return_low": -0.01, "predicted_return_high": 0.01}
    scale = {"return_scale": 0.01, "event_reaction": "no"}
    row = csv_row(four(1, 1, 1, None), **known) | interval | scale
    write_csv(csv_path(home.screening_csv, AS_OF), [row])
    write_atomic(report_path(home.morning_reports, AS_OF), "<html></html>")
    made = calls_frame(call("CBA.AX", SESSIONS[0]))
    Ledger(home.track_record).append(made, outcomes_frame(), SESSIONS[0], SESSIONS[0])
    return Path(str(home.root))


@pytest.mark.parametrize("words", [[], ["status"], ["explain", "CBA.AX"], ["report"]])
def test_a_reading_command_loads_no_heavy_library(home: Path, words: list[str]) -> None:
    """It prints its answer without pandas, Prefect, TensorFlow or the calendars."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *words, "--home", str(home)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout
    assert HEAVY & set(json.loads(done.stderr)) == set()


def test_a_night_loads_no_library_that_trains_or_evaluates() -> None:
    """The modules of a screening flow load them only when a stage needs them."""
    code = "import cli.run_flow, flows.overnight_screening, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    needed = {"pandas", "pandera", "prefect", "exchange_calendars", "jinja2"}
    assert (HEAVY - needed) & set(done.stdout.split()) == set()
