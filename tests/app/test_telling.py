"""The operator hears of each episode once, and when it is over, whoever restarts when."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.app.deliveries import Deliveries
from monitor.app.episodes import Episode
from monitor.app.telling import Teller
from monitor.channels.base import Channel
from monitor.errors import DeliveryError
from monitor.model.following import SourceRow, UnreadRecords
from monitor.model.messages import ChannelState, Message
from monitor.store.writer import Store, open_store
from tests.deliver.configured import Monitored, folder_channel, subscription
from tests.deliver.post import Box, later, never
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
        tx.sources.put(row)


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


def teller(
    monitored: Monitored,
    *,
    free: int = 10**12,
    worker: str = "w",
    channel: Channel | None = None,
    incidents: Callable[[], list[Episode]] | None = None,
) -> Teller:
    """Return a teller on a machine with so many free bytes; ``channel``: the operator's."""
    channels = monitored.deliveries().channels
    return Teller(
        monitored.app,
        channels if channel is None else {"ops": channel},
        worker=worker,
        opened=lambda: open_store(monitored.url, busy_timeout_s=0.1),
        free=lambda _: free,
        incidents=incidents,
    )


def taken(message: Message) -> None:
    """Take a message."""


def test_a_failing_source_is_told_once_and_once_that_it_works_again(monitored: Monitored) -> None:
    put(monitored, FAILING)
    one = teller(monitored)
    one.tell()
    one.tell()
    teller(monitored, worker="after a restart").tell()
    (told,) = monitored.got("ops")
    assert told["subject"] == "Trial monitor: The source ctgov fails"
    assert told["began"] == [
        {
            "what": "The source ctgov fails",
            "why": "3 times in a row since 2026-03-02 12:00 UTC: 503 <b>of</b> the registry",
        }
    ]
    put(monitored, replace(FAILING, failures=0, failing_since=None, reported=False))
    monitored.clock.move(minutes=1)
    teller(monitored).tell()
    teller(monitored).tell()
    assert monitored.subjects("ops")[1:] == ["Trial monitor: The source ctgov works again"]
    put(monitored, FAILING)
    monitored.clock.move(days=1)
    teller(monitored).tell()
    assert len(monitored.got("ops")) == 3


def test_the_same_news_told_again_has_the_same_id(
    monitored: Monitored, capsys: pytest.CaptureFixture[str]
) -> None:
    put(monitored, FAILING)
    teller(monitored).tell()
    (first,) = monitored.got("ops")
    with open_store(monitored.url) as store, store.transaction() as tx:
        # As after a crash between the telling and the noting of it.
        tx.sources.put_state("operator/told", "", {}, at=monitored.clock.at)
    monitored.clock.move(minutes=1)
    teller(monitored, worker="after a crash").tell()
    assert capsys.readouterr().err.count("operator told") == 2
    # A folder overwrites nothing: the second says that a minute has passed.
    assert [one["delivery"] for one in monitored.got("ops")] == [first["delivery"]] * 2


def test_another_episode_of_one_day_has_another_id(monitored: Monitored) -> None:
    """A mailbox drops a mail whose id it knows: the second failure would not be seen."""
    for failing in (True, False, True, False):
        row = FAILING if failing else replace(FAILING, failures=0, reported=False)
        row = replace(row, failing_since=monitored.clock.at if failing else None)
        put(monitored, row)
        teller(monitored).tell()
        monitored.clock.move(minutes=10)
    told = monitored.got("ops")
    assert len(told) == len({one["delivery"] for one in told}) == 4


def test_two_monitors_tell_under_ids_of_their_own(monitored: Monitored, tmp_path: Path) -> None:
    other = Monitored(tmp_path / "other", f"sqlite:///{tmp_path / 'other.db'}")
    other.folder.mkdir()
    other.configure(folder_channel(other.folder, "ops"), operator="ops")
    other.begin()
    for one in (monitored, other):
        put(one, FAILING)
        teller(one).tell()
    (first,), (second,) = monitored.got("ops"), other.got("ops")
    assert first["subject"] == second["subject"]
    assert first["delivery"] != second["delivery"]


