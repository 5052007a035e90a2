"""E-mail: what is sent over which connection, and what the server's answers mean."""

import ssl
from typing import Any

import pytest

from monitor.channels.email import EmailChannel
from monitor.errors import ConfigError, DeliveryError
from tests.channels.examples import SUBJECT, message
from tests.channels.mailbox import (
    PASSWORD,
    USER,
    Mailbox,
    MailServer,
    ScriptedServer,
    with_login,
)
from tests.channels.making import email_channel
from tests.sources.http.loopback import Connection

LOGIN = {"username": USER.decode(), "password": PASSWORD.decode()}
HELLO = ["220 mail.example.org", "250 mail.example.org"]
TAKEN = [*HELLO, "250 sender", "250 recipient", "354 go on", "250 queued"]


def to(place: str, **settings: Any) -> EmailChannel:
    """Return a channel to a server on loopback."""
    given = {
        "security": "none",
        "sender": "Trial monitor <monitor@example.org>",
        "to": ("ana@example.org", "ben@example.org"),
        "timeout_s": 10.0,
        **settings,
    }
    return email_channel(server=place, **given)


def send_one(channel: EmailChannel, **changed: Any) -> str:
    with channel.connect() as connection:
        return connection.send(message(**changed))


def failure(channel: EmailChannel, **changed: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        send_one(channel, **changed)
    return caught.value


@pytest.fixture
def mailbox() -> Mailbox:
    """Return an empty mailbox."""
    return Mailbox()


@pytest.mark.usefixtures("trusted")
def test_a_mail_goes_over_starttls_with_a_login(mailbox: Mailbox, tls: ssl.SSLContext) -> None:
    with with_login(mailbox, tls) as server:
        text = send_one(to(server.place, security="starttls", **LOGIN))
    assert text == "250 queued as 1"
    (mail,) = mailbox.mails
    assert mail["Subject"] == SUBJECT
    assert mailbox.envelopes[0].mail_from == "monitor@example.org"
    assert mailbox.envelopes[0].rcpt_tos == ["ana@example.org"]
    assert mailbox.sessions[0].ssl is not None


@pytest.mark.usefixtures("trusted")
def test_a_mail_goes_over_tls_from_the_first_byte(mailbox: Mailbox, tls: ssl.SSLContext) -> None:
    with MailServer(mailbox, ssl_context=tls) as server:
        send_one(to(server.place, security="tls"))
    assert len(mailbox.mails) == 1


def test_many_messages_take_one_connection(mailbox: Mailbox) -> None:
    with MailServer(mailbox) as server, to(server.place).connect() as connection:
        for number in range(20):
            connection.send(message(number))
    assert len(mailbox.mails) == 20
    assert len({id(session) for session in mailbox.sessions}) == 1


def test_no_message_no_connection() -> None:
    with ScriptedServer(TAKEN) as server, to(server.host).connect():
        pass
    assert server.connections == 0


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_nobody_is_not_trusted(
    mailbox: Mailbox, tls: ssl.SSLContext, security: str
) -> None:
    arguments: dict[str, Any] = {
        "tls": {"ssl_context": tls},
        "starttls": {"tls_context": tls},
    }[security]
    with MailServer(mailbox, **arguments) as server:
        caught = failure(to(server.place, security=security, **LOGIN))
    assert not caught.permanent
    assert "certificate that is not trusted" in str(caught)
    assert mailbox.sessions == []


@pytest.mark.usefixtures("trusted")
def test_the_authorities_may_come_from_a_file(
    mailbox: Mailbox, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    bundle = os.environ["SSL_CERT_FILE"]
    monkeypatch.delenv("SSL_CERT_FILE")
    with with_login(mailbox, tls) as server:
        send_one(to(server.place, security="starttls", certificates=bundle, **LOGIN))
    assert len(mailbox.mails) == 1


def test_a_server_without_starttls_gets_neither_mail_nor_password(mailbox: Mailbox) -> None:
    """As when somebody in between takes the offer away."""
    with MailServer(mailbox, auth_require_tls=False) as server:
        caught = failure(to(server.place, security="starttls", **LOGIN))
    assert not caught.permanent
    assert "does not offer what the settings ask for" in str(caught)
    assert mailbox.sessions == []


def test_a_server_that_speaks_no_tls_at_its_port_is_tried_again(mailbox: Mailbox) -> None:
    with MailServer(mailbox) as server:
        caught = failure(to(server.place, security="tls"))
    assert not caught.permanent
    assert "and TLS failed: " in str(caught)


@pytest.mark.usefixtures("trusted")
def test_a_wrong_password_is_not_the_message_s_fault(mailbox: Mailbox, tls: ssl.SSLContext) -> None:
    with with_login(mailbox, tls) as server:
        caught = failure(to(server.place, security="starttls", **LOGIN | {"password": "wrong"}))
    assert not caught.permanent
    assert "refused the login: 535" in str(caught)


@pytest.mark.parametrize(
    ("answer", "permanent"),
    [
        ("450 greylisted", False),
        ("452 mailbox full", False),
        ("550 no such user", True),
        ("553 not allowed", True),
        ("530 authentication required", False),
    ],
)
def test_the_server_s_answer_for_a_recipient_decides(
    mailbox: Mailbox, answer: str, permanent: bool
) -> None:
    mailbox.refused["ana@example.org"] = answer
    with MailServer(mailbox) as server, to(server.place).connect() as connection:
        with pytest.raises(DeliveryError) as caught:
            connection.send(message(1))
        assert connection.send(message(2, target="ben@example.org")) == "250 queued as 1"
    assert caught.value.permanent is permanent
    assert str(caught.value) == f"127.0.0.1 answered {answer}"
    assert [envelope.rcpt_tos for envelope in mailbox.envelopes] == [["ben@example.org"]]
    assert len({id(session) for session in mailbox.sessions}) == 1


@pytest.mark.parametrize(
    ("answer", "permanent"), [("554 spam", True), ("451 try later", False), ("552 too big", True)]
)
def test_the_server_s_answer_for_a_mail_decides(
    mailbox: Mailbox, answer: str, permanent: bool
) -> None:
    mailbox.answers = [answer]
    with MailServer(mailbox) as server, to(server.place).connect() as connection:
        with pytest.raises(DeliveryError) as caught:
            connection.send(message(1))
        connection.send(message(2))
    assert caught.value.permanent is permanent
    assert len(mailbox.mails) == 1


@pytest.mark.parametrize(
    "second",
    [[], ["421 too many mails"], ["250 sender", "421 shutting down"]],
    ids=["closed", "421 at the sender", "421 at the recipient"],
)
def test_a_connection_that_the_server_ended_is_made_anew(second: list[str]) -> None:
    with ScriptedServer([*TAKEN, *second], TAKEN) as server:
        with to(server.host).connect() as connection:
            text = [connection.send(message(number)) for number in (1, 2)]
        assert server.connections == 2
    assert text == ["250 queued", "250 queued"]


def test_it_is_made_anew_once_only() -> None:
    with ScriptedServer(TAKEN, HELLO) as server, to(server.host).connect() as connection:
        connection.send(message(1))
        with pytest.raises(DeliveryError, match="closed the connection") as caught:
            connection.send(message(2))
        assert server.connections == 2
    assert not caught.value.permanent


def test_a_mail_whose_fate_is_unknown_is_not_sent_at_once_again() -> None:
    """The server has had all of it and goes away without a word: it may be delivered."""
    with ScriptedServer(TAKEN[:-1]) as server:
        caught = failure(to(server.host))
        assert server.connections == 1
    assert not caught.permanent
    assert "closed the connection" in str(caught)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["421 busy"], "answered 421 busy"),
        (["554 no service for you"], "answered 554 no service for you"),
        (["HTTP/1.1 400 Bad Request"], "answered what is no SMTP"),
        ([*HELLO, "what?"], "answered what is no SMTP"),
        ([*HELLO, "421 too many mails"], "answered 421 too many mails"),
        ([*HELLO, "250 ok", "421 shutting down"], "answered 421 shutting down"),
        ([*HELLO, "250 ok", "250 ok", "451 not now", "250 reset"], "answered 451 not now"),
        ([*HELLO, "250 ok", "250 ok", "421 not now"], "answered 421 not now"),
        ([*TAKEN[:-1], "421 not now"], "answered 421 not now"),
    ],
)
def test_a_server_in_trouble_is_tried_again(lines: list[str], words: str) -> None:
    with ScriptedServer(lines) as server:
        caught = failure(to(server.host))
    assert not caught.permanent
    assert words in str(caught)


