"""The delivery pass over one channel: each message once, whatever goes wrong."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta

import pytest

from monitor.deliver import Report
from monitor.deliver.claims import WORKER
from monitor.errors import DeliveryError, StoreError
from monitor.model.alerts import Notification
from monitor.model.messages import Message, MessageState
from monitor.model.readers import SUBSCRIBERS
from monitor.render.alerts import render
from monitor.store.writer import open_store
from tests.daemon.processes import eventually
from tests.deliver.policies import policy
from tests.deliver.rig import HOUR, DeliveryRig, Monotonic, RecordedEvents, later, never, refused
from tests.ingest.world import NCT
from tests.store.leasing import claim, lease_of, lose_worker


def begun(rig: DeliveryRig, changes: int = 1) -> DeliveryRig:
    """Let a subscriber have so many messages."""
    rig.begin()
    rig.subscribe()
    rig.change(changes)
    return rig


def test_a_change_is_sent_once_and_noted(rig: DeliveryRig) -> None:
    begun(rig)
    assert rig.deliver() == Report(sent=1)
    (message,) = rig.messages()
    assert (message.state, message.attempts) == (MessageState.SENT, 1)
    assert message.sent_at == rig.clock.at
    assert rig.detail(message) == [("sent", "thank you")]
    (got,) = rig.box.got
    assert (got.uid, got.subscriber, got.thread) == (message.uid, "ana", NCT)
    assert "100 → 101" in got.subject
    assert "“mine” includes this trial" in got.text
    assert rig.deliver() == Report()
    assert len(rig.box.got) == 1


def test_many_messages_go_over_one_connection(one_rig: DeliveryRig) -> None:
    begun(one_rig, 5)
    assert one_rig.deliver() == Report(sent=5)
    assert one_rig.box.connections == 1
    assert ["→ 101" in subject for subject in one_rig.box.subjects] == [True] + [False] * 4


def test_more_than_a_claim_holds_is_claimed_again_and_again(one_rig: DeliveryRig) -> None:
    one_rig.policy = policy(claim_messages=2)
    begun(one_rig, 5)
    assert one_rig.deliver() == Report(sent=5)
    assert one_rig.box.connections == 3


def test_what_failed_for_now_is_tried_again_with_the_same_id(rig: DeliveryRig) -> None:
    begun(rig)
    rig.box.answers = [later()]
    assert rig.deliver() == Report(retried=1)
    (message,) = rig.messages()
    assert (message.state, message.attempts) == (MessageState.WAITING, 1)
    assert message.last_error == "451 not now"
    assert message.due_at == rig.clock.at + timedelta(seconds=30)
    rig.clock.move(seconds=29)
    assert rig.deliver() == Report()
    rig.clock.move(seconds=1)
    assert rig.deliver() == Report(sent=1)
    (message,) = rig.messages()
    assert rig.box.got[0].uid == message.uid
    assert [outcome for outcome, _ in rig.detail(message)] == ["transient", "sent"]
    assert message.last_error is None


def test_what_is_refused_for_good_is_a_dead_letter_at_once(rig: DeliveryRig) -> None:
    begun(rig, 2)
    rig.box.answers = [never()]
    assert rig.deliver() == Report(sent=1, dead=1)
    dead, sent = rig.messages()
    assert (dead.state, sent.state) == (MessageState.DEAD, MessageState.SENT)
    assert rig.detail(dead) == [("permanent", "550 nobody of that name")]
    assert rig.state().failures == 0


def test_a_message_that_failed_too_often_is_a_dead_letter(one_rig: DeliveryRig) -> None:
    one_rig.policy = policy(attempts=3, breaker_failures=100)
    begun(one_rig)
    one_rig.box.answers = [later(), later(), later()]
    reports = []
    for _ in range(4):
        reports.append(one_rig.deliver())
        one_rig.clock.move(hours=1)
    assert reports == [Report(retried=1), Report(retried=1), Report(dead=1), Report()]
    (message,) = one_rig.messages()
    assert (message.state, message.attempts) == (MessageState.DEAD, 3)


def test_a_refusal_while_a_service_is_redeployed_is_tried_again_for_an_hour(
    rig: DeliveryRig,
) -> None:
    rig.policy = policy(attempts=2, breaker_failures=100)
    begun(rig)
    began = rig.clock.at
    rig.box.answers = [refused() for _ in range(50)]
    reports = [rig.deliver()]
    (message,) = rig.messages()
    while reports[-1] == Report(retried=1):
        rig.clock.at = message.due_at
        reports.append(rig.deliver())
        (message,) = rig.messages()
    assert reports[-1] == Report(dead=1)
    assert len(reports) > 2  # attempts do not count within the hour
    assert rig.clock.at - began == HOUR  # the last try is at its end
    assert rig.detail(message)[-1] == ("refused", "404 no such app")


def test_the_hour_of_a_redeployed_service_begins_with_its_refusal(rig: DeliveryRig) -> None:
    rig.policy = policy(attempts=20, breaker_failures=100)
    begun(rig)
    rig.box.answers = [later(), refused(), later(), refused()]
    for _ in range(4):
        assert rig.deliver() == Report(retried=1)
        rig.clock.move(hours=2)
    assert rig.deliver() == Report(sent=1)


def test_a_service_that_is_back_within_the_hour_gets_what_it_refused(one_rig: DeliveryRig) -> None:
    one_rig.policy = policy(attempts=1)
    begun(one_rig)
    one_rig.box.answers = [refused()]
    assert one_rig.deliver() == Report(retried=1)
    one_rig.clock.move(minutes=1)
    assert one_rig.deliver() == Report(sent=1)


def test_a_dead_letter_that_is_retried_has_all_its_tries_again(one_rig: DeliveryRig) -> None:
    one_rig.policy = policy(attempts=1)
    begun(one_rig)
    one_rig.box.answers = [later()]
    one_rig.deliver()
    (message,) = one_rig.messages(MessageState.DEAD)
    with one_rig.store.transaction() as tx:
        tx.outbox.retry([message.id], now=one_rig.clock.at)
    assert one_rig.deliver() == Report(sent=1)
    assert one_rig.box.got[0].uid == message.uid


def test_a_message_that_cannot_be_rendered_stops_no_other(one_rig: DeliveryRig) -> None:
    def broken(notification: Notification) -> Message:
        if "101" in str(notification.alerts[0].events[0].after):
            raise ZeroDivisionError("https://hooks.example.org/token")
        return render(notification)

    one_rig.policy = policy(breaker_failures=1)
    begun(one_rig, 3)
    one_rig.render = broken
    assert one_rig.deliver() == Report(sent=2, retried=1), "the channel has nothing to do with it"
    (waiting,) = one_rig.messages(MessageState.WAITING)
    ((outcome, text),) = one_rig.detail(waiting)
    assert (outcome, text.partition(",")[0]) == (
        "transient",
        "it cannot be rendered: ZeroDivisionError in test_run.py",
    )
    one_rig.render = render
    one_rig.clock.move(hours=1)
    assert one_rig.deliver() == Report(sent=1)


def test_a_broken_template_is_told_in_its_own_words(one_rig: DeliveryRig) -> None:
    def broken(_: Notification) -> Message:
        raise DeliveryError("the template subject.txt.j2 fails", permanent=False)

    begun(one_rig)
    one_rig.render = broken
    assert one_rig.deliver() == Report(retried=1)
    assert one_rig.events.endings == [("retried", "the template subject.txt.j2 fails")]
    assert one_rig.state().failures == 0


def test_a_mistake_in_a_channel_is_noted_without_its_words(one_rig: DeliveryRig) -> None:
    begun(one_rig)
    one_rig.box.answers = [KeyError("https://hooks.example.org/token")]
    assert one_rig.deliver() == Report(retried=1)
    (message,) = one_rig.messages()
    ((_, text),) = one_rig.detail(message)
    assert text.startswith("it cannot be sent: KeyError in rig.py, line ")
    assert "token" not in text


def test_messages_of_a_channel_that_is_gone_are_dead_letters(one_rig: DeliveryRig) -> None:
    begun(one_rig, 2)
    assert one_rig.deliver(channel=None) == Report(dead=2)
    assert one_rig.events.endings == [("dead", "no channel 'box' is configured any more")] * 2


def test_an_address_that_is_not_served_any_more_gets_nothing(one_rig: DeliveryRig) -> None:
    one_rig.box.targets = ("ana@example.org", "ben@example.org")
    begun(one_rig)
    one_rig.box.targets = ("ben@example.org",)
    assert one_rig.deliver() == Report(sent=1, dead=1)
    assert [message.target for message in one_rig.box.got] == ["ben@example.org"]


@pytest.mark.parametrize(
    ("confirmed", "report"),
    [("ana@example.org", Report(sent=1)), ("ana@example.com", Report(dead=1))],
)
def test_a_reader_is_sent_to_at_the_confirmed_address_alone(
    confirmed: str, report: Report, one_rig: DeliveryRig
) -> None:
    one_rig.box.targets = ("ana@example.org",)
    begun(one_rig)
    one_rig.box.targets = SUBSCRIBERS
    with one_rig.store.transaction() as tx:
        tx.readers.confirm_address("ana", confirmed, one_rig.clock.at)
    assert one_rig.deliver() == report


def test_being_stopped_gives_back_what_was_not_tried(rig: DeliveryRig) -> None:
    begun(rig, 3)
    rig.box.answers = [lambda _: rig.stop.set()]
    assert rig.deliver() == Report(sent=1)
    waiting = rig.messages(MessageState.WAITING)
    assert [message.attempts for message in waiting] == [0, 0]
    rig.stop.clear()
    assert rig.deliver(worker="other") == Report(sent=2)


def test_what_a_dead_worker_had_claimed_is_sent_by_another_once_its_lease_is_lost(
    rig: DeliveryRig,
) -> None:
    begun(rig, 2)
    with rig.store.transaction() as tx:
        claim(tx, "gone", now=rig.clock.at, limit=10)
    rig.clock.move(days=2)
    assert rig.deliver() == Report(), "no clock on the wall ends a lease"
    with rig.store.transaction() as tx:
        lose_worker(tx, "gone")
    assert rig.deliver() == Report(sent=2)
    assert rig.events.left == ["gone", "gone"]


def test_who_lost_a_claim_sends_nothing_of_it(rig: DeliveryRig) -> None:
    begun(rig, 3)
    monotonic = Monotonic()

    def oversleep(_: Message) -> None:
        monotonic.at += 121
        with rig.store.transaction() as tx:
            lose_worker(tx, "w")
            assert len(claim(tx, "other", now=rig.clock.at, limit=10)) == 3

    rig.box.answers = [oversleep]
    ours = rig.worker(claims=rig.claims("w", clock=monotonic))
    assert ours.deliver(rig.stop) == Report()
    assert len(rig.box.got) == 1  # the one that was under way
    assert [message.claimed_by for message in rig.messages()] == ["other"] * 3
    assert len([trouble for trouble in rig.events.troubles if "was lost" in trouble]) == 3


def test_whose_lease_is_another_s_claims_under_a_new_one(rig: DeliveryRig) -> None:
    begun(rig, 2)
    rig.policy = policy(claim_messages=1)

    def lost(_: Message) -> None:
        with rig.store.transaction() as tx:
            lose_worker(tx, "w")

    def deliver_too(_: Message) -> None:
        assert rig.deliver(worker="other") == Report()

    rig.box.answers = [lost, deliver_too]
    assert rig.deliver() == Report(sent=2)
    assert len(rig.box.got) == 2


def test_claims_are_kept_while_something_is_sent_and_given_back_after_it(rig: DeliveryRig) -> None:
    begun(rig, 1)
    seen: list[int] = []

    def slow(_: Message) -> None:
        eventually(lambda: renewals() >= 2)
        seen.append(renewals())

    def renewals() -> int:
        lease = lease_of(rig.url, WORKER + "w")
        return -1 if lease is None else lease.renewals

    rig.box.answers = [slow]
    assert rig.worker(claims=rig.claims("w", lease_s=3)).deliver(rig.stop) == Report(sent=1)
    assert seen
    assert lease_of(rig.url, WORKER + "w") is None


@contextmanager
def locked(url: str) -> Iterator[Callable[[], None]]:
    """Keep others from writing to a SQLite store until what is yielded is called."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), check_same_thread=False)
    with closing(connection):
        connection.execute("BEGIN IMMEDIATE")
        yield connection.rollback


def test_the_store_is_given_time_to_note_what_was_sent(sqlite_url: str) -> None:
    with open_store(sqlite_url, busy_timeout_s=0.1) as store, ExitStack() as locks:
        one_rig = begun(DeliveryRig(url=sqlite_url, store=store))
        unlocks: list[Callable[[], None]] = []

        class Unlocking(RecordedEvents):
            def on_warning(self, channel: str, reason: str) -> None:
                super().on_warning(channel, reason)
                unlocks.pop()()

        one_rig.box.answers = [lambda _: unlocks.append(locks.enter_context(locked(sqlite_url)))]
        one_rig.events = Unlocking()
        assert one_rig.deliver() == Report(sent=1)
        assert "not noted yet" in one_rig.events.troubles[0]
        assert [message.state for message in one_rig.messages()] == [MessageState.SENT]


def test_a_store_that_cannot_be_written_ends_the_pass(sqlite_url: str) -> None:
    with open_store(sqlite_url, busy_timeout_s=0.1) as store:
        one_rig = begun(DeliveryRig(url=sqlite_url, store=store))
        with locked(sqlite_url), pytest.raises(StoreError):
            one_rig.deliver()
        assert one_rig.box.got == []
        assert one_rig.deliver() == Report(sent=1)