@pytest.mark.parametrize("refusal", [later(), never()])
def test_an_address_that_cannot_be_reached_keeps_nothing_from_the_others(
    monitored: Monitored, refusal: DeliveryError
) -> None:
    put(monitored, FAILING)
    ops = Box(name="ops", targets=("first", "second", "third"))
    one = teller(monitored, channel=ops)
    one.note_lost("host:17")
    ops.answers = [taken, refusal]
    for _ in range(3):
        one.tell()
        monitored.clock.move(minutes=2)
    expected = ["first", "third"] if refusal.permanent else ["first", "third", "second"]
    assert [message.target for message in ops.got] == expected
    assert len(set(ops.subjects)) == 1
    put(monitored, replace(FAILING, failures=0, reported=False))
    teller(monitored, channel=ops).tell()
    assert [message.target for message in ops.got][len(expected) :] == ["first", "second", "third"]
    assert set(ops.subjects[len(expected) :]) == {"Trial monitor: The source ctgov works again"}


def test_who_is_told_late_hears_how_things_stand_then(monitored: Monitored) -> None:
    put(monitored, FAILING)
    ops = Box(name="ops", targets=("first", "second"))
    ops.answers = [taken, later()]
    teller(monitored, channel=ops).tell()
    monitored.clock.move(minutes=2)
    put(monitored, replace(FAILING, failures=0, reported=False))
    put(monitored, replace(FAILING, name="files"))
    teller(monitored, channel=ops, worker="after a restart").tell()
    assert [(message.target, len(message.data["over"])) for message in ops.got] == [
        ("first", 0),
        ("first", 1),
        ("second", 0),
    ]
    assert ops.subjects[2] == "Trial monitor: The source files fails"


def test_a_new_address_hears_what_is_wrong(monitored: Monitored) -> None:
    put(monitored, FAILING)
    teller(monitored, channel=Box(name="ops", targets=("first",))).tell()
    ops = Box(name="ops", targets=("first", "new"))
    teller(monitored, channel=ops).tell()
    assert [message.target for message in ops.got] == ["new"]


def test_what_an_earlier_program_told_is_not_told_again(monitored: Monitored) -> None:
    put(monitored, FAILING)
    kept = {"source:ctgov": "the source ctgov works again", "channel:box": "box works again"}
    with open_store(monitored.url) as store, store.transaction() as tx:
        tx.sources.put_state("operator/told", "", kept, at=monitored.clock.at)
    ops = Box(name="ops", targets=("first", "second"))
    teller(monitored, channel=ops).tell()
    assert ops.subjects == ["Trial monitor: Box works again"] * 2


def test_dead_letters_are_told_until_they_are_dealt_with(monitored: Monitored) -> None:
    monitored.change(2)
    monitored.configure(
        folder_channel(monitored.folder, "ops"), subscription("ana", "ops"), operator="ops"
    )
    monitored.deliveries().deliver_due(stop=STOP)
    (told,) = monitored.got("ops")
    assert told["began"][0]["what"] == "A message by the channel box could not be delivered"
    assert "no channel 'box' is configured any more" in told["began"][0]["why"]
    with open_store(monitored.url) as store, store.transaction() as tx:
        tx.outbox.drop([1, 2])
    monitored.clock.move(minutes=1)
    monitored.deliveries().deliver_due(stop=STOP)
    assert monitored.got("ops")[1]["over"] == ["The channel box has no dead letters any more"]


def test_a_resting_channel_is_told_and_its_working_again(monitored: Monitored) -> None:
    resting = ChannelState(channel="box", failures=5, last_error="451 not now", reported=True)
    with open_store(monitored.url) as store, store.transaction() as tx:
        tx.outbox.put_channel_state(resting)
    teller(monitored).tell()
    assert monitored.subjects("ops") == ["Trial monitor: The channel box fails and rests"]
    with open_store(monitored.url) as store, store.transaction() as tx:
        tx.outbox.put_channel_state(ChannelState(channel="box"))
    monitored.clock.move(minutes=1)
    teller(monitored).tell()
    assert monitored.subjects("ops")[1:] == ["Trial monitor: The channel box works again"]


