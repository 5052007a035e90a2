"""What becomes of a message whose sending was given up at its deadline, and ends after all."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from monitor.deliver.breaker import Breaker, BreakerChange
from monitor.deliver.delivery_events import DeliveryEvents
from monitor.deliver.outcome import Outcome, outcome_of
from monitor.deliver.policy import Policy
from monitor.errors import StoreError
from monitor.model.messages import Attempt, OutboxMessage
from monitor.store.writer import StoreWriter

# The store gets six seconds to answer: a message that was sent, and is not noted, is sent twice.
_NOTING_PAUSES_S = (0.2, 1.0, 5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LateResults:
    """Notes late results of one channel, in the threads that were given up.

    A success makes a message sent that waits for another try, or was given up as a dead letter; one
    that is just being sent again, or was dropped, stays what it is. A failure is noted among the
    tries, and counts as none: the deadline has counted already.
    """

    channel: str
    policy: Policy
    open_store: Callable[[], AbstractContextManager[StoreWriter]]
    now: Callable[[], datetime]
    events: DeliveryEvents

    def expect(self, message: OutboxMessage, late: "Future[str]") -> None:
        """Note what comes of a message, whenever that is; after it was noted as given up."""
        # It runs in the thread that was given up, when that ends: nobody waits for it.
        late.add_done_callback(partial(self._note, message))

    def _note(self, message: OutboxMessage, late: "Future[str]") -> None:
        outcome = outcome_of(late.result)
        outcome = replace(outcome, detail=f"late: {outcome.detail}")
        for pause_s in (*_NOTING_PAUSES_S, 0.0):
            try:
                is_sent, change = self._put(message, outcome)
            except StoreError as exc:
                self.events.on_warning(self.channel, f"a late result is not noted: {exc}")
                time.sleep(pause_s)
            else:
                break
        else:
            return
        if change == "closed":
            self.events.on_breaker_closed(self.channel)
        if is_sent:
            self.events.on_attempt(message, "sent", outcome.detail)
        else:
            self.events.on_warning(self.channel, f"{message.uid}: {outcome.detail}")

    def _put(self, message: OutboxMessage, outcome: Outcome) -> tuple[bool, BreakerChange | None]:
        now = self.now()
        attempt = Attempt(
            message_id=message.id, at=now, outcome=outcome.kind, detail=outcome.detail
        )
        # A store of this thread's own: the channel's worker goes on with the other one meanwhile.
        with self.open_store() as store, store.transaction() as tx:
            is_sent = tx.outbox.record_late(attempt, sent=outcome.kind == "sent")
            # Its state is in the store, so this breaker and the worker's agree without sharing an
            # object.
            breaker = Breaker(self.channel, self.policy)
            breaker.look(tx.outbox.channel_state(self.channel), now)
            if outcome.kind == "sent":
                return is_sent, breaker.note(tx.outbox, outcome, now)
            breaker.make_room(tx.outbox, now)
            return is_sent, None
