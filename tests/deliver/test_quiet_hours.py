"""Quiet hours of messages that were due before them and could not be sent in time."""

from datetime import timedelta

import pytest

from monitor.deliver import Report
from monitor.model.messages import MessageState
from monitor.model.when import parse_quiet, parse_when
from tests.deliver.rig import DeliveryRig, later
from tests.ingest.world import study

QUIET = parse_quiet("13:00-19:00")
DAILY = parse_when("daily 09:00")


def delayed(rig: DeliveryRig) -> None:
    """Let a message fail just before the quiet hours, and be due again within them."""
    rig.begin()
    rig.change()
    rig.box.answers = [later(pause_s=3600)]
    assert rig.deliver() == Report(retried=1)
    rig.clock.move(hours=1, minutes=30)
    assert QUIET.end_after(rig.clock.at) is not None


def test_what_is_tried_again_waits_for_the_end_of_quiet_hours(rig: DeliveryRig) -> None:
    rig.subscribe(quiet=QUIET)
    delayed(rig)
    assert rig.deliver() == Report()
    (message,) = rig.messages()
    assert (message.state, message.attempts) == (MessageState.WAITING, 1)
    assert message.due_at == QUIET.end_after(rig.clock.at)
    assert (message.claimed_by, len(rig.detail(message))) == (None, 1)
    rig.clock.at = message.due_at - timedelta(seconds=1)
    assert rig.deliver() == Report()
    rig.clock.move(seconds=1)
    assert rig.deliver() == Report(sent=1)


def test_somebody_elses_quiet_hours_delay_nobody(rig: DeliveryRig) -> None:
    rig.subscribe("ana", quiet=QUIET)
    rig.subscribe("ben")
    rig.begin()
    rig.change()
    rig.clock.move(hours=2)
    assert rig.deliver() == Report(sent=1)
    assert [message.subscriber for message in rig.box.got] == ["ben"]


@pytest.mark.parametrize(
    ("other", "report"),
    [
        ({"name": "second"}, Report(sent=1)),
        ({"name": "second", "quiet": parse_quiet("13:00-16:00")}, Report()),
        ({"name": "second", "when": DAILY}, Report()),
    ],
)
def test_the_first_that_may_come_brings_the_message(
    rig: DeliveryRig, other: dict[str, object], report: Report
) -> None:
    rig.subscribe(quiet=QUIET)
    rig.subscribe(**other)  # type: ignore[arg-type]
    delayed(rig)
    assert rig.deliver() == report
    if report == Report():
        (message,) = rig.messages()
        ends = [QUIET] if "quiet" not in other else [parse_quiet("13:00-16:00")]
        assert message.due_at == ends[0].end_after(rig.clock.at)


@pytest.mark.parametrize(("at_once", "report"), [(True, Report(sent=1)), (False, Report())])
def test_what_is_critical_comes_in_quiet_hours_where_that_is_asked_for(
    rig: DeliveryRig, at_once: bool, report: Report
) -> None:
    rig.subscribe(quiet=QUIET, critical_at_once=at_once)
    rig.begin()
    rig.clock.move(minutes=1)
    rig.take(study("2026-02-02", status="TERMINATED"))
    rig.clock.move(hours=2)
    assert rig.deliver() == report


def test_a_digest_comes_in_quiet_hours(rig: DeliveryRig) -> None:
    rig.subscribe(quiet=QUIET, when=parse_when("daily 14:00"))
    rig.begin()
    rig.change()
    rig.clock.move(hours=3)
    assert rig.deliver() == Report(sent=1)
