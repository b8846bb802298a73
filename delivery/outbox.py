"""The stored message of one run of a night, and a receipt for each of its receivers.

A receipt is written as `sending` before a message is sent, and as `sent` after that. A
run that was killed between the two leaves `sending`: the message may have arrived.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Literal, Self, get_args

from config.errors import RunError
from delivery.message import Kind, Message
from delivery.receivers import Receiver
from storage.home import Home, keep_newest_folders, write_atomic
from storage.paths import StoragePath, read_bytes

State = Literal["", "sending", "sent"]
"""The state of a receipt, "" without a receipt."""

MAX_BYTES = 100_000
NIGHTS_KEPT = 60
"""Folders of messages that a home keeps."""


@dataclass(frozen=True)
class Outbox:
    """One kind of message about one night and one list of symbols.

    `name` is the name of its folder.
    """

    home: Home
    name: str
    kind: Kind

    @classmethod
    def of_night(
        cls, home: Home, night: date, symbols: Iterable[str], kind: Kind
    ) -> Self:
        """Return the outbox of the runs of these symbols and this night.

        Two lists that are screened on one night have a folder each.
        """
        text = "\n".join(sorted(symbols))
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        return cls(home, f"{night}-{digest}", kind)

    @property
    def folder(self) -> StoragePath:
        """Return the folder of this outbox."""
        return self.home.delivery / self.name

    def store(self, message: Message) -> None:
        """Store the message, which is the home's last message from then on.

        Raises
        ------
        StorageError
            If the disk or the store refuses.
        """
        _write(self.folder / f"{self.kind}.json", asdict(message))
        latest = {"folder": self.name, "kind": self.kind}
        _write(self.home.delivery / "latest.json", latest)
        keep_newest_folders(self.folder, NIGHTS_KEPT)

    def read(self) -> Message | None:
        """Return the stored message, None if there is no whole one."""
        found = _read(self.folder / f"{self.kind}.json")
        try:
            return Message(**found) if found else None
        except TypeError:
            return None

    def state(self, receiver: Receiver) -> State:
        """Return the state of the receiver's receipt; a damaged one is `sending`."""
        found = _read(self._receipt(receiver))
        if found is None:
            return ""
        return "sent" if found.get("state") == "sent" else "sending"

    def note(self, receiver: Receiver, state: State) -> None:
        """Write the receiver's receipt.

        Raises
        ------
        StorageError
            If the disk or the store refuses.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        receipt = {"state": state, "at": now, "receiver": receiver.label}
        _write(self._receipt(receiver), receipt)

    def _receipt(self, receiver: Receiver) -> StoragePath:
        name = _fingerprint(receiver.address, self._salt())
        return self.folder / f"{self.kind}-{name}.json"

    def _salt(self) -> bytes:
        """Return the home's own random salt, made on first use."""
        path = self.home.delivery / "salt"
        try:
            return read_bytes(path, MAX_BYTES)
        except FileNotFoundError:
            salt = os.urandom(16).hex().encode()
            write_atomic(path, salt)
            return salt


def latest_message(home: Home) -> tuple[Outbox, Message]:
    """Return the message that a run of this home composed last.

    Raises
    ------
    RunError
        If no run has composed a message.
    """
    found = _read(home.delivery / "latest.json") or {}
    named = found.get("kind")
    kind: Kind = next((one for one in get_args(Kind) if one == named), "result")
    outbox = Outbox(home, str(found.get("folder", "")), kind)
    message = outbox.read() if outbox.name else None
    if message is None:
        raise RunError(
            f"{home.root} holds no message of a night",
            "run a night first: `overnight screen`; or send a test message: "
            "`overnight deliver --test`",
        )
    return outbox, message


def _fingerprint(address: str, salt: bytes) -> str:
    """Return a name for the address, from which nobody can compute it by trying.

    scrypt takes 50 ms for each trial.
    """
    cost = {"n": 2**14, "r": 8, "p": 1}
    return hashlib.scrypt(address.encode(), salt=salt, dklen=8, **cost).hex()


def _write(path: StoragePath, content: object) -> None:
    write_atomic(path, json.dumps(content, indent=1))


def _read(path: StoragePath) -> dict[str, str] | None:
    """Return the object of a JSON file: {} if it is damaged, None if it is missing."""
    try:
        found = json.loads(read_bytes(path, MAX_BYTES))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
