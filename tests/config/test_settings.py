"""The settings file: defaults without it, one message for each fault in it."""

from pathlib import Path

import pytest

from config.errors import ParameterError
from config.settings import Settings
from config.universes import UNIVERSES
from storage.settings_file import SETTINGS_FILE, read_settings

AT_BOUND = [
    ("prices", "min_sessions", 55),
    ("prices", "jump_multiple", 1.01),
    ("prices", "max_gap_sessions", 1),
    ("prices", "max_missing_share", 0.0),
    ("prices", "max_missing_share", 1.0),
    ("prices", "overlap_sessions", 1),
    ("prices", "retry_seconds", 0.0),
    ("models", "min_sessions", 60),
    ("models", "stale_after_days", 1),
    ("models", "history_kept", 0),
    ("blend", "lstm", 1.0),
    ("blend", "buy_above", 1.0),
    ("blend", "sell_below", -1.0),
    ("guard", "unknown_haircut", 1.0),
    ("run", "min_coverage", 0.0),
    ("run", "training_processes", 1),
    ("run", "models_per_process", 1),
    ("run", "nights_kept", 1),
]

OVER_BOUND = [
    ("prices", "min_sessions", "54", "55"),
    ("prices", "jump_multiple", "1", "1"),
    ("prices", "max_gap_sessions", "0", "1"),
    ("prices", "max_missing_share", "1.01", "1"),
    ("prices", "overlap_sessions", "0", "1"),
    ("prices", "requests_per_second", "0", "0"),
    ("prices", "request_timeout_seconds", "0", "0"),
    ("prices", "retry_seconds", "-1", "0"),
    ("models", "min_sessions", "59", "60"),
    ("models", "stale_after_days", "0", "1"),
    ("models", "history_kept", "-1", "0"),
    ("blend", "lstm", "-0.1", "0"),
    ("blend", "buy_above", "0", "0"),
    ("blend", "sell_below", "0.3", "0"),
    ("guard", "unknown_haircut", "1.5", "1"),
    ("run", "min_coverage", "nan", "1"),
    ("run", "training_processes", "0", "1"),
    ("run", "models_per_process", "0", "1"),
    ("run", "nights_kept", "0", "1"),
]

RENAMED = [
    (section, old, new)
    for section, value in Settings()
    for old, new in getattr(value, "renamed", {}).items()
]


def settings_from(home: Path, text: str | bytes) -> Settings:
    """Return what is read from a home whose settings file holds `text`."""
    content = text.encode() if isinstance(text, str) else text
    (home / SETTINGS_FILE).write_bytes(content)
    return read_settings(home)


def refusal_of(home: Path, text: str | bytes) -> str:
    """Return the message with which the settings file is refused."""
    with pytest.raises(ParameterError) as refusal:
        settings_from(home, text)
    return str(refusal.value)


def test_a_home_without_a_file_has_the_defaults(tmp_path: Path) -> None:
    """No settings file means the defaults, in a folder that may not even exist."""
    assert read_settings(tmp_path) == read_settings(tmp_path / "none") == Settings()


@pytest.mark.parametrize("text", ["", "# nothing\n", "\ufeff", "[prices]\n[run]\n"])
def test_an_empty_file_has_the_defaults(tmp_path: Path, text: str) -> None:
    """A file that sets nothing changes nothing."""
    assert settings_from(tmp_path, text) == Settings()


@pytest.mark.parametrize(("section", "name", "value"), AT_BOUND)
def test_a_setting_at_its_bound_is_taken(
    tmp_path: Path, section: str, name: str, value: float
) -> None:
    """A setting of the file changes only its own value."""
    settings = settings_from(tmp_path, f"[{section}]\n{name} = {value}\n")
    assert getattr(getattr(settings, section), name) == value
    default = getattr(Settings(), section).model_copy(update={name: value})
    assert settings == Settings(**{section: default})


@pytest.mark.parametrize(("section", "name", "value", "bound"), OVER_BOUND)
def test_a_setting_over_its_bound_is_refused(
    tmp_path: Path, section: str, name: str, value: str, bound: str
) -> None:
    """The message holds section and name, bound, value and the file's path."""
    message = refusal_of(tmp_path, f"[{section}]\n{name} = {value}\n")
    expected, _, came = message.partition(", got ")
    assert expected.startswith(f"`{section}.{name}` must be")
    assert bound in expected
    assert came == f"{value} in {tmp_path / SETTINGS_FILE}; correct it."


def test_an_unknown_section_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    """A misspelt section is refused, and the message lists the sections."""
    message = refusal_of(tmp_path, "[price]\nminimum_sessions = 60\n")
    assert message.startswith("`price` must be one of")
    assert all(section in message for section in Settings.model_fields)


