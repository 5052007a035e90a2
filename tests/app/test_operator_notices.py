"""The operator hears of each incident once, and when it is over, whoever restarts when."""

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.app.deliveries import Deliveries
from monitor.app.operator_notices import OperatorNotifier
from monitor.channels.base import Channel
from monitor.errors import DeliveryError, StoreError
from monitor.model.incidents import Incident, Notice
from monitor.model.messages import ChannelState, Message, MessageState, OutboxMessage
from monitor.model.tracking import SourceRow, UnreadRecords
from monitor.store.reader import open_reader
from monitor.store.writer import open_store
from tests.deliver.configured import Monitored, folder_channel, subscription
from tests.deliver.rig import Box, later, never
from tests.ingest.world import NOON
from tests.store.leasing import claim, lose_worker

STOP = threading.Event()
FAILING = SourceRow(
    name="ctgov",
    type="ctgov",
    failures=3,
    failing_since=NOON,
    last_reason="503 <b>of</b> the registry",
    reported=True,
)


@pytest.fixture
def monitored(sqlite_url: str, tmp_path: Path) -> Monitored:
    """Return a monitor whose operator has a folder."""
    made = Monitored(tmp_path, sqlite_url)
    made.configure(
        folder_channel(tmp_path, "ops"),
        folder_channel(tmp_path, "box"),
        subscription("ana", "box"),
        operator="ops",
    )
    made.begin()
    return made


def put(monitored: Monitored, row: SourceRow) -> None:
    """Store how a source is doing."""
    with open_store(monitored.url) as store, store.transaction() as tx:
        tx.sources.store_row(row)


def follow(monitored: Monitored, *, enabled: bool) -> None:
    """Let the configuration have a source, to be read or not."""
    monitored.configure(
        folder_channel(monitored.folder, "ops"),
        f"""
        [[source]]
        name = "ctgov"
        type = "ctgov"
        nct_ids = ["NCT00000001"]
        every = "1h"
        enabled = {str(enabled).lower()}
        """,
        operator="ops",
    )


@dataclass
class Process:
    """A process that delivers, on a machine with so many free bytes."""

    monitored: Monitored
    deliveries: Deliveries

    def tell(self) -> None:
        """Look what is wrong, and deliver what the operator is to hear of it."""
        self.deliveries.notify()
        with suppress(StoreError):  # of a store that is out of reach
            self.deliveries.deliver("ops", stop=STOP)


def process(
    monitored: Monitored,
    *,
    free: int = 10**12,
    worker: str = "w",
    channel: Channel | None = None,
    incidents: Callable[[], list[Incident]] | None = None,
    url: str | None = None,
) -> Process:
    """Return a process; ``channel``: the operator's; ``url``: of a store that it writes to."""
    made = monitored.deliveries(worker)
    if channel is not None:
        made.channels = {**made.channels, "ops": channel}
    made.notifier = OperatorNotifier(
        made.app,
        made.channels,
        open_store=lambda: open_store(url or monitored.url, create=False, busy_timeout_s=0.1),
        free=lambda _: free,
        incidents=incidents,
    )
    return Process(monitored, made)


def notices(monitored: Monitored, state: MessageState | None = None) -> list[OutboxMessage]:
    """Return the operator's messages in the outbox, oldest first."""
    with open_reader(monitored.url) as reader:
        found = reader.outbox.messages(state=state, subscriber="operator")
    assert all(message.kind == "notice" for message in found)
    return found[::-1]


def take(message: Message) -> None:
    """Take a message."""


def test_a_failing_source_is_told_once_and_once_that_it_works_again(monitored: Monitored) -> None:
    put(monitored, FAILING)
    one = process(monitored)
    one.tell()
    one.tell()
    process(monitored, worker="after a restart").tell()
    (notice,) = monitored.got("ops")
    assert notice["subject"] == "Trial monitor: The source ctgov fails"
    assert notice["began"] == [
        {
            "what": "The source ctgov fails",
            "why": "3 times in a row since 2026-03-02 12:00 UTC: 503 <b>of</b> the registry",
        }
    ]
    put(monitored, replace(FAILING, failures=0, failing_since=None, reported=False))
    monitored.clock.move(minutes=1)
    process(monitored).tell()
    process(monitored).tell()
    assert monitored.subjects("ops")[1:] == ["Trial monitor: The source ctgov works again"]
    put(monitored, FAILING)
    monitored.clock.move(days=1)
    process(monitored).tell()
    assert len(monitored.got("ops")) == 3


