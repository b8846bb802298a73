"""The authentication string of a home's Prefect server: made once, for its owner only.

Whoever has it can have the worker run any code, so it appears in no argument, log or
file but its own.
"""

import contextlib
import hashlib
import os
import secrets
import shlex
import stat
from dataclasses import dataclass, field
from pathlib import Path

from config.errors import RunError
from storage.home import Home

VARIABLE = "PREFECT_SERVER_API_AUTH_STRING"
USER_NAME = "overnight"
READABLE_BY_OTHERS = stat.S_IRWXG | stat.S_IRWXO
LARGEST_FILE_BYTES = 4096


@dataclass(frozen=True)
class ServerAccess:
    """The authentication string, and the file that holds it, if one does."""

    auth_string: str = field(repr=False)
    file: Path | None

    @property
    def in_shell(self) -> str:
        """Return the string as a shell reads it, without showing it."""
        if self.file is None:
            return f'"${VARIABLE}"'
        return f'"$(cat {shlex.quote(str(self.file))})"'


def server_access(home: Home) -> ServerAccess:
    """Return the user's own string, else the home's, which the first call makes.

    Raises
    ------
    RunError
        If the string can't be sent to a server, or others could read or change its
        file.
    """
    given = os.environ.get(VARIABLE, "")
    if given:
        return ServerAccess(
            _checked(given, f"the environment variable {VARIABLE}"), None
        )
    path = _path(home)
    try:
        return ServerAccess(_stored(path) or _made(path), path)
    except OSError as error:
        raise RunError(
            f"the authentication string of Prefect's server can't be kept in {path} "
            f"({error.strerror}); make that file writable, or set {VARIABLE}."
        ) from error


def _path(home: Home) -> Path:
    """Return the file in the home, or the user's own folder for a home in a store.

    A store's objects may be readable by others, and its permissions are not ours.
    """
    if isinstance(home.root, Path):
        return home.root.resolve() / "data" / "prefect_auth"
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    name = hashlib.sha256(str(home.root).encode()).hexdigest()[:16]
    return Path(base) / "event-risk-guard" / f"prefect_auth-{name}"


def _stored(path: Path) -> str:
    """Return the file's string; '' if there is none, or others could read it."""
    try:
        # Not blocking and not following: neither a pipe nor a link in its place.
        flags = (
            os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        )
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        return ""
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as file:
        status = os.fstat(descriptor)
        _require_ours(path, status)
        if _is_open(status):
            path.unlink()
            return ""
        return _checked(file.read(LARGEST_FILE_BYTES).strip(), str(path))


def _require_ours(path: Path, status: os.stat_result) -> None:
    ours = not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
    if not (ours and stat.S_ISREG(status.st_mode)):
        raise RunError(
            f"{path} is no file of this user, so somebody else may know or change the "
            f"authentication string; delete it, or set {VARIABLE}."
        )


def _is_open(status: os.stat_result) -> bool:
    # Windows keeps no such permissions; a user's files there are the user's own.
    return os.name != "nt" and bool(status.st_mode & READABLE_BY_OTHERS)


def _made(path: Path) -> str:
    """Return a new string, written to a new file that only its owner may read."""
    made = f"{USER_NAME}:{secrets.token_urlsafe(24)}"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _stored(path)  # Another `overnight deploy` was a moment earlier.
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        if _is_open(os.fstat(descriptor)):
            with contextlib.suppress(OSError):
                path.unlink()
            raise RunError(
                f"{path} would be readable by others because its disk keeps no "
                f"permissions; choose a --home on another disk, or set {VARIABLE}."
            )
        file.write(f"{made}\n")
    return made


def _checked(text: str, where: str) -> str:
    """Return the string if a server and a browser can take it."""
    if text.isascii() and text.isprintable() and text.strip() == text and text:
        return text
    raise RunError(
        f"{where} holds no authentication string: it must be one line of ASCII "
        "characters like NAME:PASSWORD; delete it, and `overnight deploy` makes one."
    )
