"""`overnight deliver`: a test message, the last message, no address in any output."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from own_receivers import SECRET, http_receiver, mail_receiver
from typer.testing import CliRunner, Result

from cli.app import app
from delivery.message import REPEAT, Message
from delivery.outbox import Outbox
from delivery.receivers import Receiver
from screening.report.report_file import report_path
from storage.home import Home, write_atomic


def overnight_deliver(home: Path, addresses: str, *options: str) -> Result:
    """Run the command with these addresses in its environment."""
    words = ["deliver", *options, "--home", str(home)]
    return CliRunner().invoke(app, words, env={"OVERNIGHT_DELIVER_TO": addresses})


def test_the_last_report_is_sent_again_to_all(tmp_path: Path) -> None:
    """A second time the subject says that it may be a repeat; a mail has the report."""
    home, night = Home(tmp_path), date(2025, 11, 10)
    report = report_path(home.morning_reports, night)
    write_atomic(report, "<html>report</html>")
    message = Message("Night of 2025-11-10", "text", report.name)
    Outbox.of_night(home, night, ["CBA.AX"], "result").store(message)
    with http_receiver() as web, mail_receiver() as (place, mails):
        mail = f"mailto://me:{SECRET}@{place}?to=you@example.com&from=me@example.com"
        for _ in range(2):
            done = overnight_deliver(tmp_path, f"json://{web.place} {mail}")
            assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        "Night of 2025-11-10",
        "address 1 (json://127.0.0.1): sent",
        "address 2 (mailto://127.0.0.1): sent",
    ]
    subjects = [one["title"] for one in web.messages]
    assert subjects == [message.subject, f"{message.subject} {REPEAT}"]
    assert [len(list(one.iter_attachments())) for one in mails] == [1, 1]


def test_an_address_that_has_the_message_is_left_out(tmp_path: Path) -> None:
    """While another has not got it; if all have it, all get it again."""
    outbox = Outbox.of_night(Home(tmp_path), date(2025, 11, 10), ["A.AX"], "result")
    outbox.store(Message("Night of 2025-11-10", "text"))
    with http_receiver() as first, http_receiver() as second:
        outbox.note(Receiver(f"json://{first.place}", 1), "sent")
        for expected in ((0, 1), (1, 2)):
            overnight_deliver(tmp_path, f"json://{first.place} json://{second.place}")
            assert (len(first.requests), len(second.requests)) == expected


@pytest.mark.parametrize("debug", [[], ["--debug"]])
def test_no_output_shows_more_than_scheme_and_host(
    tmp_path: Path,
    debug: list[str],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With a password in each part of the address that can hold one."""
    wrong = f"bogus://{SECRET}:{SECRET}@{SECRET}/{SECRET}?token={SECRET} {SECRET}"
    with http_receiver() as web:
        good = f"json://{SECRET}:{SECRET}@{web.place}/{SECRET}?+x={SECRET}&:y={SECRET}"
        done = overnight_deliver(tmp_path, f"{wrong} {good}", "--test", *debug)
    assert done.exit_code == 1
    assert len(web.requests) == 1
    assert "address 2 (without a scheme): apprise does not" in done.stdout
    shown = (done.output, *capfd.readouterr(), caplog.text)
    assert [text for text in shown if SECRET in text] == []


@pytest.mark.parametrize(
    ("addresses", "said"),
    [("", "OVERNIGHT_DELIVER_TO holds no address"), ("json://x", "holds no message")],
)
def test_nothing_to_send_is_one_sentence(
    tmp_path: Path, addresses: str, said: str
) -> None:
    """Without an address, and in a home without a night."""
    done = overnight_deliver(tmp_path, addresses)
    assert done.exit_code == (1 if addresses else 2)
    assert said in done.stderr


def test_the_command_itself_loads_no_heavy_library() -> None:
    """Only the process that sends a message imports apprise."""
    code = "import cli.commands.deliver, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    heavy = {"apprise", "pandas", "prefect", "pydantic", "exchange_calendars"}
    assert heavy & set(done.stdout.split()) == set()
