"""The course of a crash test: kills at every kind of instant, and in the end all must be there."""

import email
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.policy import default
from pathlib import Path
from random import Random
from typing import Any

from monitor.app import App
from monitor.app.subscribers import sync_from_config
from monitor.model.messages import MessageState
from tests.deliver.crash.plan import CHANNELS, CrashPlan, DeliveredItem
from tests.deliver.crash.receivers import CrashReceipt, Receivers, Trap
from tests.deliver.crash.worker import run
from tests.forked import FORKING
from tests.ingest.world import World, raw

_TRIAL = re.compile(r"(NCT\d{8}) · ")
_TARGET = re.compile(r"[A-Z]+  Enrollment target: .*?→ (\d[\d,]*)")
_CHANGE = re.compile(r"Enrollment target .*?→ (\d[\d,]*) .*\((NCT\d{8})\)")
_HOUR_AHEAD_S = 3_700.0
_LOOK_S = 0.02
_PATIENCE_S = 20.0

Say = Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class CrashOutcome:
    """What came of it. ``repeated``: by channel, messages that came again.

    ``by_kill``: how many came again that had been taken before a kill, and not noted.
    """

    due: set[DeliveredItem]
    delivered: Counter[DeliveredItem] = field(default_factory=Counter)
    kills: int = 0
    traps: int = 0
    messages: int = 0
    groups: int = 0
    repeated: Counter[str] = field(default_factory=Counter)
    by_kill: Counter[int] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    channels: int = len(CHANNELS)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def wrong(self) -> list[str]:
        """Say everything that is not as it must be."""
        found = list(self.problems)
        found += [f"not told: {one}" for one in sorted(self.due - self.delivered.keys())]
        found += [
            f"told though nobody asked: {one}" for one in sorted(self.delivered.keys() - self.due)
        ]
        found += [f"told in {n} messages: {one}" for one, n in self.delivered.items() if n > 1]
        for channel, times in sorted(self.repeated.items()):
            if times > self.kills + self.lost[channel]:
                found.append(f"{channel}: {times} repetitions")
        if max(self.by_kill.values(), default=0) > self.channels:
            found.append(f"one kill repeated {max(self.by_kill.values())} messages")
        if self.repeated.total() > self.kills + self.lost.total():
            found.append(f"{self.repeated.total()} repetitions for {self.kills} kills")
        return found


