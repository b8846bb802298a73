"""`[[schedules]]` in `overnight.toml`: one message for each fault."""

from pathlib import Path

import pytest

from config.errors import ParameterError
from config.schedules import MAX_SCHEDULES
from storage.settings_file import read_settings

GOOD = {"list": '"us_tech"', "at": '"16:45"', "timezone": '"America/New_York"'}


def entry(**changes: str | None) -> str:
    """Return a schedule of `us_tech` with these values; None leaves a key out."""
    lines = [f"{key} = {value}" for key, value in (GOOD | changes).items() if value]
    return "\n".join(["[[schedules]]", *lines, ""])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (entry(list='"us_teck"'), "entry 1: `list` must be one of asx_priority, "),
        (entry() + entry(list='"x"'), "entry 2: `list` must be one of"),
        (entry(at='"24:00"'), """entry 1: `at` must be a time from"""),
        (entry(at='"6:30"'), """got '6:30' in"""),
        (entry(at="18:30:00"), 'quotes with two digits each, such as "06:30"'),
        (entry(timezone='"America/NewYork"'), "use a name such as America/New_York."),
        (entry(timezone='"../etc"'), "must be an IANA time zone"),
        (entry(days='""'), "entry 1: `days` must name days of mon tue"),
        (entry(days='["mon"]'), 'commas in quotes, such as "mon-fri"'),
        (entry(days='"mon-"'), "got 'mon-'"),
        (entry(train='"maybe"'), "`train` must be 'stale', 'always' or 'never'"),
        (entry(at=None), "entry 1: `at` is missing in"),
        (entry(hour="3"), "known names (list, at, timezone, days, train)"),
        (entry() + entry(days='"fri"'), "entry 2: us_tech at 16:45 America/New_York"),
        (entry() * (MAX_SCHEDULES + 1), "at most 20 entries, got 21"),
        ("[schedules]\nlist = 3", "write each as [[schedules]], with two brackets"),
        ("schedules = 3", "`schedules` must be a list, got 3"),
        ('[universes]\n"a/b" = ["A"]\n' + entry(list='"a/b"'), "rename the list"),
    ],
)
def test_the_message_holds_file_entry_value_and_fix(
    tmp_path: Path, text: str, sentence: str
) -> None:
    """A wrong schedule is refused before anything is registered."""
    (tmp_path / "overnight.toml").write_text(text)
    with pytest.raises(ParameterError) as refused:
        read_settings(tmp_path)
    assert sentence in str(refused.value)
    assert str(tmp_path / "overnight.toml") in str(refused.value)


@pytest.mark.parametrize(
    ("days", "cron"),
    [
        ("mon-fri", "1,2,3,4,5"),
        ("Tue, Thu", "2,4"),
        ("sun-thu", "1,2,3,4,0"),
        ("sat,sun,sat", "6,0"),
        ("wed", "3"),
    ],
)
def test_days_are_ranges_and_names(tmp_path: Path, days: str, cron: str) -> None:
    """A range may pass Sunday; a day that is named twice counts once."""
    (tmp_path / "overnight.toml").write_text(entry(days=f'"{days}"'))
    (schedule,) = read_settings(tmp_path).schedules or ()
    assert schedule.cron == f"45 16 * * {cron}"


def test_two_times_of_a_list_are_no_duplicates(tmp_path: Path) -> None:
    """Schedules that differ in days, time or zone are allowed together."""
    (tmp_path / "overnight.toml").write_text(
        entry(days='"mon-thu"')
        + entry(days='"fri"')
        + entry(at='"17:00"')
        + entry(timezone='"Europe/London"')
    )
    assert len(read_settings(tmp_path).schedules or ()) == 4
