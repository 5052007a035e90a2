"""Quiet hours of messages that were due before them and could not be sent in time."""

from datetime import timedelta

import pytest

from monitor.deliver import Report
from monitor.model.messages import MessageState
from monitor.model.when import parse_quiet, parse_when
from tests.deliver.post import Post, later
from tests.ingest.world import study

QUIET = parse_quiet("13:00-19:00")
DAILY = parse_when("daily 09:00")


def delayed(post: Post) -> None:
    """Let a message fail just before the quiet hours, and be due again within them."""
    post.begin()
    post.change()
    post.box.answers = [later(pause_s=3600)]
    assert post.deliver() == Report(retried=1)
    post.clock.move(hours=1, minutes=30)
    assert QUIET.end_after(post.clock.at) is not None


def test_what_is_tried_again_waits_for_the_end_of_quiet_hours(post: Post) -> None:
    post.subscribe(quiet=QUIET)
    delayed(post)
    assert post.deliver() == Report()
    (message,) = post.messages()
    assert (message.state, message.attempts) == (MessageState.WAITING, 1)
    assert message.due_at == QUIET.end_after(post.clock.at)
    assert (message.claimed_by, len(post.detail(message))) == (None, 1)
    post.clock.at = message.due_at - timedelta(seconds=1)
    assert post.deliver() == Report()
    post.clock.move(seconds=1)
    assert post.deliver() == Report(sent=1)


def test_somebody_elses_quiet_hours_delay_nobody(post: Post) -> None:
    post.subscribe("ana", quiet=QUIET)
    post.subscribe("ben")
    post.begin()
    post.change()
    post.clock.move(hours=2)
    assert post.deliver() == Report(sent=1)
    assert [message.subscriber for message in post.box.got] == ["ben"]


@pytest.mark.parametrize(
    ("other", "report"),
    [
        ({"name": "second"}, Report(sent=1)),
        ({"name": "second", "quiet": parse_quiet("13:00-16:00")}, Report()),
        ({"name": "second", "when": DAILY}, Report()),
    ],
)
def test_the_first_that_may_come_brings_the_message(
    post: Post, other: dict[str, object], report: Report
) -> None:
    post.subscribe(quiet=QUIET)
    post.subscribe(**other)  # type: ignore[arg-type]
    delayed(post)
    assert post.deliver() == report
    if report == Report():
        (message,) = post.messages()
        ends = [QUIET] if "quiet" not in other else [parse_quiet("13:00-16:00")]
        assert message.due_at == ends[0].end_after(post.clock.at)


@pytest.mark.parametrize(("at_once", "report"), [(True, Report(sent=1)), (False, Report())])
def test_what_is_critical_comes_in_quiet_hours_where_that_is_asked_for(
    post: Post, at_once: bool, report: Report
) -> None:
    post.subscribe(quiet=QUIET, critical_at_once=at_once)
    post.begin()
    post.clock.move(minutes=1)
    post.take(study("2026-02-02", status="TERMINATED"))
    post.clock.move(hours=2)
    assert post.deliver() == report


def test_a_digest_comes_in_quiet_hours(post: Post) -> None:
    post.subscribe(quiet=QUIET, when=parse_when("daily 14:00"))
    post.begin()
    post.change()
    post.clock.move(hours=3)
    assert post.deliver() == Report(sent=1)
