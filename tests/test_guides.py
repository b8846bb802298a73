"""The guides: each command is accepted, each snippet runs, each link leads to a file.

Commands are read by their programs' own parsers; guides whose commands are run have a
test of their own beside this one.
"""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from risk_guard.calendar_file import read_calendar
from storage.settings_file import read_settings

ROOT = Path(__file__).parents[1]
GUIDES = {
    name: (ROOT / "docs" / name).read_text(encoding="utf-8")
    for name in (
        "operations.md",
        "scale.md",
        "quickstart.md",
        "quick-reference.md",
        "training-guide.md",
        "event-guard.md",
        "how-a-call-is-made.md",
        "windows.md",
        "settings.md",
        "news.md",
        "glossary.md",
        "failures.md",
        "delivery.md",
        "holdings.md",
        "morning-update.md",
        "evaluation.md",
        "why.md",
    )
}
DEPLOYED = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]


def blocks(language: str) -> list[str]:
    """Return the guides' blocks of a language."""
    found = re.findall(r"```(\w+)\n(.+?)\n```", "\n".join(GUIDES.values()), re.DOTALL)
    return [text for kind, text in found if kind == language]


def commands() -> list[list[str]]:
    """Return the words of every command, without `uv run` and variables before it."""
    text = "\n".join([*blocks("sh"), *blocks("powershell")])
    lines = text.replace("\\\n", " ").splitlines()
    words = [shlex.split(line, comments=True) for line in lines]
    return [_bare(one) for one in words if one]


def _bare(words: list[str]) -> list[str]:
    while re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    return words[2:] if words[:2] == ["uv", "run"] else words


def check_prefect_command(words: list[str]) -> None:
    """Refuse what Prefect's command line does not take."""
    from prefect.cli._app import _app  # noqa: PLC0415

    command = words[words[0] == "--no-prompt" :]  # an option of all commands
    _app.parse_args(command, exit_on_error=False, print_error=False)


def check_overnight_command(words: list[str]) -> None:
    """Refuse what our own command line does not take."""
    from cli.app import app  # noqa: PLC0415

    group: Any = typer.main.get_command(app)
    for name in words[:1]:  # empty: `overnight` alone
        group.commands[name].make_context(name, words[1:])


def check_dask_command(words: list[str]) -> None:
    """Refuse what Dask's scheduler or worker does not take."""
    name, *rest = words
    module = import_module(f"distributed.cli.dask_{name}")
    module.main.make_context(name, rest)


def check_python_command(words: list[str]) -> None:
    """Refuse a module or a script that is not there, or its options."""
    if words[0] == "-m":
        import_module(words[1])
        return
    assert (ROOT / words[0]).is_file()
    import_module(Path(words[0]).stem).parse_arguments(words[1:])


