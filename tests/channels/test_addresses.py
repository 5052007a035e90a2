"""Addresses of private and special ranges are refused, whatever the name service answers."""

import ssl
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from monitor.channels.webhook import WebhookChannel
from monitor.errors import ConfigError, DeliveryError
from monitor.settings.endpoints import is_public
from monitor.settings.hosts import is_loopback
from tests.channels.examples import message
from tests.channels.making import slack_channel, webhook_channel
from tests.channels.receiver import Receiver
from tests.sources.http.loopback import Connection, reply

OK = reply(b"ok")


class Names:
    """A name service that answers as it is told, the last answer for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.asked: list[tuple[str, int]] = []
        self._answers = answers

    def __call__(self, host: str, port: int) -> Sequence[str]:
        """Answer the next question."""
        answer = self._answers[min(len(self.asked), len(self._answers) - 1)]
        self.asked.append((host, port))
        return answer


def channel(url: str, names: Names, **settings: Any) -> WebhookChannel:
    return webhook_channel(url=url, timeout_s=10.0, resolve=names, **settings)


def send_one(one: WebhookChannel) -> str:
    with one.connect() as connection:
        return connection.send(message())


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"],
)
def test_addresses_of_the_open_network_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:1.1.1.1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "fc00::1",
        "fd12::1",
        "fe80::1",
        "fe80::1%lo",
        "2606:4700:4700::1111%lo",
        "fec0::1",
        "ff02::1",
        "no address",
        "",
    ],
)
def test_all_other_addresses_are_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("host", ["1.1.1.1", "[2606:4700:4700::1111]"])
def test_an_address_of_the_open_network_may_be_written_itself(host: str) -> None:
    assert channel(f"https://{host}/trials", Names()).name == "hook"


@pytest.mark.parametrize(
    ("host", "expected"),
    [("localhost", True), ("127.0.0.53", True), ("[::1]", True), ("localhost.example", False)],
)
def test_loopback_is_told_by_its_name_and_its_addresses(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    "answer",
    [["127.0.0.1"], ["1.1.1.1", "127.0.0.1"], ["127.0.0.1", "1.1.1.1"], ["::ffff:127.0.0.1"]],
)
def test_a_name_that_leads_inside_is_refused_before_anything_is_connected(
    answer: Sequence[str], tls: ssl.SSLContext
) -> None:
    with Receiver(OK, tls=tls) as server:
        names = Names(answer)
        one = channel(f"https://hooks.example.org:{server.port}/x", names)
        with pytest.raises(DeliveryError, match="private or special range") as caught:
            send_one(one)
        assert server.posts == []
    assert caught.value.permanent
    assert names.asked == [("hooks.example.org", server.port)]


@pytest.mark.usefixtures("trusted")
def test_the_address_that_was_checked_is_the_one_that_is_spoken_to(tls: ssl.SSLContext) -> None:
    """A name that answers otherwise the second time (DNS rebinding) is not asked twice."""
    with Receiver(OK, tls=tls) as server:
        names = Names(["127.0.0.1"], ["127.0.0.2"])
        url = f"https://hooks.example.org:{server.port}/x"
        assert send_one(channel(url, names, allow_private=True)) == "200 ok"
        assert server.posts[0].headers["host"] == f"hooks.example.org:{server.port}"
    assert len(names.asked) == 1


@pytest.mark.usefixtures("trusted")
def test_the_certificate_must_be_the_name_s(tls: ssl.SSLContext) -> None:
    with Receiver(OK, tls=tls) as server:
        url = f"https://other.example.org:{server.port}/x"
        with pytest.raises(DeliveryError, match="certificate is not trusted") as caught:
            send_one(channel(url, Names(["127.0.0.1"]), allow_private=True))
        assert server.posts == []
    assert not caught.value.permanent


def test_a_certificate_of_nobody_is_not_trusted(tls: ssl.SSLContext) -> None:
    with Receiver(OK, tls=tls) as server:
        url = f"https://hooks.example.org:{server.port}/x"
        with pytest.raises(DeliveryError, match="certificate is not trusted"):
            send_one(channel(url, Names(["127.0.0.1"]), allow_private=True))
        assert server.posts == []


def test_an_address_that_nobody_answers_at_leaves_the_next_its_turn() -> None:
    with Receiver(OK) as server:
        names = Names(["127.0.0.2", "127.0.0.1"])  # nobody listens at the first
        url = f"http://hooks.example.org:{server.port}/x"
        assert send_one(channel(url, names, allow_private=True)) == "200 ok"


def test_a_name_without_an_address_is_asked_for_again_later() -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError(-2, f"Name or service not known: {host}:{port}")

    one = webhook_channel(url="https://hooks.example.org/x", resolve=unknown)
    with pytest.raises(DeliveryError, match="service not known: hooks") as caught:
        send_one(one)
    assert not caught.value.permanent


class PlainServer(Receiver):
    """Speaks HTTP to whatever comes, as a web server at the wrong port does."""

    def converse(self, connection: Connection) -> None:
        """Answer the first bytes."""
        connection.receive()
        connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        connection.hang_up()


def test_a_server_that_speaks_no_tls_is_tried_again() -> None:
    with PlainServer() as server:
        url = f"https://hooks.example.org:{server.port}/x"
        with pytest.raises(DeliveryError, match="TLS failed: ") as caught:
            send_one(channel(url, Names(["127.0.0.1"]), allow_private=True))
    assert not caught.value.permanent


def test_a_name_with_no_address_is_no_way_around_the_check() -> None:
    with pytest.raises(DeliveryError, match="the name has no address") as caught:
        send_one(channel("https://hooks.example.org/x", Names([])))
    assert not caught.value.permanent


@pytest.mark.parametrize("make", [webhook_channel, slack_channel])
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://127.0.0.1/topsecret", "allow_private"),
        ("https://[::1]/topsecret", "allow_private"),
        ("https://10.1.2.3:8443/topsecret", "allow_private"),
        ("http://hooks.example.org/topsecret", "https://"),
        ("ftp://hooks.example.org/topsecret", "https://"),
        ("topsecret", "https://"),
        ("https:///topsecret", "a host"),
        ("https://ana:topsecret@hooks.example.org/", "user name or a password"),
        ("https://hooks.example.org:topsecret/", "malformed"),
        ("https://[topsecret/", "malformed"),
        ("https://top secret/x", "letters, digits, dots and dashes"),
        ("https://hooks.exa\\mple.org/x", "letters, digits, dots and dashes"),
        ("https://hooks.example.org/topsecret ü", "percent-encoded"),
        ("https://hooks.example.org/top secret", "percent-encoded"),
    ],
)
def test_a_url_that_cannot_work_is_refused_and_not_told(
    make: Callable[..., Any], url: str, words: str
) -> None:
    with pytest.raises(ConfigError, match="channel 'hook', url: ") as caught:
        make(name="hook", url=url, allow_private=False)
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)
