"""What a letter tells: each event once, what was announced, nothing that is paused or silenced."""

import re
from datetime import timedelta
from email import message_from_bytes

import pytest

from monitor.channels.mail import compose
from monitor.deliver import Report
from monitor.model.changes import ChangeKind
from monitor.model.messages import MessageState, Recipient
from monitor.model.subscriptions import Changes, Silence, SubscriptionStatus, Trials
from monitor.model.when import parse_when
from monitor.settings.hosts import Mailbox
from monitor.store.reader import open_reader
from tests.deliver.rig import HOUR, HOURLY, DeliveryRig
from tests.ingest.world import NCT, NOON, study
from tests.store.leasing import claim, lose_worker

SENDER = Mailbox(name="Trial monitor", address="monitor@example.org")


def silence(rig: DeliveryRig, **about: object) -> None:
    """Silence something for a day."""
    values = {"subscriber": None, "nct_id": None, "kind": None, "reason": None, **about}
    until = rig.clock.at + timedelta(days=1)
    with rig.store.transaction() as tx:
        tx.subscribers.put_silence(
            Silence(id=0, until=until, created_at=rig.clock.at, **values)  # type: ignore[arg-type]
        )


def test_several_subscriptions_of_one_person_are_one_message_with_all_reasons(
    rig: DeliveryRig,
) -> None:
    rig.begin()
    rig.subscribe(name="mine")
    rig.subscribe(name="all", trials=Trials(everything=True))
    rig.change()
    assert rig.deliver() == Report(sent=1)
    (alert,) = rig.box.got[0].data["alerts"]
    assert len(alert["events"]) == 1
    assert [reason.split("”")[0] for reason in alert["reasons"]] == [
        "your subscription “mine",
        "your subscription “all",
    ]


def test_a_message_holds_the_events_that_were_asked_for(one_rig: DeliveryRig) -> None:
    one_rig.begin()
    wanted = Changes(kinds=frozenset({ChangeKind.ENROLLMENT_TARGET_CHANGED}))
    one_rig.subscribe(changes=wanted)
    one_rig.clock.move(minutes=1)
    one_rig.take(study("2026-02-02", status="COMPLETED", enrollment=240))
    assert one_rig.deliver() == Report(sent=1)
    (alert,) = one_rig.box.got[0].data["alerts"]
    assert [event["kind"] for event in alert["events"]] == ["enrollment_target_changed"]


def test_a_digest_tells_how_a_trial_stands_now_beside_how_it_stood(rig: DeliveryRig) -> None:
    rig.begin()
    rig.subscribe(when=HOURLY, critical_at_once=True)
    rig.clock.move(minutes=1)
    rig.take(study("2026-02-02", enrollment=240))
    rig.take(study("2026-02-03", enrollment=240, status="WITHDRAWN"))
    rig.clock.move(hours=1)
    assert rig.deliver() == Report(sent=2)
    at_once, digest = rig.box.got
    assert at_once.subject.startswith("WITHDRAWN: ")
    assert f"{NCT} · withdrawn · " in at_once.text
    assert f"{NCT} · recruiting in that version, now withdrawn · " in digest.text


def test_what_is_learnt_of_the_past_does_not_change_what_was_announced(rig: DeliveryRig) -> None:
    rig.take(study("2026-02-01"))
    rig.subscribe()
    rig.clock.move(minutes=1)
    rig.take(study("2026-02-09", enrollment=240, status="COMPLETED"))
    # Before it is sent, a version between the two turns up, with the new enrollment already.
    rig.take(study("2026-02-05", enrollment=240))
    with open_reader(rig.url) as reader:
        versions = reader.versions(NCT)
        stored = reader.events(NCT)[versions[2].id]
    assert ChangeKind.ENROLLMENT_TARGET_CHANGED not in {one.event.kind for one in stored}
    assert rig.deliver() == Report(sent=1)
    (alert,) = rig.box.got[0].data["alerts"]
    kinds = {event["kind"] for event in alert["events"]}
    assert kinds == {"trial_completed", "enrollment_target_changed"}
    assert (alert["version"], alert["previous_version_date"]) == (3, "2026-02-01")


def test_a_first_sight_stays_one_when_its_past_is_filled_in(one_rig: DeliveryRig) -> None:
    one_rig.subscribe()
    one_rig.take(study("2026-02-09", enrollment=240))
    one_rig.take(study("2026-02-01"))
    assert one_rig.deliver() == Report(sent=1)
    (alert,) = one_rig.box.got[0].data["alerts"]
    assert [event["kind"] for event in alert["events"]] == ["trial_registered"]
    assert alert["previous_version_date"] is None


@pytest.mark.parametrize("status", [SubscriptionStatus.PAUSED, SubscriptionStatus.RETIRED])
def test_what_is_paused_or_retired_meanwhile_is_not_sent(
    rig: DeliveryRig, status: SubscriptionStatus
) -> None:
    rig.begin()
    rig.subscribe()
    rig.change()
    with rig.store.transaction() as tx:
        tx.subscribers.set_status("ana", "mine", status)
    assert rig.deliver() == Report(dropped=1)
    assert rig.box.got == []
    (message,) = rig.messages(MessageState.DROPPED)
    assert rig.detail(message) == [
        ("dropped", "what it would tell was paused or silenced before it was sent")
    ]


