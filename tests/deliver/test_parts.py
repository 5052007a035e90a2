"""A webhook's message that is too large goes in parts, each with an outcome of its own."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from monitor.channels.envelope import envelope
from monitor.deliver import Report
from monitor.deliver.splitting import Splitter
from monitor.model.messages import Message, MessageState, OutboxMessage
from monitor.model.subscriptions import Silence
from monitor.render.alerts import render
from monitor.store.reader import open_reader
from monitor.store.writer import open_store
from tests.channels.receiver import Receiver
from tests.cli.calls import Monitor
from tests.deliver.configured import Monitored
from tests.deliver.rig import HOUR
from tests.ingest.world import study
from tests.render.alerts.samples import READ, digest, many, version
from tests.sources.http.loopback import Connection, Request, Script, reply
from tests.store.leasing import worker_lease
from tests.store.test_snapshots import run_sql

TRIALS = 10
KB = 1024


def nct(number: int) -> str:
    return f"NCT09{number:06d}"


class Service(Receiver):
    """A receiver whose answer can be changed."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.script: Script = reply()

    def _answer(self, connection: Connection, request: Request) -> None:
        self.script(connection, request)


@dataclass
class Hooked(Monitored):
    """A monitor whose one subscriber gets an hourly digest by a webhook that takes 64 KB."""

    service: Service = field(default_factory=Service)

    def subscribe(self, *keys: str, when: str = "hourly") -> None:
        """Write the configuration; ``keys``: of the channel."""
        channel = [
            '[[channel]]\nname = "hook"\ntype = "webhook"\nallow_private = true',
            f'url = "http://{self.service.host}/hook"',
            *keys,
        ]
        wanted = '[[subscription]]\nname = "all"\nsubscriber = "ana"\nall = true'
        people = f'{wanted}\nchannels = "hook"\nwhen = "{when}"\n'
        self.configure("\n".join(channel), people, backoff_initial_s=1)

    def flood(self, kilobytes: float = 9, trials: int = TRIALS) -> None:
        """Let summaries of so many kilobytes be written into so many trials."""
        long = " ".join(f"w{n:04d}" for n in range(int(kilobytes * KB / 6)))
        for alerts, day, text in ((False, "01", "Short."), (True, "02", long)):
            summaries = ({"briefSummary": f"{number} {text}"} for number in range(trials))
            documents = (
                study(f"2026-02-{day}", nct_id=nct(number), descriptionModule=summary)
                for number, summary in enumerate(summaries)
            )
            self.ingest(*documents, alerts=alerts)
        self.clock.move(hours=1)

    def deliver(self) -> Report:
        """Deliver what is due by the webhook."""
        return self.deliveries().deliver("hook", stop=threading.Event())

    def bodies(self) -> list[dict[str, Any]]:
        """Return what the webhook got."""
        return [json.loads(rig.body) for rig in self.service.posts]

    def messages(self) -> list[OutboxMessage]:
        """Return the outbox, oldest first."""
        with open_reader(self.url) as reader:
            return reader.outbox.messages()[::-1]

    def trials_sent(self) -> list[str]:
        """Return the trials that were told, in all bodies together."""
        return [alert["nct_id"] for body in self.bodies() for alert in body["data"]["alerts"]]


@pytest.fixture
def hooked(store_url: str, tmp_path: Path) -> Iterator[Hooked]:
    """Return the monitor, on either database."""
    with Service() as service:
        yield Hooked(tmp_path, store_url, service=service)


@pytest.fixture
def one_rig(sqlite_url: str, tmp_path: Path) -> Iterator[Hooked]:
    """Return the monitor on SQLite, for what does not depend on the database."""
    with Service() as service:
        yield Hooked(tmp_path, sqlite_url, service=service)


