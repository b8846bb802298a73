"""The command `overnight`: refusals in one sentence, exit codes, and a quick help."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import pytest
from plain_night import ONE_PROCESS
from typer.main import get_command
from typer.testing import CliRunner

from cli.app import COMMANDS, MODEL_COMMANDS, app
from cli.options import EvaluateOptions, ScreenOptions, TrainOptions
from cli.request import evaluation_arguments, flow_arguments
from config.parameters import PRESETS, TrainingOverrides
from market_data.selection import Selection, Symbols, Universe
from storage.home import Home
from storage.lock import one_run_at_a_time

COMMAND = str(Path(sys.executable).with_name("overnight"))
"""The installed command, whether or not its folder is on the path."""

REFUSED = [
    (["CBA.AX", "--sequence-length", "200"], "`sequence_length` must be 30 to 120"),
    (["CBA.AX", "--sequence-length", "29"], "`sequence_length` must be 30 to 120"),
    (["CBA.AX", "--epochs", "0"], "`epochs` must be 1 to 100 passes, got '0'"),
    (["CBA.AX", "--epochs", "many"], "`epochs` must be 1 to 100 passes, got 'many'"),
    (["CBA.AX", "--batch-size", "128"], "`batch_size` must be 16 to 64 windows"),
    (["CBA.AX", "--validation-split", "nan"], "`validation_split` must be 0.1 to 0.3"),
    (["CBA.AX", "--learning-rate", "0"], "`learning_rate` must be above 0"),
    (["CBA.AX", "--learning-rate", "2"], "and at most 1, got '2'"),
    (
        ["CBA.AX", "--lstm-units", "100"],
        "two numbers of units from 1 to 512, got '100'",
    ),
    (["CBA.AX", "--lstm-units", "100,0"], "write e.g. 100,50"),
    (["CBA.AX", "--lstm-units", "many,50"], "`lstm_units` must be two numbers"),
    (["CBA.AX", "--lstm-units", "9,9,9"], "`lstm_units` must be two numbers"),
    (["CBA.AX", "--patience", "-1"], "`early_stopping_patience` must be at least 0"),
    (["CBA.AX", "--patience", "x"], "`early_stopping_patience` must be at least 0"),
    (["CBA.AX", "--seed", "4294967296"], "`seed` must be 0 to 4294967295"),
    (["CBA.AX", "--seed", "1.5"], "`seed` must be 0 to 4294967295, got '1.5'"),
    (["CBA.AX", "--period", "9y"], "`period` must be '1y', '2y', '3y', '4y' or '5y'"),
    (["CBA.AX", "--preset", "big"], "`preset` must be one of standard, quick_test"),
    (["--symbols", "../../x"], "`symbol` must look like CBA.AX"),
    (["--symbols", ","], "`symbols` must name at least one symbol"),
    (["CBA.AX;rm"], "`symbol` must look like CBA.AX"),
    (["--universe", "nope"], "`universe` must be one of asx_priority"),
    (["--file", "nowhere.txt"], "cannot be read as text"),
    (["--file", "empty.txt"], "there is no symbol in"),
    (["--file", "number.json"], "number.json entry 2 must be a symbol in quotes"),
    (["CBA.AX", "--as-of", "yesterday"], "`as_of` must be a date like 2025-11-10"),
    (["CBA.AX", "--as-of", "2099-01-01"], "`as_of` must be 1990-01-02 to today"),
    (["CBA.AX", "--source", "ftp"], "`source` must be one of yahoo, folder, sample"),
    (["CBA.AX", "--source", "folder"], "`folder` must be a folder that holds"),
    (["CBA.AX", "--universe", "us_tech"], "only one of SYMBOL..., --universe"),
    ([], "no symbols are selected; name SYMBOL..."),
]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Give a folder of bad symbol files, which is not the home."""
    (tmp_path / "empty.txt").write_text("# nothing\n")
    (tmp_path / "number.json").write_text('["CBA.AX", 42]')
    return tmp_path


@pytest.mark.parametrize("command", ["screen", "train"])
@pytest.mark.parametrize(("words", "sentence"), REFUSED)
def test_a_wrong_request_is_refused_in_one_sentence(
    files: Path, command: str, words: list[str], sentence: str
) -> None:
    """Exit 2, one sentence with value and bound or choices, nothing written."""
    home = files / "home"
    home.mkdir()
    named = [
        str(files / word) if word.endswith((".txt", ".json")) else word
        for word in words
    ]
    result = CliRunner().invoke(app, [command, *named, "--home", str(home)])
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1
    assert not list(home.iterdir())


