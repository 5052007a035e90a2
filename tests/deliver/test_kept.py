"""What was announced is kept: whatever becomes of the events, of the store and of the people."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.deliver import Report
from monitor.model.changes import ChangeKind
from monitor.model.identity import ItemIdentity, message_id
from monitor.model.messages import Message, MessageState
from monitor.model.subscriptions import SubscriptionStatus
from monitor.store.migrate import upgrade
from monitor.store.reader import open_reader
from monitor.store.writer import open_store
from tests.deliver.post import Box, Post, later
from tests.ingest.world import NCT, study
from tests.store.test_snapshots import run_sql
from tests.store.test_upgrades import migrate


@contextmanager
def opened(folder: Path, name: str) -> Iterator[Post]:
    """Yield a post office on a SQLite file of that name."""
    url = f"sqlite:///{folder / name}.db"
    with open_store(url) as store:
        yield Post(url=url, store=store)


def kinds(message: Message) -> list[str]:
    return [event["kind"] for alert in message.data["alerts"] for event in alert["events"]]


def identities(post: Post) -> list[bytes]:
    with open_reader(post.url) as reader:
        return [version.identity for version in reader.versions(NCT)]


def test_an_alert_says_what_was_announced_though_its_events_are_others_now(post: Post) -> None:
    post.begin()
    post.subscribe()
    post.change()
    run_sql(post.url, "DELETE FROM events")
    assert post.deliver() == Report(sent=1)
    assert kinds(post.box.got[0]) == ["enrollment_target_changed"]
    assert "Enrollment target: 100 → 101" in post.box.got[0].text


def test_an_id_is_the_change_and_its_predecessor_as_announced(office: Post) -> None:
    office.begin()
    office.subscribe()
    office.clock.move(minutes=1)
    office.take(study("2026-02-09", enrollment=240))
    first, second = identities(office)
    office.take(study("2026-02-05", enrollment=180))  # it turns up before the alert is sent
    assert office.deliver() == Report(sent=1)
    told = [ItemIdentity(second, first)]
    wanted = message_id("alert", subscriber="ana", channel="box", target="", items=told)
    assert office.box.got[0].uid == wanted


def test_every_attempt_bears_one_id_whatever_is_paused_meanwhile(office: Post) -> None:
    office.begin()
    office.subscribe()
    office.subscribe(name="other")
    office.change()
    ids: list[str] = []

    def fail(message: Message) -> None:
        ids.append(message.uid)
        raise later()

    office.box.answers = [fail, fail]
    assert office.deliver() == Report(retried=1)
    with office.store.transaction() as tx:
        tx.subscribers.set_status("ana", "other", SubscriptionStatus.PAUSED)
    office.clock.move(hours=1)
    assert office.deliver() == Report(retried=1)
    office.take(study("2026-02-01", status="SUSPENDED"))  # the past is filled in
    office.clock.move(hours=1)
    assert office.deliver() == Report(sent=1)
    ids.append(office.box.got[0].uid)
    [message] = office.messages()
    assert set(ids) == {message.uid}
    assert len(ids) == 3


def test_one_announcement_that_cannot_be_read_keeps_back_its_own_message_alone(
    post: Post,
) -> None:
    post.begin()
    post.subscribe()
    post.change(2)
    first = "(SELECT min(version_id) FROM announcements)"
    damaged = "x'28b52ffd'" if post.url.startswith("sqlite") else r"'\x28b52ffd'"
    run_sql(post.url, f"UPDATE announcements SET body = {damaged} WHERE version_id = {first}")  # noqa: S608 - a constant
    assert post.deliver() == Report(sent=1, retried=1)
    assert "100 → 102" in post.box.got[0].text or "101 → 102" in post.box.got[0].text
    [waiting] = post.messages(MessageState.WAITING)
    assert "what was announced of the version" in str(waiting.last_error)


def _story(post: Post, *, old: bool) -> Box:
    """Let changes be announced, some sent; ``old``: the store was an earlier program's then."""
    post.begin()
    post.subscribe()
    post.change()
    assert post.deliver() == Report(sent=1)
    post.change()
    post.clock.move(minutes=1)
    post.take(study("2026-02-19", enrollment=240, status="COMPLETED"))
    post.take(study("2026-02-15", enrollment=240))  # the waiting one would be another now
    if old:
        migrate(post.url, "0005", down=True)
        assert upgrade(post.url).revision == "0005"
    assert post.deliver() == Report(sent=2)
    return post.box


def test_a_store_of_an_earlier_program_says_what_it_would_have_said(
    post: Post, tmp_path: Path
) -> None:
    with opened(tmp_path, "control") as control:
        wanted = _story(control, old=False)
        box = _story(post, old=True)
        assert [kinds(one) for one in box.got] == [kinds(one) for one in wanted.got]
        assert kinds(box.got[2]) == ["trial_completed", "enrollment_target_changed"]
        assert identities(post) == identities(control)
        # What was claimed keeps its id, what was not has the one that every store derives.
        assert [one.uid for one in box.got[1:]] == [one.uid for one in wanted.got[1:]]
    with open_reader(post.url) as reader:
        sent, *_ = reader.outbox.messages()[::-1]
        assert sent.uid == box.got[0].uid
        token = reader.outbox.unsubscribe_token(box.got[0].uid)
    with open_reader(control.url) as reader:
        assert reader.outbox.unsubscribe_token(box.got[0].uid) != token


def test_what_is_announced_weighs_the_same_for_one_and_for_a_thousand(office: Post) -> None:
    office.begin()
    with office.store.transaction() as tx:
        tx.subscribers.put_subscriptions([office.wish(name=f"wish {at}") for at in range(1_000)])
    office.change()
    [(rows,)] = run_sql(office.url, "SELECT count(*) FROM announcements")
    [(items,)] = run_sql(office.url, "SELECT count(*) FROM outbox")
    assert (rows, items) == (1, 1_000)


def test_what_nobody_is_told_of_is_not_announced(office: Post) -> None:
    office.begin()
    office.change()
    assert run_sql(office.url, "SELECT * FROM announcements") == []


@pytest.mark.parametrize("silent", [True, False], ids=["forgotten", "kept"])
def test_forgetting_a_person_takes_the_items_and_leaves_what_others_are_told(
    office: Post, silent: bool
) -> None:
    office.begin()
    office.subscribe()
    office.subscribe("ben")
    office.change()
    if silent:
        with office.store.transaction() as tx:
            tx.subscribers.forget("ana")
    assert office.deliver() == Report(sent=1 if silent else 2)
    assert {one.subscriber for one in office.box.got} == ({"ben"} if silent else {"ana", "ben"})
    assert all(kinds(one) == [str(ChangeKind.ENROLLMENT_TARGET_CHANGED)] for one in office.box.got)