@pytest.mark.parametrize(("section", "old", "new"), RENAMED)
def test_an_old_name_is_refused_with_the_new_one(
    tmp_path: Path, section: str, old: str, new: str
) -> None:
    """The message says how a renamed setting is called now, and in which file."""
    assert refusal_of(tmp_path, f"[{section}]\n{old} = 1\n") == (
        f"`{section}.{old}` is now called `{section}.{new}` in "
        f"{tmp_path / SETTINGS_FILE}; rename it."
    )
    assert new in type(getattr(Settings(), section)).model_fields


def test_a_removed_setting_is_refused_with_the_reason(tmp_path: Path) -> None:
    """The message says why the setting is gone, and in which file it is."""
    assert refusal_of(tmp_path, '[models]\nengine = "jax"\n') == (
        "`models.engine` was removed: TensorFlow trains all models in "
        f"{tmp_path / SETTINGS_FILE}; delete the line."
    )


def test_an_unknown_setting_is_refused_with_its_sections_names(tmp_path: Path) -> None:
    """A misspelt setting is refused, and the message lists that section's settings."""
    message = refusal_of(tmp_path, "[run]\nminimum_cover = 0.5\n")
    assert message.startswith("`run.minimum_cover` must be one of")
    assert "min_coverage" in message


@pytest.mark.parametrize("text", ["[[[", "a = ", "= 1", "[run]\n[run]\n", b"\xff\xfe"])
def test_a_broken_file_is_refused_with_its_path(
    tmp_path: Path, text: str | bytes
) -> None:
    """A file that is no UTF-8 TOML is refused, and the message names its path."""
    message = refusal_of(tmp_path, text)
    assert message.startswith(f"{tmp_path / SETTINGS_FILE} can't be read as TOML")


def test_a_folder_in_the_files_place_is_refused(tmp_path: Path) -> None:
    """A file that can't be read is refused; the defaults do not replace it."""
    (tmp_path / SETTINGS_FILE).mkdir()
    with pytest.raises(ParameterError, match="can't be read as TOML"):
        read_settings(tmp_path)


@pytest.mark.parametrize("text", ["prices = 3", "[run]\nmin_coverage = 'half'"])
def test_a_value_of_another_kind_is_refused(tmp_path: Path, text: str) -> None:
    """A section must be a table, and a number must be a number."""
    assert "` must be" in refusal_of(tmp_path, text)


def test_a_user_adds_a_universe(tmp_path: Path) -> None:
    """The user's own list is added to the built-in ones."""
    settings = settings_from(tmp_path, "[universes]\nmine = ['AAPL', 'CBA.AX']\n")
    assert settings.all_universes == UNIVERSES | {"mine": ("AAPL", "CBA.AX")}


def test_a_user_replaces_a_universe_of_the_product(tmp_path: Path) -> None:
    """The user's own list replaces a built-in list of the same name."""
    settings = settings_from(tmp_path, "[universes]\ntop10 = ['AAPL']\n")
    assert settings.all_universes["top10"] == ("AAPL",)
    assert len(UNIVERSES["top10"]) == 10


@pytest.mark.parametrize("value", ["'AAPL'", "[1]", "{ a = 1 }", "3"])
def test_a_universe_must_be_a_list_of_texts(tmp_path: Path, value: str) -> None:
    """A universe that is no list of texts is refused by its name."""
    assert "`universes.mine" in refusal_of(tmp_path, f"[universes]\nmine = {value}\n")


def test_sections_are_frozen() -> None:
    """No stage can change the settings of a run."""
    with pytest.raises(ValueError, match="frozen"):
        Settings().prices.__setattr__("retry_seconds", 0)


@pytest.mark.parametrize(
    "table",
    ["[[0.25, 0.2], [0.5, 0.45]]", "[[0.8, 0.2], [0.5, 0.45]]", "[[0.8, 1.7]]"],
)
def test_haircuts_must_fall_with_the_risk(tmp_path: Path, table: str) -> None:
    """A table in which a higher risk has a smaller haircut is refused."""
    assert "haircuts" in refusal_of(tmp_path, f"[guard]\nhaircuts = {table}\n")


@pytest.mark.parametrize(
    "text",
    [
        "[sentiment]\nengine = 'vader'",
        "[sentiment]\nprecision = 'fp16'",
        "[sentiment]\nrevision = 'main'",
        "[guard]\nunknown_haircut = 0.1",
    ],
)
def test_news_and_guard_have_their_bounds(tmp_path: Path, text: str) -> None:
    """An unknown engine or revision and a haircut below 20 % are refused."""
    assert "` must " in refusal_of(tmp_path, text)
