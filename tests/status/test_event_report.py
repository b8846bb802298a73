"""`overnight events` and `overnight model`: what a person sees before a night."""

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from equipment import Replay, needed
from filelock import FileLock
from tiny_finbert import write_tiny_finbert
from typer.testing import CliRunner, Result

from cli.app import app
from market_data.selection import Symbols
from pipeline.plan import RunRequest, plan_run
from risk_guard.calendar_file import read_calendar
from status.event_report import EventReport, SymbolEvents, event_report

ROOT = Path(__file__).parents[2]
CALENDAR = "ticker,event_type,date,title\nAAA.AX,basel_iii,2025-11-11,Pillar 3\n"


def overnight(*words: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(app, list(words))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Give a home whose calendar names one report, and that reads no news."""
    (tmp_path / "event_calendar.csv").write_text(CALENDAR)
    (tmp_path / "overnight.toml").write_text("[sentiment]\nengine = 'off'\n")
    return tmp_path


def events(home: Path, market: Path, as_of: str, *more: str) -> Result:
    """Return the result of `overnight events AAA.AX` for a night."""
    source = ("--source", "folder", "--folder", str(market), "--home", str(home))
    return overnight("events", "AAA.AX", *source, "--as-of", as_of, *more)


def test_the_risk_is_shown_term_by_term(home: Path, market: Path) -> None:
    """Events, points, haircut, and why it is sat out."""
    done = events(home, market, "2025-11-10")
    assert done.exit_code == 0, done.output
    assert "AAA.AX as of 2025-11-10: risk 0.65, haircut 45%, SIT OUT" in done.output
    assert "  2025-11-11 basel_iii: Pillar 3 (confirmed, event_calendar.csv)" in (
        done.output
    )
    assert "  +0.45 event ahead: basel_iii 2025-11-11" in done.output
    assert "  +0.20 report ahead: basel_iii 2025-11-11" in done.output
    assert "is 1 session ahead" in " ".join(done.output.split())


@pytest.mark.parametrize(
    ("as_of", "sits_out"),
    [
        ("2025-11-05", False),
        ("2025-11-06", True),
        ("2025-11-11", True),
        ("2025-11-12", True),
        ("2025-11-13", True),
        ("2025-11-14", True),
        ("2025-11-17", None),
    ],
)
def test_a_report_is_sat_out_from_three_sessions_before_to_three_after(
    *, home: Path, market: Path, as_of: str, sits_out: bool | None
) -> None:
    """Past its last date the file has expired: then nothing more is known."""
    done = events(home, market, as_of, "--json")
    (line,) = json.loads(done.output)["symbols"]
    assert line["sit_out"] == sits_out
    assert line["position_scale"] == (0 if sits_out else 1 - line["haircut"])


@pytest.mark.parametrize(
    ("as_of", "sits_out"),
    [("2025-11-07", False), ("2025-11-10", True), ("2025-11-12", True)],
)
def test_by_the_rule_reaction_only_the_reaction_is_sat_out(
    *, home: Path, market: Path, as_of: str, sits_out: bool
) -> None:
    """A line without a time of day has two possible sessions, and one after them."""
    (home / "overnight.toml").write_text("[guard]\nsit_out = 'reaction'\n")
    done = events(home, market, as_of)
    assert done.exit_code == 0, done.output
    assert ("SIT OUT" in done.output) == sits_out
    assert ("by the rule `reaction`: basel_iii" in done.output) == sits_out


def test_an_expired_calendar_is_reported(home: Path, market: Path) -> None:
    """At the head, and in the line of each symbol it was to cover."""
    done = events(home, market, "2025-11-17")
    said = "event_calendar.csv is expired: its last date is 2025-11-11"
    assert done.output.count(said) == 2
    assert "haircut 20%, not known, events: unknown" in done.output


def test_a_symbol_without_prices_still_has_its_events(home: Path, market: Path) -> None:
    """What is known of its calendar does not need its prices."""
    source = ("--source", "folder", "--folder", str(market), "--home", str(home))
    (home / "event_calendar.csv").write_text(CALENDAR.replace("AAA", "GONE"))
    done = overnight("events", "GONE.AX", *source, "--as-of", "2025-11-10")
    assert "SIT OUT" in done.output


def test_the_folders_calendar_counts(home: Path, market: Path, tmp_path: Path) -> None:
    """On the eve of a report that only the folder's file names it is sat out."""
    folder = tmp_path / "asx"
    shutil.copytree(market, folder)
    (home / "event_calendar.csv").unlink()
    (folder / "event_calendar.csv").write_text(f"{CALENDAR}x,y,z\n")
    done = events(home, folder, "2025-11-10")
    said = " ".join(done.output.split())
    assert "SIT OUT, events: basel_iii in 1 session" in said
    assert "Pillar 3 (confirmed, asx/event_calendar.csv)" in said
    assert "note asx/event_calendar.csv line 3 is not used" in said


def test_a_home_that_is_the_folder_reads_its_calendar_once(
    home: Path, market: Path
) -> None:
    """The event has one source, and a bad line one notice."""
    shutil.copytree(market / "prices", home / "prices")
    (home / "event_calendar.csv").write_text(f"{CALENDAR}x,y,z\n")
    done = events(home, home, "2025-11-10")
    assert "Pillar 3 (confirmed, event_calendar.csv)" in done.output
    assert done.output.count("line 3 is not used") == 1


def test_a_ticker_without_suffix_is_named_and_unknown(home: Path, market: Path) -> None:
    """At the head and in the row; it is not taken for the stock."""
    text = f"{CALENDAR}AAA,earnings,2025-11-13,\n"
    (home / "event_calendar.csv").write_text(text)
    said = "event_calendar.csv line 3 names AAA; the list has AAA.AX. Write AAA.AX"
    report = json.loads(events(home, market, "2025-11-10", "--json").output)
    (line,) = report["symbols"]
    assert said in report["notices"]
    assert said in line["warning"]
    assert line["status"] == "unknown"


def test_a_calendar_that_cannot_be_used_leaves_every_stock_unknown(
    home: Path, market: Path, tmp_path: Path
) -> None:
    """Another file that knows a report does not make up for the one that is lost."""
    folder = tmp_path / "asx"
    shutil.copytree(market, folder)
    (folder / "event_calendar.csv").write_bytes(CALENDAR.encode("utf-16-le"))
    report = json.loads(events(home, folder, "2025-11-10", "--json").output)
    assert "NUL bytes" in report["notices"][0]
    assert report["symbols"][0]["status"] == "unknown"
    assert report["symbols"][0]["sit_out"]


def test_an_unquoted_comma_does_not_hide_a_pillar_3_report(
    home: Path, market: Path
) -> None:
    """The line is bad, its stock unknown; with quotes it is sat out."""
    shutil.copy(
        needed("cases/09-calendar-comma/event_calendar.csv"),
        home / "event_calendar.csv",
    )
    words = ("--source", "folder", "--folder", str(market), "--home", str(home))
    done = overnight(
        "events", "CBA.AX", "ANZ.AX", *words, "--as-of", "2025-06-27", "--json"
    )
    cut, whole = json.loads(done.output)["symbols"]
    assert (cut["status"], cut["sit_out"]) == ("unknown", None)
    assert "put the title in double quotes" in cut["warning"]
    assert (whole["status"], whole["sit_out"]) == ("confirmed", True)


def test_a_calendar_in_utf_16_is_read(home: Path, market: Path) -> None:
    """No NUL byte is left of it."""
    source = needed("cases/11-calendar-utf16/event_calendar.csv")
    shutil.copy(source, home / "event_calendar.csv")
    symbol = source.read_text("utf-16").splitlines()[1].split(",")[0]
    words = ("--source", "folder", "--folder", str(market), "--home", str(home))
    done = overnight("events", symbol, *words, "--as-of", "2025-06-27")
    assert "\0" not in done.output
    assert "(confirmed, event_calendar.csv)" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--as-of", "soon"), "`as_of` must be a date like 2025-11-10"),
        (("--source", "ftp"), "`source` must be one of yahoo, folder, sample"),
    ],
)
def test_a_wrong_request_is_refused(
    home: Path, words: tuple[str, ...], said: str
) -> None:
    """In one sentence, with exit code 2."""
    done = overnight("events", "AAA.AX", "--home", str(home), *words)
    assert done.exit_code == 2
    assert said in done.output


