"""A channel that fails again and again rests, and is tried with one message after that."""

from datetime import timedelta

from monitor.deliver import Report
from tests.deliver.policies import policy
from tests.deliver.rig import DeliveryRig, later, never

POLICY = policy(breaker_failures=3, breaker_rest_s=300, backoff_initial_s=1, backoff_max_s=1)


def broken(rig: DeliveryRig, changes: int = 6) -> DeliveryRig:
    """Let a channel fail three times in a row."""
    rig.policy = POLICY
    rig.begin()
    rig.subscribe()
    rig.change(changes)
    rig.box.answers = [later(), later(), later()]
    return rig


def test_after_so_many_failures_in_a_row_a_channel_rests(rig: DeliveryRig) -> None:
    broken(rig)
    assert rig.deliver() == Report(retried=3)
    assert rig.events.breaker == ["box rests after 3"]
    state = rig.state()
    assert (state.failures, state.reported) == (3, True)
    assert state.paused_until == rig.clock.at + timedelta(seconds=300)
    assert state.last_error == "451 not now"
    assert sorted(message.attempts for message in rig.messages()) == [0, 0, 0, 1, 1, 1]
    rig.clock.move(seconds=299)
    assert rig.deliver() == Report()
    assert rig.box.got == []


def test_a_rest_ends_with_one_message_and_goes_on_when_that_fails(one_rig: DeliveryRig) -> None:
    broken(one_rig)
    one_rig.deliver()
    one_rig.clock.move(seconds=300)
    one_rig.box.answers = [later()]
    assert one_rig.deliver() == Report(retried=1)
    assert one_rig.events.breaker == ["box rests after 3"]  # told once
    one_rig.clock.move(seconds=299)
    assert one_rig.deliver() == Report()
    one_rig.clock.move(seconds=1)
    assert one_rig.deliver() == Report(sent=6)
    assert one_rig.events.breaker == ["box rests after 3", "box works again"]
    assert one_rig.state().failures == 0


def test_a_success_forgets_the_failures_before_it(one_rig: DeliveryRig) -> None:
    broken(one_rig)
    one_rig.box.answers = [later(), later(), lambda _: None, later(), later()]
    assert one_rig.deliver() == Report(sent=2, retried=4)
    assert one_rig.events.breaker == []


def test_mistakes_let_the_channel_rest_too(one_rig: DeliveryRig) -> None:
    broken(one_rig)
    one_rig.box.answers = [KeyError("x"), KeyError("x"), KeyError("x")]
    assert one_rig.deliver() == Report(retried=3)
    assert one_rig.events.breaker == ["box rests after 3"]
    assert one_rig.state().failures == 3


def test_what_is_refused_for_good_says_nothing_about_the_channel(one_rig: DeliveryRig) -> None:
    broken(one_rig)
    one_rig.box.answers = [later(), later(), never(), never(), later()]
    assert one_rig.deliver() == Report(retried=3, dead=2)
    assert one_rig.events.breaker == ["box rests after 3"]


def test_a_service_that_asks_for_a_pause_gets_it_for_the_whole_channel(
    one_rig: DeliveryRig,
) -> None:
    broken(one_rig)
    one_rig.box.answers = [later(20)]
    assert one_rig.deliver() == Report(retried=1)
    assert one_rig.events.breaker == []
    one_rig.clock.move(seconds=19)
    assert one_rig.deliver() == Report()
    one_rig.clock.move(seconds=1)
    assert one_rig.deliver() == Report(sent=6)


def test_another_process_finds_the_channel_paused(rig: DeliveryRig) -> None:
    broken(rig)
    rig.deliver()
    assert rig.deliver(worker="other") == Report()