def test_several_things_are_one_message(monitored: Monitored) -> None:
    put(monitored, FAILING)
    put(monitored, replace(FAILING, name="files"))
    teller(monitored).tell()
    assert monitored.subjects("ops") == ["Trial monitor: The source ctgov fails (+ 1 more)"]


def test_a_process_that_went_without_a_word_is_told(monitored: Monitored) -> None:
    monitored.change()
    with open_store(monitored.url) as store, store.transaction() as tx:
        claim(tx, "host:17/1", now=monitored.clock.at, limit=10)
        lose_worker(tx, "host:17/1")
    deliveries = monitored.deliveries()
    deliveries.deliver_due(stop=STOP)
    deliveries.tell()
    assert monitored.subjects("ops") == ["Trial monitor: The process host:17 went without a word"]


def test_a_full_disk_is_told_even_when_nothing_can_be_noted(monitored: Monitored) -> None:
    def broken() -> Store:
        return open_store("sqlite:////nowhere/at/all.db", create=False)

    full = Teller(
        monitored.app,
        monitored.deliveries().channels,
        worker="w",
        opened=broken,
        free=lambda _: 20_000_000,
    )
    full.tell()
    full.tell()
    assert len(monitored.got("ops")) == 1
    assert monitored.subjects("ops")[0].startswith("Trial monitor: The disk of the store is full")


def test_what_could_not_be_noted_is_handed_over(monitored: Monitored) -> None:
    """While a disk is full the lease is lost, and who leads again reads the configuration anew."""

    def made(free: int, url: str) -> Teller:
        return Teller(
            monitored.app,
            monitored.deliveries().channels,
            worker="w",
            opened=lambda: open_store(url, create=False),
            free=lambda _: free,
        )

    full = made(0, "sqlite:////nowhere/at/all.db")
    full.tell()
    monitored.clock.move(days=1)
    still = made(0, "sqlite:////nowhere/at/all.db")
    still.take_over(full.hand_over())
    still.tell()
    assert len(monitored.got("ops")) == 1
    put(monitored, FAILING)
    roomy = made(10**12, monitored.url)
    roomy.take_over(still.hand_over())
    for one in (roomy, teller(monitored, worker="after a restart")):
        one.tell()
        monitored.clock.move(minutes=1)
    assert len(monitored.got("ops")) == 2
    assert "room again" in json.dumps(monitored.got("ops")[1]["over"])


def test_what_was_noted_since_counts_more_than_what_could_not_be(monitored: Monitored) -> None:
    """Another process may have led, and told, meanwhile."""
    full = Teller(
        monitored.app,
        monitored.deliveries().channels,
        worker="w",
        opened=lambda: open_store("sqlite:////nowhere/at/all.db", create=False),
        free=lambda _: 0,
    )
    full.tell()
    monitored.clock.move(minutes=1)
    put(monitored, FAILING)
    teller(monitored, worker="another").tell()
    again = teller(monitored)
    again.take_over(full.hand_over())
    again.tell()
    assert len(monitored.got("ops")) == 2
    assert monitored.subjects("ops")[1] == "Trial monitor: The source ctgov fails"


def test_a_disk_has_room_again_only_when_it_really_has(monitored: Monitored) -> None:
    teller(monitored, free=99_000_000).tell()
    teller(monitored, free=150_000_000).tell()
    assert len(monitored.got("ops")) == 1
    monitored.clock.move(minutes=1)
    teller(monitored, free=250_000_000).tell()
    assert "room again" in monitored.subjects("ops")[1]


