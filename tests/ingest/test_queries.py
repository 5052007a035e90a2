"""What is selected across trials, against a walk over all of them by the matcher of alerts."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from monitor.app.queries import select_events, select_trials
from monitor.errors import StoreError
from monitor.ingest.indexing import fill_index, verify_index
from monitor.match.documents import matches
from monitor.match.filters import compile_filter
from monitor.model.changes import ChangeKind, Severity
from monitor.model.history import StoredEvent
from monitor.model.queries import EventKey, EventQuery, EventResults, TrialKey, TrialQuery
from monitor.model.record import TrialRecord
from monitor.model.subscriptions import Filter
from monitor.store import membership, queries
from monitor.store.address import StoreAddress
from monitor.store.db import Db, DeadlineError
from monitor.store.engine import make_engine
from monitor.store.reader import Reader, open_reader
from monitor.store.revisions import HEAD
from monitor.store.schema import events
from monitor.store.writer import open_store
from tests.cli.test_db_verify import damage
from tests.filled import FilledStores
from tests.ingest.world import NOON, World, raw, study
from tests.store.test_upgrades import migrate

WORDS = ("lupus", "systemic", "lung", "cancer", "breast", "nephritis", "Sjögren")
COUNTRIES = ("France", "South Korea", "United States", "Germany")
STATUSES = ("RECRUITING", "COMPLETED", "TERMINATED")


def made(number: int, *, status: str = "RECRUITING", updated: str = "2026-02-01") -> dict[str, Any]:
    """Return a study whose words follow from its number."""
    first, second = WORDS[number % 7], WORDS[number % 5]
    return study(
        updated,
        "2026-03-01",
        nct_id=f"NCT{number:08d}",
        status=status,
        conditionsModule={"conditions": [f"{first} {second}", WORDS[number % 3]]},
        contactsLocationsModule={
            "locations": [{"facility": f"Clinic {number % 4}", "country": COUNTRIES[number % 4]}]
        },
    )


def ending(
    document: dict[str, Any], *, primary: str = "2027-01-01", completion: str = "2027-12-01"
) -> dict[str, Any]:
    """Let a study state when it is planned to end; return it."""
    for name, date in (("primaryCompletion", primary), ("completion", completion)):
        document["protocolSection"]["statusModule"][f"{name}DateStruct"] = {
            "date": date,
            "type": "ESTIMATED",
        }
    return document


TRIALS = range(1, 41)
NO_STATUS = "NCT00000041"


def fill(world: World) -> None:
    """Store forty trials, some changed, some of them late, and one without a status."""
    world.take(*(raw(ending(made(number)), origin=str(number)) for number in TRIALS))
    for number in TRIALS:
        status = STATUSES[number % 3]
        at = NOON + timedelta(days=1 + number % 3)
        document = ending(made(number, status=status, updated="2026-03-04"))
        if number % 2:
            document["protocolSection"]["designModule"]["enrollmentInfo"]["count"] = 7
        if number % 6 == 1:
            ending(document, completion="2028-02-01")
        elif number % 6 == 3:
            ending(document, primary="2027-03-01", completion="2028-02-01")
        elif number % 6 == 5:
            ending(document, primary="2027-03-01")
        world.take(raw(document, at=at, origin=f"{number} again"))
    unsaid = study("2026-02-01", nct_id=NO_STATUS)
    del unsaid["protocolSection"]["statusModule"]["overallStatus"]
    world.take(raw(unsaid))
    late = [ending(made(n, status="COMPLETED", updated="2026-01-01")) for n in TRIALS[::5]]
    world.take(*(raw(document, at=NOON + timedelta(days=9)) for document in late))


@pytest.fixture
def reader(world: World, filled_stores: FilledStores) -> Iterator[Reader]:
    """Return a reader of the forty trials."""
    filled_stores.fill(world.url, "forty trials", lambda _: fill(world))
    with open_reader(world.url) as found:
        yield found


MANY = {"SOON_READ": 5, "LOADED_AT_MOST": 12, "RARE": 4}
CHUNKS: dict[str, Any] = {"_CHUNKS": (5, 3), "_SLICE": 2, "_MOST_BRANCHES": 2}


@pytest.fixture(params=["a small store", "as a large store"])
def limits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let limits be so low that filters select more of the forty trials, as of a large store."""
    if request.param == "as a large store":
        for name, value in MANY.items():
            monkeypatch.setattr(membership, name, value)
        for name, value in (MANY | CHUNKS).items():
            monkeypatch.setattr(queries, name, value)


