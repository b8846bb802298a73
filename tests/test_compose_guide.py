"""`docs/compose.md`: its commands fit the compose file and do what they say."""

import re
import subprocess
from pathlib import Path

from compose_file import (
    ROOT,
    guide_command,
    guide_commands,
    guide_lines,
    volumes,
)

GUIDE = (ROOT / "docs" / "compose.md").read_text(encoding="utf-8")


def test_each_command_runs_where_its_program_is() -> None:
    """Each command runs in the service whose image has its program."""
    assert {(service, words[0]) for service, words in guide_commands()} == {
        ("worker", "overnight"),
        ("worker", "tee"),
        ("worker", "tar"),
        ("postgres", "pg_dump"),
        ("postgres", "pg_restore"),
    }


def test_every_line_is_compose_or_a_step_before_it() -> None:
    """Nothing else has to be installed."""
    starts = {" ".join(line.split()[:2]) for line in guide_lines()}
    assert starts == {"docker compose", "cp .env.example", "git pull"}


def test_the_table_of_volumes_is_the_compose_files() -> None:
    """The guide lists each volume of the compose file with its mount point."""
    told = dict(re.findall(r"^\| `(\w+)` \| `(/\S+)` in", GUIDE, flags=re.MULTILINE))
    assert told == volumes()


def test_what_goes_in_lands_in_the_home() -> None:
    """Settings and calendar are written to the volume, by the names that are read."""
    written = [words[1] for _, words in guide_commands() if words[0] == "tee"]
    home = volumes()["home"]
    assert written == [f"{home}/overnight.toml", f"{home}/event_calendar.csv"]


def test_a_backup_of_the_home_comes_back(tmp_path: Path) -> None:
    """The guide's second `tar` restores all that its first one wrote."""
    old, new, mounted = tmp_path / "old", tmp_path / "new", volumes()["home"]
    (old / "reports").mkdir(parents=True)
    (old / "reports" / "night.csv").write_text("symbol\nCBA.AX\n")
    new.mkdir()
    write, read = guide_command("tar", "--create"), guide_command("tar", "--extract")
    packed = subprocess.run(
        [word.replace(mounted, str(old)) for word in write],
        check=True,
        capture_output=True,
    )
    subprocess.run(
        [word.replace(mounted, str(new)) for word in read],
        check=True,
        input=packed.stdout,
    )
    assert (new / "reports" / "night.csv").read_text() == "symbol\nCBA.AX\n"
