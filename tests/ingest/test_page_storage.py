"""A pass over a followed source: each page is one transaction, a long one several."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from monitor.errors import HeldError, SourceError
from monitor.ingest import page_storage
from monitor.ingest.page_storage import Follower
from monitor.model.gate import GateState
from monitor.model.lease import Lease
from monitor.model.tracking import Presence, Sighting
from monitor.settings import ThresholdSettings
from monitor.sources.base import SourcePage, SourceState, Unreadable
from monitor.store.lease_keeper import LeaseLostError
from monitor.store.reader import Reader, open_reader
from monitor.store.writer import StoreWriter, open_store
from tests.ingest.world import raw, study
from tests.store.leasing import take

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def page(number: int, *, sights: tuple[Sighting, ...] = ()) -> SourcePage:
    """Return a page with one record, whose state is its number."""
    document = study("2026-02-02", "2026-03-02", nct_id=f"NCT0000000{number}")
    return SourcePage(
        found=(raw(document),), sightings=sights, pass_number=1, state={"page": number},
        data_timestamp=f"T{number}", cursor=f"C{number}",
    )  # fmt: skip


@dataclass
class Pages:
    """A source that yields what it is given; a callable in it is called when its turn comes."""

    steps: list[SourcePage | Callable[[], None]]
    name: str = "somewhere"
    remembered: list[object] = field(default_factory=list)

    def pages(self, memory: SourceState) -> Iterator[SourcePage]:
        """Yield the pages, noting what the memory says before each."""
        for step in self.steps:
            self.remembered.append(memory.state())
            if isinstance(step, SourcePage):
                yield step
            else:
                step()


@pytest.fixture
def store(store_url: str) -> Iterator[StoreWriter]:
    """Return an open store."""
    with open_store(store_url) as opened:
        yield opened


@pytest.fixture
def reader(store_url: str, store: StoreWriter) -> Callable[[], AbstractContextManager[Reader]]:
    """Return what opens the store for looking things up."""
    del store  # made first
    return lambda: open_reader(store_url)


def follower(
    store: StoreWriter,
    reader: Callable[[], AbstractContextManager[Reader]],
    lease: Lease | None = None,
    now: datetime = NOW,
    clock: Callable[[], float] = lambda: 0.0,
) -> Follower:
    """Return what stores pages; by its ``clock`` a transaction is long, or not."""
    return Follower(
        store=store, reader=reader, type="ctgov", thresholds=ThresholdSettings(), now=lambda: now,
        leases=() if lease is None else (lease,), batch_records=2, clock=clock,
    )  # fmt: skip


def trials(reader: Callable[[], AbstractContextManager[Reader]]) -> list[str]:
    """Return the NCT IDs of all stored trials."""
    with reader() as opened:
        return [trial.nct_id for trial in opened.trials()]


def fail() -> None:
    """Fail as a source does."""
    raise SourceError("the registry fell silent")


def test_a_page_is_stored_with_its_state_before_the_next_is_asked_for(
    store: StoreWriter, reader: Callable[[], AbstractContextManager[Reader]]
) -> None:
    source = Pages([page(1), page(2), lambda: None])
    done = list(follower(store, reader).follow(source))
    assert source.remembered == [None, {"page": 1}, {"page": 2}]
    assert [one.report.stored for one in done] == [1, 1]
    assert [dict(one.kinds) for one in done] == [{"trial_registered": 1}] * 2


def test_what_was_stored_before_a_failure_stays_with_its_state(
    store: StoreWriter, reader: Callable[[], AbstractContextManager[Reader]]
) -> None:
    passing = follower(store, reader).follow(Pages([page(1), fail, page(2)]))
    next(passing)
    with pytest.raises(SourceError, match="fell silent"):
        next(passing)
    assert trials(reader) == ["NCT00000001"]
    with reader() as opened:
        assert opened.sources.state("somewhere") == {"page": 1}
        row = opened.sources.get("somewhere")
    assert row is not None
    assert (row.type, row.data_timestamp, row.cursor) == ("ctgov", "T1", "C1")


def test_records_sights_and_state_of_a_page_are_stored_together_or_not_at_all(
    store: StoreWriter, reader: Callable[[], AbstractContextManager[Reader]]
) -> None:
    broken = SourcePage(
        found=page(2).found,
        sightings=(Sighting(nct_id="NCT00000002"),),
        pass_number=1,
        state={"not JSON": {1, 2}},
    )
    passing = follower(store, reader).follow(
        Pages([page(1, sights=(Sighting(nct_id="NCT00000001"),)), broken])
    )
    next(passing)
    with pytest.raises(TypeError):
        next(passing)
    assert trials(reader) == ["NCT00000001"]
    with reader() as opened:
        assert [one.nct_id for one in opened.sources.tracked_records("somewhere")] == [
            "NCT00000001"
        ]
        assert opened.sources.state("somewhere") == {"page": 1}


def test_a_page_is_not_stored_once_another_process_has_taken_over(
    store: StoreWriter, reader: Callable[[], AbstractContextManager[Reader]]
) -> None:
    def taken_over() -> None:
        take(store, "scheduler", "they")

    ours = take(store, "scheduler", "we")
    passing = follower(store, reader, ours).follow(Pages([page(1), taken_over, page(2)]))
    next(passing)
    with pytest.raises(LeaseLostError):
        next(passing)
    assert trials(reader) == ["NCT00000001"]


def test_who_lost_the_lease_does_not_say_what_is_held(
    store: StoreWriter, reader: Callable[[], AbstractContextManager[Reader]]
) -> None:
    def held_by_others() -> None:
        take(store, "scheduler", "they")
        raise HeldError("all of it is implausible")

    ours = take(store, "scheduler", "we")
    passing = follower(store, reader, ours).follow(Pages([page(1), held_by_others]))
    next(passing)
    with pytest.raises(LeaseLostError):
        next(passing)
    with reader() as opened:
        state = GateState.from_state(opened.sources.state(GateState.state_key("somewhere")))
    assert state.reason == ""


def test_what_could_not_be_read_is_settled_by_a_later_page_that_read_it(
    store: StoreWriter, reader: Callable[[], AbstractContextManager[Reader]]
) -> None:
    refusals = refused("NCT00000001"), refused("NCT00000002")
    list(follower(store, reader).follow(Pages([SourcePage(found=refusals, state={})])))
    read = SourcePage(read=(refusals[0].origin,), state={})
    later = NOW + timedelta(hours=1)
    list(follower(store, reader, now=later).follow(Pages([read])))
    with reader() as opened:
        assert [one.origin for one in opened.quarantine()] == [refusals[1].origin]


def test_each_page_renews_the_lease(
    store: StoreWriter, reader: Callable[[], AbstractContextManager[Reader]]
) -> None:
    ours = take(store, "scheduler", "we", now=NOW)
    list(follower(store, reader, ours).follow(Pages([page(1), page(2)])))
    with reader() as opened:
        lease = opened.leases.find("scheduler", now=NOW)
    assert lease is not None
    assert (lease.fence, lease.renewals) == (ours.fence, 2)


def test_the_memory_answers_what_the_last_page_left(
    store: StoreWriter, reader: Callable[[], AbstractContextManager[Reader]]
) -> None:
    answers: list[object] = []

    @dataclass
    class Asking:
        name: str = "somewhere"

        def pages(self, memory: SourceState) -> Iterator[SourcePage]:
            sights = (
                Sighting(nct_id="NCT00000001"),
                Sighting(nct_id="NCT00000002", presence=Presence.GONE),
            )
            yield page(1, sights=sights)
            answers.append([one.nct_id for one in memory.tracked_records()])
            answers.append([one.nct_id for one in memory.tracked_records(presence=Presence.GONE)])
            answers.append([one.nct_id for one in memory.tracked_records(after="NCT00000001")])
            answers.append(memory.tracked_records(unseen_in=1))
            answers.append(memory.seen_in(1))
            answers.append(memory.state("NCT00000001"))

    list(follower(store, reader).follow(Asking()))
    both = ["NCT00000001", "NCT00000002"]
    assert answers == [both, both[1:], both[1:], [], 1, None]


def refused(nct_id: str) -> Unreadable:
    """Return what could not be read of a record."""
    return Unreadable(
        content=b"{NaN}", size=5, source="somewhere", origin=f"/studies/{nct_id}",
        retrieved_at=NOW, reason="not valid JSON",
    )  # fmt: skip


def test_a_followed_record_is_unread_from_a_refusal_to_the_next_sight_that_can_be_read(
    store: StoreWriter, reader: Callable[[], AbstractContextManager[Reader]]
) -> None:
    one, two, three = (f"NCT0000000{number}" for number in (1, 2, 3))
    sights = tuple(Sighting(nct_id=nct_id) for nct_id in (one, two, three))
    broken = SourcePage(
        found=tuple(map(refused, (one, two, three))), sightings=sights, pass_number=1,
        state={},
    )  # fmt: skip
    reported: list[list[str]] = []

    class Asking(Pages):
        """Asks which records are unread before each page."""

        def pages(self, memory: SourceState) -> Iterator[SourcePage]:
            for page in super().pages(memory):
                yield page
                reported.append(memory.unread())

    list(follower(store, reader).follow(Asking([broken])))
    gone = Sighting(nct_id=two, presence=Presence.GONE)
    whole = SourcePage(found=page(1).found, sightings=(sights[0],), pass_number=2, state={})
    absent = SourcePage(sightings=(gone,), pass_number=2, state={})
    left = SourcePage(untracked=(three,), pass_number=2, state={})
    list(follower(store, reader).follow(Asking([broken, whole, absent, left])))
    assert reported == [[one, two, three], [one, two, three], [two, three], [three], []]
    with reader() as opened:
        assert opened.sources.states("somewhere") == {"": {}}


def large_page(records: int) -> SourcePage:
    """Return a page of so many records."""
    ids = [f"NCT0000010{number}" for number in range(records)]
    documents = [study("2026-02-02", "2026-03-02", nct_id=nct_id) for nct_id in ids]
    return SourcePage(
        found=tuple(map(raw, documents)), sightings=tuple(Sighting(nct_id=one) for one in ids),
        pass_number=1, state={"page": "large"}, data_timestamp="T1", cursor="C1",
    )  # fmt: skip


def slowly() -> Callable[[], float]:
    """Return a clock by which each batch takes ten seconds."""
    seconds = count(0, 10)
    return lambda: float(next(seconds))


def test_a_page_that_takes_long_lets_others_write_meanwhile(
    store: StoreWriter, reader: Callable[[], AbstractContextManager[Reader]]
) -> None:
    seen: list[tuple[int, object]] = []
    seconds = slowly()

    def clock() -> float:
        with reader() as opened:
            seen.append((len(list(opened.trials())), opened.sources.state("somewhere")))
        return seconds()

    (done,) = follower(store, reader, clock=clock).follow(Pages([large_page(5)]))
    assert done.report.stored == 5
    assert dict(done.kinds) == {"trial_registered": 5}
    # What each transaction finds when it begins is what those before it have stored.
    assert [trials for trials, _ in seen] == [0, 0, 2, 2, 4, 4]
    assert {state for _, state in seen} == {None}
    with reader() as opened:
        assert opened.sources.state("somewhere") == {"page": "large"}
        assert len(opened.sources.tracked_records("somewhere")) == 5


def test_a_page_that_is_quick_is_one_transaction(
    store: StoreWriter, reader: Callable[[], AbstractContextManager[Reader]]
) -> None:
    seen: list[int] = []

    def clock() -> float:
        with reader() as opened:
            seen.append(len(list(opened.trials())))
        return 0.0

    list(follower(store, reader, clock=clock).follow(Pages([large_page(5)])))
    assert set(seen) == {0}


def test_a_long_page_that_is_cut_short_is_stored_by_the_next_pass(
    store: StoreWriter, reader: Callable[[], AbstractContextManager[Reader]]
) -> None:
    class KilledError(BaseException):
        """What is not caught."""

    seconds = slowly()

    def clock() -> float:
        now = seconds()
        if now >= 30:  # in the second transaction
            raise KilledError
        return now

    with pytest.raises(KilledError):
        list(follower(store, reader, clock=clock).follow(Pages([large_page(5)])))
    assert len(trials(reader)) == 2
    with reader() as opened:
        assert opened.sources.get("somewhere") is None
    (done,) = follower(store, reader).follow(Pages([large_page(5)]))
    assert (done.report.stored, done.report.unchanged) == (3, 2)
    assert len(trials(reader)) == 5


def test_memory_is_given_back_after_each_page_that_brought_news(
    store: StoreWriter,
    reader: Callable[[], AbstractContextManager[Reader]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[int] = []
    monkeypatch.setattr(page_storage, "give_back", lambda: given.append(len(given)))
    list(follower(store, reader).follow(Pages([page(1), page(2), page(2)])))
    assert len(given) == 2