def test_a_notice_is_told_under_one_id_however_often_its_process_is_killed(
    monitored: Monitored,
) -> None:
    put(monitored, FAILING)
    process(monitored).deliveries.notifier.store_notices()  # and it is killed before it sends
    process(monitored, worker="after a kill").deliveries.notifier.store_notices()
    (message,) = notices(monitored)
    with open_store(monitored.url) as store, store.transaction() as tx:
        claim(tx, "killed", now=monitored.clock.at, limit=1)
        lose_worker(tx, "killed")  # it may have been sent
    monitored.clock.move(minutes=1)
    process(monitored, worker="after another").tell()
    (notice,) = monitored.got("ops")
    assert notice["delivery"] == message.uid
    assert [one.state for one in notices(monitored)] == [MessageState.SENT]


def notices_of(monitored: Monitored, message: OutboxMessage) -> list[Notice]:
    """Return what a message tells of."""
    with open_reader(monitored.url) as reader:
        return reader.incidents.of_message(message.id)


@pytest.mark.parametrize("since", [True, False])
def test_a_store_that_was_restored_tells_the_same_under_the_same_id(
    monitored: Monitored, *, since: bool
) -> None:
    file = Path(monitored.url.removeprefix("sqlite:///"))
    put(monitored, replace(FAILING, failing_since=NOON if since else None))
    backup = file.read_bytes()
    process(monitored).tell()
    (first,) = notices(monitored)
    for side in file.parent.glob(f"{file.name}-*"):
        side.unlink()
    file.write_bytes(backup)
    monitored.clock.move(minutes=1)
    process(monitored).tell()
    (again,) = notices(monitored)
    assert (again.uid, again.created_at) == (first.uid, monitored.clock.at)


def test_an_incident_that_is_over_before_it_was_told_is_one_message(monitored: Monitored) -> None:
    ops = Box(name="ops", targets=("first", "second"))
    ops.answers = [later(), later(), later(), take]
    put(monitored, FAILING)
    process(monitored, channel=ops).tell()
    monitored.clock.move(minutes=5)
    put(monitored, replace(FAILING, failures=0, failing_since=None, reported=False))
    process(monitored, channel=ops).tell()  # the first address is not reached, the second is
    monitored.clock.move(hours=2)
    process(monitored, channel=ops).tell()
    assert sorted(message.target for message in ops.got) == ["first", "second"]
    expected = (
        "The source ctgov works again: since 2026-03-02 12:00 UTC the source ctgov fails:"
        " 3 times in a row since 2026-03-02 12:00 UTC: 503 <b>of</b> the registry"
    )
    assert [message.data["over"] for message in ops.got] == [[expected]] * 2
    assert [message.data["began"] for message in ops.got] == [[], []]
    states = [one.state for one in notices(monitored)]
    assert states == [MessageState.DROPPED] * 2 + [MessageState.SENT] * 2


def test_of_two_processes_that_find_the_same_one_tells_it(store_url: str, tmp_path: Path) -> None:
    monitored = Monitored(tmp_path, store_url)
    monitored.configure(folder_channel(tmp_path, "ops"), operator="ops")
    monitored.begin()
    both = [process(monitored, worker=name).deliveries for name in ("one", "two")]
    for failing in (True, False) * 5:
        since = monitored.clock.at if failing else None
        put(monitored, replace(FAILING, reported=failing, failing_since=since))
        threads = [threading.Thread(target=one.notify) for one in both]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        monitored.clock.move(minutes=2)
    notice = [len(notices_of(monitored, message)) for message in notices(monitored)]
    assert notice == [1] * 10
    assert len({message.uid for message in notices(monitored)}) == 10


