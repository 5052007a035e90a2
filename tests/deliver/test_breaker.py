"""A channel that fails again and again rests, and is tried with one message after that."""

from datetime import timedelta

from monitor.deliver import Report
from tests.deliver.policies import policy
from tests.deliver.post import Post, later, never

POLICY = policy(breaker_failures=3, breaker_rest_s=300, backoff_initial_s=1, backoff_max_s=1)


def broken(post: Post, changes: int = 6) -> Post:
    """Let a channel fail three times in a row."""
    post.policy = POLICY
    post.begin()
    post.subscribe()
    post.change(changes)
    post.box.answers = [later(), later(), later()]
    return post


def test_after_so_many_failures_in_a_row_a_channel_rests(post: Post) -> None:
    broken(post)
    assert post.deliver() == Report(retried=3)
    assert post.events.breaker == ["box rests after 3"]
    state = post.state()
    assert (state.failures, state.reported) == (3, True)
    assert state.paused_until == post.clock.at + timedelta(seconds=300)
    assert state.last_error == "451 not now"
    assert sorted(message.attempts for message in post.messages()) == [0, 0, 0, 1, 1, 1]
    post.clock.move(seconds=299)
    assert post.deliver() == Report()
    assert post.box.got == []


def test_a_rest_ends_with_one_message_and_goes_on_when_that_fails(office: Post) -> None:
    broken(office)
    office.deliver()
    office.clock.move(seconds=300)
    office.box.answers = [later()]
    assert office.deliver() == Report(retried=1)
    assert office.events.breaker == ["box rests after 3"]  # told once
    office.clock.move(seconds=299)
    assert office.deliver() == Report()
    office.clock.move(seconds=1)
    assert office.deliver() == Report(sent=6)
    assert office.events.breaker == ["box rests after 3", "box works again"]
    assert office.state().failures == 0


def test_a_success_forgets_the_failures_before_it(office: Post) -> None:
    broken(office)
    office.box.answers = [later(), later(), lambda _: None, later(), later()]
    assert office.deliver() == Report(sent=2, retried=4)
    assert office.events.breaker == []


def test_mistakes_let_the_channel_rest_too(office: Post) -> None:
    broken(office)
    office.box.answers = [KeyError("x"), KeyError("x"), KeyError("x")]
    assert office.deliver() == Report(retried=3)
    assert office.events.breaker == ["box rests after 3"]
    assert office.state().failures == 3


def test_what_is_refused_for_good_says_nothing_about_the_channel(office: Post) -> None:
    broken(office)
    office.box.answers = [later(), later(), never(), never(), later()]
    assert office.deliver() == Report(retried=3, dead=2)
    assert office.events.breaker == ["box rests after 3"]


def test_a_service_that_asks_for_a_pause_gets_it_for_the_whole_channel(office: Post) -> None:
    broken(office)
    office.box.answers = [later(20)]
    assert office.deliver() == Report(retried=1)
    assert office.events.breaker == []
    office.clock.move(seconds=19)
    assert office.deliver() == Report()
    office.clock.move(seconds=1)
    assert office.deliver() == Report(sent=6)


def test_another_process_finds_the_channel_paused(post: Post) -> None:
    broken(post)
    post.deliver()
    assert post.deliver(worker="other") == Report()