class Walked(NamedTuple):
    """All that is known of a trial."""

    record: TrialRecord
    sources: list[str]
    learned: dict[int, datetime]
    events: Mapping[int, Sequence[StoredEvent]]


def walk(reader: Reader) -> list[Walked]:
    """Return all trials."""
    found = []
    for row in reader.trials():
        versions = list(reader.versions(row.nct_id))
        learned = {one.id: one.retrieved_at for one in versions}
        sources = [one.source for one in versions][-1:]
        events = reader.events(row.nct_id)
        found.append(Walked(reader.newest_record(row), sources, learned, events))
    return found


def events_of(trials: Sequence[Walked], query: EventQuery) -> list[EventKey]:
    """Return the keys of a query's events by looking at everything."""
    wanted = None if query.filter is None else compile_filter(query.filter)
    found = []
    for trial in trials:
        if query.nct_ids is not None and trial.record.nct_id not in query.nct_ids:
            continue
        if wanted is not None and not matches(wanted, trial.record, trial.sources):
            continue
        learned = trial.learned
        for version_id, stored in trial.events.items():
            found += [
                EventKey(learned[version_id], version_id, one.position)
                for one in stored
                if one.event.severity.rank >= query.min_severity.rank
                and (query.kinds is None or not set(query.kinds).isdisjoint(one.event.kinds))
                and (query.include_backfilled or not one.backfilled)
                and (query.since is None or learned[version_id] >= query.since)
                and (query.until is None or learned[version_id] < query.until)
            ]
    return sorted(found, reverse=True)


def pages(reader: Reader, query: EventQuery) -> Iterator[EventResults]:
    """Yield all pages of a query."""
    while True:
        page = select_events(reader, query, deadline_s=math.inf)
        yield page
        if page.next is None:
            return
        assert page.next != query.after  # else the pages would have no end
        query = replace(query, after=EventKey.parse(str(page.next)))


CLAUSES = st.one_of(
    st.tuples(st.sampled_from(["condition", "text"]), st.sampled_from(
        [*WORDS, "systemic lupus", '"lung cancer"', '"systemic lupus"', "NCT00000007", "nothing"])),
    st.tuples(st.just("country"), st.sampled_from([*COUNTRIES, "Korea", "Korea, Republic of"])),
    st.tuples(st.just("status"), st.sampled_from([*STATUSES, "withdrawn"])),
    st.tuples(st.just("facility"), st.sampled_from(["clinic 1", "clinic"])),
    st.tuples(st.just("source"), st.sampled_from(["files", "ctgov"])),
)  # fmt: skip
PAIRS = st.lists(CLAUSES, max_size=2).map(lambda pairs: {key: (value,) for key, value in pairs})
FILTERS = st.builds(lambda wanted, excluded: Filter(wanted=wanted, excluded=excluded), PAIRS, PAIRS)
QUERIES = st.builds(
    EventQuery,
    filter=st.none() | FILTERS,
    kinds=st.none() | st.frozensets(st.sampled_from(
        [ChangeKind.TRIAL_REGISTERED, ChangeKind.TRIAL_TERMINATED, ChangeKind.TRIAL_COMPLETED,
         ChangeKind.ENROLLMENT_TARGET_CHANGED, ChangeKind.PRIMARY_COMPLETION_MOVED,
         ChangeKind.COMPLETION_MOVED]), min_size=1),
    min_severity=st.sampled_from(Severity),
    since=st.none() | st.just(NOON + timedelta(days=2)),
    until=st.none() | st.just(NOON + timedelta(days=3)),
    nct_ids=st.none() | st.sets(
        st.sampled_from(TRIALS).map("NCT{:08d}".format), max_size=6).map(sorted).map(tuple),
    include_backfilled=st.booleans(),
    limit=st.integers(1, 60),
)  # fmt: skip