def test_of_what_was_told_the_end_says_only_that(monitored: Monitored) -> None:
    ops = Box(name="ops", targets=("first",))
    put(monitored, FAILING)
    process(monitored, channel=ops).tell()
    put(monitored, replace(FAILING, failures=0, failing_since=None, reported=False))
    process(monitored, channel=ops).tell()
    assert ops.got[1].data["over"] == ["The source ctgov works again"]


def test_a_notice_is_never_a_dead_letter(monitored: Monitored) -> None:
    monitored.configure(folder_channel(monitored.folder, "ops"), operator="ops", attempts=2)
    ops = Box(name="ops", targets=("first", "never"))
    ops.answers = [later(), never(), *[later()] * 9]
    put(monitored, FAILING)
    for _ in range(10):
        process(monitored, channel=ops).tell()
        monitored.clock.move(hours=2)
    process(monitored, channel=ops).tell()
    process(monitored, channel=ops).tell()
    with open_reader(monitored.url) as reader:
        assert reader.outbox.channels(MessageState.DEAD) == []
    began = [one["what"] for message in ops.got for one in message.data["began"]]
    assert began == ["The source ctgov fails"]
    first, refused, *_ = notices(monitored)
    assert (first.target, first.state) == ("first", MessageState.SENT)
    assert (refused.target, refused.state) == ("never", MessageState.DROPPED)


def test_what_keeps_the_operators_own_channel_from_sending_is_told_when_it_is_over(
    monitored: Monitored,
) -> None:
    ops = Box(name="ops", targets=("first",))
    paused = ChannelState(
        channel="ops", failures=5, last_error="451", reported=True, failing_since=NOON
    )
    with open_store(monitored.url) as store, store.transaction() as tx:
        tx.outbox.put_channel_state(paused)
    process(monitored, channel=ops).tell()
    assert notices(monitored) == []
    with open_store(monitored.url) as store, store.transaction() as tx:
        tx.outbox.put_channel_state(ChannelState(channel="ops"))
    monitored.clock.move(hours=1)
    process(monitored, channel=ops).tell()
    (notice,) = ops.got
    assert notice.subject == "Trial monitor: The channel ops works again"
    assert "since 2026-03-02 12:00 UTC the channel ops fails" in notice.data["over"][0]


def test_another_incident_of_one_day_has_another_id(monitored: Monitored) -> None:
    """A mailbox drops a mail whose id it knows: the second failure would not be seen."""
    for failing in (True, False, True, False):
        row = FAILING if failing else replace(FAILING, failures=0, reported=False)
        row = replace(row, failing_since=monitored.clock.at if failing else None)
        put(monitored, row)
        process(monitored).tell()
        monitored.clock.move(minutes=10)
    notice = monitored.got("ops")
    assert len(notice) == len({one["delivery"] for one in notice}) == 4


def test_two_monitors_tell_under_ids_of_their_own(monitored: Monitored, tmp_path: Path) -> None:
    other = Monitored(tmp_path / "other", f"sqlite:///{tmp_path / 'other.db'}")
    other.folder.mkdir()
    other.configure(folder_channel(other.folder, "ops"), operator="ops")
    other.begin()
    for one in (monitored, other):
        put(one, FAILING)
        process(one).tell()
    (first,), (second,) = monitored.got("ops"), other.got("ops")
    assert first["subject"] == second["subject"]
    assert first["delivery"] != second["delivery"]


@pytest.mark.parametrize("refusal", [later(), never()])
def test_an_address_that_cannot_be_reached_keeps_nothing_from_the_others(
    monitored: Monitored, refusal: DeliveryError
) -> None:
    put(monitored, FAILING)
    ops = Box(name="ops", targets=("first", "second", "third"))
    one = process(monitored, channel=ops)
    one.deliveries.note_lost("host:17")
    ops.answers = [take, refusal]
    for _ in range(3):
        one.tell()
        monitored.clock.move(minutes=2)
    expected = ["first", "third"] if refusal.permanent else ["first", "third", "second"]
    assert [message.target for message in ops.got] == expected
    assert len(set(ops.subjects)) == 1
    put(monitored, replace(FAILING, failures=0, reported=False))
    process(monitored, channel=ops).tell()
    assert [message.target for message in ops.got][len(expected) :] == ["first", "second", "third"]
    assert set(ops.subjects[len(expected) :]) == {"Trial monitor: The source ctgov works again"}


