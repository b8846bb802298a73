"""Commands that read what nights have published, and bare `overnight`."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from made_calls import (
    SESSIONS,
    call,
    calls_frame,
    night_of,
    outcome,
    outcomes_frame,
)
from made_rows import csv_row, four
from typer.testing import CliRunner

from cli.app import app
from config.errors import RunError
from config.settings import Settings
from screening.columns import COLUMNS
from screening.explanation import explain
from screening.table import csv_path, read_rows, write_csv
from screening.track_record.ledger import Ledger
from status.home_status import read_home_status
from status.published import find_published_report, page_address
from storage.home import Home, write_atomic

COMMAND = str(Path(sys.executable).with_name("overnight"))
AS_OF = date(2025, 11, 10)
HEADLINE = "Zürich \N{EM DASH} 日本 reports"
SOURCE = {"data_source": "yahoo", "run_at": "2025-11-10T08:30:00+00:00"}
AHEAD = {
    "event_type": "earnings",
    "event_date": "2025-11-12",
    "sessions_to_event": 2,
    "event_status": "confirmed",
    "event_title": HEADLINE,
    "event_skip_trading": True,
}
STILL = {"predicted_return": 0.0, "probability_up": 0.57}
INTERVAL = {
    "return_scale": 0.01,
    "distribution_sessions": 240,
    "predicted_return_low": -0.012,
    "predicted_return_high": 0.013,
}
BUYS = {"symbol": "CBA.AX", "event_status": "none"} | STILL | SOURCE
WAITS = {"symbol": "ANZ.AX", "event_reaction": "yes"} | AHEAD | SOURCE
GONE = dict.fromkeys(COLUMNS, "") | {
    "symbol": "GONE.AX",
    "exchange": "XASX",
    "as_of": "2025-11-10",
    "forecast_session": "2025-11-11",
    "run_at": "2025-11-10T08:30:00+00:00",
    "data_status": "failed",
    "reason": "unknown_symbol: the source has no such symbol.",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a home with one night: a BUY, a sit-out and a failed symbol."""
    root = tmp_path_factory.mktemp("home")
    rows: list[dict[str, Any]] = [
        {**csv_row(four(1, 1, 1, None), **BUYS), **INTERVAL},
        {**csv_row(four(1, 0.5, 1, 0.1), 0.45, **WAITS), **INTERVAL},
        GONE,
    ]
    write_csv(csv_path(Home(root).screening_csv, AS_OF), rows)
    return root


def printed(home: Path, *words: str) -> str:
    """Return what a command prints for a person of 80 columns."""
    done = CliRunner().invoke(app, [*words, "--home", str(home)], env={"COLUMNS": "80"})
    assert done.exit_code == 0, done.stderr
    assert "\x1b" not in done.stdout
    return done.stdout


def on_one_line(text: str) -> str:
    """Return the text with one space between two words, whatever stood there."""
    return " ".join(text.split())


def refused(home: Path, *words: str) -> tuple[int, str]:
    """Return the exit code and the one sentence of a command that can't answer."""
    done = CliRunner().invoke(app, [*words, "--home", str(home)])
    assert done.stderr.count("\n") == 1
    return done.exit_code, done.stderr


def widest(text: str) -> int:
    """Return the length of the longest line that could be broken."""
    return max(len(line) for line in text.splitlines() if " " in line.strip())


def test_explain_tells_the_row_term_by_term(home: Path) -> None:
    """The text holds the score, each product, and what would change the call."""
    text = printed(home, "explain", "cba.ax")
    assert "CBA.AX as of 2025-11-10, for 2025-11-11: BUY at score +0.715" in text
    assert "lstm 0.5294 +1.0000 0.6400 +0.3388" in on_one_line(text)
    assert "HOLD needs a score of +0.300 or nearer to 0: -0.415 from here." in text
    assert "Which close would change the call is not known" in text
    assert "finbert is missing, so the others share its weight: lstm 0.53" in text
    assert "The LSTM predicts no change: " in text
    assert "Without the haircut the LSTM's confidence would be 0.8000" in text
    assert widest(text) <= 80


