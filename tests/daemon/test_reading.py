"""What a reader of a message finds behind its links, over HTTP."""

import asyncio
import email
import email.policy
import re
import threading
from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path

import pytest

from monitor.app.unsubscribing import Unsubscription, find_linked
from monitor.model.subscriptions import SubscriptionStatus
from monitor.store.writer import open_store
from monitor.web.site import Site, site_routes
from monitor.web.store_calls import StoreCalls
from tests.deliver.configured import Monitored, folder_channel, subscription
from tests.deliver.rig import HOUR
from tests.ingest.world import NCT
from tests.store.leasing import claim
from tests.web.serving import answering, ask, served

PUBLIC = "https://monitor.example.org"


def configure(monitored: Monitored, *more: str) -> None:
    """Let ana and ben have a folder and a subscription each, and what ``more`` tables say."""
    monitored.configure(
        folder_channel(monitored.folder, "ana-box").replace('["json"]', '["eml", "json"]'),
        folder_channel(monitored.folder, "ben-box"),
        subscription("ana", "ana-box"),
        subscription("ben", "ben-box"),
        *more,
        public_url=f"{PUBLIC}/",
    )


def anas(name: str, channel: str = "ana-box", **keys: str) -> str:
    """Return the table of one more subscription of ana."""
    return subscription("ana", channel, **keys).replace('"mine"', f'"{name}"')


@pytest.fixture
def monitored(sqlite_url: str, tmp_path: Path) -> Monitored:
    """Return a monitor that told ana and ben of a change."""
    made = Monitored(tmp_path, sqlite_url)
    configure(made)
    made.begin()
    made.change()
    made.deliveries().deliver_due(stop=threading.Event())
    return made


def pages_of(monitored: Monitored) -> Site:
    return site_routes(StoreCalls(lambda: monitored.app), host="127.0.0.1")


def mail_of(monitored: Monitored) -> EmailMessage:
    [file] = (monitored.folder / "ana-box").glob("*.eml")
    read = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert isinstance(read, EmailMessage)
    return read


def path_of(link: str) -> str:
    assert link.startswith(f"{PUBLIC}/")
    return link.removeprefix(PUBLIC)


def unsubscribe_path(monitored: Monitored) -> str:
    return path_of(mail_of(monitored)["List-Unsubscribe"].strip("<>"))


def standings(monitored: Monitored) -> dict[str, SubscriptionStatus]:
    with monitored.app.reader() as reader:
        return {one.subscriber: one.status for one in reader.subscribers.subscriptions()}


def paused_of_ana(monitored: Monitored) -> list[str]:
    with monitored.app.reader() as reader:
        found = reader.subscribers.subscriptions(subscriber="ana", status=SubscriptionStatus.PAUSED)
    return [one.name for one in found]


def assert_kept_private(headers: Mapping[str, str]) -> None:
    """Nobody is to store a page or pass its address on: its reader alone knows it."""
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] in {"no-referrer", "same-origin"}
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-robots-tag"] == "noindex"


def words_of(body: bytes) -> str:
    """Return the text of a page."""
    return re.sub("<[^>]*>", "", body.decode())


def test_a_message_leads_to_a_page_with_all_that_changed(monitored: Monitored) -> None:
    link = monitored.got("ana-box")[0]["alerts"][0]["links"]["version"]
    with served(answering(), pages_of(monitored)) as server:
        status, headers, body = ask(server.address, path_of(link))
    assert status == 200
    assert headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "Enrollment target: 100 → 101" in words_of(body)
    assert "Registry record changed (version of 2026-02-02" in words_of(body)


def test_a_mail_offers_the_one_click_of_rfc_8058_and_it_pauses(monitored: Monitored) -> None:
    mail = mail_of(monitored)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = unsubscribe_path(monitored)
    with served(answering(), pages_of(monitored)) as server:
        status, headers, body = ask(server.address, path)  # as programs do that look links up
        assert_kept_private(headers)
        assert (status, standings(monitored)["ana"]) == (200, SubscriptionStatus.ACTIVE)
        assert '<form method="post">' in body.decode()
        status, headers, body = ask(server.address, path, "POST")
        assert_kept_private(headers)
        assert (status, "mine" in body.decode()) == (200, True)
        assert standings(monitored) == {
            "ana": SubscriptionStatus.PAUSED,
            "ben": SubscriptionStatus.ACTIVE,
        }
        status, _, body = ask(server.address, path, "POST")
        assert (status, "Already unsubscribed" in body.decode()) == (200, True)
    monitored.change()
    monitored.deliveries().deliver_due(stop=threading.Event())
    assert [len(monitored.got(box)) for box in ("ana-box", "ben-box")] == [1, 2]


def test_only_what_the_message_was_sent_for_is_paused(monitored: Monitored) -> None:
    path = unsubscribe_path(monitored)
    configure(monitored, anas("other").replace(NCT, "NCT09000002"))
    with served(answering(), pages_of(monitored)) as server:
        for method in ("GET", "POST"):
            status, _, body = ask(server.address, path, method)
            page = body.decode()
            assert (status, "mine" in page, "other" in page) == (200, True, False)
    assert paused_of_ana(monitored) == ["mine"]


