"""What happens in a crash test, and what has to arrive; all of it follows from a seed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from tests.deliver.crash.receivers import Receivers
from tests.ingest.world import study

CHANNELS = ("mail", "slack", "hook", "box")
OF_DIGESTS = ("hook", "box")  # their messages are read as a whole

_CHANNELS_TABLE = """
[store]
url = "{url}"
busy_timeout_s = 30
[log]
format = "json"
[delivery]
welcome = false
attempts = 1000
backoff_initial_s = 0.1
backoff_max_s = 0.4
breaker_failures = 6
breaker_rest_s = 1
timeout_s = 10
claim_messages = 8
lease_s = {lease_s}
[[channel]]
name = "mail"
type = "email"
server = "{mail}"
security = "none"
sender = "monitor@example.org"
to = "all@example.org"
group_above = 3
[[channel]]
name = "slack"
type = "slack"
url = "{web}/slack"
allow_private = true
per_minute = 0
group_above = 0  # a long message of Slack's does not say all
[[channel]]
name = "hook"
type = "webhook"
url = "{web}/hook"
allow_private = true
group_above = 3
split_above_kb = 8
[[channel]]
name = "box"
type = "folder"
path = "{box}"
formats = ["json"]
group_above = 3
"""

DeliveredItem = tuple[str, str, str, int]
"""Who is told, by which channel, of which trial, and its enrollment from then on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A subscription: to some trials, by some channels."""

    subscriber: str
    nct_ids: tuple[str, ...]
    channels: tuple[str, ...]
    hourly: bool


@dataclass(slots=True, kw_only=True)
class CrashPlan:
    """So many changes, subscriptions and kills; ``processes`` ingest and deliver at once."""

    changes: int = 500
    subscriptions: int = 40
    kills: int = 200
    processes: int = 1
    trials: int = 25
    seed: int = 1
    selections: list[Selection] = field(init=False)
    enrollments: list[tuple[str, int]] = field(init=False)

    def __post_init__(self) -> None:
        """Draw the subscriptions and the changes."""
        random = Random(self.seed)  # noqa: S311 - a fixed series
        ids = [f"NCT0900{number:04d}" for number in range(1, self.trials + 1)]
        self.selections = [
            self._selection(random, number, ids) for number in range(self.subscriptions)
        ]
        now = dict.fromkeys(ids, 100)
        self.enrollments = []
        for _ in range(self.changes):
            nct_id = random.choice(ids)
            now[nct_id] += random.randint(1, 40)
            self.enrollments.append((nct_id, now[nct_id]))

    def _selection(self, random: Random, number: int, ids: list[str]) -> Selection:
        # Five of each eight people have two subscriptions; every fourth has an hourly digest.
        person = number % (5 * self.subscriptions // 8)
        hourly = person % 4 == 3
        return Selection(
            subscriber=f"person {person}",
            nct_ids=tuple(random.sample(ids, min(len(ids), random.randint(2, 4)))),
            channels=tuple(random.sample(OF_DIGESTS if hourly else CHANNELS, 1 + number % 2)),
            hourly=hourly,
        )

    def first_records(self) -> list[dict[str, Any]]:
        """Return the trials as they are before anything changes."""
        ids = sorted({nct_id for selection in self.selections for nct_id in selection.nct_ids})
        ids = sorted({*ids, *(nct_id for nct_id, _ in self.enrollments)})
        return [study("2020-01-01", nct_id=nct_id, enrollment=100) for nct_id in ids]

    def records(self, start: int) -> Iterator[dict[str, Any]]:
        """Yield the records of the changes from one on."""
        for number, (nct_id, enrollment) in enumerate(self.enrollments[start:], start):
            day = date(2020, 1, 2) + timedelta(days=number)
            yield study(day.isoformat(), nct_id=nct_id, enrollment=enrollment)

    @property
    def due(self) -> set[DeliveredItem]:
        """All that has to be told."""
        return {
            (selection.subscriber, channel, nct_id, enrollment)
            for selection in self.selections
            for nct_id, enrollment in self.enrollments
            if nct_id in selection.nct_ids
            for channel in selection.channels
        }

    def configuration(self, url: str, folder: Path, receivers: Receivers) -> str:
        """Return the text of the configuration."""
        lines = [
            _CHANNELS_TABLE.format(
                url=url,
                lease_s=3 if self.processes == 1 else 5,
                mail=receivers.mail_place,
                web=receivers.url,
                box=folder / "box",
            )
        ]
        for number, selection in enumerate(self.selections):
            when = "hourly" if selection.hourly else "at once"
            lines += [
                f'[[subscription]]\nname = "wish {number}"\nsubscriber = "{selection.subscriber}"',
                f"nct_ids = {list(selection.nct_ids)}\nchannels = {list(selection.channels)}",
                f'when = "{when}"\n',
            ]
        return "\n".join(lines)
