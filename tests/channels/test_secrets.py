"""No secret is in an error, in what stands for an object, or in a log."""

import base64
import logging
import ssl
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from monitor.channels.base import Channel
from monitor.errors import DeliveryError
from tests.channels.examples import message
from tests.channels.mailbox import PASSWORD, USER, Mailbox, ScriptedServer, with_login
from tests.channels.making import apprise_channel, email_channel, slack_channel, webhook_channel
from tests.channels.receiver import Receiver
from tests.sources.http.loopback import Script, error, reply

PATH = "services/planted-secret-of-a-path"
KEY = "whsec_" + base64.b64encode(b"planted-secret-of-a-hook").decode()
PLANTED = ("planted-secret", PASSWORD.decode(), KEY, KEY.removeprefix("whsec_"))

# What a service has been told, it may say back.
ECHO = {"slack": f"you said {PATH}", "webhook": f"you said {PATH} and {KEY}", "apprise": PATH}


def answers(echo: str) -> dict[str, Script]:
    """Return what a service may answer, by name."""
    return {
        "refused": error(404, echo),
        "busy": error(503, echo),
        "redirected": reply(b"", f"Location: https://example.org/{PATH}", status=302),
        "taken": reply(echo.encode()),
    }


def slack(url: str) -> Channel:
    return slack_channel(url=f"{url}/{PATH}")


def webhook(url: str) -> Channel:
    return webhook_channel(url=f"{url}/{PATH}", secret=(KEY,), allow_private=True)


def apprise(url: str) -> Channel:
    return apprise_channel(f"{url.replace('http', 'json')}/{PATH}")


def mail(place: str, **settings: Any) -> Channel:
    given = {
        "security": "starttls",
        "username": USER.decode(),
        "password": PASSWORD.decode(),
        **settings,
    }
    return email_channel(server=place, **given)


def everything_said(channel: Channel) -> str:
    """Send a message and return all that could be written down of it."""
    text = [repr(channel), repr(vars(channel)), str(vars(channel).get("settings"))]
    with channel.connect() as connection:
        try:
            text.append(connection.send(message()))
        except DeliveryError as exc:
            text += [str(exc), repr(exc), "".join(traceback.format_exception(exc))]
        text.append(repr(connection))
    return "\n".join(text)


def assert_clean(text: str) -> None:
    assert text
    assert [secret for secret in PLANTED if secret in text] == []


@pytest.fixture(autouse=True)
def _all_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


@pytest.mark.parametrize("kind", [slack, webhook, apprise])
@pytest.mark.parametrize("answer", answers(""))
def test_a_service_that_says_secrets_back_is_not_quoted(
    kind: Callable[[str], Channel], answer: str, caplog: pytest.LogCaptureFixture
) -> None:
    with Receiver(answers(ECHO[kind.__name__])[answer]) as server:
        text = everything_said(kind(server.url))
        assert len(server.posts) == 1
    assert_clean(f"{text}\n{caplog.text}")


@pytest.mark.parametrize("kind", [slack, webhook])
def test_neither_is_the_place_of_a_service_that_is_gone(kind: Callable[[str], Channel]) -> None:
    with Receiver(reply()) as server:
        url = server.url
    assert_clean(everything_said(kind(url)))


@pytest.mark.usefixtures("trusted")
def test_a_login_leaves_no_trace(tls: ssl.SSLContext) -> None:
    with with_login(Mailbox(), tls) as server:
        assert_clean(everything_said(mail(server.place)))


def test_a_mail_server_that_says_the_password_back_is_not_quoted() -> None:
    lines = ["220 mail", "250-mail\r\n250 AUTH PLAIN", f"535 no: {PASSWORD.decode()}"]
    with ScriptedServer(lines) as server:
        text = everything_said(mail(server.host, security="none"))
    assert "refused the login: 535 no: ***" in text
    assert_clean(text)


@pytest.mark.parametrize("kind", ["PLAIN", "LOGIN"])
def test_nor_is_one_that_says_back_the_line_it_heard(kind: str) -> None:
    """Sendmail answers what it does not understand with all of it; base64 hides nothing."""
    plain = base64.b64encode(b"\0".join([b"", USER, PASSWORD])).decode()
    alone = base64.b64encode(PASSWORD).decode()
    heard = {"PLAIN": f"AUTH PLAIN {plain}", "LOGIN": alone}[kind]
    requested = [] if kind == "PLAIN" else ["334 UGFzc3dvcmQ6"]
    refused = f'500 5.5.1 Command unrecognized: "{heard}"'
    lines = ["220 mail", f"250-mail\r\n250 AUTH {kind}", *requested, refused, refused]
    with ScriptedServer(lines) as server:
        text = everything_said(mail(server.host, security="none"))
    assert "5.5.1" in text
    assert plain not in text
    assert alone not in text
