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
from tests.deliver.rig import Box, DeliveryRig, later
from tests.ingest.world import NCT, study
from tests.store.test_snapshots import run_sql
from tests.store.test_upgrades import migrate


@contextmanager
def open_rig(folder: Path, name: str) -> Iterator[DeliveryRig]:
    """Yield a delivery rig on a SQLite file of that name."""
    url = f"sqlite:///{folder / name}.db"
    with open_store(url) as store:
        yield DeliveryRig(url=url, store=store)


def kinds(message: Message) -> list[str]:
    return [event["kind"] for alert in message.data["alerts"] for event in alert["events"]]


def identities(rig: DeliveryRig) -> list[bytes]:
    with open_reader(rig.url) as reader:
        return [version.identity for version in reader.versions(NCT)]


def test_an_alert_says_what_was_announced_though_its_events_are_others_now(
    rig: DeliveryRig,
) -> None:
    rig.begin()
    rig.subscribe()
    rig.change()
    run_sql(rig.url, "DELETE FROM events")
    assert rig.deliver() == Report(sent=1)
    assert kinds(rig.box.got[0]) == ["enrollment_target_changed"]
    assert "Enrollment target: 100 → 101" in rig.box.got[0].text


def test_an_id_is_the_change_and_its_predecessor_as_announced(one_rig: DeliveryRig) -> None:
    one_rig.begin()
    one_rig.subscribe()
    one_rig.clock.move(minutes=1)
    one_rig.take(study("2026-02-09", enrollment=240))
    first, second = identities(one_rig)
    one_rig.take(study("2026-02-05", enrollment=180))  # it turns up before the alert is sent
    assert one_rig.deliver() == Report(sent=1)
    reported = [ItemIdentity(second, first)]
    wanted = message_id("alert", subscriber="ana", channel="box", target="", items=reported)
    assert one_rig.box.got[0].uid == wanted


def test_every_attempt_bears_one_id_whatever_is_paused_meanwhile(one_rig: DeliveryRig) -> None:
    one_rig.begin()
    one_rig.subscribe()
    one_rig.subscribe(name="other")
    one_rig.change()
    ids: list[str] = []

    def fail(message: Message) -> None:
        ids.append(message.uid)
        raise later()

    one_rig.box.answers = [fail, fail]
    assert one_rig.deliver() == Report(retried=1)
    with one_rig.store.transaction() as tx:
        tx.subscribers.set_status("ana", "other", SubscriptionStatus.PAUSED)
    one_rig.clock.move(hours=1)
    assert one_rig.deliver() == Report(retried=1)
    one_rig.take(study("2026-02-01", status="SUSPENDED"))  # the past is filled in
    one_rig.clock.move(hours=1)
    assert one_rig.deliver() == Report(sent=1)
    ids.append(one_rig.box.got[0].uid)
    [message] = one_rig.messages()
    assert set(ids) == {message.uid}
    assert len(ids) == 3


def test_one_announcement_that_cannot_be_read_keeps_back_its_own_message_alone(
    rig: DeliveryRig,
) -> None:
    rig.begin()
    rig.subscribe()
    rig.change(2)
    first = "(SELECT min(version_id) FROM announcements)"
    damaged = "x'28b52ffd'" if rig.url.startswith("sqlite") else r"'\x28b52ffd'"
    run_sql(rig.url, f"UPDATE announcements SET body = {damaged} WHERE version_id = {first}")  # noqa: S608 - a constant
    assert rig.deliver() == Report(sent=1, retried=1)
    assert "100 → 102" in rig.box.got[0].text or "101 → 102" in rig.box.got[0].text
    [waiting] = rig.messages(MessageState.WAITING)
    assert "what was announced of the version" in str(waiting.last_error)


def _story(rig: DeliveryRig, *, old: bool) -> Box:
    """Let changes be announced, some sent; ``old``: the store was an earlier program's then."""
    rig.begin()
    rig.subscribe()
    rig.change()
    assert rig.deliver() == Report(sent=1)
    rig.change()
    rig.clock.move(minutes=1)
    rig.take(study("2026-02-19", enrollment=240, status="COMPLETED"))
    rig.take(study("2026-02-15", enrollment=240))  # the waiting one would be another now
    if old:
        migrate(rig.url, "0005", down=True)
        assert upgrade(rig.url).revision == "0005"
    assert rig.deliver() == Report(sent=2)
    return rig.box


def test_a_store_of_an_earlier_program_says_what_it_would_have_said(
    rig: DeliveryRig, tmp_path: Path
) -> None:
    with open_rig(tmp_path, "control") as control:
        wanted = _story(control, old=False)
        box = _story(rig, old=True)
        assert [kinds(one) for one in box.got] == [kinds(one) for one in wanted.got]
        assert kinds(box.got[2]) == ["trial_completed", "enrollment_target_changed"]
        assert identities(rig) == identities(control)
        # What was claimed keeps its id, what was not has the one that every store derives.
        assert [one.uid for one in box.got[1:]] == [one.uid for one in wanted.got[1:]]
    with open_reader(rig.url) as reader:
        sent, *_ = reader.outbox.messages()[::-1]
        assert sent.uid == box.got[0].uid
        token = reader.outbox.unsubscribe_token(box.got[0].uid)
    with open_reader(control.url) as reader:
        assert reader.outbox.unsubscribe_token(box.got[0].uid) != token


def test_what_is_announced_weighs_the_same_for_one_and_for_a_thousand(one_rig: DeliveryRig) -> None:
    one_rig.begin()
    with one_rig.store.transaction() as tx:
        tx.subscribers.put_subscriptions([one_rig.wish(name=f"wish {at}") for at in range(1_000)])
    one_rig.change()
    [(rows,)] = run_sql(one_rig.url, "SELECT count(*) FROM announcements")
    [(items,)] = run_sql(one_rig.url, "SELECT count(*) FROM outbox")
    assert (rows, items) == (1, 1_000)


def test_what_nobody_is_told_of_is_not_announced(one_rig: DeliveryRig) -> None:
    one_rig.begin()
    one_rig.change()
    assert run_sql(one_rig.url, "SELECT * FROM announcements") == []


@pytest.mark.parametrize("silent", [True, False], ids=["forgotten", "kept"])
def test_forgetting_a_person_takes_the_items_and_leaves_what_others_are_told(
    one_rig: DeliveryRig, silent: bool
) -> None:
    one_rig.begin()
    one_rig.subscribe()
    one_rig.subscribe("ben")
    one_rig.change()
    if silent:
        with one_rig.store.transaction() as tx:
            tx.subscribers.forget("ana")
    assert one_rig.deliver() == Report(sent=1 if silent else 2)
    assert {one.subscriber for one in one_rig.box.got} == ({"ben"} if silent else {"ana", "ben"})
    assert all(kinds(one) == [str(ChangeKind.ENROLLMENT_TARGET_CHANGED)] for one in one_rig.box.got)