def test_for_an_empty_digest_what_asks_for_it_by_its_channel_is_paused(
    monitored: Monitored,
) -> None:
    asks = "send_empty = true\n"
    configure(
        monitored,
        anas("asking", when="hourly") + asks,
        anas("not-asking", when="hourly"),
        anas("elsewhere", "ben-box", when="hourly") + asks,
    )
    at = monitored.clock.at
    with open_store(monitored.url) as store, store.transaction() as tx:
        tx.outbox.open_digest(
            subscriber="ana", channel="ana-box", target="", cutoff=at + HOUR, at=at
        )
        [message] = claim(tx, "w", now=at + HOUR, limit=1)
    uid = str(message.uid)
    with monitored.app.reader() as reader:
        token = reader.outbox.unsubscribe_token(uid)
    with served(answering(), pages_of(monitored)) as server:
        assert ask(server.address, f"/unsubscribe/{uid}/{token}", "POST")[0] == 200
    assert paused_of_ana(monitored) == ["asking"]


def test_nobody_unsubscribes_by_guessing(monitored: Monitored) -> None:
    path = unsubscribe_path(monitored)
    uid, token = path.split("/")[2:]
    other = monitored.got("ben-box")[0]["delivery"]
    with served(answering(), pages_of(monitored)) as server:
        for wrong in (f"{other}/{token}", f"{uid}/{token[:-1]}", f"{uid}/{uid}", f"{uid}/%ff%00"):
            assert ask(server.address, f"/unsubscribe/{wrong}", "POST")[0] == 404
    assert set(standings(monitored).values()) == {SubscriptionStatus.ACTIVE}


@pytest.mark.parametrize(
    "path",
    [
        "/trials/NCT99999999/changes/1",
        "/trials/NCT06733935/changes/999",
        f"/trials/NCT06733935/changes/{10**30}",
        "/trials/%00<script>/changes/1",
        "/trials/NCT06733935/versions/1",
    ],
)
def test_what_is_not_there_is_not_found(monitored: Monitored, path: str) -> None:
    with served(answering(), pages_of(monitored)) as server:
        assert ask(server.address, path)[0] == 404


def test_without_a_public_address_messages_have_no_links_and_no_pages(monitored: Monitored) -> None:
    paths = [
        unsubscribe_path(monitored),
        path_of(monitored.got("ana-box")[0]["alerts"][0]["links"]["version"]),
    ]
    text = (monitored.folder / "monitor.toml").read_text("utf-8")
    (monitored.folder / "monitor.toml").write_text(text.replace(f"{PUBLIC}/", ""), "utf-8")
    with served(answering(), pages_of(monitored)) as server:
        assert [ask(server.address, path)[0] for path in paths] == [404, 200]
    monitored.change()
    monitored.deliveries().deliver_due(stop=threading.Event())
    newest = monitored.got("ana-box")[-1]
    assert newest["alerts"][0]["links"]["version"] is None


def test_a_store_that_does_not_answer_is_told_to_nobody_outside(tmp_path: Path) -> None:
    lost = Monitored(tmp_path, f"sqlite:///{tmp_path / 'none' / 'store.db'}")
    lost.configure(public_url=PUBLIC)
    with served(answering(), pages_of(lost)) as server:
        status, _, body = ask(server.address, "/trials/NCT06733935/changes/1")
    assert status == 503
    assert str(tmp_path) not in body.decode()


def test_questions_wait_for_each_other(monitored: Monitored) -> None:
    calls = StoreCalls(lambda: monitored.app)
    uid, token = unsubscribe_path(monitored).split("/")[2:]

    async def many() -> list[Unsubscription]:
        return await asyncio.gather(
            *(calls.run(lambda app: find_linked(app, uid, token)) for _ in range(20))
        )

    assert all(one.subscriptions for one in asyncio.run(many()))


def test_a_message_leads_to_a_page_of_all_that_it_tells(monitored: Monitored) -> None:
    [data] = monitored.got("ana-box")
    uid = data["delivery"]
    with monitored.app.reader() as reader:
        outbox = reader.outbox
        token, other = outbox.page_token(uid), outbox.unsubscribe_token(uid)
    assert token != other
    with served(answering(), pages_of(monitored)) as server:
        status, headers, body = ask(server.address, f"/messages/{uid}/{token}")
        assert status == 200
        assert_kept_private(headers)
        text = body.decode()
        assert "Changes in 1 trial" in text
        assert "Enrollment target: 100 → 101" in words_of(body)
        assert f'href="../../trials/{NCT}/changes/' in text
        for wrong in (f"{uid}/{other}", f"{uid}/", f"x/{token}"):
            assert ask(server.address, f"/messages/{wrong}")[0] == 404
        assert ask(server.address, unsubscribe_path(monitored), "POST")[0] == 200
        again = ask(server.address, f"/messages/{uid}/{token}")
        assert again[0] == 200  # what was sent stays readable
        assert "Enrollment target" in words_of(again[2])