def test_a_new_address_hears_what_is_wrong(monitored: Monitored) -> None:
    put(monitored, FAILING)
    process(monitored, channel=Box(name="ops", targets=("first",))).tell()
    ops = Box(name="ops", targets=("first", "new"))
    process(monitored, channel=ops).tell()
    assert [message.target for message in ops.got] == ["new"]


def test_dead_letters_are_told_until_they_are_dealt_with(monitored: Monitored) -> None:
    monitored.change(2)
    monitored.configure(
        folder_channel(monitored.folder, "ops"), subscription("ana", "ops"), operator="ops"
    )
    monitored.deliveries().deliver_due(stop=STOP)
    (notice,) = monitored.got("ops")
    assert notice["began"][0]["what"] == "A message by the channel box could not be delivered"
    assert "no channel 'box' is configured any more" in notice["began"][0]["why"]
    with open_store(monitored.url) as store, store.transaction() as tx:
        tx.outbox.drop([1, 2])
    monitored.clock.move(minutes=1)
    monitored.deliveries().deliver_due(stop=STOP)
    assert monitored.got("ops")[1]["over"] == ["The channel box has no dead letters any more"]


def test_a_resting_channel_is_told_and_its_working_again(monitored: Monitored) -> None:
    paused = ChannelState(channel="box", failures=5, last_error="451 not now", reported=True)
    with open_store(monitored.url) as store, store.transaction() as tx:
        tx.outbox.put_channel_state(paused)
    process(monitored).tell()
    assert monitored.subjects("ops") == ["Trial monitor: The channel box fails and is paused"]
    with open_store(monitored.url) as store, store.transaction() as tx:
        tx.outbox.put_channel_state(ChannelState(channel="box"))
    monitored.clock.move(minutes=1)
    process(monitored).tell()
    assert monitored.subjects("ops")[1:] == ["Trial monitor: The channel box works again"]


def test_several_things_are_one_message(monitored: Monitored) -> None:
    put(monitored, FAILING)
    put(monitored, replace(FAILING, name="files"))
    process(monitored).tell()
    assert monitored.subjects("ops") == ["Trial monitor: The source ctgov fails (+ 1 more)"]


def test_a_process_that_went_without_a_word_is_told(monitored: Monitored) -> None:
    monitored.change()
    with open_store(monitored.url) as store, store.transaction() as tx:
        claim(tx, "host:17/1", now=monitored.clock.at, limit=10)
        lose_worker(tx, "host:17/1")
    deliveries = monitored.deliveries()
    deliveries.deliver_due(stop=STOP)
    deliveries.deliver_due(stop=STOP)
    assert monitored.subjects("ops") == ["Trial monitor: The process host:17 stopped responding"]


NOWHERE = "sqlite:////nowhere/at/all.db"


def test_a_full_disk_is_told_without_the_store_once(monitored: Monitored) -> None:
    full = process(monitored, free=20_000_000, url=NOWHERE)
    full.tell()
    for _ in range(90):
        monitored.clock.move(minutes=2)
        full.tell()
    assert monitored.subjects("ops") == ["Trial monitor: The disk of the store is full (+ 2 more)"]
    assert notices(monitored) == []


def test_what_was_sent_without_the_store_is_not_told_again_and_its_end_is(
    monitored: Monitored,
) -> None:
    """While a disk is full the lease is lost, and who leads again reads the configuration anew."""
    full = process(monitored, free=0, url=NOWHERE)
    full.tell()
    (first,) = monitored.got("ops")
    monitored.clock.move(days=1)
    still = process(monitored, free=0, url=NOWHERE)
    still.deliveries.take_over(full.deliveries)
    still.tell()
    assert len(monitored.got("ops")) == 1
    put(monitored, FAILING)
    roomy = process(monitored)
    roomy.deliveries.take_over(still.deliveries)
    for one in (roomy, process(monitored, worker="after a restart")):
        one.tell()
        monitored.clock.move(minutes=1)
    (second,) = [one for one in monitored.got("ops") if one["delivery"] != first["delivery"]]
    assert second["began"][0]["what"] == "The source ctgov fails"
    assert "The disk of the store has room again" in second["over"]


