"""Control characters from any input: none reaches any output."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.app import app
from cli.tables import show_summary

AS_OF = "2025-11-10"
BAD = (
    "\x1b[31m\x1b]0;t\x07\x00\x08\x7f\x9b2J\u202e\u2066\u2028\u0085"
    "[red]x[/red][/]:bomb:"
)
CONTROLS = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)


def written(folder: Path, name: str, value: object) -> None:
    """Write JSON of the folder source."""
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value))


@pytest.fixture(scope="module")
def hostile(market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a home whose every file, and whose folder source, holds such characters."""
    home = tmp_path_factory.mktemp("home")
    folder = home / "folder"
    shutil.copytree(market, folder)
    title = BAD.replace("\x00", "")
    (home / "event_calendar.csv").write_text(
        "ticker,event_type,date,title,url\n"
        f'AAA.AX,dividend,2025-11-11,"{title} Pillar 3",https://x.au/\x1b[2J\n'
        f"{title},{title},{title},,\nBBB.AX,earnings,2025-11-12,a,{title}\n"
    )
    (folder / "event_calendar.csv").write_text(f"ticker{BAD},date\n")
    written(folder, "events/AAA.AX.json", {"meta": {"longName": f"A{BAD} Ltd"}})
    item = {"title": f"AAA {BAD} profit", "pubDate": "2025-11-10T20:00:00Z"}
    more = {"link": f"https://x.au/{BAD}", "publisher": BAD}
    written(folder, "news/AAA.AX.json", [item | more])
    (folder / "news" / "BBB.AX.json").write_text(f'{{"{BAD}')
    prices = (folder / "prices" / "CCC.AX.csv").read_text()
    (folder / "prices" / "CCC.AX.csv").write_text(f"{prices}{title},1,1,1,1,1,1\n")
    (home / "overnight.toml").write_text(
        "[sentiment]\nengine = 'lexicon'\n"
        '[universes]\n"m\\u001bine\\u202e" = ["AAA.AX"]\n'
    )
    (home / f"li{title.replace('/', '')}st.txt").write_text(f"AAA.AX\n{title}\n")
    return home


@pytest.fixture(scope="module")
def night(hostile: Path, run_night: Any) -> Any:  # noqa: ANN401
    """Give the summary of a night in that home."""
    symbols, folder = ("AAA.AX", "BBB.AX", "CCC.AX"), hostile / "folder"
    return run_night(hostile, *symbols, folder=folder, train="never").result()


def words(home: Path) -> Iterator[list[str]]:
    """Give commands on that home, right and wrong."""
    at, source = ["--home", str(home)], ["--source", "folder", "--as-of", AS_OF]
    (listed,) = home.glob("*.txt")
    folder = [*source, "--folder", str(home / "folder"), *at]
    yield ["events", "AAA.AX", "BBB.AX", "CCC.AX", *folder]
    yield ["events", "AAA.AX", "BBB.AX", *folder, "--json"]
    yield ["events", BAD, *folder]
    yield ["events", "--file", str(listed), *folder]
    yield ["events", "--universe", BAD, *folder]
    yield ["events", "AAA.AX", "--home", f"{home}/{BAD.replace(chr(0), '')}"]
    yield ["events", "AAA.AX", *source, "--folder", f"/x{BAD}", *at]
    yield ["explain", "AAA.AX", *at]
    yield ["explain", BAD, *at]
    yield ["report", *at]
    yield ["status", *at]
    yield ["track-record", *at]
    yield [*at]
    yield [*at, "--json"]


def test_no_command_prints_a_control_character(hostile: Path, night: Any) -> None:  # noqa: ANN401, ARG001
    """On stdout and stderr; brackets and colons of a title are shown as they are."""
    said = []
    for one in words(hostile):
        done = CliRunner().invoke(app, one)
        assert done.exit_code in {0, 1, 2}
        assert not CONTROLS.search(done.stdout + done.stderr), one
        assert "Traceback" not in done.stdout + done.stderr
        said.append(done.output)
    assert "[red]x[/red][/]:bomb: Pillar 3 (confirmed" in said[0]
    assert "SIT OUT" in said[0]


def test_no_output_of_a_night_holds_one(
    hostile: Path,
    night: Any,  # noqa: ANN401
    capsys: pytest.CaptureFixture[str],
) -> None:
    """CSV, report, logs, the table at the terminal, and each text of the summary."""
    show_summary(night)
    printed = capsys.readouterr()
    assert not CONTROLS.search(printed.out + printed.err)
    outputs = [one for one in hostile.rglob("*.*") if one.suffix in {".csv", ".html"}]
    outputs = [one for one in outputs if "reports" in one.parts]
    assert {one.suffix for one in outputs} == {".csv", ".html"}
    for path in [*outputs, *hostile.rglob("*.jsonl")]:
        assert not CONTROLS.search(path.read_text(encoding="utf-8")), path
    assert len(night.notices) > 2
    texts = [*night.notices, *night.failures.values(), *night.untrained.values()]
    assert "CCC.AX" in night.failures
    assert all(text.isprintable() for text in texts)
    assert not CONTROLS.search(repr(asdict(night)["rows"]))


def test_no_artifact_or_log_of_prefect_holds_one(night: Any) -> None:  # noqa: ANN401, ARG001
    """What the server keeps of the run is clean too."""
    from prefect.client.orchestration import get_client  # noqa: PLC0415

    with get_client(sync_client=True) as client:
        kept = [
            client._client.post(f"/{kind}/filter", json={}).json()
            for kind in ("artifacts", "flow_runs", "task_runs", "logs")
        ]
    for one in strings(kept):
        assert not CONTROLS.search(one) or "Traceback" in one, one


def strings(value: Any) -> Iterator[str]:  # noqa: ANN401
    """Give each text inside JSON."""
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else ():
        yield from strings(inner)
    for inner in value if isinstance(value, list) else ():
        yield from strings(inner)
