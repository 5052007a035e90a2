"""Groups: so many alerts that come at once are one message, of which each trial is a part."""

import re
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest

from monitor.channels.envelope import envelope
from monitor.channels.mail import compose
from monitor.deliver import Report
from monitor.model.messages import MessageState
from monitor.model.subscriptions import Silence, SubscriptionStatus, Trials
from monitor.model.when import parse_quiet
from monitor.settings.hosts import Mailbox
from monitor.store.reader import open_reader
from tests.deliver.policies import policy
from tests.deliver.rig import HOUR, DeliveryRig, later, never
from tests.ingest.world import study
from tests.store.leasing import claim, lose_worker

SENDER = Mailbox(name="Trial monitor", address="monitor@example.org")
COUNT = 73
ALL = Trials(everything=True)


def nct(number: int) -> str:
    return f"NCT09{number:06d}"


def flooded(rig: DeliveryRig, count: int = COUNT, **wanted: Any) -> DeliveryRig:
    """Let a pass change many trials at once: one is withdrawn, one completed, the rest grow."""
    rig.policy = policy(group_above=5)
    rig.subscribe(name="all", trials=ALL, **wanted)
    numbers = range(1, count + 1)
    rig.take_in(*(study("2026-02-01", nct_id=nct(number)) for number in numbers))
    rig.clock.move(minutes=1)
    rig.take(*(
        study("2026-02-02", nct_id=nct(number), **changes_of(number, count)) for number in numbers
    ))  # fmt: skip
    return rig


def changes_of(number: int, count: int) -> dict[str, Any]:
    """Return what becomes of a trial: the most severe stands neither first nor last."""
    if number == count // 2:
        return {"status": "WITHDRAWN"}
    return {"enrollment": 101 if number % 2 else 240}


def test_a_pass_that_changes_many_trials_is_one_message(rig: DeliveryRig) -> None:
    flooded(rig)
    assert rig.deliver() == Report(sent=1)
    (group,) = rig.messages()
    assert (group.kind, group.state, group.attempts) == ("group", MessageState.SENT, 1)
    (got,) = rig.box.got
    assert got.uid == group.uid
    assert (got.severity, got.thread) == ("critical", "group")
    assert got.subject.startswith(f"{COUNT} changes in {COUNT} trials: 1 critical, ")
    alerts = got.data["alerts"]
    assert sorted(alert["nct_id"] for alert in alerts) == [nct(n + 1) for n in range(COUNT)]
    ranks = [alert["events"][0]["severity"] for alert in alerts]
    assert ranks == sorted(ranks, key=["critical", "high", "medium", "low"].index)
    assert ranks[0] == "critical"
    assert got.data["group"] == {"until": rig.clock.at.isoformat()}
    assert (got.data["digest"], got.data["part"]) == (None, None)
    assert got.data["counts"]["trials"] == COUNT
    assert rig.events.gathered == [(group.uid, COUNT)]
    assert rig.events.endings == [("sent", "thank you")]