def check_uv_command(words: list[str]) -> None:
    """Refuse an extra that the project does not have."""
    command, *options = words
    assert (command, *options[::2]) == ("sync", *["--extra"] * (len(options) // 2))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(options[1::2]) <= set(project["optional-dependencies"])


PROGRAMS: dict[str, Callable[[list[str]], None]] = {
    "prefect": check_prefect_command,
    "overnight": check_overnight_command,
    "dask": check_dask_command,
    "python": check_python_command,
    "uv": check_uv_command,
}
ELSEWHERE = {"moto_server", "curl", "grep", "pip", "export", "wsl", "$env:PYTHONUTF8"}
"""Programs of others, whose options are not checked."""


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_its_program_takes_each_command(words: list[str]) -> None:
    """The program accepts every option, name and script that a guide names."""
    name, *rest = words
    if name not in ELSEWHERE:
        PROGRAMS[name](rest)


def test_the_runs_shown_are_taken_by_their_flows() -> None:
    """Each `prefect deployment run` names a deployment, with parameters of its flow."""
    shown = [one for one in commands() if one[1:3] == ["deployment", "run"]]
    assert shown
    for _, _, _, name, *options in shown:
        flow_name, _, deployment = name.partition("/")
        (found,) = [one for one in DEPLOYED if one["name"] == deployment]
        module, _, function = found["entrypoint"].rpartition(".")
        flow = getattr(import_module(module), function)
        assert flow.name == flow_name
        assert flow.validate_parameters(found["parameters"] | _given(options))


def _given(options: list[str]) -> dict[str, Any]:
    """Return the parameters as Prefect reads them: JSON, or else a text."""
    assert set(options[::2]) <= {"-p"}
    pairs = [one.partition("=") for one in options[1::2]]
    return {name: _value(text) for name, _, text in pairs}


def _value(text: str) -> Any:  # noqa: ANN401
    try:
        return json.loads(text)
    except ValueError:
        return text


def test_the_table_of_deployments_is_prefect_yamls() -> None:
    """The guide's table has one line per deployment."""
    named = re.findall(
        r"^\| `[\w-]+/([\w-]+)` \|", GUIDES["operations.md"], re.MULTILINE
    )
    assert sorted(named) == sorted(one["name"] for one in DEPLOYED)


@pytest.mark.parametrize("text", blocks("toml"))
def test_the_settings_shown_can_be_read(text: str, tmp_path: Path) -> None:
    """Each `overnight.toml` of a guide can be read."""
    (tmp_path / "overnight.toml").write_text(text)
    assert read_settings(tmp_path)


@pytest.mark.parametrize("text", blocks("python"))
def test_a_snippet_prints_what_stands_below_it(text: str) -> None:
    """Each Python snippet runs and prints the text that the guide shows."""
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() in [shown.strip() for shown in blocks("text")]


@pytest.mark.parametrize("text", blocks("csv"))
def test_the_calendars_shown_can_be_read(text: str, tmp_path: Path) -> None:
    """No line of a calendar in a guide is refused."""
    (tmp_path / "event_calendar.csv").write_text(text)
    calendar = read_calendar(tmp_path / "event_calendar.csv")
    assert calendar.lines
    assert not calendar.refusals


def test_prefect_knows_every_setting_of_its_own() -> None:
    """Each `PREFECT_` variable of a guide is a setting of Prefect."""
    from prefect.settings import Settings  # noqa: PLC0415

    named = set(re.findall(r"PREFECT_[A-Z_]+", "\n".join(blocks("sh"))))
    given = {"url": "http://127.0.0.1:4200/api", "auth_string": "me:mine"}
    known = Settings(api=given)  # it leaves out None
    assert named <= set(known.to_environment_variables())


SECONDS = {"ms": 1e-3, "s": 1, "core minutes": 60, "core hours": 3600}
KILOBYTES = {"KB": 1, "MB": 1e3, "GB": 1e6}


@pytest.mark.parametrize("units", [SECONDS, KILOBYTES, {"": 1}], ids=" ".join)
def test_ten_thousand_symbols_cost_ten_thousand_times_one(
    units: dict[str, float],
) -> None:
    """In the table of costs, 10,000 symbols cost 10,000 times one symbol."""
    costs = GUIDES["scale.md"].partition("\n## What a home takes")[0]
    rows = re.findall(r"^\| .+ \| (?:T = )?(.+) \| (.+) \|$", costs, re.MULTILINE)
    found = [[one.partition(" ") for one in row] for row in rows]
    known = [row for row in found if row[0][2] in units and row[1][2] in units]
    assert known
    for (one, _, unit), (all_of_them, _, larger) in known:
        many = _number(all_of_them) * units[larger]
        assert many == pytest.approx(1e4 * _number(one) * units[unit], rel=0.06)


def _number(text: str) -> float:
    return float(text.replace(",", ""))


@pytest.mark.parametrize("name", GUIDES)
def test_every_link_leads_somewhere(name: str) -> None:
    """Each link of a guide leads to a file that exists."""
    links = re.findall(r"\]\((?!http|#)([^)#]+)\)", GUIDES[name])
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