def test_a_busy_home_is_said(home: Path, market: Path) -> None:
    """A night that runs there goes first."""
    (home / "data").mkdir()
    with FileLock(home / "data" / "run.lock"):
        done = events(home, market, "2025-11-10")
    assert done.exit_code == 1
    assert "another run is using" in done.output


def evening(day: date) -> datetime:
    """Return an instant after New York's close of that day."""
    return datetime(day.year, day.month, day.day, 22, tzinfo=UTC)


def report(
    home: Path, as_of: date, symbol: str = "AAPL", now: datetime | None = None
) -> EventReport:
    """Return the report on a symbol by Yahoo, live unless `now` is a later night."""
    night = plan_run(
        RunRequest(
            selection=Symbols(symbols=(symbol,)), as_of=as_of, train="never", home=home
        ),
        now=now or evening(as_of),
    )
    return event_report(night)


def apple(home: Path, as_of: date) -> SymbolEvents:
    """Return Apple's line of the report."""
    (line,) = report(home, as_of).symbols
    return line


@pytest.fixture
def quick(tmp_path: Path) -> Path:
    """Give a home that waits for nothing and reads no news."""
    (tmp_path / "overnight.toml").write_text(
        "[sentiment]\nengine = 'off'\n"
        "[prices]\nrequests_per_second = 50\nextras_retry_seconds = 0\n"
    )
    return tmp_path