def test_explain_tells_a_sit_out(home: Path) -> None:
    """A sit-out names the event, the call by score alone, and the night it ends."""
    text = on_one_line(printed(home, "explain", "ANZ.AX", "--as-of", "2025-11-10"))
    assert (
        "Sit-out by the rule `published`: the call is HOLD whatever the score" in text
    )
    assert "the sit-out ends with the night of 2025-11-18" in text
    assert "What would change the call after the sit-out:" in text


def test_explain_shows_how_the_interval_is_made(home: Path) -> None:
    """Scale, z and centre give the interval; without the night's table it says so."""
    text = on_one_line(printed(home, "explain", "CBA.AX"))
    assert "80 % interval of -1.20% to +1.30%" in text
    assert (
        "Places 24.1 and 216.9 of 240 ordered ordinary z: -1.2000 and +1.3000" in text
    )
    assert "Low: +0.000000 + 0.010000 x -1.2000 = -0.012000" in text
    text = on_one_line(printed(home, "explain", "ANZ.AX"))
    assert "the night's table is no longer in the home" in text


def test_explain_for_a_program_is_the_explanation(home: Path) -> None:
    """The JSON holds every number, computed from the CSV's row."""
    found = json.loads(printed(home, "explain", "ANZ.AX", "--json"))
    path = csv_path(Home(home).screening_csv, AS_OF)
    (row,) = (one for one in read_rows(path) if one["symbol"] == "ANZ.AX")
    why = "the night's table is no longer in the home"
    assert found == explain(row, Settings(), None, why).model_dump(mode="json")


def test_explain_of_a_failed_symbol_gives_its_reason(home: Path) -> None:
    """A failed symbol has no call; the reason of its row is printed."""
    text = on_one_line(printed(home, "explain", "GONE.AX"))
    assert "no call. unknown_symbol: the source has no such symbol." in text


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["explain", "IBM"], 2, "must be one of the night's (CBA.AX, ANZ.AX, GONE.AX)"),
        (["explain", "no symbol"], 2, "`symbol` must look like CBA.AX"),
        (["explain", "IBM", "--as-of", "monday"], 2, "must be a date like 2025-11-10"),
        (["explain", "IBM", "--as-of", "2025-11-07"], 1, "overnight screen --as-of"),
        (["report"], 1, "holds no morning report of any night; `overnight screen"),
        (["report", "2025-11-07"], 1, "holds no morning report of 2025-11-07"),
    ],
)
def test_what_is_not_there_is_said_with_what_to_do(
    home: Path, words: list[str], code: int, sentence: str
) -> None:
    """One sentence with the problem and what to do."""
    exit_code, text = refused(home, *words)
    assert exit_code == code
    assert sentence in text


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (
            "2025-11-10,2025-11-11",
            "10/11/2025,11/11/2025",
            "is not as the night wrote it",
        ),
        ("0.8", "0,8", "the row of CBA.AX is not as the night wrote it"),
        ("symbol,exchange", "symbol,place", "no row with all the published columns"),
    ],
)
def test_a_csv_that_was_changed_is_not_explained(
    home: Path, tmp_path: Path, before: str, after: str, sentence: str
) -> None:
    """A changed date or number is refused; bare `overnight` still works."""
    text = csv_path(Home(home).screening_csv, AS_OF).read_text(encoding="utf-8")
    changed = text.replace(before, f'"{after}"' if "," not in before else after)
    write_atomic(csv_path(Home(tmp_path).screening_csv, AS_OF), changed)
    exit_code, message = refused(tmp_path, "explain", "CBA.AX")
    assert exit_code == 1
    assert sentence in message
    assert "Home" in printed(tmp_path)


def with_report(root: Path) -> Path:
    """Write the reports of two nights; return the path of the later report."""
    folder = Home(root).morning_reports
    for day in ("2025-11-07", "2025-11-10"):
        write_atomic(folder / f"{day}_morning_report.html", "<p>report</p>")
    return folder / "2025-11-10_morning_report.html"