def test_an_operator_who_cannot_be_reached_is_told_later(
    monitored: Monitored, capsys: pytest.CaptureFixture[str]
) -> None:
    (monitored.folder / "ops").write_text("a file where the folder should be")
    put(monitored, FAILING)
    one = teller(monitored)
    one.tell()
    assert "operator not reached" in capsys.readouterr().err
    (monitored.folder / "ops").unlink()
    one.tell()
    assert monitored.got("ops") == []  # not at once again
    monitored.clock.move(minutes=1)
    one.tell()
    assert len(monitored.got("ops")) == 1


def test_without_a_channel_the_log_tells(
    monitored: Monitored, capsys: pytest.CaptureFixture[str]
) -> None:
    monitored.configure(folder_channel(monitored.folder, "ops"))
    put(monitored, FAILING)
    for _ in range(2):
        Deliveries(monitored.app, worker="w").tell()
    said = capsys.readouterr().err
    assert said.count("the source ctgov fails") == 1
    assert "operator notice" in said


def test_words_of_others_are_escaped(monitored: Monitored) -> None:
    monitored.configure(
        folder_channel(monitored.folder, "ops").replace('["json"]', '["html", "json"]'),
        operator="ops",
    )
    put(monitored, replace(FAILING, last_reason="<script>alert(1)</script>\x1b[2J <!channel>"))
    teller(monitored).tell()
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
    teller(monitored).tell()
    assert monitored.subjects("ops") == []
    follow(monitored, enabled=True)
    put(monitored, replace(fresh, next_due_at=due_at + timedelta(minutes=2)))
    teller(monitored).tell()
    assert monitored.subjects("ops") == []
    put(monitored, fresh)
    teller(monitored).tell()
    began = "Trial monitor: The source ctgov was not read when it was due"
    assert monitored.subjects("ops") == [began]
    put(monitored, replace(fresh, next_due_at=monitored.app.now() + timedelta(hours=1)))
    monitored.clock.move(minutes=1)
    teller(monitored).tell()
    assert monitored.subjects("ops")[1:] == ["Trial monitor: The source ctgov is read again"]


def test_a_source_that_fails_is_not_told_as_overdue_too(monitored: Monitored) -> None:
    follow(monitored, enabled=True)
    put(monitored, replace(FAILING, next_due_at=monitored.app.now() - timedelta(hours=3)))
    teller(monitored).tell()
    assert monitored.subjects("ops") == ["Trial monitor: The source ctgov fails"]


def test_what_is_wrong_with_one_process_is_told_by_it_alone(monitored: Monitored) -> None:
    """`monitor deliver` beside the daemon does not know how the daemon's listeners are."""
    wrong = [Episode(key="web:one", began="the web fails", over="the web works again")]
    daemon = teller(monitored, incidents=lambda: wrong)
    daemon.tell()
    assert monitored.subjects("ops") == ["Trial monitor: The web fails"]
    monitored.clock.move(minutes=1)
    other = teller(monitored, worker="deliver")
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
        tx.sources.put_state(kept.kept_by("ctgov"), "", kept.as_state(), at=NOON)


def test_the_operator_hears_of_followed_records_in_the_quarantine_once_and_when_it_is_over(
    monitored: Monitored,
) -> None:
    follow(monitored, enabled=True)
    put(monitored, replace(FAILING, failures=0, reported=False, last_reason=None))
    note_unread(monitored, "NCT00000002", "NCT00000001", "NCT00000004", "NCT00000003")
    teller(monitored).tell()
    teller(monitored, worker="another").tell()
    (told,) = monitored.got("ops")
    assert told["began"] == [
        {
            "what": "4 followed records of the source ctgov cannot be read",
            "why": "NCT00000001, NCT00000002, NCT00000003 and others: what is new of them is not"
            " told until they can be. `monitor quarantine list` tells why, `monitor quarantine"
            " show` shows what was read",
        }
    ]
    note_unread(monitored, "NCT00000003")
    teller(monitored).tell()
    assert len(monitored.got("ops")) == 1, "fewer are no news"
    note_unread(monitored)
    monitored.clock.move(minutes=1)
    teller(monitored).tell()
    assert monitored.got("ops")[-1]["over"] == [
        "All followed records of the source ctgov can be read again"
    ]