def test_recorded_earnings_are_sat_out_and_remembered(
    replay: Replay, quick: Path
) -> None:
    """Three sessions before, and after Yahoo has moved on to the next ones."""
    needed("market/prices/AAPL.csv")
    for day, sits_out in ((25, False), (28, True), (31, True)):
        replay.set_now(f"2025-07-{day}")
        assert apple(quick, date(2025, 7, day)).sit_out is sits_out
    for day, sits_out in ((5, True), (6, False)):
        replay.set_now(f"2025-08-0{day}")
        assert apple(quick, date(2025, 8, day)).sit_out is sits_out


def test_a_look_back_changes_no_later_night(replay: Replay, quick: Path) -> None:
    """NVDA's report of 2025-11-19 is sat out two sessions later, in both homes.

    In one of them the night of 2025-11-18 was looked at again in between: it is sat
    out again, without a request to Yahoo's calendar.
    """
    needed("market/prices/NVDA.csv")
    live, after = date(2025, 11, 18), date(2025, 11, 21)
    replay.set_now("2025-11-18")
    first = report(quick, live, "NVDA").symbols
    other = quick.parent / "other"
    shutil.copytree(quick, other)
    replay.set_now("2025-11-20")
    asked = replay.stats()["by_endpoint"]["quoteSummary"]
    again = report(other, live, "NVDA", evening(date(2025, 11, 20))).symbols
    earlier = report(other, date(2025, 11, 14), "NVDA", evening(after)).symbols
    assert replay.stats()["by_endpoint"]["quoteSummary"] == asked
    assert (again, again[0].sit_out) == (first, True)
    assert (earlier[0].status, earlier[0].sit_out) == ("unknown", None)
    assert "was not asked on that night" in earlier[0].warning
    replay.set_now("2025-11-21")
    (one,), (two,) = (report(home, after, "NVDA").symbols for home in (quick, other))
    guard = {"status", "coming", "terms", "risk_score", "haircut", "sit_out", "warning"}
    assert one.model_dump(include=guard) == two.model_dump(include=guard)
    assert one.sit_out
    assert one.sit_out_reason.endswith("is 2 sessions ago")


def test_a_rate_limited_calendar_is_unknown(replay: Replay, quick: Path) -> None:
    """With Yahoo answering 429 and no file: unknown, 20 % or more, a warning."""
    replay.set_now("2025-06-27")
    replay.faults("rate_limit,endpoint=quoteSummary")
    line = apple(quick, date(2025, 6, 27))
    assert (line.status, line.sit_out) == ("unknown", None)
    assert line.haircut >= 0.20
    assert "429 too many requests" in line.warning
    assert line.volatility_ratio is not None
    assert line.hedge_beta is not None