def test_what_another_process_told_meanwhile_is_not_told_again(monitored: Monitored) -> None:
    full = process(monitored, free=0, url=NOWHERE)
    full.tell()
    monitored.clock.move(minutes=1)
    put(monitored, FAILING)
    process(monitored, worker="another", free=0).tell()
    again = process(monitored, free=0)
    again.deliveries.take_over(full.deliveries)
    again.tell()
    (direct, by_outbox) = sorted(monitored.got("ops"), key=lambda one: len(one["began"]))
    assert [len(one["began"]) for one in (direct, by_outbox)] == [3, 4]


def test_the_same_incident_is_sent_directly_once_an_hour_at_most(monitored: Monitored) -> None:
    wrong: list[Incident] = []
    one = process(monitored, url=NOWHERE, incidents=lambda: wrong)
    for minute in range(0, 150, 10):
        # It comes and goes, each time as another incident.
        since = monitored.clock.at
        wrong[:] = [
            Incident(key="web:a", began="a fails", over="a works", since=since, again=str(minute))
        ]
        one.tell()
        monitored.clock.move(minutes=10)
    assert len(monitored.got("ops")) == 3


def test_what_waits_in_the_outbox_is_sent_directly_under_its_own_id(monitored: Monitored) -> None:
    """Nobody leads: a stand-by tells what the process before it left."""
    put(monitored, FAILING)
    process(monitored).deliveries.notifier.store_notices()
    (message,) = notices(monitored)
    other = process(monitored, worker="stands by")
    other.deliveries.notify_directly()
    assert monitored.got("ops") == [], "its courier may be at it"
    for _ in range(3):
        monitored.clock.move(minutes=2)
        other.deliveries.notify_directly()
    (notice,) = monitored.got("ops")
    assert notice["delivery"] == message.uid


def test_a_disk_has_room_again_only_when_it_really_has(monitored: Monitored) -> None:
    process(monitored, free=99_000_000).tell()
    process(monitored, free=150_000_000).tell()
    assert len(monitored.got("ops")) == 1
    monitored.clock.move(minutes=1)
    process(monitored, free=250_000_000).tell()
    assert "room again" in monitored.subjects("ops")[1]


def test_an_operator_who_cannot_be_reached_is_told_later(
    monitored: Monitored, capsys: pytest.CaptureFixture[str]
) -> None:
    (monitored.folder / "ops").write_text("a file where the folder should be")
    put(monitored, FAILING)
    one = process(monitored)
    one.tell()
    assert "message retried" in capsys.readouterr().err
    (monitored.folder / "ops").unlink()
    monitored.clock.move(minutes=1)
    one.tell()
    assert len(monitored.got("ops")) == 1


def test_without_a_channel_the_log_tells(
    monitored: Monitored, capsys: pytest.CaptureFixture[str]
) -> None:
    monitored.configure(folder_channel(monitored.folder, "ops"))
    put(monitored, FAILING)
    for _ in range(2):
        Deliveries(monitored.app, worker="w").deliver_due(stop=STOP)
    text = capsys.readouterr().err
    assert text.count("the source ctgov fails") == 1
    assert "operator notice" in text


def test_who_is_configured_later_hears_what_the_log_told(monitored: Monitored) -> None:
    monitored.configure(folder_channel(monitored.folder, "ops"))
    put(monitored, FAILING)
    troubled = process(monitored, url=NOWHERE)
    troubled.deliveries.notify()
    again = process(monitored)
    again.deliveries.take_over(troubled.deliveries)
    again.deliveries.notify()
    assert notices(monitored) == []
    monitored.configure(folder_channel(monitored.folder, "ops"), operator="ops")
    process(monitored).tell()
    assert monitored.subjects("ops") == ["Trial monitor: The source ctgov fails"]


