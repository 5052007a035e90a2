"""A link to unsubscribe works for good, whatever becomes of the message, the store and its keys."""

import http.client
import re
import threading
from pathlib import Path
from urllib.parse import urlencode

import pytest

from monitor.app.signing import rotate_key
from monitor.model.subscriptions import SubscriptionStatus
from monitor.store.backup import back_up
from monitor.store.restore import restore
from monitor.web.server import WebServer
from monitor.web.site import site_routes
from monitor.web.store_calls import StoreCalls
from tests.deliver.configured import Monitored, folder_channel, subscription
from tests.store.test_snapshots import run_sql
from tests.web.serving import answering, ask, served

PUBLIC = "https://monitor.example.org"


@pytest.fixture
def monitored(store_url: str, tmp_path: Path) -> Monitored:
    """Return a monitor that told ana of a change by mail."""
    return followed_site(store_url, tmp_path)


def followed_site(url: str, folder: Path) -> Monitored:
    made = Monitored(folder, url)
    configure(made)
    made.begin()
    made.change()
    made.deliveries().deliver_due(stop=threading.Event())
    return made


def configure(monitored: Monitored, *names: str) -> None:
    box = folder_channel(monitored.folder, "ana-box").replace('["json"]', '["eml", "json"]')
    others = [subscription("ana", "ana-box").replace('"mine"', f'"{one}"') for one in names]
    monitored.configure(box, subscription("ana", "ana-box"), *others, public_url=PUBLIC)


def link(monitored: Monitored) -> str:
    """Return the path of the newest mail's link."""
    file = max((monitored.folder / "ana-box").glob("*.eml"))
    [found] = re.findall(rb"List-Unsubscribe: <https://[^/>]+(/[^>]+)>", file.read_bytes())
    return str(found.decode())


def statuses(monitored: Monitored) -> dict[str, str]:
    with monitored.app.reader() as reader:
        return {one.name: one.status.value for one in reader.subscribers.subscriptions()}


def post(server: WebServer, path: str, **form: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(*server.address, timeout=30)
    try:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", path, urlencode(form), kind)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def click(monitored: Monitored, path: str) -> int:
    with served(answering(), site_routes(StoreCalls(lambda: monitored.app), host="")) as server:
        return post(server, path, **{"List-Unsubscribe": "One-Click"})[0]


def test_it_outlives_the_message_and_the_keys(monitored: Monitored) -> None:
    path = link(monitored)
    rotate_key(monitored.app, forget_former=True)
    for prune in ("DELETE FROM attempts", "DELETE FROM outbox", "DELETE FROM messages"):
        run_sql(monitored.url, prune)
    assert click(monitored, path) == 200
    assert statuses(monitored) == {"mine": "paused"}


def test_after_a_restore_it_ends_the_same_subscription_under_another_number(
    sqlite_url: str, tmp_path: Path
) -> None:
    monitored = followed_site(sqlite_url, tmp_path)
    backup = tmp_path / "backup.db"
    back_up(monitored.url, backup)
    configure(monitored, "later")
    monitored.change()
    monitored.deliveries().deliver_due(stop=threading.Event())
    path = link(monitored)  # of both: the backup knows "mine" alone
    restore(monitored.url, backup, now=monitored.clock.at)
    configure(monitored, "another", "later")
    monitored.change()
    assert click(monitored, path) == 200
    assert statuses(monitored) == {"mine": "paused", "another": "active", "later": "paused"}


def test_what_was_ended_by_mistake_is_taken_up_again_by_its_page(monitored: Monitored) -> None:
    path = link(monitored)
    with served(answering(), site_routes(StoreCalls(lambda: monitored.app), host="")) as server:
        status, page = post(server, path)
        assert (status, statuses(monitored)) == (200, {"mine": SubscriptionStatus.PAUSED})
        [undo] = re.findall(r'name="resume" value="([^"]+)"', page)
        assert post(server, path, resume=undo[:-1])[0] == 404
        assert statuses(monitored) == {"mine": SubscriptionStatus.PAUSED}
        status, page = post(server, path, resume=undo)
        assert (status, "Messages come again for:" in page) == (200, True)
        assert statuses(monitored) == {"mine": SubscriptionStatus.ACTIVE}
        assert "Unsubscribe</button>" in ask(server.address, path)[2].decode()
        monitored.clock.move(days=2)
        post(server, path)
        assert post(server, path, resume=undo)[0] == 404
    assert statuses(monitored) == {"mine": SubscriptionStatus.PAUSED}


def test_a_mail_for_very_many_subscriptions_has_a_link_to_all(monitored: Monitored) -> None:
    configure(monitored, *(f"more-{number}" for number in range(60)))
    monitored.change()
    monitored.deliveries().deliver_due(stop=threading.Event())
    path = link(monitored)
    assert len(path) < 200
    assert click(monitored, path) == 200
    assert set(statuses(monitored).values()) == {"paused"}
