"""The state of a home: what is due, what failed, and the next step for each."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from made_calls import SESSIONS, call, calls_frame, night_of, outcomes_frame
from made_morning import screened
from made_rows import csv_row, four

from cli.render_home_status import SHOWN, print_home_status
from config.errors import ParameterError
from screening.market_file import write_market_states
from screening.market_state import group_by_exchange, market_state
from screening.request_file import requests_path
from screening.table import csv_path, write_csv
from screening.track_record.ledger import Ledger
from status.home_status import HomeStatus, read_home_status
from storage.home import Home, write_atomic

AS_OF = date(2025, 11, 10)
EVENING = datetime(2025, 11, 10, 9, tzinfo=UTC)
NEXT_EVENING = EVENING + timedelta(days=1)


def night(home: Path, *symbols: str, **changes: Any) -> None:  # noqa: ANN401
    """Publish a night of HOLDs of Yahoo's prices, with `changes`."""
    given = {"data_source": "yahoo", "run_at": EVENING.isoformat()} | changes
    rows: list[dict[str, Any]] = [
        {**csv_row(four(1, 0, 0, None), symbol=one, **given)} for one in symbols
    ]
    write_csv(csv_path(Home(home).screening_csv, AS_OF), rows)


def steps(home: Path, now: datetime = EVENING) -> list[str]:
    """Return the commands that are named next, without the home."""
    found = read_home_status(str(home), now)
    return [step.command.partition(" --home")[0] for step in found.next]


def test_a_night_that_is_due_comes_first(tmp_path: Path) -> None:
    """The same list is screened again; a universe is named, not its symbols."""
    (tmp_path / "overnight.toml").write_text(
        '[universes]\nmine = ["CBA.AX", "BHP.AX"]\n'
    )
    night(tmp_path, "BHP.AX", "CBA.AX")
    assert steps(tmp_path, NEXT_EVENING)[0] == "overnight screen --universe mine"


def test_the_last_night_s_market_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line per exchange, from what the night stored."""
    night(tmp_path, "CBA.AX")
    (group,) = group_by_exchange([screened("CBA.AX")]).values()
    state = market_state(group, None, 7)
    write_market_states(Home(tmp_path), AS_OF, [state])
    found = read_home_status(str(tmp_path), EVENING)
    assert found.last_night
    assert found.last_night.market == (state,)
    print_home_status(found)
    assert "\nMarket XASX: no prices of ^AXJO\n" in capsys.readouterr().out


def test_symbols_without_a_list_are_named(tmp_path: Path) -> None:
    """A list that no universe holds is asked for by its symbols."""
    night(tmp_path, "CBA.AX", "BHP.AX")
    assert (
        steps(tmp_path, NEXT_EVENING)[0] == "overnight screen --symbols BHP.AX,CBA.AX"
    )


def test_a_night_of_an_old_source_is_not_due(tmp_path: Path) -> None:
    """A folder or the sample gets no new prices, so no later night is due."""
    night(tmp_path, "CBA.AX", data_source="folder")
    found = read_home_status(str(tmp_path), NEXT_EVENING)
    assert found.last_night
    assert found.last_night.is_current
    assert not [step for step in found.next if "screen" in step.command]


def test_after_the_sample_comes_a_list_of_today(tmp_path: Path) -> None:
    """After the sample, the next step screens real prices."""
    night(tmp_path, "AAPL", data_source="sample")
    assert steps(tmp_path)[0] == "overnight screen --universe asx_priority"


def test_failed_symbols_are_tried_again(tmp_path: Path) -> None:
    """A current night with failures is run again, with all of its symbols."""
    night(tmp_path, "CBA.AX", data_status="failed", prediction="")
    found = read_home_status(str(tmp_path), EVENING)
    assert found.last_night
    assert found.last_night.failed == {"CBA.AX": "because"}
    assert "failed, try again" in found.next[0].why
    assert not [step for step in found.next if "explain" in step.command]


def test_the_failed_request_is_repeated_as_it_was_made(tmp_path: Path) -> None:
    """Source, folder, night and training are those of the stored request."""
    night(tmp_path, "CBA.AX", data_status="failed", data_source="folder")
    made = {"source": "folder", "folder": "/my prices", "train": "never"}
    path = requests_path(Home(tmp_path), AS_OF)
    write_atomic(path, json.dumps({"CBA.AX": made}))
    assert steps(tmp_path)[0] == (
        "overnight screen --symbols CBA.AX --source folder --folder '/my prices' "
        "--as-of 2025-11-10 --train never"
    )


def test_the_age_of_the_last_night_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Hours up to two days, then days."""
    night(tmp_path, "CBA.AX")
    for days, words in ((0.5, "run 12 hours ago"), (4, "run 4 days ago")):
        print_home_status(read_home_status(str(tmp_path), EVENING + timedelta(days)))
        assert words in " ".join(capsys.readouterr().out.split())


