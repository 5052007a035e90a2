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
from tests.deliver.post import HOUR, HOURLY, Post
from tests.ingest.world import NCT, NOON, study
from tests.store.leasing import claim, lose_worker

SENDER = Mailbox(name="Trial monitor", address="monitor@example.org")


def silence(post: Post, **about: object) -> None:
    """Silence something for a day."""
    values = {"subscriber": None, "nct_id": None, "kind": None, "reason": None, **about}
    until = post.clock.at + timedelta(days=1)
    with post.store.transaction() as tx:
        tx.subscribers.put_silence(
            Silence(id=0, until=until, created_at=post.clock.at, **values)  # type: ignore[arg-type]
        )


def test_several_subscriptions_of_one_person_are_one_message_with_all_reasons(post: Post) -> None:
    post.begin()
    post.subscribe(name="mine")
    post.subscribe(name="all", trials=Trials(everything=True))
    post.change()
    assert post.deliver() == Report(sent=1)
    (alert,) = post.box.got[0].data["alerts"]
    assert len(alert["events"]) == 1
    assert [reason.split("”")[0] for reason in alert["reasons"]] == [
        "your subscription “mine",
        "your subscription “all",
    ]


def test_a_message_holds_the_events_that_were_asked_for(office: Post) -> None:
    office.begin()
    wanted = Changes(kinds=frozenset({ChangeKind.ENROLLMENT_TARGET_CHANGED}))
    office.subscribe(changes=wanted)
    office.clock.move(minutes=1)
    office.take(study("2026-02-02", status="COMPLETED", enrollment=240))
    assert office.deliver() == Report(sent=1)
    (alert,) = office.box.got[0].data["alerts"]
    assert [event["kind"] for event in alert["events"]] == ["enrollment_target_changed"]


def test_a_digest_tells_how_a_trial_stands_now_beside_how_it_stood(post: Post) -> None:
    post.begin()
    post.subscribe(when=HOURLY, critical_at_once=True)
    post.clock.move(minutes=1)
    post.take(study("2026-02-02", enrollment=240))
    post.take(study("2026-02-03", enrollment=240, status="WITHDRAWN"))
    post.clock.move(hours=1)
    assert post.deliver() == Report(sent=2)
    at_once, digest = post.box.got
    assert at_once.subject.startswith("WITHDRAWN: ")
    assert f"{NCT} · withdrawn · " in at_once.text
    assert f"{NCT} · recruiting in that version, now withdrawn · " in digest.text


def test_what_is_learnt_of_the_past_does_not_change_what_was_announced(post: Post) -> None:
    post.take(study("2026-02-01"))
    post.subscribe()
    post.clock.move(minutes=1)
    post.take(study("2026-02-09", enrollment=240, status="COMPLETED"))
    # Before it is sent, a version between the two turns up, with the new enrollment already.
    post.take(study("2026-02-05", enrollment=240))
    with open_reader(post.url) as reader:
        versions = reader.versions(NCT)
        stored = reader.events(NCT)[versions[2].id]
    assert ChangeKind.ENROLLMENT_TARGET_CHANGED not in {one.event.kind for one in stored}
    assert post.deliver() == Report(sent=1)
    (alert,) = post.box.got[0].data["alerts"]
    kinds = {event["kind"] for event in alert["events"]}
    assert kinds == {"trial_completed", "enrollment_target_changed"}
    assert (alert["version"], alert["previous_version_date"]) == (3, "2026-02-01")


def test_a_first_sight_stays_one_when_its_past_is_filled_in(office: Post) -> None:
    office.subscribe()
    office.take(study("2026-02-09", enrollment=240))
    office.take(study("2026-02-01"))
    assert office.deliver() == Report(sent=1)
    (alert,) = office.box.got[0].data["alerts"]
    assert [event["kind"] for event in alert["events"]] == ["trial_registered"]
    assert alert["previous_version_date"] is None


@pytest.mark.parametrize("status", [SubscriptionStatus.PAUSED, SubscriptionStatus.RETIRED])
def test_what_is_paused_or_retired_meanwhile_is_not_sent(
    post: Post, status: SubscriptionStatus
) -> None:
    post.begin()
    post.subscribe()
    post.change()
    with post.store.transaction() as tx:
        tx.subscribers.set_status("ana", "mine", status)
    assert post.deliver() == Report(dropped=1)
    assert post.box.got == []
    (message,) = post.messages(MessageState.DROPPED)
    assert post.detail(message) == [
        ("dropped", "what it would tell was paused or silenced before it was sent")
    ]


