"""What each address of the operator has yet to hear, and the message that tells it."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from monitor.app.episodes import Episode
from monitor.app.heard import Heard
from monitor.model.messages import Message
from monitor.render.operator import operator_message

_NAMESPACE = uuid.UUID("6f0c5f0e-8a0e-4a0c-9a57-0f3f3f1f7c52")

_LOST = (
    "Its lease ran out. What it was doing is done by another; of the messages that it was sending,"
    " the last by each channel may come twice, with the same id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """What one address has yet to hear; ``lost``: processes that went without a word.

    ``over``: by the episode's key what to say. ``since``: when each episode that it knows of, or
    hears of now, began.
    """

    began: tuple[Episode, ...]
    over: Mapping[str, str]
    lost: tuple[str, ...]
    since: Mapping[str, str]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.began) + len(self.over) + len(self.lost)

    @property
    def parts(self) -> list[tuple[str, str, str]]:
        """What the id of a message about it stands for: incidents, their beginnings and states."""
        began = [(one.key, self.since[one.key], "began") for one in self.began]
        over = [(key, self.since[key], "over") for key in self.over]
        # The name of a process is its own, and so is its end.
        return sorted([*began, *over, *((one, "", "lost") for one in self.lost)])

    @property
    def notices(self) -> list[tuple[str, str]]:
        """What began, and why."""
        lost = [(f"the process {one} went without a word", _LOST) for one in self.lost]
        return [(one.began, one.detail) for one in self.began] + lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is wrong now, and what each address has heard and has yet to hear.

    ``store``: what no other store has, so that two monitors never tell under one id.
    """

    wrong: Mapping[str, str]
    heard: Mapping[str, Heard]
    news: Mapping[str, Notices]
    store: str

    @property
    def is_calm(self) -> bool:
        """Tell whether nobody has anything to hear."""
        return not any(one.count for one in self.news.values())

    def message(self, address: str, now: datetime) -> Message:
        """Return what to tell an address: the same id until it is noted that it was told."""
        news = self.news[address]
        uid = uuid.uuid5(_NAMESPACE, json.dumps([self.store, address, news.parts]))
        over = tuple(news.over.values())
        return operator_message(uid=str(uid), target=address, began=news.notices, over=over, at=now)

    def heard_now(self, address: str, now: datetime, *, of_others: Mapping[str, str]) -> Heard:
        """Return what an address knows once it was told; ``of_others``: what stays as it was."""
        since, wrong = self.news[address].since, {**of_others, **self.wrong}
        return Heard(wrong=wrong, since={key: since[key] for key in wrong}, at=now.isoformat())
