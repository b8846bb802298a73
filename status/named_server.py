"""The Prefect server that a setting names: where it is named, and if it answers."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

import httpx
from prefect.client.orchestration import get_client
from prefect.context import get_settings_context
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import (
    PREFECT_API_DATABASE_CONNECTION_URL,
    PREFECT_API_URL,
    PREFECT_CLIENT_MAX_RETRIES,
    temporary_settings,
)

from config.errors import RunError

NAME = "PREFECT_API_URL"


@dataclass(frozen=True)
class NamedServer:
    """A server's address, without its password.

    `named_by` is the place of the setting, `removal` how to remove the setting there.
    """

    address: str
    named_by: str
    removal: str


def named_server() -> NamedServer | None:
    """Return the server that the settings name; None if a run has to start its own."""
    address = PREFECT_API_URL.value()
    if not address:
        return None
    shown = str(httpx.URL(address).copy_with(userinfo=b""))
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


def database_address() -> str:
    """Return the address of the database of a server on this machine, with password."""
    return PREFECT_API_DATABASE_CONNECTION_URL.value() or ""


def _is_in_dot_env() -> bool:
    try:
        lines = Path(".env").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return False
    names = [line.partition("=")[0].removeprefix("export ").strip() for line in lines]
    return NAME in map(str.upper, names)


def find_fault(server: NamedServer) -> tuple[str, str]:
    """Return why the server can't be used and what to do; both '' if it can be used."""
    try:
        once = temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 1})
        with once, get_client(sync_client=True) as client:
            client.api_version()
    except PrefectHTTPStatusError as error:
        status = error.response.status_code
        if status in {401, 403}:
            return (
                f"refuses this user with status {status}",
                "set PREFECT_API_AUTH_STRING as `overnight deploy` prints it",
            )
        problem = f"answers with status {status}"
    except Exception as error:  # noqa: BLE001  httpx, TLS and proxies raise anything
        problem = f"does not answer ({type(error).__name__})"
    else:
        return "", ""
    return problem, (
        f"start it (`overnight deploy`) or {server.removal}, since {server.named_by} "
        "names it"
    )


def require_named_server() -> None:
    """Check that the named server, if there is one, can be used.

    Raises
    ------
    RunError
        If it does not answer or refuses; the message says where it is named.
    """
    server = named_server()
    if server is None:
        return
    problem, fix = find_fault(server)
    if problem:
        raise RunError(f"Prefect's server at {server.address} {problem}", fix)