def test_another_rule_for_sit_outs_is_refused(tmp_path: Path) -> None:
    """The refusal names both rules, and nothing is written."""
    words = ("screen", "CBA.AX", "--sit-out", "never", "--home", str(tmp_path))
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == 2
    assert "`sit_out` must be published or reaction, got 'never'" in result.stderr
    assert not list(tmp_path.iterdir())


AT_A_TERMINAL = """
import sys
from cli.app import main
try: main()
finally:
    from prefect.settings import get_current_settings
    found = get_current_settings()
    print(found.client.max_retries, found.logging.level)
"""


@pytest.fixture(scope="module")
def asked(
    tmp_path_factory: pytest.TempPathFactory,
) -> subprocess.CompletedProcess[str]:
    """Return `train` at a terminal, answered wrongly; it prints Prefect's settings."""
    home = str(tmp_path_factory.mktemp("home"))
    others = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    keyboard, terminal = os.openpty()
    os.write(keyboard, b"99\nnone.txt\nCBA.AX;rm\n\x04")
    return subprocess.run(
        [sys.executable, "-c", AT_A_TERMINAL, "train", "--home", home],
        env=others | {"PREFECT_API_URL": "http://127.0.0.1:9/api"},  # It starts none.
        stdin=terminal,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_person_is_asked_which_list(asked: subprocess.CompletedProcess[str]) -> None:
    """At a terminal `train` without symbols shows the lists and takes one of them."""
    assert asked.returncode == 1  # by Ctrl-D
    assert "1  asx_priority   CBA.AX ANZ.AX" in asked.stdout
    assert "Number or name of a list, symbols, or a file" in asked.stdout


def test_a_wrong_answer_is_explained_and_asked_again(
    asked: subprocess.CompletedProcess[str],
) -> None:
    """A number without a list, a missing file and a bad symbol have a sentence each."""
    wrong = ("must be 1 to 7, got 99", "cannot be read as text", "like CBA.AX")
    assert [one for one in wrong if one not in asked.stderr] == []
    assert asked.stdout.count("symbols, or a file: ") == 4


@pytest.mark.parametrize(
    ("answer", "selection"),
    [
        ("us_tech", Universe(universe="us_tech")),
        ("1", Universe(universe="asx_priority")),
        ("AAPL, CBA.AX", Symbols(symbols=("AAPL", "CBA.AX"))),
    ],
)
def test_the_menu_takes_lists_and_symbols(
    answer: str,
    selection: Selection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An answer that names a list or symbols selects them."""
    keyboard, terminal = os.openpty()
    os.write(keyboard, f"{answer}\n".encode())
    with os.fdopen(terminal) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        found = flow_arguments(TrainOptions(home=str(tmp_path)), "always")
    os.close(keyboard)
    assert found["selection"] == selection


def test_prefect_gets_its_environment_before_it_is_imported(
    asked: subprocess.CompletedProcess[str],
) -> None:
    """Prefect reads it at import: it asks again for 100 seconds and logs nothing."""
    assert asked.stdout.split()[-2:] == ["6", "CRITICAL"]


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        (signal.SIGINT, "Ctrl-C"),
        pytest.param(signal.SIGTERM, "TERM", marks=pytest.mark.long),
    ],
)
def test_a_signal_to_all_processes_ends_a_night_at_once(
    tmp_path: Path, number: int, cause: str
) -> None:
    """While it trains: one sentence, 128 + signal, no process left behind.

    TERM ends as many training processes as the machine has processors, Ctrl-C one.
    """
    if number == signal.SIGINT:
        (tmp_path / "overnight.toml").write_text(ONE_PROCESS)
    night = subprocess.Popen(
        [COMMAND, "screen", "--source", "sample", "--home", str(tmp_path)],
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not is_training(night):
        assert night.poll() is None
        time.sleep(0.05)
    os.killpg(night.pid, number)
    _, message = night.communicate(timeout=30)
    assert night.returncode == 128 + number
    assert message.splitlines()[-1] == (
        f"overnight: interrupted by {cause}; run the same command again, it continues "
        "with what is finished."
    )
    deadline = time.monotonic() + 5
    while left := session_processes(night.pid):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_ends_a_command_as_ctrl_c_does(tmp_path: Path, name: str) -> None:
    """To the command alone, while its server starts: nothing is left, 128 + signal."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    night = subprocess.Popen(
        [COMMAND, "screen", "--source", "sample", "--home", tmp_path / "home"],
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"], "TMPDIR": temporary},
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
        # Tests under `nohup` ignore HUP, and so would the command.
        preexec_fn=partial(signal.signal, signal.SIGHUP, signal.SIG_DFL),  # noqa: PLW1509
    )
    while not psutil.Process(night.pid).children():
        assert night.poll() is None
        time.sleep(0.05)
    left = psutil.Process(night.pid).children()
    night.send_signal(getattr(signal, name))
    _, message = night.communicate(timeout=60)
    assert night.returncode == 128 + getattr(signal, name)
    assert message.startswith(f"overnight: interrupted by {name[3:]}; run the same")
    assert message.count("\n") == 1
    assert not [one for one in left if one.is_running()]
    assert not session_processes(night.pid)
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("words", [["screen", "AAPL"], ["train", "AAPL"], ["update"]])
def test_a_home_in_use_is_refused_before_a_server_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """The sentence is about the home, although the named server does not answer."""
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    with one_run_at_a_time(Home(tmp_path)):
        result = CliRunner().invoke(app, [*words, "--home", str(tmp_path)])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"overnight: another run is using {tmp_path}; wait")