@pytest.mark.usefixtures("limits")
def test_selected_events_are_those_that_a_walk_finds(reader: Reader) -> None:
    trials = walk(reader)

    @settings(max_examples=35, suppress_health_check=list(HealthCheck))
    @given(QUERIES)
    @example(EventQuery(kinds=[ChangeKind.COMPLETION_MOVED]))  # which an event of another kind has
    def check(query: EventQuery) -> None:
        found = list(pages(reader, query))
        assert [one.key for page in found for one in page.events] == events_of(trials, query)
        assert all(page.is_complete and len(page.events) <= query.limit for page in found)
        assert all(page.events for page in found[1:])  # the last one says that it is the last

    check()


@pytest.mark.usefixtures("limits")
def test_selected_trials_are_those_that_a_walk_finds(reader: Reader) -> None:
    rows = {row.nct_id: row for row in reader.trials()}
    records = {nct_id: reader.newest_record(row) for nct_id, row in rows.items()}
    sorts = st.sampled_from(["nct_id", "last_changed", "last_version_date"])

    def in_order(nct_ids: set[str], sort: str) -> list[str]:
        if sort == "nct_id":
            return sorted(nct_ids)
        values = {nct_id: getattr(rows[nct_id], sort) for nct_id in nct_ids}
        dated = [nct_id for nct_id in nct_ids if values[nct_id] is not None]
        dated.sort(key=lambda nct_id: (values[nct_id], nct_id), reverse=True)
        return dated + sorted(nct_ids - set(dated), reverse=True)

    @settings(max_examples=35, suppress_health_check=list(HealthCheck))
    @given(FILTERS, sorts, st.sampled_from([1, 2, 3, 7, 50]))
    def check(wish: Filter, sort: Any, limit: int) -> None:
        compiled = compile_filter(wish)
        expected = {n for n, record in records.items() if matches(compiled, record, ["files"])}
        found: list[str] = []
        after = None
        while True:
            query = TrialQuery(filter=wish, sort=sort, after=after, limit=limit)
            page = select_trials(reader, query, deadline_s=math.inf)
            found += [row.nct_id for row in page.trials]
            assert page.trials or after is None
            assert len(found) <= len(rows)  # else the pages might have no end
            if page.next is None:
                break
            after = TrialKey.parse(str(page.next))
        assert found == in_order(expected, sort)

    check()


def test_a_deadline_ends_a_search_and_says_where_it_goes_on(reader: Reader) -> None:
    page = select_events(reader, EventQuery(), deadline_s=0)
    assert (page.events, page.next, page.is_complete) == ((), None, False)
    assert select_events(reader, EventQuery()).events, "the reader goes on"


