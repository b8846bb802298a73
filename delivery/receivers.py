"""The receivers of messages: addresses from the environment, and their safe names.

An address is a secret. Only `label` may be shown, logged or stored.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

VARIABLE = "OVERNIGHT_DELIVER_TO"
"""The addresses, in apprise's form, separated by white space."""

HOST_SCHEMES = {
    *("mailto", "mailtos", "json", "jsons", "xml", "xmls", "form", "forms"),
    *("ntfy", "ntfys"),
}
"""Schemes whose addresses have a host where others have a token."""

_SCHEME = re.compile(r"(?i)[a-z][a-z0-9+]{1,15}(?=://)")
_HOST = re.compile(r"(?:[^@]*@)?(?P<host>[A-Za-z0-9.-]+)(?::\d+)?")


@dataclass(frozen=True)
class Receiver:
    """An address, its place among the addresses, from 1, and what may be shown of it.

    `label` is e.g. `address 1 (mailto://example.com)`.
    """

    address: str = field(repr=False)
    number: int

    @property
    def label(self) -> str:
        """Return the number with no more than the scheme and host of the address."""
        return f"address {self.number} ({_shown(self.address)})"

    @property
    def by_mail(self) -> bool:
        """Return whether it is a mailbox, to which the report is attached."""
        return _scheme(self.address) in ("mailto", "mailtos")


def read_receivers(environment: Mapping[str, str]) -> tuple[Receiver, ...]:
    """Return the receivers that the environment names; a repeated address counts once.

    Nothing is checked: the sender says what is wrong with an address.
    """
    addresses = dict.fromkeys(environment.get(VARIABLE, "").split())
    return tuple(Receiver(text, number) for number, text in enumerate(addresses, 1))


def _scheme(address: str) -> str:
    found = _SCHEME.match(address)
    return found[0].lower() if found else ""


def _shown(address: str) -> str:
    scheme = _scheme(address)
    if not scheme:
        return "without a scheme"
    host = _host(address) if scheme in HOST_SCHEMES else ""
    return f"{scheme}://{host}"


def _host(address: str) -> str:
    """Return the host, "" if a part of a password could be taken for it.

    `@`, `/`, `?` and `#` in a password move the end of the host.
    """
    rest = address.partition("://")[2]
    before = re.split("[?#]", rest, maxsplit=1)[0]
    place, _, path = before.partition("/")
    if "@" in path or ("@" in rest and "@" not in place):
        return ""
    if _scheme(address).startswith("ntfy") and not path:
        return ""  # `ntfy://TOPIC`: who knows the topic can read it.
    found = _HOST.fullmatch(place)
    return found["host"] if found else ""