def is_training(night: subprocess.Popen[str]) -> bool:
    """Return whether all training processes of the night have begun to work."""
    children = psutil.Process(night.pid).children()
    used = [
        sum(one.cpu_times()[:2])
        for one in children
        if "spawn_main" in f"{one.cmdline()}"
    ]
    return bool(used) and min(used) > 1


def session_processes(leader: int) -> list[str]:
    """Return the processes that still belong to a session."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            after_name = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(after_name[3]) == leader and after_name[0] != "Z":
                found.append(folder.name)
    return found


def test_words_that_no_option_takes_are_refused_in_one_sentence() -> None:
    """The option parser's own refusals are one sentence like all others."""
    done = subprocess.run(
        [COMMAND, "screen", "--nosuch"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("overnight: No such option: --nosuch")
    assert done.stderr.count("\n") == 1


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """A home must be a folder; the command checks it before anything starts."""
    home = tmp_path / "file"
    home.write_text("")
    for words in (["screen", "CBA.AX"], ["status"]):
        result = CliRunner().invoke(app, [*words, "--home", str(home)])
        assert result.exit_code == 2
        assert "`home` must be a folder" in result.stderr


@pytest.mark.parametrize(
    "options",
    [TrainOptions, ScreenOptions, EvaluateOptions],
    ids=lambda kind: kind.__name__,
)
def test_every_training_parameter_is_an_option(
    options: type[TrainOptions | EvaluateOptions],
) -> None:
    """The parsed values reach the run, and the preset gives all others."""
    given = options(
        universe="us_tech",
        epochs="80",
        sequence_length="90",
        batch_size="16",
        validation_split="0.1",
        period="5y",
        lstm_units="64,32",
        dropout="0.3",
        learning_rate="0.0005",
        early_stopping_patience="0",
        seed="7",
    )
    if isinstance(given, EvaluateOptions):
        arguments = evaluation_arguments(given)
    else:
        arguments = flow_arguments(given, "always")
    assert arguments["preset"] == "standard"
    assert arguments["parameters"] == TrainingOverrides(
        epochs=80,
        sequence_length=90,
        batch_size=16,
        validation_split=0.1,
        period="5y",
        lstm_units=(64, 32),
        dropout=0.3,
        learning_rate=0.0005,
        early_stopping_patience=0,
        seed=7,
    )


def test_the_list_of_commands_has_each_command_s_own_first_line() -> None:
    """The table's line is the first line of the docstring of the command's function."""
    modules = {name.replace("-", "_"): line for name, line in COMMANDS.items()}
    modules |= {f"model_{name}": line for name, line in MODEL_COMMANDS.items()}
    for name, line in modules.items():
        function = getattr(import_module(f"cli.commands.{name}"), name)
        assert function.__doc__.splitlines()[0] == line


def commands() -> list[list[str]]:
    """Return the words of every command, the bare one and those of groups too."""
    found: list[list[str]] = [[]]
    tree: Any = get_command(app)
    for name, command in tree.commands.items():
        parts = getattr(command, "commands", {"": None})
        found += [[name, part] if part else [name] for part in parts]
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_has_an_example_and_fits_80_columns(words: list[str]) -> None:
    """A command's help shows a call that works, and breaks no line of a terminal."""
    asked = [*words, "--help"]
    result = CliRunner().invoke(app, asked, env={"COLUMNS": "80"})
    assert result.exit_code == 0
    assert f"For example: {' '.join(['overnight', *words])}" in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= 80
    assert "\x1b" not in result.stdout


def test_a_home_without_models_has_a_status(tmp_path: Path) -> None:
    """Without models the status is empty for a program and a hint for a person."""
    home = ["--home", str(tmp_path)]
    for_program = CliRunner().invoke(app, ["status", "--json", *home])
    assert json.loads(for_program.stdout)["totals"]["symbols"] == 0
    assert "overnight train" in CliRunner().invoke(app, ["status", *home]).stdout


def test_a_missing_model_is_counted(tmp_path: Path) -> None:
    """A named symbol without a model is missing, with the command that makes one."""
    words = ["status", "CBA.AX", "--json", "--home", str(tmp_path)]
    (line,) = json.loads(CliRunner().invoke(app, words).stdout)["symbols"]
    assert line["status"] == "missing"
    assert "overnight train CBA.AX" in line["reason"]


@pytest.mark.parametrize("words", [["-h"], ["screen", "-h"], ["model", "-h"]])
def test_h_shows_the_help(words: list[str]) -> None:
    """`-h` is a second name of `--help`."""
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0
    assert "Usage" in result.stdout


def test_the_version_is_the_package_s() -> None:
    """`--version` prints name and version."""
    result = CliRunner().invoke(app, ["--version"])
    assert result.stdout == f"overnight {version('event-risk-guard')}\n"


def test_the_help_has_the_standard_of_each_training_parameter() -> None:
    """The value after `standard:` is that of the preset."""
    shown = CliRunner().invoke(app, ["train", "--help"], env={"COLUMNS": "200"}).stdout
    for name, value in PRESETS["standard"].model_dump().items():
        option = "patience" if "patience" in name else name.replace("_", "-")
        (line,) = [one for one in shown.splitlines() if f"--{option} " in one]
        text = str(value).strip("()").replace(" ", "")
        assert f"standard: {text}." in line


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("overnight screen --universe us", ["us_tech", "us_mega"]),
        ("overnight screen --universe mi", ["mine"]),
        ("overnight explain CB", ["CBA.AX"]),
        ("overnight train ZZ", ["ZZZ.AX"]),
    ],
)
def test_the_shell_completes_lists_and_symbols(
    typed: str, offered: list[str], tmp_path: Path
) -> None:
    """Built-in lists and the home's own, and the symbols of both."""
    (tmp_path / "overnight.toml").write_text('[universes]\nmine = ["ZZZ.AX"]\n')
    asked = {
        "_OVERNIGHT_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(typed.count(" ")),
        "OVERNIGHT_HOME": str(tmp_path),
    }
    done = CliRunner().invoke(app, [], env=asked, prog_name="overnight")
    assert done.stdout.split() == offered


WARNING_LIBRARY = """
import os, sys
sys.argv = ["overnight", "screen", "--help"]
sys.stdout = open(os.devnull, "w")
from cli.app import main
try:
    main()
except SystemExit:
    pass
import logging, warnings
import prefect
from prefect.logging.configuration import setup_logging
setup_logging()
warnings.simplefilter("always")
warnings.warn("a library's own warning")
logging.getLogger("library").warning("a library's line")
"""


@pytest.mark.long
@pytest.mark.parametrize(("asked", "shown"), [("", False), ("default", True)])
def test_no_warning_of_a_library_gets_into_a_file(asked: str, shown: bool) -> None:  # noqa: FBT001
    """Neither a Python warning nor a log line, unless the user asks for warnings."""
    plain = {k: v for k, v in os.environ.items() if k != "PYTHONWARNINGS"}
    result = subprocess.run(
        [sys.executable, "-c", WARNING_LIBRARY],
        env=plain | ({"PYTHONWARNINGS": asked} if asked else {}),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert ("a library's own warning" in result.stderr) == shown
    assert "a library's line" not in result.stderr
