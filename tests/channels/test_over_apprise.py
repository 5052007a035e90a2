"""apprise, held tight."""

import json
import logging
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from monitor.channels.apprise_channel import AppriseChannel
from monitor.errors import ConfigError, DeliveryError
from tests.channels.examples import SUBJECT, message
from tests.channels.making import apprise_channel
from tests.channels.receiver import Receiver
from tests.sources.http.loopback import Connection, error, reply, send

OK = reply(b"ok")


def to(server: Receiver, rest: str = "hook/planted-secret") -> AppriseChannel:
    """Return a channel that posts JSON to a server on loopback."""
    return apprise_channel(f"json://{server.host}/{rest}")


def failure(server: Receiver, rest: str = "hook/planted-secret") -> DeliveryError:
    with (
        to(server, rest).connect() as connection,
        pytest.raises(DeliveryError) as caught,
    ):
        connection.send(message())
    return caught.value


def test_a_message_is_sent_as_text() -> None:
    with Receiver(OK) as server, to(server).connect() as connection:
        assert connection.send(message()) == "JSON"
    posted = json.loads(server.posts[0].body)
    assert (posted["title"], posted["type"]) == (SUBJECT, "info")
    assert "144 → 240 (+67%)" in posted["message"]


def test_many_messages_are_not_slowed_down() -> None:
    """An object of apprise's own sleeps between two messages; a fresh one does not."""
    started = time.monotonic()
    with Receiver(OK) as server, to(server).connect() as connection:
        for number in range(20):
            connection.send(message(number))
    assert len(server.posts) == 20
    assert time.monotonic() - started < 30


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (401, True), (404, True), (429, False), (500, False), (503, False)],
)
def test_the_status_in_its_log_decides(status: int, permanent: bool) -> None:
    with Receiver(error(status, "planted-secret")) as server:
        caught = failure(server)
    assert caught.permanent is permanent
    assert str(caught) == f"json: it answered {status}"
    assert len(server.posts) == 1


@pytest.mark.parametrize("what", [send(then=Connection.hang_up), send(then=Connection.reset)])
def test_no_answer_is_a_failure_that_passes(what: Any) -> None:
    with Receiver(what) as server:
        caught = failure(server)
    assert not caught.permanent


@pytest.mark.parametrize(
    "rest", ["hook", "hook?redirect=yes", "hook?retry=3&wait=0.1&optional=yes"]
)
def test_redirects_are_not_followed_and_nothing_is_repeated_whatever_the_url_says(
    rest: str,
) -> None:
    with (
        Receiver(OK) as inner,
        Receiver(reply(b"", f"Location: {inner.url}", status=302)) as server,
    ):
        caught = failure(server, rest)
        assert inner.posts == []
        assert len(server.posts) == 1
    assert not caught.permanent


@pytest.mark.parametrize("call", ["@everyone", "@here", "@channel", "@Everyone", "@all"])
def test_nobody_is_called_by_the_registry_s_words(call: str) -> None:
    with Receiver(OK) as server, to(server).connect() as connection:
        connection.send(message(text=f"Contact {call}, ana@example.org", subject=f"{call} look"))
    body = server.posts[0].body.decode()
    posted = json.loads(body)
    assert call not in posted["title"] + posted["message"]
    assert "ana@example.org" in posted["message"]


HOSTILE = (
    "[Record at ClinicalTrials.gov](http://evil.example) **big** __bold__ _thin_ `code` ~~gone~~\n"
    "![i](http://evil.example/p.png) ![i][name] <http://evil.example|Record> <img src=x> ||hid||\n"
    "[name]: http://evil.example\n"
    "  # A heading\n> a quotation\n-# small\n```\nfence"
)
# What a reader of Markdown, Slack's mrkdwn or Discord's dialect would make something of.
MARKS = re.compile(
    r"][(\[:]|!\[|<[a-z!@/]|[*`]|~~|\|\||(?<!\w)_|_(?!\w)|^\s*(?:[#>]|-#)",
    re.IGNORECASE | re.MULTILINE,
)


def test_mattermost_renders_nothing_of_the_registry_s_words() -> None:
    """Its plugin hands text on as it is, and Mattermost reads Markdown."""
    with Receiver(OK) as server:
        channel = apprise_channel(f"mmost://{server.host}/plantedsecret0000000000000")
        with channel.connect() as connection:
            connection.send(message(text=HOSTILE, subject=HOSTILE))
    text = json.loads(server.posts[0].body)["text"]
    assert "Record at ClinicalTrials.gov" in text
    assert MARKS.search(HOSTILE)
    assert MARKS.search(text) is None, MARKS.search(text)