def test_report_names_the_page(tmp_path: Path) -> None:
    """The latest night's report is named, or that of the date asked for."""
    latest = with_report(tmp_path)
    assert printed(tmp_path, "report").strip() == str(latest)
    named = printed(tmp_path, "report", "2025-11-07").strip()
    assert named == str(latest.with_name("2025-11-07_morning_report.html"))


def test_report_opens_in_the_browser(tmp_path: Path) -> None:
    """With --open the browser gets the page's address."""
    page, opened = with_report(tmp_path), tmp_path / "opened"
    browser = tmp_path / "browser.sh"
    browser.write_text(f'printf %s "$1" > {opened}\n')
    done = run(tmp_path, ["report", "--open"], BROWSER=f"sh {browser} %s")
    assert done.returncode == 0
    assert opened.read_text() == page.as_uri()


def test_a_report_in_a_store_is_not_opened(bucket: str) -> None:
    """A browser can't read a store; the message says what to do instead."""
    home = Home.at(f"{bucket}/reports-of-a-test")
    write_atomic(home.morning_reports / "2025-11-10_morning_report.html", "<p>")
    with pytest.raises(RunError, match="a browser can't open"):
        page_address(find_published_report(home, AS_OF))


def run(
    home: Path, words: Sequence[str], **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run the installed command."""
    return subprocess.run(
        [COMMAND, *words, "--home", str(home)],
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )


def test_no_character_ends_a_command_in_an_old_terminal(home: Path) -> None:
    """A character that the code page lacks is printed as `?`; tables are ASCII."""
    done = run(home, ["explain", "ANZ.AX"], PYTHONIOENCODING="cp437")
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode("cp437")
    assert "Zürich" in text
    assert "?? reports" in text
    assert "-----" in text


def test_json_keeps_every_character_in_an_old_terminal(home: Path) -> None:
    """A program gets ASCII with escapes: no code page can take a character away."""
    done = run(home, ["explain", "ANZ.AX", "--json"], PYTHONIOENCODING="cp1252")
    assert HEADLINE in json.loads(done.stdout)["event"]


def test_shells_complete_commands(tmp_path: Path) -> None:
    """Bash's completion gets the commands that begin as what was typed."""
    asked = {
        "_OVERNIGHT_COMPLETE": "complete_bash",
        "COMP_WORDS": "overnight tr",
        "COMP_CWORD": "1",
    }
    done = run(tmp_path, [], **asked)
    assert done.stdout.decode().split() == ["train", "track-record"]


def test_alone_it_shows_where_things_stand(home: Path) -> None:
    """It prints last night, calls, failures, models, events and next steps."""
    text = printed(home)
    for line in (
        "Last night 2025-11-10 (yahoo), run ",
        " days ago, 2 of 3 symbols usable, 1 failed; 1 BUY, 1 HOLD, 0 SELL; due: ",
        "Failed GONE.AX: unknown_symbol",
        "Models 3 missing",
        "Event ANZ.AX earnings in 2 sessions (2025-11-12), sat out",
        "overnight screen --symbols ANZ.AX,CBA.AX,GONE.AX",
        "overnight explain CBA.AX",
    ):
        assert line in " ".join(text.split())
    assert widest(text) <= 80 + len(str(home)) + len("    overnight ")


def test_alone_in_an_empty_home_it_says_how_to_begin(tmp_path: Path) -> None:
    """Without a night the first step is the sample."""
    found = json.loads(printed(tmp_path, "--json"))
    assert found["last_night"] is None
    assert found["next"][0]["command"].startswith("overnight screen --source sample")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("hour", "due"), [(5, False), (7, True)])
def test_a_night_is_due_once_its_session_is_over(
    home: Path,
    hour: int,
    due: bool,  # noqa: FBT001
) -> None:
    """The ASX closes at 5:00 UTC in November; then Monday's night is not the last."""
    now = datetime(2025, 11, 11, hour - 1, 30, tzinfo=UTC)
    night = read_home_status(str(home), now).last_night
    assert night
    assert night.is_current is not due