def test_what_was_found_before_a_deadline_is_given_and_comes_once(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = EventQuery(filter=Filter(wanted={"country": ("France", "Germany")}), limit=1_000)
    everything = [one.key for one in select_events(reader, query, deadline_s=math.inf).events]
    for name, value in CHUNKS.items():
        monkeypatch.setattr(queries, name, value)
    for steps in range(1, 9):
        with monkeypatch.context() as patch:
            patch.setattr(Db, "deadline", ending_after(steps))
            first = select_events(reader, query)
        assert not first.is_complete
        rest = select_events(reader, replace(query, after=first.next), deadline_s=math.inf)
        assert [one.key for page in (first, rest) for one in page.events] == everything


def ending_after(steps: int) -> Callable[[Db, float], AbstractContextManager[None]]:
    """Return a deadline that is over after so many blocks under it."""
    left = iter(range(steps))

    @contextmanager
    def deadline(_db: Db, _at: float) -> Iterator[None]:
        if next(left, None) is None:
            raise DeadlineError
        yield

    return deadline


def test_a_selected_event_says_what_it_is_of(reader: Reader) -> None:
    query = EventQuery(kinds=[ChangeKind.TRIAL_TERMINATED], limit=1)
    [found] = select_events(reader, query).events
    [version] = [one for one in reader.versions(found.stored.nct_id) if one.id == found.key[1]]
    assert (found.identity, found.version_date) == (version.identity, version.version_date)
    assert found.learned_at == version.retrieved_at
    assert (found.title, found.lead_sponsor) == ("A study of a thing", "A sponsor")
    assert found.overall_status == "TERMINATED"


def test_the_search_follows_a_trial(world: World) -> None:
    def found(word: str) -> list[str]:
        with open_reader(world.url) as reader:
            page = select_trials(reader, TrialQuery(filter=Filter(wanted={"condition": (word,)})))
        return [row.nct_id for row in page.trials]

    world.take(raw(made(1)), raw(made(2)))
    assert found("lung") == ["NCT00000002"]
    changed = made(2, updated="2026-03-01")
    changed["protocolSection"]["conditionsModule"]["conditions"] = ["gout"]
    world.take(raw(orjson.loads(orjson.dumps(changed))))
    assert (found("lung"), found("gout")) == ([], ["NCT00000002"])
    late = made(2, updated="2026-01-01")
    late["protocolSection"]["conditionsModule"]["conditions"] = ["asthma"]
    world.take(raw(late))
    assert (found("asthma"), found("gout")) == ([], ["NCT00000002"])


def test_a_word_is_found_where_it_stands_now(world: World) -> None:
    def found(**wanted: str) -> bool:
        wish = Filter(wanted={key: (value,) for key, value in wanted.items()})
        with open_reader(world.url) as reader:
            return bool(select_trials(reader, TrialQuery(filter=wish)).trials)

    def take(day: int, conditions: list[str], sites: list[str], status: str) -> None:
        one = made(1, status=status, updated=f"2026-03-{day:02d}")
        one["protocolSection"]["conditionsModule"]["conditions"] = conditions
        module = one["protocolSection"]["contactsLocationsModule"]
        module["locations"] = [{"facility": name, "country": "France"} for name in sites]
        world.take(raw(one, at=NOON + timedelta(days=day), origin=str(day)))

    long = "x" * 3_000
    take(1, ["gout", "asthma"], ["Gout Clinic", long], "RECRUITING")
    assert found(condition="gout", facility="gout")
    take(2, ["asthma"], ["Gout Clinic", f"{long} Asthma Center"], "RECRUITING")
    assert (found(condition="gout"), found(facility="gout"), found(text="gout")) == (
        False,
        *[True] * 2,
    )
    assert found(condition="asthma", facility="asthma")
    take(3, ["asthma"], ["Hospital of Completed Works"], "COMPLETED")
    assert not found(facility="gout")
    assert not found(text="gout")
    assert not found(facility="asthma")
    assert found(condition="asthma", facility="completed", status="completed")
    take(4, ["asthma"], ["Hospital of Completed Works"], "TERMINATED")
    assert not found(status="completed")
    assert found(facility="completed", status="terminated")
    take(5, ["gout", "asthma"], ["Hospital"], "COMPLETED")
    assert found(condition="gout", status="completed")
    assert not found(facility="completed")


def test_a_store_of_an_earlier_program_is_filled_and_goes_on_where_it_was_left(
    world: World,
) -> None:
    world.take(*(raw(made(number), origin=str(number)) for number in range(1, 121)))
    world.take(raw(made(7, status="COMPLETED", updated="2026-03-04")))
    with open_reader(world.url) as reader:
        facts = {nct_id: reader.facts(nct_id) for nct_id in ("NCT00000007", "NCT00000008")}
    migrate(world.url, "0011", down=True)
    migrate(world.url, HEAD)
    query = TrialQuery(filter=Filter(wanted={"condition": ("lupus",)}), limit=500)
    with open_reader(world.url) as reader, pytest.raises(StoreError, match="monitor db upgrade"):
        select_trials(reader, query)
    steps: list[tuple[int, int | None]] = []

    def stop(_: str, done: int, ahead: int | None) -> None:
        steps.append((done, ahead))
        if len(steps) == 2:
            raise KeyboardInterrupt

    with open_store(world.url) as store:
        with pytest.raises(KeyboardInterrupt):
            fill_index(store, on_step=stop)
        world.take(raw(made(100, status="COMPLETED", updated="2026-03-05")))
        assert fill_index(store, on_step=stop).trials == 70
        assert fill_index(store, on_step=stop).trials == 0
    assert steps == [(0, 120), (50, 120), (0, 70), (50, 70)]
    with open_reader(world.url) as reader:
        found = [row.nct_id for row in select_trials(reader, query).trials]
        for nct_id, known in facts.items():
            assert reader.facts(nct_id) == known
        records = [reader.newest_record(row) for row in reader.trials()]
    assert query.filter is not None
    wanted = compile_filter(query.filter)
    assert found == [record.nct_id for record in records if matches(wanted, record)]


WRONG = {
    "sqlite": "INSERT INTO trial_search (trial_search, rowid, condition) "
    "VALUES ('delete', 2, 'lung')",
    "postgresql": "UPDATE trial_search SET words = replace(words, ' Blung ', ' Bheart ') "
    "WHERE nct_id = 'NCT00000002'",
}


def test_facts_and_words_that_are_not_the_records_are_named_and_made_anew(world: World) -> None:
    def found() -> list[tuple[str | None, int | None]]:
        with open_reader(world.url) as reader:
            problems = list(verify_index(reader, on_step=lambda *_: None))
        assert all("db upgrade --facts-anew" in one.fix for one in problems)
        return [(one.nct_id, one.version) for one in problems]

    world.take(*(raw(made(number), origin=str(number)) for number in range(1, 5)))
    world.take(raw(made(3, status="COMPLETED", updated="2026-03-04")))
    assert found() == []
    damage(
        world.url,
        WRONG[world.url.split(":", maxsplit=1)[0]],
        "UPDATE version_facts SET sites = 9 WHERE version_id = "
        "(SELECT latest_version_id FROM trials WHERE nct_id = 'NCT00000003')",
    )
    assert found() == [("NCT00000002", None), ("NCT00000003", 2)]
    with open_store(world.url) as store:
        assert fill_index(store, on_step=lambda *_: None).trials == 0
        assert fill_index(store, on_step=lambda *_: None, anew=True).trials == 4
    assert found() == []


def test_sqlite_reads_events_by_the_index_that_is_named(sqlite_url: str) -> None:
    engine = make_engine(StoreAddress.parse(sqlite_url), busy_timeout_s=1)
    requested = sa.select(events.c.id).with_hint(events, "INDEXED BY ix_events_nct_id", "sqlite")
    assert "FROM events INDEXED BY ix_events_nct_id" in str(requested.compile(engine))
    engine.dispose()


@contextmanager
def plans() -> Iterator[list[str]]:
    """Yield how PostgreSQL answers each query, where it would do all to have no need to sort."""
    found: list[str] = []

    def explain(_connection: object, cursor: Any, statement: str, values: Any, *_: object) -> None:
        if not statement.startswith("SELECT") or "ORDER BY" not in statement:
            return
        with cursor.connection.cursor() as other:
            other.execute("SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off")
            rows = other.execute(f"EXPLAIN {statement}", values).fetchall()
            other.execute("SET LOCAL enable_sort = on; SET LOCAL enable_seqscan = on")
        found.append("\n".join(row[0] for row in rows))

    sa.event.listen(sa.Engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", explain)


FEW = ("NCT00000007", "NCT00000008")
RARE = Filter(wanted={"text": FEW})


@pytest.mark.parametrize(
    ("query", "all_rows"),
    [
        (EventQuery(nct_ids=FEW), "ix_events_learned_at"),
        (EventQuery(filter=RARE), "ix_events_learned_at"),
        (TrialQuery(filter=RARE, sort="last_changed"), "ix_trials_last_changed"),
        (TrialQuery(filter=RARE, sort="last_version_date"), "ix_trials_last_version_date"),
    ],
)
def test_postgresql_does_not_look_for_few_trials_among_all(
    query: EventQuery | TrialQuery,
    all_rows: str,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(postgres_url)
    world.take(*(raw(made(number), origin=str(number)) for number in TRIALS))
    world.take(*(raw(made(number, updated="2026-03-04", status="COMPLETED")) for number in TRIALS))
    monkeypatch.setattr(queries, "_CHUNKS", (5,))  # more are there than those of the first chunk
    with open_reader(postgres_url) as reader, plans() as found:
        if isinstance(query, EventQuery):
            assert select_events(reader, query, deadline_s=math.inf).events
        else:
            assert select_trials(reader, query, deadline_s=math.inf).trials
    # By a filter the first chunk is of all: its trials are not known yet.
    first_of_few = found[0 if isinstance(query, EventQuery) and query.nct_ids else 1]
    assert all_rows not in first_of_few
    assert f"nct_id = ANY ('{{{','.join(FEW)}}}'" in first_of_few