def test_what_is_silenced_meanwhile_is_left_out(office: Post) -> None:
    office.begin()
    office.subscribe()
    office.clock.move(minutes=1)
    office.take(study("2026-02-02", status="COMPLETED", enrollment=240))
    silence(office, subscriber="ana", kind=ChangeKind.TRIAL_COMPLETED)
    assert office.deliver() == Report(sent=1)
    (alert,) = office.box.got[0].data["alerts"]
    assert [event["kind"] for event in alert["events"]] == ["enrollment_target_changed"]
    office.clock.move(minutes=1)
    office.take(study("2026-02-03", status="COMPLETED", enrollment=300))
    silence(office, nct_id=NCT)
    assert office.deliver() == Report(dropped=1)


# --- digests --------------------------------------------------------------------------------


def test_a_digest_waits_for_its_end_and_holds_all_that_came_until_then(post: Post) -> None:
    post.begin()
    post.subscribe(when=HOURLY)
    post.change(3)
    assert post.deliver() == Report()
    post.clock.at = NOON + HOUR
    assert post.deliver() == Report(sent=1)
    (got,) = post.box.got
    assert got.data["counts"]["changes"] == 3
    assert got.data["digest"] == {"since": None, "until": (NOON + HOUR).isoformat()}
    post.change()
    post.clock.at = NOON + 2 * HOUR
    assert post.deliver() == Report(sent=1)
    assert post.box.got[1].data["digest"]["since"] == (NOON + HOUR).isoformat()
    assert post.box.got[1].data["counts"]["changes"] == 1


def test_a_mail_of_a_digest_is_dated_by_its_cut_off(post: Post) -> None:
    """By its changes it would be up to a week old, and lie deep down in a mailbox."""
    post.begin()
    post.subscribe(when=parse_when("weekly monday 08:00"))
    post.change()
    post.clock.move(days=7)
    assert post.deliver() == Report(sent=1)
    (got,) = post.box.got
    mail = message_from_bytes(compose(got, SENDER, to="ana@example.org"))
    assert mail["Date"] == "Mon, 09 Mar 2026 08:00:00 +0000"
    assert got.data["occurred_at"] == (NOON + timedelta(minutes=1)).isoformat()


def test_what_comes_while_a_digest_is_sent_is_in_the_next_one(post: Post) -> None:
    post.begin()
    post.subscribe(when=HOURLY)
    post.change()
    post.clock.at = NOON + HOUR
    with post.store.transaction() as tx:
        claim(tx, "gone", now=post.clock.at, limit=1)
    post.clock.at = NOON + HOUR - timedelta(minutes=2)  # a process whose clock is a little late
    post.change()
    assert {message.cutoff for message in post.messages()} == {NOON + HOUR, NOON + 2 * HOUR}
    post.clock.at = NOON + 2 * HOUR
    with post.store.transaction() as tx:
        lose_worker(tx, "gone")
    assert post.deliver() == Report(sent=2)
    assert [got.data["counts"]["changes"] for got in post.box.got] == [1, 1]


def open_digest(post: Post, whom: Recipient) -> None:
    """Make a digest that nothing is in."""
    subscriber, channel, target = whom
    with post.store.transaction() as tx:
        tx.outbox.open_digest(
            subscriber=subscriber,
            channel=channel,
            target=target,
            cutoff=NOON + HOUR,
            at=post.clock.at,
        )


def test_an_empty_digest_is_sent_to_who_asked_for_it_alone(post: Post) -> None:
    post.subscribe("ana", when=HOURLY)
    post.subscribe("ben", when=HOURLY, send_empty=True)
    post.subscribe("ben", "other", when=HOURLY)
    open_digest(post, ("ana", "box", ""))
    open_digest(post, ("ben", "box", ""))
    post.clock.at = NOON + HOUR
    assert post.deliver() == Report(sent=1, dropped=1)
    (got,) = post.box.got
    assert (got.subscriber, got.data["alerts"]) == ("ben", [])
    assert re.findall("You get this because (.*)", got.text) == [
        "“mine” asks for digests without changes too"
    ]
    (dropped,) = post.messages(MessageState.DROPPED)
    assert dropped.subscriber == "ana"


def test_a_digest_begins_where_the_one_before_it_to_the_same_address_ended(post: Post) -> None:
    post.box.targets = ("a@x", "b@x")
    post.begin()
    post.subscribe(when=HOURLY, send_empty=True)
    open_digest(post, ("ana", "box", "a@x"))
    post.clock.at = NOON + HOUR
    assert post.deliver() == Report(sent=1)
    post.change()
    post.clock.at = NOON + 2 * HOUR
    assert post.deliver() == Report(sent=2)
    since = {got.target: got.data["digest"]["since"] for got in post.box.got[1:]}
    assert since == {"a@x": (NOON + HOUR).isoformat(), "b@x": None}