def test_a_digest_that_is_too_large_goes_in_parts(hooked: Hooked) -> None:
    hooked.subscribe("split_above_kb = 64")
    hooked.flood()
    assert hooked.deliver() == Report(sent=4)
    bodies = hooked.bodies()
    assert max(len(rig.body) for rig in hooked.service.posts) <= 64 * KB
    assert sorted(hooked.trials_sent()) == [nct(number) for number in range(TRIALS)]
    whole = bodies[0]["id"].partition(".")[0]
    ids = [f"{whole}.{number}" for number in range(1, 5)]
    assert [body["id"] for body in bodies] == ids
    assert [rig.headers["webhook-id"] for rig in hooked.service.posts] == ids
    assert [body["data"]["delivery"] for body in bodies] == ids
    assert [body["data"]["part"] for body in bodies] == [
        {"number": number, "of": 4} for number in range(1, 5)
    ]
    assert {body["data"]["digest"]["until"] for body in bodies} == {"2026-03-02T13:00:00+00:00"}
    assert bodies[1]["data"]["subject"].endswith(" (part 2 of 4)")
    assert [message.uid for message in hooked.messages()] == ids


def test_each_part_has_its_own_outcome_and_comes_again_by_itself(hooked: Hooked) -> None:
    hooked.subscribe("split_above_kb = 64")
    hooked.flood()
    answers = [reply(), reply(status=503), reply(status=400), reply()]

    def answer(connection: Connection, request: Request) -> None:
        answers.pop(0)(connection, request)

    hooked.service.script = answer
    assert hooked.deliver() == Report(sent=2, retried=1, dead=1)
    assert [
        (message.part, message.state.value, message.attempts) for message in hooked.messages()
    ] == [
        (1, "sent", 1),
        (2, "waiting", 1),
        (3, "dead", 1),
        (4, "sent", 1),
    ]
    hooked.service.script = reply()
    hooked.clock.move(seconds=2)
    assert hooked.deliver() == Report(sent=1)
    bodies = hooked.bodies()
    assert bodies[-1] == bodies[1]
    with open_store(hooked.url) as store, store.transaction() as tx:
        dead = hooked.messages()[2]
        tx.outbox.retry([dead.id], now=hooked.clock.at)
    assert hooked.deliver() == Report(sent=1)
    assert hooked.bodies()[-1] == bodies[2]
    assert len(hooked.bodies()) == 6


def test_parts_of_a_process_that_died_are_told_by_another_none_twice(hooked: Hooked) -> None:
    hooked.subscribe("split_above_kb = 64")
    hooked.flood()
    deliveries = hooked.deliveries("dead")
    stop = threading.Event()

    def die(connection: Connection, request: Request) -> None:
        # Before the answer, which the next part would follow at once.
        stop.set()
        run_sql(hooked.url, "DELETE FROM leases")
        reply()(connection, request)

    hooked.service.script = die
    deliveries.deliver("hook", stop=stop)
    assert len(hooked.bodies()) == 1
    hooked.service.script = reply()
    hooked.deliver()
    ids = [body["id"].partition(".")[2] for body in hooked.bodies()]
    assert sorted(set(ids)) == ["1", "2", "3", "4"]
    assert ids.count("1") <= 2
    trials_sent = {body["id"]: body["data"]["alerts"] for body in hooked.bodies()}
    assert sorted(alert["nct_id"] for alerts in trials_sent.values() for alert in alerts) == [
        nct(number) for number in range(TRIALS)
    ]


