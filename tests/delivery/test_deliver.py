"""Receipts: each receiver gets a night's message once, or again with a mark."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from own_receivers import SECRET, HttpReceiver, http_receiver

from delivery.deliver import Delivery, deliver_unsent
from delivery.message import REPEAT, Kind, Message
from delivery.outbox import Outbox, latest_message
from delivery.receivers import VARIABLE, Receiver, read_receivers
from delivery.sender import Sender
from storage.home import Home

MESSAGE = Message("Night of 2025-11-10", "5 of 5 symbols usable.")
ONCE = Sender(pauses=())
SCRIPT = """
import sys
from test_deliver import outbox_of, send
from storage.home import Home
sys.stdin.readline()
send(Home.at(sys.argv[1]), sys.argv[2])
"""


def outbox_of(home: Home, kind: Kind = "result") -> Outbox:
    """Return the outbox of a night of one symbol."""
    return Outbox.of_night(home, date(2025, 11, 10), ["CBA.AX"], kind)


def send(home: Home, addresses: str, sender: Sender = ONCE) -> tuple[Delivery, ...]:
    """Send the stored message of the night to the addresses."""
    receivers = read_receivers({VARIABLE: addresses})
    return deliver_unsent(outbox_of(home), receivers, sender)


def subjects(web: HttpReceiver) -> list[str]:
    """Return the subjects of the messages that came."""
    return [message["title"] for message in web.messages]


def test_a_message_is_sent_once(home: Home) -> None:
    """A second run with another result sends nothing; another address gets it."""
    with http_receiver() as web:
        for text in ("first", "second"):
            outbox_of(home).store(Message(MESSAGE.subject, text))
            assert all(not one.reason for one in send(home, f"json://{web.place}"))
        send(home, f"json://{web.place} json://{web.place}/other")
    assert [message["message"] for message in web.messages] == ["first", "second"]


def test_a_failure_and_a_result_are_two_messages(tmp_path: Path) -> None:
    """The receipt of a failed run does not stop the message of the later success."""
    home = Home(tmp_path)
    with http_receiver() as web:
        (receiver,) = read_receivers({VARIABLE: f"json://{web.place}"})
        outbox_of(home).store(MESSAGE)
        outbox_of(home, "failure").note(receiver, "sent")
        send(home, receiver.address)
    assert subjects(web) == [MESSAGE.subject]


def test_two_lists_of_one_night_are_two_messages(tmp_path: Path) -> None:
    """The receipts of one list say nothing about another list."""
    names = {
        Outbox.of_night(Home(tmp_path), date(2025, 11, 10), symbols, "result").name
        for symbols in (["A.AX", "B.AX"], ["B.AX", "A.AX"], ["A.AX"])
    }
    assert len(names) == 2


def test_an_unreachable_receiver_costs_no_other_its_message(tmp_path: Path) -> None:
    """Its notice names no more than scheme and host; the next run tries it again."""
    home = Home(tmp_path)
    outbox_of(home).store(MESSAGE)
    with http_receiver() as good, http_receiver(500) as bad:
        addresses = f"json://me:{SECRET}@{bad.place} json://{good.place}"
        failed, sent = send(home, addresses)
        assert (failed.reason, sent.reason) == ("it answered 500", "")
        assert "address 1 (json://127.0.0.1) was not sent" in failed.notice
        assert SECRET not in f"{failed} {failed.notice}"
        (again,) = send(home, addresses)
    assert again.reason == ""
    assert subjects(bad) == [MESSAGE.subject, f"{MESSAGE.subject} {REPEAT}"]
    assert subjects(good) == [MESSAGE.subject]


@pytest.mark.parametrize(
    ("state", "later"),
    [
        ("", [MESSAGE.subject]),
        ("sending", [f"{MESSAGE.subject} {REPEAT}"]),
        ("sent", []),
    ],
)
def test_a_run_that_was_killed_between_two_steps(
    tmp_path: Path, state: str, later: list[str]
) -> None:
    """Before the receipt, after the first receipt, after the second."""
    home = Home(tmp_path)
    with http_receiver() as web:
        outbox_of(home).store(MESSAGE)
        if state:
            receiver = Receiver(f"json://{web.place}", 1)
            outbox_of(home).note(receiver, state)  # type: ignore[arg-type]
        send(home, f"json://{web.place}")
    assert subjects(web) == later


def test_a_run_that_was_killed_while_it_sent(tmp_path: Path) -> None:
    """The message came, and comes once again with a mark; then no more."""
    home = Home(tmp_path)
    outbox_of(home).store(MESSAGE)
    with http_receiver("kill") as web:
        address = f"json://{web.place}"
        paths = ":".join([*sys.path, str(Path(__file__).parent)])
        run = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(tmp_path), address],
            stdin=subprocess.PIPE,
            env={"PYTHONPATH": paths},
        )
        web.victim = run.pid
        run.communicate(b"\n")
        for _ in range(2):
            send(home, address)
    assert subjects(web) == [MESSAGE.subject, f"{MESSAGE.subject} {REPEAT}"]
    assert run.returncode == -9


def test_no_file_of_the_home_holds_an_address(tmp_path: Path) -> None:
    """The receipts are named by a slow, salted hash of the address."""
    home = Home(tmp_path)
    outbox_of(home).store(MESSAGE)
    with http_receiver() as web:
        send(home, f"json://{web.place}/{SECRET}")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 4
    for path in files:
        assert SECRET not in f"{path} {path.read_text()}"


def test_a_damaged_receipt_counts_as_begun(tmp_path: Path) -> None:
    """The message may have been sent, so it is sent with a mark."""
    home = Home(tmp_path)
    with http_receiver() as web:
        receiver = Receiver(f"json://{web.place}", 1)
        outbox = outbox_of(home)
        outbox.store(MESSAGE)
        outbox.note(receiver, "sent")
        (receipt,) = outbox.folder.glob("result-*.json")
        receipt.write_text("{")
        send(home, receiver.address)
    assert subjects(web) == [f"{MESSAGE.subject} {REPEAT}"]


def test_the_last_message_is_the_one_composed_last(home: Home) -> None:
    """Also if it is of an earlier night, as that of a replay."""
    outbox_of(home).store(MESSAGE)
    replay = Outbox.of_night(home, date(2025, 10, 27), ["CBA.AX"], "failure")
    replay.store(Message("replay", "text"))
    outbox, message = latest_message(home)
    assert (outbox, message.subject) == (replay, "replay")