def test_a_group_reads_as_a_digest_does_and_stands_in_no_thread(one_rig: DeliveryRig) -> None:
    flooded(one_rig)
    assert one_rig.deliver() == Report(sent=1)
    (got,) = one_rig.box.got
    lines = got.text.splitlines()
    assert lines[0].startswith(f"{COUNT} changes in {COUNT} trials: 1 critical, ")
    assert lines[1].startswith("Changes up to 2026-03-02 12:01 UTC, which came at once")
    assert got.text.index(nct(COUNT // 2)) < got.text.index(nct(1))
    assert set(re.findall(r"NCT09\d{6}", got.text)) == {nct(n + 1) for n in range(COUNT)}
    assert "You get this because “all” includes" in got.text
    assert len(got.html.encode()) < 100_000
    assert len(got.slack["blocks"]) <= 50
    mail = message_from_bytes(compose(got, SENDER, to="a@example.org"), policy=default)
    assert (mail["In-Reply-To"], mail["References"]) == (None, None)
    assert got.uid in mail["Message-ID"]
    assert b'"subject":"NCT' not in envelope(got, "here")


@pytest.mark.parametrize("count", [1, 5])
def test_as_many_as_are_allowed_come_one_by_one(one_rig: DeliveryRig, count: int) -> None:
    flooded(one_rig, count)
    assert one_rig.deliver() == Report(sent=count)
    assert {message.thread for message in one_rig.box.got} == {nct(n + 1) for n in range(count)}


def test_versions_of_one_trial_that_waited_are_a_group_too(one_rig: DeliveryRig) -> None:
    one_rig.policy = policy(group_above=5)
    one_rig.begin()
    one_rig.subscribe()
    one_rig.change(6)
    assert one_rig.deliver() == Report(sent=1)
    (got,) = one_rig.box.got
    assert got.subject.startswith("Enrollment target 100 → 101 (+1%) + 5 more: ")
    assert [alert["version"] for alert in got.data["alerts"]] == [2, 3, 4, 5, 6, 7]
    assert b'"subject":"NCT' not in envelope(got, "here")


def test_a_group_that_fails_comes_again_as_it_was_whatever_came_meanwhile(rig: DeliveryRig) -> None:
    flooded(rig, 8)
    rig.box.answers = [later()]
    assert rig.deliver() == Report(retried=1)
    rig.clock.move(hours=1)
    rig.take(*(study("2026-02-03", nct_id=nct(n), enrollment=500) for n in range(1, 9)))
    assert rig.deliver() == Report(sent=2)
    first, second = rig.box.got
    assert [alert["version"] for alert in first.data["alerts"]] == [2] * 8
    assert [alert["version"] for alert in second.data["alerts"]] == [3] * 8
    assert [message.uid for message in rig.messages()] == [first.uid, second.uid]


def test_a_group_of_a_worker_that_died_is_told_once_more_with_the_same_id(rig: DeliveryRig) -> None:
    flooded(rig, 8)
    with rig.store.transaction() as tx:
        [claimed] = claim(tx, "dead", now=rig.clock.at, limit=5, group_above=5)
    with rig.store.transaction() as tx:
        lose_worker(tx, "dead")
    assert rig.deliver() == Report(sent=1)
    (got,) = rig.box.got
    assert got.uid == claimed.uid
    assert len(got.data["alerts"]) == 8
    assert rig.events.left == ["dead"]


def test_what_was_paused_or_silenced_is_left_out_when_a_group_is_sent(one_rig: DeliveryRig) -> None:
    flooded(one_rig, 8)
    until = one_rig.clock.at + HOUR
    silence: dict[str, Any] = {"subscriber": None, "kind": None, "reason": None}
    silence["created_at"] = one_rig.clock.at
    with one_rig.store.transaction() as tx:
        tx.subscribers.put_silence(Silence(id=0, until=until, nct_id=nct(2), **silence))
    one_rig.box.answers = [later()]
    assert one_rig.deliver() == Report(retried=1)
    with one_rig.store.transaction() as tx:
        tx.subscribers.put_silence(Silence(id=0, until=until, nct_id=nct(3), **silence))
    one_rig.clock.move(seconds=30)
    assert one_rig.deliver() == Report(sent=1)
    reported = {alert["nct_id"] for alert in one_rig.box.got[0].data["alerts"]}
    assert reported == {nct(number) for number in (1, 4, 5, 6, 7, 8)}
    with open_reader(one_rig.url) as reader:
        assert len(reader.outbox.items(one_rig.messages()[0].id)) == 8


def test_a_group_of_which_nothing_is_left_is_dropped(one_rig: DeliveryRig) -> None:
    flooded(one_rig, 8)
    with one_rig.store.transaction() as tx:
        tx.subscribers.set_status("ana", "all", SubscriptionStatus.PAUSED)
    assert one_rig.deliver() == Report(dropped=1)
    assert one_rig.box.got == []


def test_what_waited_for_the_end_of_quiet_hours_comes_as_one(one_rig: DeliveryRig) -> None:
    flooded(one_rig, 8, quiet=parse_quiet("11:00-15:00"))
    assert one_rig.deliver() == Report()
    one_rig.clock.move(hours=3)
    assert one_rig.deliver() == Report(sent=1)
    assert len(one_rig.box.got[0].data["alerts"]) == 8


def test_a_group_that_was_delayed_into_quiet_hours_waits_for_their_end(
    one_rig: DeliveryRig,
) -> None:
    quiet = parse_quiet("13:00-15:00")
    flooded(one_rig, 8, quiet=quiet)
    one_rig.clock.move(hours=1, minutes=30)
    assert one_rig.deliver() == Report()
    (group,) = one_rig.messages()
    assert (group.kind, group.state, group.attempts) == ("group", MessageState.WAITING, 0)
    assert group.due_at == quiet.end_after(one_rig.clock.at)
    one_rig.clock.at = group.due_at
    assert one_rig.deliver() == Report(sent=1)
    assert one_rig.box.got[0].uid == group.uid


@pytest.mark.parametrize("count", [8, 20], ids=["below the claim's limit", "above it"])
def test_a_group_takes_one_turn_of_the_channels_rate(one_rig: DeliveryRig, count: int) -> None:
    flooded(one_rig, count)
    one_rig.policy = policy(group_above=5, per_minute=1, claim_messages=10)
    assert one_rig.deliver() == Report(sent=1)
    assert len(one_rig.box.got[0].data["alerts"]) == count


def test_a_group_that_is_refused_is_one_dead_letter_and_retried_as_one(
    one_rig: DeliveryRig,
) -> None:
    flooded(one_rig, 8)
    one_rig.box.answers = [never()]
    assert one_rig.deliver() == Report(dead=1)
    (group,) = one_rig.messages()
    with one_rig.store.transaction() as tx:
        tx.outbox.retry([group.id], now=one_rig.clock.at + timedelta(minutes=5))
    one_rig.clock.move(minutes=5)
    assert one_rig.deliver() == Report(sent=1)
    assert one_rig.box.got[0].uid == group.uid


def test_a_channel_that_is_tried_after_a_rest_is_tried_with_the_whole_group(
    one_rig: DeliveryRig,
) -> None:
    flooded(one_rig, 8)
    one_rig.policy = policy(group_above=5, breaker_failures=1, breaker_rest_s=60)
    one_rig.box.answers = [later()]
    assert one_rig.deliver() == Report(retried=1)
    one_rig.clock.move(minutes=2)
    assert one_rig.deliver() == Report(sent=1)
    assert len(one_rig.box.got[0].data["alerts"]) == 8
