"""Webhooks: what is posted, how it is signed, what the answers mean."""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

import pytest

from monitor.channels.base import Channel
from monitor.channels.webhook import WebhookChannel
from monitor.errors import ConfigError, DeliveryError
from tests.channels.examples import NOW, bounded, message
from tests.channels.making import webhook_channel
from tests.channels.receiver import Post, Receiver
from tests.sources.http.loopback import Connection, error, head, reply, send

OLD = "whsec_" + base64.b64encode(b"an old key of 24 bytes!!").decode()
NEW = "whsec_" + base64.b64encode(b"a new key of 32 bytes, at least!").decode()
OK = reply(b"thanks")


def to(url: str, **settings: Any) -> WebhookChannel:
    """Return a channel to a server on loopback."""
    given = {"secret": (OLD,), "allow_private": True, "timeout_s": 10.0, **settings}
    return webhook_channel(name="warehouse", url=url, now=lambda: NOW, **given)


def send_one(channel: Channel, number: int = 1) -> str:
    with channel.connect() as connection:
        return connection.send(message(number))


def failure(server: Receiver, **settings: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        send_one(to(f"{server.url}/hook", **settings))
    return caught.value


def is_signed(post: Post, secret: str) -> bool:
    """Check a post as a receiver does, by the words of Standard Webhooks."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    stamped = f"{post.headers['webhook-id']}.{post.headers['webhook-timestamp']}.".encode()
    digest = hmac.new(key, stamped + post.body, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(digest).decode()
    return expected in post.headers["webhook-signature"].split(" ")


def test_an_event_is_posted_in_the_envelope_of_cloudevents() -> None:
    with Receiver(OK) as server:
        text = send_one(to(f"{server.url}/hooks/trials?team=a"))
    assert text == "200 thanks"
    post = server.posts[0]
    assert (post.method, post.target) == ("POST", "/hooks/trials?team=a")
    assert post.headers["host"] == server.host
    assert post.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert json.loads(post.body) == {
        "specversion": "1.0",
        "id": message().uid,
        "source": "trial-monitor",
        "type": "trial-monitor.alert.v1",
        "subject": "NCT06733935",
        "time": "2026-02-19T08:00:00Z",
        "datacontenttype": "application/json",
        "data": dict(message().data),
    }


def test_a_digest_has_no_subject() -> None:
    with (
        Receiver(OK) as server,
        to(server.url).connect() as connection,
    ):
        connection.send(message(thread="digest"))
    assert "subject" not in json.loads(server.posts[0].body)


def test_the_id_is_the_same_however_often_a_message_is_sent() -> None:
    with Receiver(OK) as server:
        for number in (1, 1, 2):
            send_one(to(server.url), number)
    first, again, other = (post.headers["webhook-id"] for post in server.posts)
    assert first == again == message(1).uid
    assert other == message(2).uid


def test_the_signature_is_the_one_of_the_published_example() -> None:
    """The example of the Standard Webhooks libraries' own tests."""
    from monitor.channels.signing import key_of, signature

    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert key is not None
    made = signature([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("secrets", [(OLD,), (OLD, NEW)])
def test_every_secret_signs_while_they_rotate(secrets: Sequence[str]) -> None:
    with Receiver(OK) as server:
        send_one(to(server.url, secret=tuple(secrets)))
    post = server.posts[0]
    assert post.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert [is_signed(post, secret) for secret in (OLD, NEW)] == [True, NEW in secrets]


def test_without_a_secret_nothing_is_signed() -> None:
    with Receiver(OK) as server:
        send_one(to(server.url, secret=()))
    assert "webhook-signature" not in server.posts[0].headers


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_success_is_one(status: int) -> None:
    with Receiver(reply(b"", status=status)) as server:
        assert send_one(to(server.url)) == str(status)


@pytest.mark.parametrize("status", [400, 401, 403, 410, 422])
def test_a_refusal_is_permanent(status: int) -> None:
    with Receiver(error(status, "no, thank you")) as server:
        caught = failure(server)
    assert caught.permanent
    assert str(caught) == f"{server.url} answered {status} no, thank you"


@pytest.mark.parametrize("status", [404, 413])
def test_what_a_service_answers_that_is_redeployed_may_pass(status: int) -> None:
    with Receiver(error(status, "no such app")) as server:
        caught = failure(server)
    assert (caught.permanent, caught.refused) == (False, True)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
def test_what_passes_is_tried_again(status: int) -> None:
    with Receiver(error(status)) as server:
        caught = failure(server)
    assert (caught.permanent, caught.refused) == (False, False)
    assert caught.retry_after_s is None


@pytest.mark.parametrize(
    ("value", "pause"),
    [
        ("17", 17.0),
        ("Thu, 19 Feb 2026 08:01:30 GMT", 90.0),
        ("99999999999999999999", 1e20),
        ("soon", None),
    ],
)
def test_the_pause_that_is_asked_for_is_passed_on(value: str, pause: float | None) -> None:
    with Receiver(error(429, "", f"Retry-After: {value}")) as server:
        caught = failure(server)
    assert caught.retry_after_s == pause


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with (
        Receiver(OK) as inner,
        Receiver(reply(b"", f"Location: {inner.url}/admin", status=status)) as server,
    ):
        caught = failure(server)
        assert inner.posts == []
    assert caught.permanent
    assert "redirects are not followed" in str(caught)


def test_of_a_huge_answer_only_the_beginning_is_read() -> None:
    def flood(connection: Connection) -> None:
        for _ in range(4_000):
            connection.send(b"x" * 65_536)

    length = 4_000 * 65_536
    with Receiver(send(head(200, f"Content-Length: {length}"), then=flood)) as server:
        text = send_one(to(server.url))
    assert text.startswith("200 xxx")
    assert len(text) < 250


def drip(connection: Connection) -> None:
    """Send a byte at a time, for ever."""
    connection.drip(b"1")


@pytest.mark.parametrize(
    ("start", "then"),
    [
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", drip),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", drip),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Connection.hang_up),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", Connection.reset),
    ],
)
def test_once_the_status_is_there_what_breaks_off_repeats_nothing(start: bytes, then: Any) -> None:
    with Receiver(send(start, then=then)) as server:
        channel = bounded(to(server.url), total_s=4.0)
        assert send_one(channel).startswith("200")


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (send(then=Connection.hang_up), "the connection was closed without an answer"),
        (send(then=Connection.reset), "Connection reset by peer"),
        (send(b"220 mail.example.org ESMTP\r\n", then=Connection.hang_up), "no HTTP answer"),
    ],
)
def test_a_server_that_says_nothing_sensible_is_tried_again(what: Any, words: str) -> None:
    with Receiver(what) as server:
        caught = failure(server)
    assert not caught.permanent
    assert words in str(caught)


