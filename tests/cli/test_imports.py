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
    "pyarrow._compute",
}
ONE_BY_ONE = """
import cli.tables, contextlib, io, json, sys
from cli.app import main
found = []
for words in json.loads(sys.argv[1]):
    sys.argv[1:] = words
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        try: main()
        except SystemExit as end: code = end.code or 0
    found.append((code, shown.getvalue() > "", [*sys.modules]))
print(json.dumps(found))
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


def test_a_reading_command_loads_no_heavy_library(home: Path, tmp_path: Path) -> None:
    """Each prints its answer without pandas, Prefect, TensorFlow or the calendars.

    One process runs them all, since each adds to what is loaded.
    """
    reading = (["model", "status"], [], ["status"], ["explain", "CBA.AX"], ["report"])
    commands = [["--help"], ["model", "--help"], ["--home", str(tmp_path)]]
    commands += [[*words, "--home", str(home)] for words in reading]
    done = subprocess.run(
        [sys.executable, "-c", ONE_BY_ONE, json.dumps(commands)],
        capture_output=True,
        text=True,
        check=True,
    )
    for words, found in zip(commands, json.loads(done.stdout), strict=True):
        code, printed, loaded = found
        assert (code, printed) == (words[:2] == ["model", "status"], True), words
        assert HEAVY & set(loaded) == set(), words


def test_a_wrong_option_is_refused_before_prefect_is_loaded(tmp_path: Path) -> None:
    """So no server is started or asked for a command that can't run."""
    wrong = (["screen", "A.AX", "--sit-out", "no"], ["train", "A.AX", "--preset", "no"])
    commands = [[*words, "--home", str(tmp_path)] for words in wrong]
    done = subprocess.run(
        [sys.executable, "-c", ONE_BY_ONE, json.dumps(commands)],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert [code for code, *_ in found] == [2, 2], done.stderr
    assert "prefect" not in found[-1][-1]


def test_a_night_loads_no_library_that_trains_or_evaluates() -> None:
    """The modules of a screening flow load them only when a stage needs them."""
    # With the garbage collector paused Prefect's import takes half a second less.
    quickly = "import gc, sys; gc.disable()"
    code = f"{quickly}; import cli.run_flow, flows.overnight_screening"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    needed = {"pandas", "pandera", "prefect", "exchange_calendars", "jinja2"}
    needed |= {"pyarrow._compute"}
    assert (HEAVY - needed) & set(done.stdout.split()) == set()
