"""What was retried by hand counts from then on, not from its very first try."""

from datetime import timedelta

from monitor.deliver import Report
from monitor.store.reader import open_reader
from tests.deliver.policies import policy
from tests.deliver.post import Post, later, never, refused


def retried(post: Post) -> None:
    """Let a message die, and be retried three days later."""
    post.begin()
    post.subscribe()
    post.change()
    post.box.answers = [never()]
    assert post.deliver() == Report(dead=1)
    post.clock.move(days=3)
    with post.store.transaction() as tx:
        tx.outbox.retry([message.id for message in post.messages()], now=post.clock.at)


def test_a_retried_message_that_fails_again_is_due_since_the_retry(post: Post) -> None:
    retried(post)
    since = post.clock.at
    post.box.answers = [later()]
    assert post.deliver() == Report(retried=1)
    post.clock.move(seconds=5)
    with open_reader(post.url) as reader:
        assert reader.outbox.due_since("box", post.clock.at) == since


def test_a_retried_message_is_refused_for_an_hour_again(post: Post) -> None:
    retried(post)
    post.policy = policy(attempts=1, breaker_failures=100)
    post.box.answers = [refused(), refused()]
    assert post.deliver() == Report(retried=1)
    post.clock.move(hours=1)
    assert post.deliver() == Report(dead=1)
    [message] = post.messages()
    assert message.retried_at == post.clock.at - timedelta(hours=1)
