"""What was retried by hand counts from then on, not from its very first try."""

from datetime import timedelta

from monitor.deliver import Report
from monitor.store.reader import open_reader
from tests.deliver.policies import policy
from tests.deliver.rig import DeliveryRig, later, never, refused


def retried(rig: DeliveryRig) -> None:
    """Let a message die, and be retried three days later."""
    rig.begin()
    rig.subscribe()
    rig.change()
    rig.box.answers = [never()]
    assert rig.deliver() == Report(dead=1)
    rig.clock.move(days=3)
    with rig.store.transaction() as tx:
        tx.outbox.retry([message.id for message in rig.messages()], now=rig.clock.at)


def test_a_retried_message_that_fails_again_is_due_since_the_retry(rig: DeliveryRig) -> None:
    retried(rig)
    since = rig.clock.at
    rig.box.answers = [later()]
    assert rig.deliver() == Report(retried=1)
    rig.clock.move(seconds=5)
    with open_reader(rig.url) as reader:
        assert reader.outbox.due_since("box", rig.clock.at) == since


def test_a_retried_message_is_refused_for_an_hour_again(rig: DeliveryRig) -> None:
    retried(rig)
    rig.policy = policy(attempts=1, breaker_failures=100)
    rig.box.answers = [refused(), refused()]
    assert rig.deliver() == Report(retried=1)
    rig.clock.move(hours=1)
    assert rig.deliver() == Report(dead=1)
    [message] = rig.messages()
    assert message.retried_at == rig.clock.at - timedelta(hours=1)