def test_options_of_the_bare_command_must_not_stand_before_another() -> None:
    """An option that would be ignored is refused."""
    done = subprocess.run(
        [COMMAND, "--home", "x", "status"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "write --home after `status`" in done.stderr


def test_the_record_tells_live_and_replayed_apart(tmp_path: Path) -> None:
    """Enough calls have figures, too few are reported; JSON holds both records."""
    made = [call("A.AX", as_of) for as_of in SESSIONS[:40]]
    replay = call("B.AX", SESSIONS[0], live=False)
    moves = [0.02, 0.01, -0.01, 0.03] * 10
    outcomes = [outcome(one, 1, move) for one, move in zip(made, moves, strict=True)]
    Ledger(Home(tmp_path).track_record).append(
        calls_frame(*made, replay),
        outcomes_frame(*outcomes, outcome(replay, 1, -0.5)),
        SESSIONS[0],
        night_of(SESSIONS[0]),
    )
    text = printed(tmp_path, "track-record")
    live, _, replayed = text.partition("Replayed calls")
    assert "Live calls: 40, of 2025-06-02 to 2025-07-28." in live
    assert "BUY 40 40 75% (61-89) +1.25% (+0.77..+1.73)" in on_one_line(live)
    assert "too few to tell" in replayed
    assert widest(text) <= 80
    found = json.loads(printed(tmp_path, "track-record", "--json"))
    assert found["live"]["horizons"][0]["directional_calls"]["hit_rate"]["mean"] == 0.75
    assert (
        found["replayed"]["horizons"][0]["directional_calls"]["verdict"]
        == "too few to tell"
    )


def test_the_calls_of_a_symbol_have_what_came_of_them(tmp_path: Path) -> None:
    """Interval and rule come from that night's CSV; without it they are not known."""
    home = Home(tmp_path)
    first, second, late = SESSIONS[0], SESSIONS[1], SESSIONS[-1]
    out = {"symbol": "A.AX", "as_of": first, "event_skip_trading": True} | INTERVAL
    out |= {"reason": "sat out by the rule `published`: x"}
    run_at = {"exchange": "XASX", "run_at": night_of(first).isoformat()}
    write_csv(csv_path(home.screening_csv, first), [{**GONE, **out, **run_at}])
    made = [
        call("A.AX", first, call="HOLD", sit_out=True),
        call("A.AX", second, call="SELL"),
        call("A.AX", late, live=False, sit_out=None),
    ]
    hedged = outcome(made[0], 1, -0.0123, hedged_return=0.004)
    Ledger(home.track_record).append(
        calls_frame(*made), outcomes_frame(hedged), first, night_of(first)
    )
    text = printed(tmp_path, "track-record", "a.ax")
    live, _, replayed = text.partition("Replayed calls")
    assert "HOLD +0.400 60 published -1.2..+1.3 -1.23 +0.40 ? ?" in on_one_line(live)
    assert "SELL +0.400 60 no not known ? - ? ?" in on_one_line(live)
    assert "BUY +0.400 60 not known not known" in on_one_line(replayed)
    assert widest(text) <= 80
    found = json.loads(printed(tmp_path, "track-record", "A.AX", "--json"))
    assert [one["live"] for one in found["calls"]] == [False, True, True]
    assert found["calls"][2]["rule"] == "published"
    assert found["calls"][2]["outcomes"][0]["realised_return"] == -0.0123


def test_the_last_twenty_calls_are_shown_or_all(tmp_path: Path) -> None:
    """The count is of all calls; a symbol without calls says so."""
    made = calls_frame(*(call("A.AX", as_of) for as_of in SESSIONS[:25]))
    Ledger(Home(tmp_path).track_record).append(
        made, outcomes_frame(), SESSIONS[0], night_of(SESSIONS[0])
    )
    text = printed(tmp_path, "track-record", "A.AX")
    assert text.startswith("A.AX: 25 calls in the track record. The last 20;")
    assert text.count("BUY") == 20
    assert printed(tmp_path, "track-record", "A.AX", "--all").count("BUY") == 25
    none = printed(tmp_path, "track-record", "B.AX")
    assert none == "B.AX: no call is in the track record.\n"