def test_words_of_others_are_escaped(monitored: Monitored) -> None:
    monitored.configure(
        folder_channel(monitored.folder, "ops").replace('["json"]', '["html", "json"]'),
        operator="ops",
    )
    put(monitored, replace(FAILING, last_reason="<script>alert(1)</script>\x1b[2J <!channel>"))
    process(monitored).tell()
    (page,) = (monitored.folder / "ops").glob("*.html")
    html = page.read_text("utf-8")
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "\x1b" not in html
    assert json.dumps(monitored.got("ops")[0]).count("\\u001b") == 0


def test_a_source_that_is_long_overdue_is_told_unless_it_is_turned_off(
    monitored: Monitored,
) -> None:
    due_at = monitored.app.now() - timedelta(hours=2, minutes=1)
    fresh = SourceRow(name="ctgov", type="ctgov", next_due_at=due_at)
    put(monitored, fresh)
    follow(monitored, enabled=False)
    process(monitored).tell()
    assert monitored.subjects("ops") == []
    follow(monitored, enabled=True)
    put(monitored, replace(fresh, next_due_at=due_at + timedelta(minutes=2)))
    process(monitored).tell()
    assert monitored.subjects("ops") == []
    put(monitored, fresh)
    process(monitored).tell()
    began = "Trial monitor: The source ctgov was not read when it was due"
    assert monitored.subjects("ops") == [began]
    put(monitored, replace(fresh, next_due_at=monitored.app.now() + timedelta(hours=1)))
    monitored.clock.move(minutes=1)
    process(monitored).tell()
    assert monitored.subjects("ops")[1:] == ["Trial monitor: The source ctgov is read again"]


def test_a_source_that_fails_is_not_told_as_overdue_too(monitored: Monitored) -> None:
    follow(monitored, enabled=True)
    put(monitored, replace(FAILING, next_due_at=monitored.app.now() - timedelta(hours=3)))
    process(monitored).tell()
    assert monitored.subjects("ops") == ["Trial monitor: The source ctgov fails"]


def test_what_is_wrong_with_one_process_is_told_by_it_alone(monitored: Monitored) -> None:
    """`monitor deliver` beside the daemon does not know how the daemon's listeners are."""
    wrong = [Incident(key="web:one", began="the web fails", over="the web works again")]
    daemon = process(monitored, incidents=lambda: wrong)
    daemon.tell()
    assert monitored.subjects("ops") == ["Trial monitor: The web fails"]
    monitored.clock.move(minutes=1)
    other = process(monitored, worker="deliver")
    other.tell()
    put(monitored, FAILING)
    other.tell()
    daemon.tell()
    assert monitored.subjects("ops")[1:] == ["Trial monitor: The source ctgov fails"]
    wrong.clear()
    monitored.clock.move(minutes=1)
    daemon.tell()
    assert monitored.subjects("ops")[2:] == ["Trial monitor: The web works again"]


def note_unread(monitored: Monitored, *nct_ids: str) -> None:
    """Let these followed records of the source be unread."""
    kept = UnreadRecords.of(nct_ids)
    with open_store(monitored.url) as store, store.transaction() as tx:
        tx.sources.put_state(kept.state_key("ctgov"), "", kept.as_state(), at=NOON)


def test_the_operator_hears_of_followed_records_in_the_quarantine_once_and_when_it_is_over(
    monitored: Monitored,
) -> None:
    follow(monitored, enabled=True)
    put(monitored, replace(FAILING, failures=0, reported=False, last_reason=None))
    note_unread(monitored, "NCT00000002", "NCT00000001", "NCT00000004", "NCT00000003")
    process(monitored).tell()
    process(monitored, worker="another").tell()
    (notice,) = monitored.got("ops")
    assert notice["began"] == [
        {
            "what": "4 followed records of the source ctgov cannot be read",
            "why": "NCT00000001, NCT00000002, NCT00000003 and others: what is new of them is not"
            " reported until they can be. `monitor quarantine list` tells why, `monitor quarantine"
            " show` shows what was read",
        }
    ]
    note_unread(monitored, "NCT00000003")
    process(monitored).tell()
    assert len(monitored.got("ops")) == 1, "fewer are no news"
    note_unread(monitored)
    monitored.clock.move(minutes=1)
    process(monitored).tell()
    assert monitored.got("ops")[-1]["over"] == [
        "All followed records of the source ctgov can be read again"
    ]
