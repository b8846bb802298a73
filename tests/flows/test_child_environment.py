"""What of the user's environment reaches Prefect's server, worker and runs."""

import pytest

from flows.child_environment import (
    child_environment,
    drop_addresses,
    drop_server_settings,
)

NEEDED = {
    "PATH": "/bin",
    "HOME": "/home/me",
    "LC_ALL": "C.UTF-8",
    "https_proxy": "http://proxy:3128",
    "SSL_CERT_FILE": "/etc/ca.pem",
    "XDG_CACHE_HOME": "/cache",
    "OMP_NUM_THREADS": "2",
    "HF_HOME": "/models",
    "PYTHONPATH": "/code",
    "OVERNIGHT_HOME": "/nights",
    "PREFECT_HOME": "/prefect",
    "DO_NOT_TRACK": "1",
}
SERVERS = {
    "PREFECT_SERVER_DATABASE_PASSWORD": "hush",
    "PREFECT_API_DATABASE_PASSWORD": "hush",
    "PREFECT_SERVER_ENCRYPTION_KEY": "hush",
}
OTHERS = {
    "GITHUB_TOKEN": "hush",
    "OPENAI_API_KEY": "hush",
    "HF_TOKEN": "hush",
    "PGPASSWORD": "hush",
    "SSH_AUTH_SOCK": "hush",
    "OVERNIGHT_NOTICE_URL": "https://hush.example",
    "PREFECT_API_KEY": "hush",
    "PREFECT_PROFILE": "cloud",
}
STORE = {"AWS_SECRET_ACCESS_KEY": "hush", "FSSPEC_S3_KEY": "hush"}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (NEEDED | SERVERS | OTHERS | STORE).items():
        monkeypatch.setenv(name, value)


def test_a_run_gets_what_it_needs_and_no_secret() -> None:
    """Paths, language, proxies, certificates and libraries' settings; nothing else."""
    given = drop_server_settings(child_environment(in_store=False))
    assert NEEDED.items() <= given.items()
    assert "hush" not in f"{given}"
    assert given["PREFECT_PROFILE"] == "ephemeral"


def test_the_server_gets_its_own_settings() -> None:
    """Its database's password reaches it, another program's does not."""
    given = child_environment(in_store=False)
    assert SERVERS.items() <= given.items()
    assert not OTHERS.keys() & given.keys()


def test_a_run_gets_the_addresses_of_messages_and_the_server_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The worker's runs send the messages."""
    monkeypatch.setenv("OVERNIGHT_DELIVER_TO", "json://me:hush@example.com")
    given = child_environment(in_store=False)
    assert "OVERNIGHT_DELIVER_TO" in drop_server_settings(given)
    assert "hush@" not in f"{drop_addresses(given)}"


def test_a_home_in_a_store_brings_its_credentials() -> None:
    """They are passed on for such a home only."""
    assert STORE.items() <= child_environment(in_store=True).items()
    assert not STORE.keys() & child_environment(in_store=False).keys()