def test_what_is_silenced_meanwhile_is_left_out(one_rig: DeliveryRig) -> None:
    one_rig.begin()
    one_rig.subscribe()
    one_rig.clock.move(minutes=1)
    one_rig.take(study("2026-02-02", status="COMPLETED", enrollment=240))
    silence(one_rig, subscriber="ana", kind=ChangeKind.TRIAL_COMPLETED)
    assert one_rig.deliver() == Report(sent=1)
    (alert,) = one_rig.box.got[0].data["alerts"]
    assert [event["kind"] for event in alert["events"]] == ["enrollment_target_changed"]
    one_rig.clock.move(minutes=1)
    one_rig.take(study("2026-02-03", status="COMPLETED", enrollment=300))
    silence(one_rig, nct_id=NCT)
    assert one_rig.deliver() == Report(dropped=1)


# --- digests --------------------------------------------------------------------------------


def test_a_digest_waits_for_its_end_and_holds_all_that_came_until_then(rig: DeliveryRig) -> None:
    rig.begin()
    rig.subscribe(when=HOURLY)
    rig.change(3)
    assert rig.deliver() == Report()
    rig.clock.at = NOON + HOUR
    assert rig.deliver() == Report(sent=1)
    (got,) = rig.box.got
    assert got.data["counts"]["changes"] == 3
    assert got.data["digest"] == {"since": None, "until": (NOON + HOUR).isoformat()}
    rig.change()
    rig.clock.at = NOON + 2 * HOUR
    assert rig.deliver() == Report(sent=1)
    assert rig.box.got[1].data["digest"]["since"] == (NOON + HOUR).isoformat()
    assert rig.box.got[1].data["counts"]["changes"] == 1


def test_a_mail_of_a_digest_is_dated_by_its_cut_off(rig: DeliveryRig) -> None:
    """By its changes it would be up to a week old, and lie deep down in a mailbox."""
    rig.begin()
    rig.subscribe(when=parse_when("weekly monday 08:00"))
    rig.change()
    rig.clock.move(days=7)
    assert rig.deliver() == Report(sent=1)
    (got,) = rig.box.got
    mail = message_from_bytes(compose(got, SENDER, to="ana@example.org"))
    assert mail["Date"] == "Mon, 09 Mar 2026 08:00:00 +0000"
    assert got.data["occurred_at"] == (NOON + timedelta(minutes=1)).isoformat()


def test_what_comes_while_a_digest_is_sent_is_in_the_next_one(rig: DeliveryRig) -> None:
    rig.begin()
    rig.subscribe(when=HOURLY)
    rig.change()
    rig.clock.at = NOON + HOUR
    with rig.store.transaction() as tx:
        claim(tx, "gone", now=rig.clock.at, limit=1)
    rig.clock.at = NOON + HOUR - timedelta(minutes=2)  # a process whose clock is a little late
    rig.change()
    assert {message.cutoff for message in rig.messages()} == {NOON + HOUR, NOON + 2 * HOUR}
    rig.clock.at = NOON + 2 * HOUR
    with rig.store.transaction() as tx:
        lose_worker(tx, "gone")
    assert rig.deliver() == Report(sent=2)
    assert [got.data["counts"]["changes"] for got in rig.box.got] == [1, 1]


def open_digest(rig: DeliveryRig, whom: Recipient) -> None:
    """Make a digest that nothing is in."""
    subscriber, channel, target = whom
    with rig.store.transaction() as tx:
        tx.outbox.open_digest(
            subscriber=subscriber,
            channel=channel,
            target=target,
            cutoff=NOON + HOUR,
            at=rig.clock.at,
        )


def test_an_empty_digest_is_sent_to_who_asked_for_it_alone(rig: DeliveryRig) -> None:
    rig.subscribe("ana", when=HOURLY)
    rig.subscribe("ben", when=HOURLY, send_empty=True)
    rig.subscribe("ben", "other", when=HOURLY)
    open_digest(rig, ("ana", "box", ""))
    open_digest(rig, ("ben", "box", ""))
    rig.clock.at = NOON + HOUR
    assert rig.deliver() == Report(sent=1, dropped=1)
    (got,) = rig.box.got
    assert (got.subscriber, got.data["alerts"]) == ("ben", [])
    assert re.findall("You get this because (.*)", got.text) == [
        "“mine” asks for digests without changes too"
    ]
    (dropped,) = rig.messages(MessageState.DROPPED)
    assert dropped.subscriber == "ana"


def test_a_digest_begins_where_the_one_before_it_to_the_same_address_ended(
    rig: DeliveryRig,
) -> None:
    rig.box.targets = ("a@x", "b@x")
    rig.begin()
    rig.subscribe(when=HOURLY, send_empty=True)
    open_digest(rig, ("ana", "box", "a@x"))
    rig.clock.at = NOON + HOUR
    assert rig.deliver() == Report(sent=1)
    rig.change()
    rig.clock.at = NOON + 2 * HOUR
    assert rig.deliver() == Report(sent=2)
    since = {got.target: got.data["digest"]["since"] for got in rig.box.got[1:]}
    assert since == {"a@x": (NOON + HOUR).isoformat(), "b@x": None}
