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
from monitor.render.alerts import render
from monitor.store.writer import open_store
from tests.daemon.processes import eventually
from tests.deliver.policies import policy
from tests.deliver.post import HOUR, Monotonic, Post, RecordedEvents, later, never, refused
from tests.ingest.world import NCT
from tests.store.leasing import claim, lease_of, lose_worker


def begun(post: Post, changes: int = 1) -> Post:
    """Let a subscriber have so many messages."""
    post.begin()
    post.subscribe()
    post.change(changes)
    return post


def test_a_change_is_sent_once_and_noted(post: Post) -> None:
    begun(post)
    assert post.deliver() == Report(sent=1)
    (message,) = post.messages()
    assert (message.state, message.attempts) == (MessageState.SENT, 1)
    assert message.sent_at == post.clock.at
    assert post.detail(message) == [("sent", "thank you")]
    (got,) = post.box.got
    assert (got.uid, got.subscriber, got.thread) == (message.uid, "ana", NCT)
    assert "100 → 101" in got.subject
    assert "“mine” includes this trial" in got.text
    assert post.deliver() == Report()
    assert len(post.box.got) == 1


def test_many_messages_go_over_one_connection(office: Post) -> None:
    begun(office, 5)
    assert office.deliver() == Report(sent=5)
    assert office.box.connections == 1
    assert ["→ 101" in subject for subject in office.box.subjects] == [True] + [False] * 4


def test_more_than_a_claim_holds_is_claimed_again_and_again(office: Post) -> None:
    office.policy = policy(claim_messages=2)
    begun(office, 5)
    assert office.deliver() == Report(sent=5)
    assert office.box.connections == 3


def test_what_failed_for_now_is_tried_again_with_the_same_id(post: Post) -> None:
    begun(post)
    post.box.answers = [later()]
    assert post.deliver() == Report(retried=1)
    (message,) = post.messages()
    assert (message.state, message.attempts) == (MessageState.WAITING, 1)
    assert message.last_error == "451 not now"
    assert message.due_at == post.clock.at + timedelta(seconds=30)
    post.clock.move(seconds=29)
    assert post.deliver() == Report()
    post.clock.move(seconds=1)
    assert post.deliver() == Report(sent=1)
    (message,) = post.messages()
    assert post.box.got[0].uid == message.uid
    assert [outcome for outcome, _ in post.detail(message)] == ["transient", "sent"]
    assert message.last_error is None


def test_what_is_refused_for_good_is_a_dead_letter_at_once(post: Post) -> None:
    begun(post, 2)
    post.box.answers = [never()]
    assert post.deliver() == Report(sent=1, dead=1)
    dead, sent = post.messages()
    assert (dead.state, sent.state) == (MessageState.DEAD, MessageState.SENT)
    assert post.detail(dead) == [("permanent", "550 nobody of that name")]
    assert post.state().failures == 0


def test_a_message_that_failed_too_often_is_a_dead_letter(office: Post) -> None:
    office.policy = policy(attempts=3, breaker_failures=100)
    begun(office)
    office.box.answers = [later(), later(), later()]
    reports = []
    for _ in range(4):
        reports.append(office.deliver())
        office.clock.move(hours=1)
    assert reports == [Report(retried=1), Report(retried=1), Report(dead=1), Report()]
    (message,) = office.messages()
    assert (message.state, message.attempts) == (MessageState.DEAD, 3)


def test_a_refusal_while_a_service_is_redeployed_is_tried_again_for_an_hour(post: Post) -> None:
    post.policy = policy(attempts=2, breaker_failures=100)
    begun(post)
    began = post.clock.at
    post.box.answers = [refused() for _ in range(50)]
    reports = [post.deliver()]
    (message,) = post.messages()
    while reports[-1] == Report(retried=1):
        post.clock.at = message.due_at
        reports.append(post.deliver())
        (message,) = post.messages()
    assert reports[-1] == Report(dead=1)
    assert len(reports) > 2  # attempts do not count within the hour
    assert post.clock.at - began == HOUR  # the last try is at its end
    assert post.detail(message)[-1] == ("refused", "404 no such app")


