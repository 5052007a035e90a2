"""Slack: what is posted, what the answers mean, what would be refused is not sent."""

import json
from typing import Any

import pytest

from monitor.errors import DeliveryError
from tests.channels.examples import NOW, SUBJECT, message, section
from tests.channels.making import slack_channel
from tests.channels.receiver import Receiver
from tests.sources.http.loopback import error, reply

PATH = "/services/T00000000/B00000000/planted-secret"


def failure(server: Receiver, **changed: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        send_one(server, **changed)
    return caught.value


def send_one(server: Receiver, **changed: Any) -> str:
    channel = slack_channel(url=f"{server.url}{PATH}", now=lambda: NOW)
    with channel.connect() as connection:
        return connection.send(message(**changed))


def test_the_payload_is_posted_as_it_was_rendered() -> None:
    with Receiver(reply(b"ok", media="text/html")) as server:
        assert send_one(server) == "200 ok"
    post = server.posts[0]
    assert (post.method, post.target) == ("POST", PATH)
    assert post.headers["content-type"] == "application/json; charset=utf-8"
    assert json.loads(post.body) == {"text": SUBJECT, "blocks": [section("144 → 240")]}


def test_the_id_is_in_a_header_the_same_however_often_a_message_is_sent() -> None:
    with Receiver(reply(b"ok", media="text/html")) as server:
        for number in (1, 1, 2):
            send_one(server, uid=message(number).uid)
    first, again, other = (post.headers["webhook-id"] for post in server.posts)
    assert first == again == message(1).uid
    assert other == message(2).uid


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "invalid_payload"),
        (403, "action_prohibited"),
        (403, "invalid_token"),
        (404, "channel_not_found"),
        (404, "no_service"),
        (410, "channel_is_archived"),
    ],
)
def test_what_slack_refuses_is_permanent(status: int, words: str) -> None:
    with Receiver(error(status, words)) as server:
        caught = failure(server)
    assert caught.permanent
    assert str(caught) == f"{server.url} answered {status} {words}"


def test_slack_says_how_long_to_wait() -> None:
    with Receiver(error(429, "rate_limited", "Retry-After: 30")) as server:
        caught = failure(server)
    assert not caught.permanent
    assert caught.retry_after_s == 30.0


def test_slack_s_own_trouble_passes() -> None:
    with Receiver(error(500, "rollup_error")) as server:
        assert not failure(server).permanent


def test_the_url_s_path_is_in_no_error_even_when_the_service_says_it() -> None:
    with Receiver(error(404, f"nothing at {PATH}, see planted-secret")) as server:
        caught = failure(server)
    assert "planted-secret" not in str(caught)
    assert str(caught).endswith("answered 404 nothing at /***, see ***")


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({"text": "a", "blocks": [section("b")] * 51}, "51 blocks, of 50"),
        ({"text": "a", "blocks": [section("b" * 3_001)]}, "block 1 has 3,001 characters, of 3,000"),
        ({"text": "a" * 40_001}, "40,001 characters, of 40,000"),
        (
            {"text": "a", "blocks": [{"type": "header", "text": {"text": "b" * 151}}]},
            "block 1 has 151 characters, of 150",
        ),
        (
            {"text": "a", "blocks": [{"type": "section", "fields": [{"text": "b"}] * 11}]},
            "block 1 has 11 fields, of 10",
        ),
        (
            {"text": "a", "blocks": [{"type": "section", "fields": [{"text": "b" * 2_001}]}]},
            "a field of more than 2,000 characters",
        ),
        (
            {"text": "a", "blocks": [{"type": "context", "elements": [{}] * 11}]},
            "11 elements, of 10",
        ),
        ({"blocks": [section("b")]}, "it has no text"),
        ({"text": "a", "blocks": [{"type": "divider", "block_id": object()}]}, "JSON"),
    ],
)
def test_what_is_beyond_slack_s_limits_is_not_sent(payload: dict[str, Any], words: str) -> None:
    with Receiver(reply(b"ok")) as server:
        caught = failure(server, slack=payload)
        assert server.posts == []
    assert caught.permanent
    assert words in str(caught)


def test_what_just_fits_is_sent() -> None:
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "h" * 150}},
        *[section("b" * 3_000)] * 49,
    ]
    with Receiver(reply(b"ok")) as server:
        assert send_one(server, slack={"text": "a" * 40_000, "blocks": blocks}) == "200 ok"
