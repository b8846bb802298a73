"""What may be shown of an address: its scheme, and its host where it has one."""

import pytest
from own_receivers import SECRET

from delivery.receivers import VARIABLE, read_receivers


def label(address: str) -> str:
    """Return the label of the only address."""
    (receiver,) = read_receivers({VARIABLE: address})
    return receiver.label


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (
            f"mailto://me:{SECRET}@example.com?to=you@example.org",
            "mailto://example.com",
        ),
        (f"json://me:{SECRET}@example.com:8080/x", "json://example.com"),
        (f"ntfys://example.com/{SECRET}", "ntfys://example.com"),
        (f"ntfy://{SECRET}", "ntfy://"),
        (f"tgram://{SECRET}/123", "tgram://"),
        (f"discord://{SECRET}/{SECRET}", "discord://"),
        (f"slack://{SECRET}/B/c", "slack://"),
        (SECRET, "without a scheme"),
        (f"{SECRET}://x", "s3cr3t0passw0rd://"),
    ],
)
def test_no_more_than_scheme_and_host_is_shown(address: str, shown: str) -> None:
    """Where other addresses have a host, a token is not shown."""
    assert label(address) == f"address 1 ({shown})"


@pytest.mark.parametrize(
    "password", ["{}@x", "x@{}", "{}/x", "x/{}", "{}?x", "x?{}", "{}#x", "{}@a/b@c"]
)
def test_a_password_that_is_not_encoded_is_not_shown(password: str) -> None:
    """A character that ends the host of an address is in the password."""
    for scheme in ("mailto", "json", "ntfy"):
        text = label(f"{scheme}://me:{password.format(SECRET)}@example.com/t?to=a@b.c")
        assert SECRET not in text
        text = label(f"{scheme}://{password.format(SECRET)}@example.com/t")
        assert SECRET not in text


def test_addresses_are_separated_by_white_space_and_counted_once() -> None:
    """An address that is repeated gets one message; the value is not in the repr."""
    found = read_receivers({VARIABLE: f"json://a/{SECRET}\n json://b json://b\t"})
    assert [one.label for one in found] == [
        "address 1 (json://a)",
        "address 2 (json://b)",
    ]
    assert SECRET not in repr(found)
    assert read_receivers({}) == ()