def test_a_server_that_is_not_there_is_tried_again() -> None:
    with Receiver(OK) as server:
        url = server.url
    with pytest.raises(DeliveryError, match="Connection refused") as caught:
        send_one(to(url))
    assert not caught.value.permanent


def test_what_steers_a_terminal_is_shown_and_not_sent_on() -> None:
    with Receiver(error(400, "\x1b[2Jgone\r\nforged log line")) as server:
        caught = failure(server)
    assert str(caught).endswith("answered 400 ␛[2Jgone forged log line")


@pytest.mark.parametrize(
    "secret", ["secret", "whsec_", "whsec_short", "whsec_" + "A" * 400, "whsec_not base64 at all!!"]
)
def test_a_secret_that_is_none_is_not_taken_and_not_told(secret: str) -> None:
    with pytest.raises(ConfigError, match="24 to 64 random bytes in base64") as caught:
        webhook_channel(name="warehouse", url="https://hooks.example.org/x", secret=(secret,))
    assert f"{secret!r}" not in str(caught.value)


def test_data_that_is_no_json_is_given_up() -> None:
    with (
        Receiver(OK) as server,
        to(server.url).connect() as connection,
        pytest.raises(DeliveryError, match="written as JSON") as caught,
    ):
        connection.send(message(data={"nct_id": object()}))
    assert caught.value.permanent
    assert server.posts == []
