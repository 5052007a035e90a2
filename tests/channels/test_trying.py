"""Trying channels out, and the table of all of them."""

from pathlib import Path

from monitor.channels.base import CHANNELS
from monitor.channels.channel_test import sample_message, send_test
from monitor.channels.email import EmailChannel
from monitor.channels.slack import over_limit
from tests.channels.examples import NOW
from tests.channels.mailbox import Mailbox, MailServer
from tests.channels.making import email_channel, folder_channel


def mail_channel(place: str) -> EmailChannel:
    return email_channel(server=place, to=("ana@example.org", "ben@example.org"))


def test_every_type_is_in_the_table_under_its_own_name() -> None:
    assert set(CHANNELS) == {"email", "slack", "webhook", "folder", "console", "apprise"}
    for name, made in CHANNELS.items():
        assert getattr(made, "type", None) == name


def test_each_address_gets_a_test_and_one_failure_stops_no_other() -> None:
    mailbox = Mailbox()
    mailbox.refused["ana@example.org"] = "550 no such user"
    with MailServer(mailbox) as server:
        tried = list(send_test(mail_channel(server.place), now=NOW))
    assert [(one.target, one.ok) for one in tried] == [
        ("ana@example.org", False),
        ("ben@example.org", True),
    ]
    assert tried[0].as_line() == (
        "mail (email) to ana@example.org: failed: 127.0.0.1 answered 550 no such user"
    )
    assert tried[1].as_json()["detail"] == "250 queued as 1"


def test_a_test_may_go_to_another_address() -> None:
    mailbox = Mailbox()
    with MailServer(mailbox) as server:
        tried = list(send_test(mail_channel(server.place), now=NOW, to="eve@example.org"))
    assert [one.ok for one in tried] == [True]
    assert mailbox.mails[0]["To"] == "eve@example.org"


def test_the_test_message_stands_in_every_form(tmp_path: Path) -> None:
    channel = folder_channel(path=tmp_path)
    (tried,) = send_test(channel, now=NOW)
    assert tried.ok
    assert tried.as_line() == f"outbox (folder): sent: {tried.detail}"
    assert over_limit(sample_message(NOW).slack) is None


def test_every_test_is_a_message_of_its_own() -> None:
    assert sample_message(NOW).uid != sample_message(NOW).uid
