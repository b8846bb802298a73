"""A message is sent to real receivers on loopback, and tried again in limited time."""

import time

import pytest
from own_receivers import SECRET, http_receiver, mail_receiver

from delivery.message import Message
from delivery.receivers import Receiver
from delivery.sender import NOT_UNDERSTOOD, Sender

MESSAGE = Message("Night of 2025-11-10", "5 of 5 symbols usable.\nCBA.AX BUY +0.41")
FAST = Sender(pauses=(0, 0))
ONCE = Sender(pauses=())


def receiver(address: str) -> Receiver:
    """Return the only receiver."""
    return Receiver(address, 1)


def test_a_mail_has_text_and_attached_report() -> None:
    """The report is attached under its own name, after a log-in with the password."""
    message = Message(MESSAGE.subject, MESSAGE.text, "2025-11-10_morning_report.html")
    with mail_receiver() as (place, mails):
        address = f"mailto://me:{SECRET}@{place}?to=you@example.com&from=me@example.com"
        assert ONCE.send(receiver(address), message, b"<html>report</html>") == ""
    (mail,) = mails
    assert mail["subject"] == MESSAGE.subject
    (report,) = mail.iter_attachments()
    assert report.get_filename() == message.report
    assert report.get_content().strip() == "<html>report</html>"
    assert "CBA.AX BUY +0.41" in mail.get_body().get_content()


def test_json_ntfy_and_a_token_in_the_path() -> None:
    """A JSON receiver, one like ntfy, and one like Telegram, whose path has a token."""
    with http_receiver() as web:
        assert ONCE.send(receiver(f"json://{web.place}/x"), MESSAGE) == ""
        assert ONCE.send(receiver(f"ntfy://{web.place}/mine"), MESSAGE) == ""
        bot = f"json://{web.place}/bot1:{SECRET}/sendMessage"
        assert ONCE.send(receiver(bot), MESSAGE) == ""
    assert web.messages[0]["title"] == MESSAGE.subject
    assert web.messages[0]["message"] == MESSAGE.text
    assert (web.messages[1]["topic"], web.messages[1]["message"]) == (
        "mine",
        MESSAGE.text,
    )
    assert SECRET in web.requests[2][0]


def test_two_faults_are_tried_again() -> None:
    """After two answers 500 the third try succeeds; the message comes once as good."""
    with http_receiver(500, 500) as web:
        assert FAST.send(receiver(f"json://{web.place}"), MESSAGE) == ""
        assert len(web.requests) == 3


def test_three_faults_end_with_the_status() -> None:
    """The reason is the status of the last answer, and never the text of the answer."""
    with http_receiver(500, 500, 401) as web:
        address = f"json://me:{SECRET}@{web.place}/{SECRET}?token={SECRET}"
        assert FAST.send(receiver(address), MESSAGE) == "it answered 401"
        assert len(web.requests) == 3


def test_a_wrong_password_of_a_mailbox_is_an_answer() -> None:
    """The code of the mail server is the reason."""
    with mail_receiver() as (place, mails):
        address = f"mailto://me:wrong@{place}?to=you@example.com&from=me@example.com"
        assert ONCE.send(receiver(address), MESSAGE) == "it answered 535"
    assert not mails


def test_a_closed_port_and_a_broken_answer(free_port: int) -> None:
    """Both are a receiver that can't be reached."""
    closed = receiver(f"json://127.0.0.1:{free_port}")
    assert "could not be reached" in ONCE.send(closed, MESSAGE)
    with http_receiver("close") as web:
        broken = receiver(f"json://{web.place}")
        assert "could not be reached" in ONCE.send(broken, MESSAGE)


def test_a_hanging_receiver_is_cut_off() -> None:
    """A try ends when its time is over, even if the address asks for a longer one."""
    with http_receiver("hang") as web:
        begun = time.monotonic()
        reason = Sender((), seconds=1).send(
            receiver(f"json://{web.place}?rto=60"), MESSAGE
        )
    assert reason == "it did not answer within 1 s"
    assert time.monotonic() - begun < 5


def test_three_tries_take_two_minutes_at_most() -> None:
    """By default, pauses and tries together end within two minutes."""
    sender = Sender()
    assert len(sender.pauses) == 2
    assert sum(sender.pauses) + 3 * sender.seconds <= 120


@pytest.mark.parametrize("address", ["no://x", f"{SECRET}@x"])
def test_an_address_that_apprise_does_not_know_is_not_tried_again(address: str) -> None:
    """It is refused at once."""
    assert Sender(pauses=(60, 60)).send(receiver(address), MESSAGE) == NOT_UNDERSTOOD
