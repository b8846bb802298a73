"""Secrets: found in files before anything runs, and shown by nothing."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from config.errors import ParameterError
from flows.automations import Webhook
from storage.checkout import CHECKOUT
from storage.paths import parse_address
from storage.secret_check import find_secret
from storage.settings_file import read_settings

VALUE = "s3cr3tV4lue0123456789"

HOLDING = [
    f'api_key = "{VALUE}"',
    f'[run]\nPASSWORD="{VALUE}"',
    f'# a comment\n"secret" = "{VALUE}" # and another',
    f'[a.credentials]\nyahoo = "{VALUE}"',
    f'x = {{ token = "{VALUE}" }}',
    f'[run]\n"access-key" = """\n{VALUE}"""',
    f'[[schedules]]\nlist = "https://x.example/?key={VALUE}"',
    "# AKIAIOSFODNN7EXAMPLE is what we use",
    "# ghp_abcdefghijklmnopqrst0123456789",
    "# https://hooks.slack.com/services/T000/B000/x0x0x0x0",
    "[models] # -----BEGIN RSA PRIVATE KEY-----",
    "# tgram://123456789:abcdefg_hijklmnop/12315544/",
    'deliver_to = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"',
    "# postgresql://prefect:s3cr3t@host/prefect",
    'x = ["AIzaSyA0123456789abcdefghijklmnopqrstuv"]',
    'x = ["glpat-abcdef0123456789abcd"]',
    f'x = "run --password={VALUE}"',
    f'broken = [\napi_key = "{VALUE}"',
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
    with pytest.raises(ParameterError, match="what looks like a secret") as refused:
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
        "# the password is in the environment",
        "# token: ask the person who runs the server",
        "# password = in OVERNIGHT_NOTICE_URL, see the secret store",
        "# an address like discord://WEBHOOK/TOKEN comes from the environment",
        "# our own webhook: https://example.com/api/docs",
        "# e.g. tcp://user:password@scheduler:8786 is refused",
        "[models] # the api_key = something is not here\nstale_after_days = 10",
        '[universes]\nsecret_picks = ["COIN", "MSTR"]\ntoken = ["COIN"]',
        '[sentiment.names]\n"AAPL" = ["Secret Token Ltd"]',
        '[sentiment]\nmodel_folder = "/srv/hf_finbert_onnx_int8/tokens"',
        "# risk-adjusted-returns-of-2025 and sk-learn-is-not-used-here",
        "# a key of 2025: AKIA is how Amazon's begin, hf_ the hub's",
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
def test_our_own_files_hold_none(tmp_path: Path, name: str) -> None:
    """What is under version control names its secrets' variables alone.

    A missing file holds none either, so each is read, and found with a secret added.
    """
    text = (CHECKOUT / name).read_text(encoding="utf-8")
    assert find_secret(CHECKOUT / name) is None
    (tmp_path / name).write_text(f"{text}\n# AKIAIOSFODNN7EXAMPLE\n")
    assert find_secret(tmp_path / name) == len(text.splitlines()) + 2


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"a: 1\nenv:\n  PREFECT_API_KEY: {VALUE}", 3),
        (f"env: [A=1, API_TOKEN={VALUE}]", 1),
        (f"pull:\n- step:\n    url: https://me:{VALUE}@host/x", 3),
        (f"a: [\npassword: {VALUE}", 2),
        ("# AKIAIOSFODNN7EXAMPLE", 1),
        ("# token: ask the person who runs the server", None),
        ("# the webhook: see https://example.com/api/docs\na: 1", None),
        ("token: '{{ $PREFECT_API_KEY }}'", None),
        ("token: ${TOKEN}\ntokens: true", None),
        ("description: |\n  the password is in the environment", None),
        ("a: &a [*a]", None),
    ],
)
def test_a_secret_in_yaml_is_named_with_its_line(
    tmp_path: Path, text: str, line: int | None
) -> None:
    """Keys, values and certain forms count in `prefect.yaml`; comments do not."""
    path = tmp_path / "prefect.yaml"
    path.write_text(text)
    assert find_secret(path) == line


@pytest.mark.parametrize("suffix", [".toml", ".yaml", ".env"])
def test_no_content_holds_the_check_up(tmp_path: Path, suffix: str) -> None:
    """Much of what the forms begin with is looked through in seconds."""
    path = tmp_path / f"large{suffix}"
    for part in ("sk-", "a:", "password", "eyJ-", "xoxb-a", "x://a:", "?token=", '"""'):
        path.write_text(part * (100_000 // len(part)))
        begun = time.monotonic()
        find_secret(path)
        assert time.monotonic() - begun < 5, part


@given(st.binary(max_size=200))
def test_no_content_breaks_the_check(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    """Any bytes are looked through: a secret in a line after them is found."""
    path = tmp_path_factory.mktemp("any") / "overnight.toml"
    path.write_bytes(content + b"\n# AKIAIOSFODNN7EXAMPLE")
    assert find_secret(path) is not None


def test_a_home_with_a_password_is_refused_without_showing_it() -> None:
    """An address is shown in logs and forms, so it may not hold credentials."""
    with pytest.raises(ParameterError, match="no user or password") as refused:
        parse_address(f"s3://me:{VALUE}@bucket/folder")
    assert VALUE not in str(refused.value)


def test_the_webhooks_address_is_a_secret_to_prefect() -> None:
    """The block that holds it, of the class that is saved, shows stars."""
    block = Webhook(url=SecretStr(f"https://x.example/{VALUE}"))
    assert VALUE in block.url.get_secret_value()
    assert VALUE not in f"{block!r} {block}"
