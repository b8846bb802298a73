"""The settings file of a home, `overnight.toml`."""

import tomllib
from pathlib import Path

from config.errors import ParameterError
from config.settings import Settings
from config.validation import validate
from storage.paths import StoragePath, read_bytes
from storage.secret_check import MAX_CONFIG_BYTES, require_no_secret

SETTINGS_FILE = "overnight.toml"


def read_settings(home: StoragePath) -> Settings:
    """Return the settings of `home`, the defaults if it has no `overnight.toml`.

    Raises
    ------
    ParameterError
        If `home` is a file, or `overnight.toml` is not TOML or holds an unknown name, a
        value out of range or a secret.
    StorageError
        If the store of `home` refuses or does not answer.
    """
    if isinstance(home, Path) and home.exists() and not home.is_dir():
        raise ParameterError(
            f"`home` must be a folder, got the file {home}",
            "correct --home or OVERNIGHT_HOME",
        )
    path = home / SETTINGS_FILE
    require_no_secret(path)
    try:
        values = tomllib.loads(read_bytes(path, MAX_CONFIG_BYTES).decode("utf-8-sig"))
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError, RecursionError) as error:
        raise ParameterError(
            f"{path} can't be read as TOML: {error}", "correct or remove it"
        ) from error
    return validate(Settings, values, where=f" in {path}", fix="correct it")