def test_the_hour_of_a_redeployed_service_begins_with_its_refusal(post: Post) -> None:
    post.policy = policy(attempts=20, breaker_failures=100)
    begun(post)
    post.box.answers = [later(), refused(), later(), refused()]
    for _ in range(4):
        assert post.deliver() == Report(retried=1)
        post.clock.move(hours=2)
    assert post.deliver() == Report(sent=1)


def test_a_service_that_is_back_within_the_hour_gets_what_it_refused(office: Post) -> None:
    office.policy = policy(attempts=1)
    begun(office)
    office.box.answers = [refused()]
    assert office.deliver() == Report(retried=1)
    office.clock.move(minutes=1)
    assert office.deliver() == Report(sent=1)


def test_a_dead_letter_that_is_retried_has_all_its_tries_again(office: Post) -> None:
    office.policy = policy(attempts=1)
    begun(office)
    office.box.answers = [later()]
    office.deliver()
    (message,) = office.messages(MessageState.DEAD)
    with office.store.transaction() as tx:
        tx.outbox.retry([message.id], now=office.clock.at)
    assert office.deliver() == Report(sent=1)
    assert office.box.got[0].uid == message.uid


def test_a_message_that_cannot_be_rendered_stops_no_other(office: Post) -> None:
    def broken(notification: Notification) -> Message:
        if "101" in str(notification.alerts[0].events[0].after):
            raise ZeroDivisionError("https://hooks.example.org/token")
        return render(notification)

    office.policy = policy(breaker_failures=1)
    begun(office, 3)
    office.render = broken
    assert office.deliver() == Report(sent=2, retried=1), "the channel has nothing to do with it"
    (waiting,) = office.messages(MessageState.WAITING)
    ((outcome, said),) = office.detail(waiting)
    assert (outcome, said.partition(",")[0]) == (
        "transient",
        "it cannot be rendered: ZeroDivisionError in test_run.py",
    )
    office.render = render
    office.clock.move(hours=1)
    assert office.deliver() == Report(sent=1)


def test_a_broken_template_is_told_in_its_own_words(office: Post) -> None:
    def broken(_: Notification) -> Message:
        raise DeliveryError("the template subject.txt.j2 fails", permanent=False)

    begun(office)
    office.render = broken
    assert office.deliver() == Report(retried=1)
    assert office.events.endings == [("retried", "the template subject.txt.j2 fails")]
    assert office.state().failures == 0


def test_a_mistake_in_a_channel_is_noted_without_its_words(office: Post) -> None:
    begun(office)
    office.box.answers = [KeyError("https://hooks.example.org/token")]
    assert office.deliver() == Report(retried=1)
    (message,) = office.messages()
    ((_, said),) = office.detail(message)
    assert said.startswith("it cannot be sent: KeyError in post.py, line ")
    assert "token" not in said


def test_messages_of_a_channel_that_is_gone_are_dead_letters(office: Post) -> None:
    begun(office, 2)
    assert office.deliver(channel=None) == Report(dead=2)
    assert office.events.endings == [("dead", "no channel 'box' is configured any more")] * 2


def test_an_address_that_is_not_served_any_more_gets_nothing(office: Post) -> None:
    office.box.targets = ("ana@example.org", "ben@example.org")
    begun(office)
    office.box.targets = ("ben@example.org",)
    assert office.deliver() == Report(sent=1, dead=1)
    assert [message.target for message in office.box.got] == ["ben@example.org"]


def test_being_stopped_gives_back_what_was_not_tried(post: Post) -> None:
    begun(post, 3)
    post.box.answers = [lambda _: post.stop.set()]
    assert post.deliver() == Report(sent=1)
    waiting = post.messages(MessageState.WAITING)
    assert [message.attempts for message in waiting] == [0, 0]
    post.stop.clear()
    assert post.deliver(worker="other") == Report(sent=2)