class CrashRun:
    """One test: a store, the receivers, and the processes that are killed."""

    def __init__(
        self, plan: CrashPlan, url: str, folder: Path, receivers: Receivers, say: Say
    ) -> None:
        self._plan = plan
        self._url = url
        self._folder = folder
        self._receivers = receivers
        self._say = say
        self._random = Random(plan.seed)  # noqa: S311 - a fixed series
        self._config = folder / "monitor.toml"
        self._ahead_s = 0.0
        self._most = max(2, 2 * plan.changes // plan.kills)
        self.outcome = CrashOutcome(due=plan.due)

    def run(self) -> CrashOutcome:
        """Let it happen; return what came of it."""
        began = time.monotonic()
        self._begin()
        workers = [self._start() for _ in range(self._plan.processes)]
        try:
            for number in range(self._plan.kills):
                if number == 9 * self._plan.kills // 10:  # from now on digests are due
                    self._all_stored(workers)
                    self._ahead_s = _HOUR_AHEAD_S
                    for index, worker in enumerate(workers):
                        self._kill(worker)
                        workers[index] = self._start()
                index = self._random.randrange(len(workers))
                self._kill_somewhere(workers[index])
                workers[index] = self._start()
                self._say(f"{number + 1} kills, {len(self._receivers.receipts)} messages taken")
            self._repair()
            self._all_sent(workers)
        finally:
            for worker in workers:
                worker.kill()
                worker.join()
        self._compare()
        self.outcome.seconds = time.monotonic() - began
        return self.outcome

    def _begin(self) -> None:
        self._repair()
        text = self._plan.configuration(self._url, self._folder, self._receivers)
        self._config.write_text(text, "utf-8")
        World(self._url).take(*map(raw, self._plan.first_records()))
        sync_from_config(self._app)

    @property
    def _app(self) -> App:
        return App.configured(self._config, environ={})

    # --- processes -------------------------------------------------------------------------

    def _start(self) -> Any:
        if self._random.random() < 0.2:
            self._break()
        worker = FORKING.Process(
            target=run,
            args=(
                str(self._config),
                str(self._folder / "worker.log"),
                self._plan,
                self._most,
                self._ahead_s,
            ),
            daemon=True,
        )
        worker.start()
        return worker

    def _kill_somewhere(self, worker: Any) -> None:
        """Kill it right before or after an answer that it waits for, or at any instant."""
        trap = Trap(
            kill=worker.kill,
            messages=self._random.randint(1, 4),
            before_answer=self._random.random() < 0.5,
        )
        armed = self._random.random() < 0.8
        if armed:
            self._receivers.arm(trap)
        sprung = trap.sprung.wait(self._random.uniform(0.05, 0.9))
        if not sprung and not self.outcome.traps and armed:
            sprung = trap.sprung.wait(_PATIENCE_S)  # a busy machine: at least one must spring
        self.outcome.traps += sprung
        self._receivers.arm(None)
        self._kill(worker)
        self._repair()

    def _kill(self, worker: Any) -> None:
        if not worker.is_alive() and worker.exitcode not in (0, -9):
            log = (self._folder / "worker.log").read_text("utf-8")
            raise AssertionError(f"a process ended by itself ({worker.exitcode}):\n{log[-5000:]}")
        worker.kill()
        worker.join()
        self.outcome.kills += 1
        self._receivers.kills += 1

    def _break(self) -> None:
        """Let nothing be written into the folder."""
        self._point("nowhere/at/all")

    def _repair(self) -> None:
        (self._folder / "real box").mkdir(exist_ok=True)
        self._point("real box")

    def _point(self, where: str) -> None:
        new = self._folder / "box.new"
        new.symlink_to(self._folder / where)
        new.replace(self._folder / "box")

    # --- the end ---------------------------------------------------------------------------

    def _all_stored(self, workers: list[Any]) -> None:
        self._most = self._plan.changes
        for index, worker in enumerate(workers):
            self._kill(worker)
            workers[index] = self._start()

        def stored() -> bool:
            with self._app.reader() as reader:
                counts = reader.sources.counts()
            return counts.versions - counts.trials >= self._plan.changes

        self._wait(stored, "all changes stored")

    def _all_sent(self, workers: list[Any]) -> None:
        def sent() -> bool:
            assert all(worker.is_alive() for worker in workers)
            with self._app.reader() as reader:
                open_ = {MessageState.WAITING, MessageState.SENDING} & reader.outbox.counts().keys()
            return not open_

        self._wait(sent, "all messages sent")

    def _wait(self, check: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + 60 + self._plan.changes / 4
        while not check():
            if time.monotonic() > deadline:
                log = (self._folder / "worker.log").read_text("utf-8")
                raise AssertionError(f"{what}: it did not come about:\n{log[-5000:]}")
            time.sleep(_LOOK_S)

    # --- what came -------------------------------------------------------------------------

    def _compare(self) -> None:
        out = self.outcome
        receipts = [*self._receivers.receipts, *self._written()]
        first: dict[str, CrashReceipt] = {}
        last: dict[str, CrashReceipt] = {}
        for receipt in receipts:
            if receipt.uid in first:
                out.repeated[receipt.channel] += 1
                out.by_kill[last[receipt.uid].kills] += not last[receipt.uid].lost
                if _changes(receipt) != _changes(first[receipt.uid]):
                    out.problems.append(f"{receipt.uid} does not say the same each time")
            first.setdefault(receipt.uid, receipt)
            last[receipt.uid] = receipt
        with self._app.reader() as reader:
            for uid, receipt in first.items():
                message = reader.outbox.message(uid)
                if message is None or message.channel != receipt.channel:
                    out.problems.append(f"{uid} is no message of the store")
                    continue
                out.groups += message.kind == "group"
                for nct_id, enrollment in _changes(receipt):
                    out.delivered[message.subscriber, receipt.channel, nct_id, enrollment] += 1
            counts = reader.outbox.counts()
        out.messages = len(first)
        out.lost, out.faults = self._receivers.lost, self._receivers.faults
        for state in (MessageState.DEAD, MessageState.DROPPED):
            if counts.get(state):
                out.problems.append(f"{counts[state]} are {state.value}")

    def _written(self) -> list[CrashReceipt]:
        """Return what is in the folder; a repetition has overwritten its own file."""
        return [
            CrashReceipt("box", file.stem.rpartition("_")[2], file.read_bytes())
            for file in sorted((self._folder / "real box").glob("*.json"))
        ]


def _changes(receipt: CrashReceipt) -> list[tuple[str, int]]:
    """Return the trials that a message tells of, and their new enrollments."""
    if receipt.channel == "mail":
        return sorted(_read(receipt.content))
    if receipt.channel == "slack":
        text = json.loads(receipt.content)["text"]
        found = _CHANGE.fullmatch(text)
        assert found is not None, text
        return [(found[2], int(found[1].replace(",", "")))]
    return sorted(
        (
            alert["nct_id"],
            event["after"]["count"] if isinstance(event["after"], dict) else event["after"],
        )
        for alert in json.loads(receipt.content)["data"]["alerts"]
        for event in alert["events"]
    )


def _read(content: bytes) -> Iterator[tuple[str, int]]:
    """Yield what the plain text of a mail tells, of one trial or of several below each other."""
    body = email.message_from_bytes(content, policy=default).get_body(("plain",))
    assert body is not None
    nct_id = ""
    for line in body.get_content().splitlines():
        if found := _TRIAL.match(line):
            nct_id = found[1]
        elif found := _TARGET.match(line):
            yield nct_id, int(found[1].replace(",", ""))
        else:
            assert "… and" not in line, "it is too long to say all"
