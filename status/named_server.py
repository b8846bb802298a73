"""The Prefect server that `PREFECT_API_URL` names: who names it, and does it answer."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

import httpx
from prefect.client.orchestration import get_client
from prefect.context import get_settings_context
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_CLIENT_MAX_RETRIES,
    temporary_settings,
)

from config.errors import RunError

NAME = "PREFECT_API_URL"
REFUSED = (401, 403)


@dataclass(frozen=True)
class NamedServer:
    """A server's address, where that is written, and how it is taken out there."""

    address: str
    named_by: str
    removal: str


def named_server() -> NamedServer | None:
    """Return the server that the settings name; None if each run starts its own."""
    address = PREFECT_API_URL.value()
    if not address:
        return None
    shown = str(httpx.URL(address).copy_with(userinfo=b""))  # No password is shown.
    profile = get_settings_context().profile
    if NAME in map(str.upper, os.environ):
        return NamedServer(shown, f"the environment variable {NAME}", f"unset {NAME}")
    if _is_in_dot_env():
        return NamedServer(shown, "the file .env", f"delete {NAME} in .env")
    if PREFECT_API_URL in profile.settings:
        name = shlex.quote(profile.name)
        command = f"uv run prefect --profile {name} config unset --yes {NAME}"
        return NamedServer(shown, f"Prefect's profile {name}", f"run `{command}`")
    place = "prefect.toml or pyproject.toml"
    return NamedServer(shown, place, f"delete the `api` `url` in {place}")


def _is_in_dot_env() -> bool:
    try:
        lines = Path(".env").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return False
    names = [line.partition("=")[0].removeprefix("export ").strip() for line in lines]
    return NAME in map(str.upper, names)


def refusal(server: NamedServer) -> tuple[str, str]:
    """Return why the server can't be used, and what to do; twice '' if it can be."""
    try:
        once = temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 1})
        with once, get_client(sync_client=True) as client:
            client.api_version()
    except PrefectHTTPStatusError as error:
        status = error.response.status_code
        if status in REFUSED:
            return (
                f"refuses this user with status {status}",
                "set PREFECT_API_AUTH_STRING, as the lines of `overnight deploy` do",
            )
        found = f"answers with status {status}"
    except Exception as error:  # noqa: BLE001  httpx, TLS and proxies raise anything
        found = f"does not answer ({type(error).__name__})"
    else:
        return "", ""
    return found, (
        f"{server.named_by} names it: start it (`uv run overnight deploy`) or "
        f"{server.removal}"
    )


def require_named_server() -> None:
    """Pass if no server is named, or it can be used.

    Raises
    ------
    RunError
        If it does not answer or refuses; the message says who names it.
    """
    server = named_server()
    if server is None:
        return
    found, cure = refusal(server)
    if found:
        raise RunError(f"Prefect's server at {server.address} {found}; {cure}.")
