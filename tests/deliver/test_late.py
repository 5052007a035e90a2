"""What is given up at its deadline: it is tried again, and what comes of it late is noted."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

import pytest

from monitor.channels.bounded import BoundedChannel
from monitor.deadlines.threads import AbandonedThreads
from monitor.deliver import Report
from monitor.model.messages import Message, MessageState
from tests.deliver.policies import policy
from tests.deliver.rig import Box, DeliveryRig, later, never

LEFT = "the conversation was not over within 0.2 s (delivery.total_timeout_s)"


class Library(Box):
    """A channel that does not let itself be ended."""

    is_reachable: ClassVar[bool] = False

    @contextmanager
    def connect(self) -> Iterator["Library"]:
        """Yield itself."""
        yield self

    def cut(self) -> bool:
        """Do nothing."""
        return False


@dataclass
class Hanging:
    """A delivery rig whose channel hangs on demand; each hanging message has its event."""

    rig: DeliveryRig
    abandoned: AbandonedThreads = field(default_factory=lambda: AbandonedThreads(4))
    events: list[threading.Event] = field(default_factory=list)

    def begin(self, changes: int = 1) -> None:
        """Let a subscriber have so many messages."""
        self.rig.box = Library()
        self.rig.begin()
        self.rig.subscribe()
        self.rig.change(changes)

    def hang(self, error: Exception | None = None) -> threading.Event:
        """Let the next message hang until the event is set, and then fail or not."""
        event = threading.Event()
        self.events.append(event)

        def answer(message: Message) -> None:
            del message
            event.wait(60)
            if error is not None:
                raise error

        self.rig.box.answers.append(answer)
        return event

    def deliver(self) -> Report:
        """Deliver what is due, each message within a moment where some are to hang."""
        assert isinstance(self.rig.box, Library)
        within_s = 0.2 if self.rig.box.answers else 60
        channel = BoundedChannel(channel=self.rig.box, total_s=within_s, abandoned=self.abandoned)
        return self.rig.deliver(channel=channel)

    def outcomes(self, number: int = 0) -> list[tuple[str, str]]:
        """Return the tries of a message."""
        return self.rig.detail(self.rig.messages()[number])

    def state(self, number: int = 0) -> MessageState:
        """Return how far a message is."""
        return self.rig.messages()[number].state


def until(condition: Callable[[], bool]) -> bool:
    """Wait for something that another thread does."""
    end = time.monotonic() + 30
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def speaking() -> int:
    """Count the threads that speak by the channel."""
    return sum(one.name == "speak by box" for one in threading.enumerate())


def hanging_at(rig: DeliveryRig) -> Iterator[Hanging]:
    made = Hanging(rig)
    yield made
    for event in made.events:
        event.set()
    assert until(lambda: speaking() == 0)
    assert made.abandoned.count == 0


@pytest.fixture
def hanging(rig: DeliveryRig) -> Iterator[Hanging]:
    """Return one on either database."""
    yield from hanging_at(rig)


@pytest.fixture
def here(one_rig: DeliveryRig) -> Iterator[Hanging]:
    """Return one on SQLite."""
    yield from hanging_at(one_rig)


def test_a_late_success_is_not_sent_again(hanging: Hanging) -> None:
    hanging.begin()
    event = hanging.hang()
    assert hanging.deliver() == Report(retried=1)
    (message,) = hanging.rig.messages()
    assert (message.state, message.claimed_by) == (MessageState.WAITING, None)
    assert hanging.outcomes()[0][0] == "transient"
    assert LEFT in hanging.outcomes()[0][1]
    event.set()
    assert until(lambda: hanging.state() is MessageState.SENT)
    assert hanging.outcomes()[1] == ("sent", "late: thank you")
    (message,) = hanging.rig.messages()
    assert (message.attempts, message.last_error) == (1, None)
    assert message.sent_at == hanging.rig.clock.at
    assert until(lambda: ("sent", "late: thank you") in hanging.rig.events.endings)
    hanging.rig.clock.move(hours=1)
    assert hanging.deliver() == Report()
    assert len(hanging.rig.box.got) == 1


def test_a_retry_that_has_begun_goes_on_and_bears_the_same_id(here: Hanging) -> None:
    here.begin()
    event = here.hang()
    here.deliver()
    here.rig.clock.move(hours=1)

    def end_the_first(message: Message) -> None:
        del message
        event.set()
        assert until(lambda: len(here.outcomes()) > 1)

    here.rig.box.answers.append(end_the_first)
    assert here.deliver() == Report(sent=1)
    assert [outcome for outcome, _ in here.outcomes()] == ["transient", "sent", "sent"]
    assert len({message.uid for message in here.rig.box.got}) == 1
    assert here.state() is MessageState.SENT


@pytest.mark.parametrize(
    ("error", "noted"),
    [
        pytest.param(later(), ("transient", "late: 451 not now"), id="for now"),
        pytest.param(never(), ("permanent", "late: 550 nobody of that name"), id="for good"),
    ],
)
def test_a_late_failure_is_noted_and_counts_for_nothing(
    here: Hanging, error: Exception, noted: tuple[str, str]
) -> None:
    here.begin()
    event = here.hang(error)
    here.deliver()
    due_at = here.rig.messages()[0].due_at
    event.set()
    assert until(lambda: len(here.outcomes()) == 2)
    assert here.outcomes()[1] == noted
    (message,) = here.rig.messages()
    assert (message.state, message.attempts) == (MessageState.WAITING, 1)
    assert message.due_at == due_at
    here.rig.clock.move(hours=1)
    assert here.deliver() == Report(sent=1)


def test_a_dead_letter_that_was_sent_after_all_is_sent(here: Hanging) -> None:
    here.rig.policy = policy(attempts=1)
    here.begin()
    event = here.hang()
    assert here.deliver() == Report(dead=1)
    event.set()
    assert until(lambda: here.state() is MessageState.SENT)


def test_what_was_dropped_meanwhile_stays_dropped(here: Hanging) -> None:
    here.begin()
    event = here.hang()
    here.deliver()
    with here.rig.store.transaction() as tx:
        tx.outbox.drop([here.rig.messages()[0].id])
    event.set()
    assert until(lambda: len(here.outcomes()) == 2)
    assert here.state() is MessageState.DROPPED


def test_after_four_that_hang_the_channel_rests_until_one_ends(hanging: Hanging) -> None:
    hanging.begin(6)
    events = [hanging.hang(later()) for _ in range(4)]
    assert hanging.deliver() == Report(retried=4)
    assert speaking() == 4
    state = hanging.rig.state()
    assert hanging.rig.events.breaker == ["box rests after 5"]
    assert state.paused_until == hanging.rig.clock.at + timedelta(seconds=300)
    hanging.rig.clock.move(seconds=301)
    assert hanging.deliver() == Report()  # they hang still, and it rests again
    assert hanging.rig.state().paused_until == hanging.rig.clock.at + timedelta(seconds=300)
    assert speaking() == 4
    waiting = [one for one in hanging.rig.messages() if one.state is MessageState.WAITING]
    assert (len(waiting), sum(one.attempts for one in waiting)) == (6, 4)
    events[0].set()
    assert until(lambda: hanging.rig.state().paused_until == hanging.rig.clock.at)
    assert hanging.deliver() == Report(sent=6)
    assert hanging.rig.events.breaker == ["box rests after 5", "box works again"]


def test_a_late_success_ends_the_rest(here: Hanging) -> None:
    here.begin(5)
    events = [here.hang() for _ in range(4)]
    assert here.deliver() == Report(retried=4)
    events[2].set()
    assert until(lambda: here.state(2) is MessageState.SENT)
    assert until(lambda: here.rig.events.breaker == ["box rests after 5", "box works again"])
    assert here.rig.state().failures == 0
    here.rig.clock.move(hours=1)
    assert here.deliver() == Report(sent=4)


def test_a_pause_that_the_service_asked_for_is_kept_when_what_hung_ends(here: Hanging) -> None:
    here.begin(2)
    event = here.hang(later())
    here.rig.box.answers.append(later(3_600))
    assert here.deliver() == Report(retried=2)
    until_ = here.rig.state().paused_until
    event.set()
    assert until(lambda: len(here.outcomes()) == 2)
    assert here.rig.state().paused_until == until_


def test_what_is_late_of_a_person_who_is_forgotten_is_not_noted(here: Hanging) -> None:
    here.begin()
    event = here.hang()
    here.deliver()
    with here.rig.store.transaction() as tx:
        tx.subscribers.forget("ana")
    event.set()
    assert until(lambda: here.abandoned.count == 0)
    assert here.rig.messages() == []
    assert until(lambda: any("late: thank you" in one for one in here.rig.events.troubles))