@pytest.mark.parametrize("answer", [b"2", b"250", b"250 queued as 1", b"250 queued\r"])
def test_an_answer_that_breaks_off_is_none(answer: bytes) -> None:
    def break_off(connection: Connection) -> None:
        connection.send(answer)
        connection.hang_up()

    with ScriptedServer(TAKEN[:-1], last=break_off) as server:
        caught = failure(to(server.host))
    assert not caught.permanent
    assert "closed the connection" in str(caught)


def test_a_silent_server_is_left_after_a_while() -> None:
    with ScriptedServer(HELLO, last=Connection.hold) as server:
        caught = failure(to(server.host, timeout_s=0.3))
    assert not caught.permanent
    assert str(caught) == "127.0.0.1 was silent for 0.3 s"


def test_a_server_that_is_not_there_is_tried_again(mailbox: Mailbox) -> None:
    with MailServer(mailbox) as server:
        place = server.place
    caught = failure(to(place))
    assert not caught.permanent
    assert str(caught) == "127.0.0.1 cannot be reached: Connection refused"


@pytest.mark.parametrize(
    "target", ["", "ana", "ana@example.org\r\nRCPT TO:<eve@example.org>", "ana@example.org, b@c.d"]
)
def test_a_target_that_is_no_address_never_reaches_the_server(target: str) -> None:
    with ScriptedServer(TAKEN) as server:
        caught = failure(to(server.host), target=target)
    assert caught.permanent
    assert server.connections == 0


def test_a_password_that_no_login_takes_is_refused_and_not_told() -> None:
    with pytest.raises(ConfigError, match="channel 'mail', password: SMTP logins") as caught:
        email_channel(server="localhost", **{**LOGIN, "password": "plänted"})
    assert "plänted" not in str(caught.value)


@pytest.mark.parametrize(
    ("server", "security", "place"),
    [
        ("mail.example.org", "starttls", ("mail.example.org", 587)),
        ("mail.example.org", "tls", ("mail.example.org", 465)),
        ("mail.example.org", "none", ("mail.example.org", 25)),
        ("mail.example.org:2525", "tls", ("mail.example.org", 2525)),
        ("[::1]:2525", "none", ("::1", 2525)),
        ("::1", "none", ("::1", 25)),
        ("[::1]", "none", ("::1", 25)),
    ],
)
def test_a_server_without_a_port_has_the_usual_one(
    server: str, security: Any, place: tuple[str, int]
) -> None:
    made = email_channel(server=server, security=security)
    assert made.settings.place == place
