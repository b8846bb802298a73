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
from typing import Literal, Self

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
    """The folder of the messages of one night and one list of symbols."""

    root: StoragePath
    name: str

    @classmethod
    def of_night(cls, home: Home, night: date, symbols: Iterable[str]) -> Self:
        """Return the outbox of the runs of these symbols and this night.

        Two lists that are screened on one night have an outbox each.
        """
        text = "\n".join(sorted(symbols))
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        return cls(home.delivery, f"{night}-{digest}")

    @property
    def folder(self) -> StoragePath:
        """Return the folder of this outbox."""
        return self.root / self.name

    def store(self, kind: Kind, message: Message) -> None:
        """Store the message, which is the home's last message from then on.

        Raises
        ------
        StorageError
            If the disk or the store refuses.
        """
        _write(self.folder / f"{kind}.json", asdict(message))
        _write(self.root / "latest.json", {"folder": self.name, "kind": kind})
        keep_newest_folders(self.folder, NIGHTS_KEPT)

    def read(self, kind: Kind) -> Message | None:
        """Return the stored message, None if there is no whole one."""
        found = _read(self.folder / f"{kind}.json")
        try:
            return Message(**found) if found else None
        except TypeError:
            return None

    def state(self, kind: Kind, receiver: Receiver) -> State:
        """Return the state of the receiver's receipt; a damaged one is `sending`."""
        found = _read(self._receipt(kind, receiver))
        if found is None:
            return ""
        return "sent" if found.get("state") == "sent" else "sending"

    def note(self, kind: Kind, receiver: Receiver, state: State) -> None:
        """Write the receiver's receipt.

        Raises
        ------
        StorageError
            If the disk or the store refuses.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        receipt = {"state": state, "at": now, "receiver": receiver.label}
        _write(self._receipt(kind, receiver), receipt)

    def _receipt(self, kind: Kind, receiver: Receiver) -> StoragePath:
        name = _fingerprint(receiver.address, self._salt())
        return self.folder / f"{kind}-{name}.json"

    def _salt(self) -> bytes:
        """Return the home's own random salt, made on first use."""
        path = self.root / "salt"
        try:
            return read_bytes(path, MAX_BYTES)
        except FileNotFoundError:
            salt = os.urandom(16).hex().encode()
            write_atomic(path, salt)
            return salt


def latest_message(home: Home) -> tuple[Outbox, Kind, Message]:
    """Return the message that a run of this home composed last.

    Raises
    ------
    RunError
        If no run has composed a message.
    """
    found = _read(home.delivery / "latest.json") or {}
    outbox = Outbox(home.delivery, str(found.get("folder", "")))
    kind: Kind = "failure" if found.get("kind") == "failure" else "result"
    message = outbox.read(kind) if outbox.name else None
    if message is None:
        raise RunError(
            f"{home.root} holds no message of a night",
            "run a night first: `overnight screen`; or send a test message: "
            "`overnight deliver --test`",
        )
    return outbox, kind, message


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
