"""Which alerts of a message that is too large for its service go into which part."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson

from monitor.model.alerts import Alert
from monitor.model.messages import Message, OutboxMessage

# What a part's body has beyond the whole's: which part it is, a subject and counts of its own.
_OWN_BYTES = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Splitter:
    """Splits what is larger than ``limit`` bytes, between alerts alone.

    ``size``: the bytes of a message as its service gets it, with ``data`` in it as JSON.
    """

    limit: int
    size: Callable[[Message], int]

    def parts(
        self, outbox_message: OutboxMessage, message: Message, alerts: Sequence[Alert]
    ) -> list[list[int]]:
        """Return the versions of each part; nothing for a message that goes as it is.

        That is one of a single alert, one that was tried before, so that a receiver may know it
        whole, and one that is a part. An alert that is larger by itself is a part of its own.
        """
        is_new = outbox_message.attempts == 0 and outbox_message.retried_at is None
        is_whole = outbox_message.parts is None
        if not (is_new and is_whole and len(alerts) > 1) or self.size(message) <= self.limit:
            return []
        # One byte more for each: the comma between elements of a JSON array.
        sizes = [len(orjson.dumps(one)) + 1 for one in message.data["alerts"]]
        room = self.limit - (self.size(message) - sum(sizes)) - _OWN_BYTES
        found: list[list[int]] = []
        left = 0
        for alert, size in zip(alerts, sizes, strict=True):
            # The first alert begins a part even where it is larger than the room by itself.
            if size > left or not found:
                found.append([])
                left = room
            found[-1].append(alert.version.id)
            left -= size
        return found if len(found) > 1 else []