def test_a_missing_language_model_and_calendar_are_next_steps(tmp_path: Path) -> None:
    """Each has its command; they disappear when the file is there or not needed."""
    (tmp_path / "overnight.toml").write_text("[sentiment]\nmodel_folder = 'none'\n")
    night(tmp_path, "CBA.AX")
    assert steps(tmp_path)[-2:] == [
        "overnight model fetch",
        "overnight events --symbols CBA.AX",
    ]
    (tmp_path / "overnight.toml").write_text("[sentiment]\nengine = 'lexicon'\n")
    (tmp_path / "event_calendar.csv").write_text("ticker,event_type,date\n")
    assert "overnight model fetch" not in steps(tmp_path)
    assert not [step for step in steps(tmp_path) if "events" in step]


def test_models_are_counted_by_state(tmp_path: Path) -> None:
    """The night's symbols without a model are missing, with the command to train."""
    night(tmp_path, "CBA.AX", "BHP.AX")
    found = read_home_status(str(tmp_path), EVENING)
    assert found.models == {"fresh": 0, "stale": 0, "missing": 2, "rejected": 0}
    assert "overnight train --symbols BHP.AX,CBA.AX" in steps(tmp_path)


def test_the_morning_report_is_named_where_there_is_one(tmp_path: Path) -> None:
    """The next steps name the last night's own report."""
    night(tmp_path, "CBA.AX")
    assert "overnight report --open" not in steps(tmp_path)
    page = Home(tmp_path).morning_reports / f"{AS_OF}_morning_report.html"
    write_atomic(page, "<p>")
    found = read_home_status(str(tmp_path), EVENING)
    assert found.last_night
    assert found.last_night.report == str(page)
    assert "overnight report --open" in steps(tmp_path)


def test_calls_are_counted_live_and_replayed(tmp_path: Path) -> None:
    """Live and replayed calls are counted separately."""
    made = [call("A.AX", SESSIONS[0]), call("A.AX", SESSIONS[0], live=False)]
    made[1]["made_at"] = night_of(SESSIONS[1])
    Ledger(Home(tmp_path).track_record).append(
        calls_frame(*made), outcomes_frame(), SESSIONS[0], EVENING
    )
    found = read_home_status(str(tmp_path), EVENING)
    assert (found.live_calls, found.replayed_calls) == (1, 1)


def test_what_cannot_be_read_is_a_problem_and_no_end(tmp_path: Path) -> None:
    """A torn CSV, a damaged ledger and an expired calendar are each a problem."""
    write_atomic(csv_path(Home(tmp_path).screening_csv, AS_OF), "torn")
    write_atomic(Home(tmp_path).track_record / "calls" / "x.parquet", "torn")
    found = read_home_status(str(tmp_path), EVENING)
    assert found.last_night is None
    assert len(found.problems) == 2
    night(tmp_path, "CBA.AX")
    calendar = "ticker,event_type,date,title,url\nCBA.AX,earnings,2025-02-01,,\n"
    write_atomic(Home(tmp_path).event_calendar, calendar)
    assert "event_calendar.csv" in read_home_status(str(tmp_path), EVENING).problems[1]


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """A home must be a folder, for `overnight` alone too."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ParameterError, match="`home` must be a folder"):
        read_home_status(str(tmp_path / "file"), EVENING)


def test_many_failures_are_shortened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beyond some lines of a kind the rest is counted: the end stays in sight."""
    symbols = [f"S{number}.AX" for number in range(SHOWN + 3)]
    night(tmp_path, *symbols, data_status="failed", prediction="")
    found: HomeStatus = read_home_status(str(tmp_path), EVENING)
    print_home_status(found)
    text = capsys.readouterr().out
    assert text.count("Failed S") == SHOWN
    assert "  and 3 more" in text