@pytest.mark.parametrize(
    "text",
    [
        "NOT_YET_RECRUITING → RECRUITING [1] (n < 12, > 65 years), 3 ~ 4 | 5",
        "https://clinicaltrials.gov/study/NCT06733935?tab=history&a=1-2#x",
        "https://monitor.example.org/~ana/trials/NCT06733935/changes/7",
        "- one\n- two @ana",
    ],
)
def test_what_holds_no_marks_is_sent_as_it_is(text: str) -> None:
    with Receiver(OK) as server, to(server).connect() as connection:
        connection.send(message(text=text))
    assert json.loads(server.posts[0].body)["message"] == text


def test_its_escapes_and_emojis_stay_what_they_are() -> None:
    with Receiver(OK) as server, to(server, "hook?emojis=yes").connect() as connection:
        connection.send(message(text=r"a\nb :smile: \u202e"))
    posted = json.loads(server.posts[0].body)
    assert posted["message"] == r"a\nb :smile: \u202e"


class Ear(logging.Handler):
    """Hears what reaches the log of the whole program."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line."""
        self.heard.append(f"{record.name}: {record.getMessage()}")


@pytest.fixture
def ear() -> Iterator[Ear]:
    """Listen at the root of all loggers, to everything."""
    root, listening = logging.getLogger(), Ear()
    level = root.level
    root.addHandler(listening)
    root.setLevel(logging.DEBUG)
    yield listening
    root.removeHandler(listening)
    root.setLevel(level)


def test_no_word_of_it_reaches_our_log(ear: Ear) -> None:
    with Receiver(error(500, "planted-secret")) as server:
        caught = failure(server)
    assert ear.heard == []
    assert "planted-secret" not in f"{caught!r} {caught.__cause__!r} {caught.__context__!r}"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("planted-secret", "a URL as apprise has them"),
        ("nosuchservice://planted-secret", "apprise cannot use this nosuchservice://"),
        ("tgram://planted-secret", "apprise cannot use this tgram://"),
        ("ntfy://ana:planted-secret@ntfy.example.org/one/two", "one target only"),
    ],
)
def test_a_url_that_cannot_work_is_refused_and_not_told(url: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        apprise_channel(url)
    assert words in str(caught.value)
    assert "planted-secret" not in str(caught.value)


def test_what_the_configuration_does_not_name_is_switched_off() -> None:
    from apprise import Apprise

    with Receiver(OK) as server:
        to(server)
    assert Apprise.instantiate("dbus://") is None
    assert Apprise.instantiate("syslog://") is None
    assert Apprise.instantiate("json://localhost") is not None


LONG = "\n".join([
    "A study of a thing",
    "NCT06733935 · RECRUITING · Example Sponsor · Phase 2",
    "",
    *(f"MEDIUM  Site added: Clinic {number} (Town) - Country." for number in range(500)),
    "",
    "Record at ClinicalTrials.gov: https://clinicaltrials.gov/study/NCT06733935",
    "",
    "Why you get this: your subscription “mine”: it names this trial (NCT06733935)",
    "",
    "To ana · delivery 3f0c9f5e-8d57-5f0e-9c39-0d6f6e1c2a11",
])  # fmt: skip


def spoken_by(url: str, **given: Any) -> str:
    """Return what reaches a chat that takes a title and a body as one text."""
    with Receiver(OK) as server:
        channel = apprise_channel(url.format(host=server.host))
        with channel.connect() as connection:
            connection.send(message(**given))
    assert len(server.posts) == 1
    return str(json.loads(server.posts[0].body)["text"]).replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("url", "most"),
    [
        ("mmost://{host}/plantedsecret0000000000000", 4000),
        ("mmost://{host}/plantedsecret0000000000000?overflow=split", 4000),
        ("rocket://plantedsecret/00000000000000000@{host}/%23room?mode=webhook", 1000),
    ],
)
def test_a_message_is_cut_to_what_the_service_takes_and_says_so(url: str, most: int) -> None:
    """Mattermost takes 4,000 letters, Rocket.Chat 1,000; more is refused as a whole."""
    text = spoken_by(url, text=LONG)
    assert most * 0.9 < len(text) <= most
    # Rocket.Chat's plugin makes Markdown of it, with an escape before all that could be a mark.
    lines = re.sub(r"^# |\\(?=\W)", "", text).split("\n")
    assert lines[:2] == [SUBJECT, "A study of a thing"]
    reported = sum("Site added" in line for line in lines)
    left_out = next(line for line in lines if line.startswith("…"))
    assert left_out == f"… and {500 - reported} more lines"
    assert lines[-5:] == LONG.split("\n")[-5:]


def test_a_message_that_has_room_is_not_cut() -> None:
    text = spoken_by("mmost://{host}/plantedsecret0000000000000", text=LONG[:3000])
    assert text == f"{SUBJECT}\n{LONG[:3000]}"


def test_letters_that_services_count_twice_count_twice() -> None:
    text = spoken_by("mmost://{host}/plantedsecret0000000000000", text="\U0001f534 " * 2000)
    assert 3900 < len(text.encode("utf-16-le")) // 2 <= 4000
    assert text.endswith("…")