def test_a_file_that_differs_from_yahoo_is_said(replay: Replay, quick: Path) -> None:
    """Both dates stay and both are sat out; the warning shows them."""
    replay.set_now("2025-07-25")
    text = "ticker,event_type,date\nAAPL,earnings,2025-08-01\n"
    (quick / "event_calendar.csv").write_text(text)
    line = apple(quick, date(2025, 7, 25))
    assert [one.first.day for one in line.coming] == [31, 1]
    assert "sources differ: " in line.warning


def test_each_event_says_where_it_is_known_from(replay: Replay, quick: Path) -> None:
    """Its sources with their first nights, its earlier date, and who differs."""
    nights = [date(2025, 7, 25), date(2025, 7, 28)]
    for as_of, line in zip(nights, ("2025-08-04", "2025-08-01"), strict=True):
        replay.set_now(str(as_of))
        text = f"ticker,event_type,date\nAAPL,earnings,{line}\n"
        (quick / "event_calendar.csv").write_text(text)
        found = apple(quick, as_of)
    yahoo, mine = found.coming
    named = [(one.source, one.status, one.since) for one in yahoo.named_by]
    assert named == [("yahoo", "confirmed", nights[0])]
    assert (yahoo.time, yahoo.sure, yahoo.earlier) == ("after_close", "confirmed", ())
    assert [one.since for one in mine.named_by] == [nights[1]]
    (earlier,) = mine.earlier
    assert (earlier.first, earlier.named_until) == (date(2025, 8, 4), nights[0])
    assert earlier.moved_as_of == nights[1]
    assert [one.first for one in mine.differing] == [yahoo.first]


def test_a_past_event_that_is_sat_out_has_its_sources_too(
    home: Path, market: Path
) -> None:
    """No coming event is left, but the row names the one of the day before."""
    (line,) = json.loads(events(home, market, "2025-11-12", "--json").output)["symbols"]
    assert (line["coming"], line["past"]["first"]) == ([], "2025-11-11")
    assert line["past"]["named_by"] == [
        {
            "source": "event_calendar.csv",
            "status": "confirmed",
            "time": "unknown",
            "since": None,
        }
    ]


def test_a_feed_without_any_headline_is_a_failure(replay: Replay, quick: Path) -> None:
    """A night without a headline for any of several symbols has a notice."""
    replay.set_now("2025-06-27")
    replay.faults("http,endpoint=news,status=503")
    toml = quick / "overnight.toml"
    toml.write_text(toml.read_text().replace("'off'", "'lexicon'"))
    night = plan_run(
        RunRequest(
            selection=Symbols(symbols=("AAPL", "MSFT")),
            as_of=date(2025, 6, 27),
            train="never",
            home=quick,
        ),
        now=evening(date(2025, 6, 27)),
    )
    (notice,) = event_report(night).notices
    assert notice.startswith("Yahoo gave no headline for any of 2 symbols")


def test_the_example_calendar_can_be_read() -> None:
    """Without a refusal; after its last date it is reported as expired."""
    example = read_calendar(ROOT / "config" / "event_calendar.example.csv")
    assert example.last_date
    assert example.notices(example.last_date) == ()
    (expired,) = example.notices(date(2026, 1, 5))
    assert "is expired" in expired
    assert f"EXPIRES {example.last_date}" in example.path.read_text()


def language_model(home: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """Return exit code and answer of `overnight model status --json`."""
    done = overnight("model", "status", "--json", "--home", str(home), *words)
    return done.exit_code, json.loads(done.output)


def test_the_language_model_s_status(tmp_path: Path) -> None:
    """The answer holds folder and polarities if usable, else the reason."""
    toml = tmp_path / "overnight.toml"
    toml.write_text(f"[sentiment]\nmodel_folder = '{(tmp_path / 'm').as_posix()}'\n")
    code, answer = language_model(tmp_path)
    assert (code, answer["usable"]) == (1, False)
    assert "has no config.json" in answer["reason"]
    write_tiny_finbert(tmp_path / "m")
    code, answer = language_model(tmp_path)
    assert (code, answer["usable"]) == (0, True)
    assert answer["good_news_polarity"] > 0.5 > -0.5 > answer["bad_news_polarity"]


@pytest.mark.parametrize("words", [("events",), ("model",), ("model", "fetch")])
def test_help_says_what_a_command_does(words: tuple[str, ...]) -> None:
    """Each new command has its help."""
    done = overnight(*words, "--help")
    assert done.exit_code == 0
    assert "Usage" in done.output