def test_a_message_is_split_in_one_transaction_by_who_has_it(hooked: Hooked) -> None:
    hooked.subscribe()
    hooked.flood(trials=4)
    with open_store(hooked.url) as store:
        with store.transaction() as tx:
            lease = worker_lease(tx, "one")
            [message] = tx.outbox.claim(lease, now=hooked.clock.at, limit=1)
        with open_reader(hooked.url) as reader:
            versions = [item.version_id for item in reader.outbox.items(message.id)]

        def split() -> list[OutboxMessage]:
            with store.transaction() as tx:
                return tx.outbox.split(message, [versions[:1], versions[1:3], versions[3:]])

        def die() -> None:
            with store.transaction() as tx:
                assert len(tx.outbox.split(message, [versions[:2], versions[2:]])) == 2
                raise InterruptedError

        with pytest.raises(InterruptedError):
            die()
        assert [one.parts for one in hooked.messages()] == [None]
        parts = split()
        assert [one.uid for one in parts] == [f"{message.uid}.{number}" for number in (1, 2, 3)]
        assert {(one.claimed_by, one.claim_fence, one.state) for one in parts} == {
            (message.claimed_by, message.claim_fence, MessageState.SENDING)
        }
        with open_reader(hooked.url) as reader:
            items = [[i.version_id for i in reader.outbox.items(one.id)] for one in parts]
        assert items == [versions[:1], versions[1:3], versions[3:]]
        assert split() == [], "it is split already"
        with pytest.raises(ValueError, match="never tried"), store.transaction() as tx:
            tx.outbox.split(parts[0], [versions[:1], []])


@pytest.mark.parametrize(
    ("keys", "kilobytes"),
    [((), 7), (("split_above_kb = 0",), 30), (("split_above_kb = 210",), 6)],
    ids=["below the default", "never", "below the limit"],
)
def test_what_the_service_takes_goes_whole(
    one_rig: Hooked, keys: tuple[str, ...], kilobytes: float
) -> None:
    one_rig.subscribe(*keys)
    one_rig.flood(kilobytes)
    assert one_rig.deliver() == Report(sent=1)
    [body] = one_rig.bodies()
    assert body["data"]["part"] is None
    assert "." not in body["id"]


def test_the_default_is_256_kb(one_rig: Hooked) -> None:
    one_rig.subscribe()
    one_rig.flood(15)
    assert one_rig.deliver() == Report(sent=2)
    sizes = [len(rig.body) for rig in one_rig.service.posts]
    assert max(sizes) <= 256 * KB < sum(sizes)


def test_an_alert_that_is_too_large_by_itself_is_a_part_of_its_own_and_sent_whole(
    one_rig: Hooked,
) -> None:
    one_rig.subscribe("split_above_kb = 8")
    one_rig.flood(9, trials=3)
    assert one_rig.deliver() == Report(sent=3)
    assert [len(body["data"]["alerts"]) for body in one_rig.bodies()] == [1, 1, 1]
    assert min(len(rig.body) for rig in one_rig.service.posts) > 8 * KB


def test_an_alert_by_itself_is_sent_whole_whatever_its_size(one_rig: Hooked) -> None:
    one_rig.subscribe("split_above_kb = 8", when="at once")
    one_rig.flood(9, trials=1)
    assert one_rig.deliver() == Report(sent=1)
    [body] = one_rig.bodies()
    assert (body["data"]["part"], "." in body["id"]) == (None, False)


def test_a_group_is_split_too(one_rig: Hooked) -> None:
    one_rig.subscribe("split_above_kb = 64", "group_above = 5", when="at once")
    one_rig.flood()
    assert one_rig.deliver() == Report(sent=4)
    assert sorted(one_rig.trials_sent()) == [nct(number) for number in range(TRIALS)]
    assert {message.kind for message in one_rig.messages()} == {"group"}
    assert all(body["data"]["group"] for body in one_rig.bodies())


def test_what_was_tried_whole_stays_whole(one_rig: Hooked) -> None:
    one_rig.subscribe("split_above_kb = 0")
    one_rig.flood()
    one_rig.service.script = reply(status=503)
    assert one_rig.deliver() == Report(retried=1)
    one_rig.subscribe("split_above_kb = 64")
    one_rig.service.script = reply()
    one_rig.clock.move(seconds=2)
    assert one_rig.deliver() == Report(sent=1)
    first, second = one_rig.bodies()
    assert first["id"] == second["id"]
    assert second["data"]["part"] is None


