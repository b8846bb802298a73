"""The authentication string of a home's Prefect server; only the owner can read it.

With the string anybody can run any code on the worker. So it appears in no argument, no
log and no file except its own.
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
MAX_FILE_BYTES = 4096


@dataclass(frozen=True)
class ServerAccess:
    """The authentication string, and the file that holds it or None."""

    auth_string: str = field(repr=False)
    file: Path | None

    @property
    def in_shell(self) -> str:
        """Return a shell expression that reads the string without showing it."""
        if self.file is None:
            return f'"${VARIABLE}"'
        return f'"$(cat {shlex.quote(str(self.file))})"'


def server_access(home: Home) -> ServerAccess:
    """Return the user's own string, else the home's; the first call makes it.

    Raises
    ------
    RunError
        If a server can't take the string, or another user could read or change its
        file.
    """
    given = os.environ.get(VARIABLE, "")
    if given:
        return ServerAccess(
            _require_usable(given, f"the environment variable {VARIABLE}"), None
        )
    path = _path(home)
    try:
        return ServerAccess(_read(path) or _create(path), path)
    except OSError as error:
        raise RunError(
            f"the authentication string of Prefect's server can't be stored in {path} "
            f"({error.strerror})",
            f"make that file writable, or set {VARIABLE}",
        ) from error


def _path(home: Home) -> Path:
    """Return the file in the home, or in the user's own folder for a home in a store.

    Others may be able to read the objects of a store.
    """
    if isinstance(home.root, Path):
        return home.root.resolve() / "data" / "prefect_auth"
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    name = hashlib.sha256(str(home.root).encode()).hexdigest()[:16]
    return Path(base) / "event-risk-guard" / f"prefect_auth-{name}"


def _read(path: Path) -> str:
    """Return the file's string, or "" if there is none that only the user can read."""
    try:
        # Does not wait for a pipe and does not follow a link.
        flags = (
            os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        )
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        return ""
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as file:
        status = os.fstat(descriptor)
        _require_ours(path, status)
        if _others_can_read(status):
            path.unlink()
            return ""
        return _require_usable(file.read(MAX_FILE_BYTES).strip(), str(path))


def _require_ours(path: Path, status: os.stat_result) -> None:
    ours = not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
    if not (ours and stat.S_ISREG(status.st_mode)):
        raise RunError(
            f"{path} is not a file of this user, so another user may read or change "
            "the authentication string",
            f"delete {shlex.quote(str(path))}, or set {VARIABLE}",
        )


def _others_can_read(status: os.stat_result) -> bool:
    # Windows has no such permissions; only the user can read the user's files.
    return os.name != "nt" and bool(status.st_mode & READABLE_BY_OTHERS)


def _create(path: Path) -> str:
    """Return a new string, stored in a new file that only its owner can read."""
    auth_string = f"{USER_NAME}:{secrets.token_urlsafe(24)}"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)  # Another `overnight deploy` has just made it.
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        if _others_can_read(os.fstat(descriptor)):
            with contextlib.suppress(OSError):
                path.unlink()
            raise RunError(
                f"others could read {path} because its disk stores no permissions",
                f"pass a --home on another disk, or set {VARIABLE}",
            )
        file.write(f"{auth_string}\n")
    return auth_string


def _require_usable(text: str, where: str) -> str:
    """Return the string if a server and a browser can use it."""
    if text.isascii() and text.isprintable() and text.strip() == text and text:
        return text
    raise RunError(
        f"{where} holds no usable authentication string: it must be one line of ASCII "
        "characters like NAME:PASSWORD",
        "delete it, and run `overnight deploy` again, which makes a new string",
    )