def test_what_a_dead_worker_had_claimed_is_sent_by_another_once_its_lease_is_lost(
    post: Post,
) -> None:
    begun(post, 2)
    with post.store.transaction() as tx:
        claim(tx, "gone", now=post.clock.at, limit=10)
    post.clock.move(days=2)
    assert post.deliver() == Report(), "no clock on the wall ends a lease"
    with post.store.transaction() as tx:
        lose_worker(tx, "gone")
    assert post.deliver() == Report(sent=2)
    assert post.events.left == ["gone", "gone"]


def test_who_lost_a_claim_sends_nothing_of_it(post: Post) -> None:
    begun(post, 3)
    monotonic = Monotonic()

    def oversleep(_: Message) -> None:
        monotonic.at += 121
        with post.store.transaction() as tx:
            lose_worker(tx, "w")
            assert len(claim(tx, "other", now=post.clock.at, limit=10)) == 3

    post.box.answers = [oversleep]
    ours = post.worker(claims=post.claims("w", clock=monotonic))
    assert ours.deliver(post.stop) == Report()
    assert len(post.box.got) == 1  # the one that was under way
    assert [message.claimed_by for message in post.messages()] == ["other"] * 3
    assert len([trouble for trouble in post.events.troubles if "was lost" in trouble]) == 3


def test_whose_lease_is_another_s_claims_under_a_new_one(post: Post) -> None:
    begun(post, 2)
    post.policy = policy(claim_messages=1)

    def lost(_: Message) -> None:
        with post.store.transaction() as tx:
            lose_worker(tx, "w")

    post.box.answers = [lost]
    assert post.deliver() == Report(sent=2)
    assert len(post.box.got) == 2


def test_claims_are_kept_while_something_is_sent_and_given_back_after_it(post: Post) -> None:
    begun(post, 1)
    seen: list[int] = []

    def slow(_: Message) -> None:
        eventually(lambda: renewals() >= 2)
        seen.append(renewals())

    def renewals() -> int:
        lease = lease_of(post.url, WORKER + "w")
        return -1 if lease is None else lease.renewals

    post.box.answers = [slow]
    assert post.worker(claims=post.claims("w", lease_s=3)).deliver(post.stop) == Report(sent=1)
    assert seen
    assert lease_of(post.url, WORKER + "w") is None


@contextmanager
def locked(url: str) -> Iterator[Callable[[], None]]:
    """Keep others from writing to a SQLite store until what is yielded is called."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), check_same_thread=False)
    with closing(connection):
        connection.execute("BEGIN IMMEDIATE")
        yield connection.rollback


def test_the_store_is_given_time_to_note_what_was_sent(sqlite_url: str) -> None:
    with open_store(sqlite_url, busy_timeout_s=0.1) as store, ExitStack() as locks:
        office = begun(Post(url=sqlite_url, store=store))
        unlocks: list[Callable[[], None]] = []

        class Unlocking(RecordedEvents):
            def on_warning(self, channel: str, reason: str) -> None:
                super().on_warning(channel, reason)
                unlocks.pop()()

        office.box.answers = [lambda _: unlocks.append(locks.enter_context(locked(sqlite_url)))]
        office.events = Unlocking()
        assert office.deliver() == Report(sent=1)
        assert "not noted yet" in office.events.troubles[0]
        assert [message.state for message in office.messages()] == [MessageState.SENT]


def test_a_store_that_cannot_be_written_ends_the_pass(sqlite_url: str) -> None:
    with open_store(sqlite_url, busy_timeout_s=0.1) as store:
        office = begun(Post(url=sqlite_url, store=store))
        with locked(sqlite_url), pytest.raises(StoreError):
            office.deliver()
        assert office.box.got == []
        assert office.deliver() == Report(sent=1)
