"""Secrets: found in files before anything runs, and shown by nothing."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from config.errors import ParameterError
from config.places import place_at
from config.secret_check import secret_in
from config.settings import read_settings
from flows.notices import WEBHOOK
from flows.registration import CHECKOUT

VALUE = "s3cr3tV4lue0123456789"

HOLDING = [
    f'api_key = "{VALUE}"',
    f'[run]\nPASSWORD="{VALUE}"',
    f"# token: {VALUE}",
    f'notice_webhook = "https://x.example/{VALUE}"',
    f'aws_secret_access_key = "{VALUE}"',
    f'[run]\ndask_scheduler = "tcp://me:{VALUE}@host:8786"',
    f'[sentiment]\nrepository = "hf_{VALUE}"',
    f'[sentiment]\nmodel_folder = "https://hooks.slack.com/services/{VALUE}"',
    f'[sentiment]\nmodel_folder = "https://x.example/?token={VALUE}"',
    f'mine = ["-----BEGIN PRIVATE KEY-----{VALUE}"]',
]


@pytest.mark.parametrize("text", HOLDING)
def test_a_secret_in_the_settings_is_named_and_not_shown(
    tmp_path: Path, text: str
) -> None:
    """File and line, what to do, and never the value."""
    (tmp_path / "overnight.toml").write_text(text)
    with pytest.raises(ParameterError, match="must hold no secret") as refused:
        read_settings(tmp_path)
    said = str(refused.value)
    assert f"{tmp_path / 'overnight.toml'}" in said
    assert f"line {text.count(chr(10)) + 1}" in said
    assert VALUE not in said


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[models]\nstale_after_days = 10",
        '[run]\ndask_scheduler = "tcp://scheduler:8786"\nrunner = "dask"',
        '[sentiment]\nrevision = "8f269abebfdd9009d7d9b5e96af7e5c6bfe50b20"',
        '[universes]\nmine = ["BHP.AX", "AAPL"]',
        "# secrets come from the environment",
    ],
)
def test_settings_without_secrets_are_read(tmp_path: Path, text: str) -> None:
    """No setting of ours looks like a secret."""
    (tmp_path / "overnight.toml").write_text(text)
    read_settings(tmp_path)


@pytest.mark.parametrize(
    "name",
    ["prefect.yaml", "docker-compose.yml", ".env.example", "pyproject.toml"],
)
def test_our_own_files_hold_none(name: str) -> None:
    """What is under version control names its secrets' variables alone."""
    assert secret_in(CHECKOUT / name) is None


@given(st.binary(max_size=200))
def test_no_content_breaks_the_check(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    """Any bytes are looked through."""
    path = tmp_path_factory.mktemp("any") / "overnight.toml"
    path.write_bytes(content)
    secret_in(path)


def test_a_home_with_a_password_is_refused_without_showing_it() -> None:
    """An address is shown in logs and forms, so it may not hold credentials."""
    with pytest.raises(ParameterError, match="no user or password") as refused:
        place_at(f"s3://me:{VALUE}@bucket/folder")
    assert VALUE not in str(refused.value)


def test_the_webhooks_address_is_a_secret_to_prefect() -> None:
    """The block that holds it shows stars."""
    from prefect.blocks.webhook import Webhook  # noqa: PLC0415  seconds

    block = Webhook(url=SecretStr(f"https://x.example/{VALUE}"))
    assert VALUE not in f"{block!r} {block}"
    assert WEBHOOK