def test_what_was_given_up_whole_stays_whole_when_it_is_retried(one_rig: Hooked) -> None:
    one_rig.subscribe("split_above_kb = 0")
    one_rig.flood()
    one_rig.service.script = reply(status=400)
    assert one_rig.deliver() == Report(dead=1)
    one_rig.subscribe("split_above_kb = 64")
    one_rig.service.script = reply()
    [message] = one_rig.messages()
    with open_store(one_rig.url) as store, store.transaction() as tx:
        tx.outbox.retry([message.id], now=one_rig.clock.at)
    assert one_rig.deliver() == Report(sent=1)
    first, second = one_rig.bodies()
    assert first["id"] == second["id"]
    assert second["data"]["part"] is None


def test_no_part_of_several_alerts_is_larger_than_the_limit() -> None:
    alerts = [
        replace(one, version=version(number, nct_id=one.trial.nct_id))
        for number, one in enumerate(many(6, {"statusModule.overallStatus": "WITHDRAWN"}), start=2)
    ]
    whole = digest(*alerts)
    message = render(whole)
    stored = OutboxMessage(
        id=1, key="", uid=whole.uid, subscriber="ana", channel="hook", target="",
        state=MessageState.SENDING, cutoff=READ, due_at=READ, created_at=READ,
    )  # fmt: skip
    split = 0
    for limit in range(size(message) // 2, size(message), 11):
        parts = Splitter(limit=limit, size=size).parts(stored, message, alerts)
        for number, ids in enumerate(parts, start=1):
            own = [one for one in alerts if one.version.id in ids]
            uid, part = f"{whole.uid}.{number}", (number, len(parts))
            rendered = render(replace(whole, uid=uid, alerts=tuple(own), part=part))
            assert len(own) == 1 or size(rendered) <= limit
            split += len(own) > 1
    assert split


def size(message: Message) -> int:
    return len(envelope(message, "https://monitor.example.org"))


def test_a_part_is_found_by_its_id_or_by_that_of_the_whole(one_rig: Hooked, tmp_path: Path) -> None:
    one_rig.subscribe("split_above_kb = 64")
    one_rig.flood()
    one_rig.deliver()
    monitor = Monitor(one_rig.url, tmp_path)
    whole = one_rig.bodies()[0]["id"].partition(".")[0]
    third = monitor.json("outbox", "show", f"{whole}.3")
    assert (third["part"], third["parts"], len(third["items"])) == (3, 4, 3)
    assert monitor.json("outbox", "show", whole)["uid"] == f"{whole}.1"
    text = monitor.answer("outbox", "show", f"{whole}.3")
    assert f"3 of 4, because the whole was too large; the others: {whole}.1, " in text
    listed = monitor.answer("outbox", "list")
    assert "digest, 3 trials, part 3 of 4" in listed
    explained = monitor.answer("explain", nct(0), "--version", "2")
    assert ", a digest, part " in explained


def test_nothing_of_a_digest_in_parts_is_sent_as_an_empty_one(one_rig: Hooked) -> None:
    one_rig.subscribe("split_above_kb = 64")
    text = (one_rig.folder / "monitor.toml").read_text("utf-8")
    (one_rig.folder / "monitor.toml").write_text(f"{text}send_empty = true\n", "utf-8")
    one_rig.flood()
    one_rig.service.script = reply(status=503)
    assert one_rig.deliver() == Report(retried=4)
    at = one_rig.clock.at
    about: dict[str, Any] = {"subscriber": "ana", "kind": None, "reason": None, "created_at": at}
    with open_store(one_rig.url) as store, store.transaction() as tx:
        for number in range(TRIALS):
            tx.subscribers.put_silence(Silence(id=0, nct_id=nct(number), until=at + HOUR, **about))
    one_rig.service.posts.clear()
    one_rig.clock.move(seconds=2)
    assert one_rig.deliver() == Report(dropped=4)
    assert one_rig.bodies() == []
