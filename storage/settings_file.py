"""The settings file of a home: `overnight.toml`, read once per run."""

import tomllib

from config.errors import ParameterError
from config.settings import Settings
from config.validation import validate
from storage.paths import StoragePath, is_folder, is_there, read_limited
from storage.secret_check import LARGEST_FILE_BYTES, require_no_secret

SETTINGS_FILE = "overnight.toml"


def read_settings(home: StoragePath) -> Settings:
    """Return the settings of `home`, the defaults where it has no `overnight.toml`.

    Raises
    ------
    ParameterError
        If `home` is no folder, or the file is no TOML, or holds an unknown name or a
        value out of range, or what looks like a secret.
    StorageError
        If the store of `home` refuses or does not answer.
    """
    if is_there(home) and not is_folder(home):
        raise ParameterError(f"`home` must be a folder, got the file {home}.")
    path = home / SETTINGS_FILE
    require_no_secret(path)
    try:
        content = read_limited(path, LARGEST_FILE_BYTES)
        values = tomllib.loads(content.decode("utf-8-sig"))
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError, RecursionError) as error:
        raise ParameterError(
            f"{path} must be a readable TOML file, got: {error}; correct or remove it."
        ) from error
    return validate(Settings, values, f" in {path}")
