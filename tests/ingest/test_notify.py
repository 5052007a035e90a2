"""When news are due, and what a damaged subscription does to the others."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from monitor.errors import StoreError
from monitor.ingest import ingest
from monitor.ingest.notify import Notifier
from monitor.match.change_set import ChangeSet
from monitor.match.synonyms import NO_SYNONYMS, Synonyms
from monitor.model.changes import ChangeEvent, Severity
from monitor.model.messages import OutboxMessage
from monitor.model.record import RawVersion, TrialRecord
from monitor.model.subscriptions import Filter, Subscription, Trials
from monitor.model.tracking import Presence, Sighting, SourceRow
from monitor.model.when import AtOnce, next_cutoff, parse_quiet, parse_when
from monitor.settings import ThresholdSettings
from monitor.store.reader import open_reader
from monitor.store.writer import StoreWriter, open_store
from tests.ingest.world import NCT, raw, study
from tests.store.deliveries import add_versions, subscription
from tests.store.examples import NCT_ID, SEEN, status_event

NIGHT = SEEN.replace(hour=23, minute=30)


@pytest.fixture
def store(sqlite_url: str) -> Iterator[StoreWriter]:
    """Return an open store."""
    with open_store(sqlite_url) as opened:
        yield opened


def messages(
    store: StoreWriter,
    url: str,
    wish: Subscription,
    *events: ChangeEvent,
    at: datetime = SEEN,
    beside: Sequence[Subscription] = (),
    synonyms: Synonyms = NO_SYNONYMS,
    conditions: Sequence[str] = (),
) -> list[OutboxMessage]:
    """Announce a version with these events to a subscription, and to those beside it.

    Returns what is waiting.
    """
    [version] = add_versions(store, 1)
    news = ChangeSet(
        nct_id=NCT_ID,
        old=TrialRecord(nct_id=NCT_ID, document={}),
        new=TrialRecord(
            nct_id=NCT_ID,
            document={"protocolSection": {"conditionsModule": {"conditions": list(conditions)}}},
        ),
        events=list(events),
        backfilled=False,
        known_at=at,
        sources=["folder"],
    )
    with store.transaction() as tx:
        tx.subscribers.put_subscriptions([wish, *beside])
    with store.transaction() as tx:
        notifier = Notifier(
            targets={"mail": ["ana@example.org"]}, now=lambda: at, synonyms=synonyms
        )
        outbox = notifier.make_outbox_builder(tx)
        outbox.announce(version, news, previous_id=None)
        outbox.write()
    with open_reader(url) as reader:
        return reader.outbox.messages(limit=10)


def wish(**changed: object) -> Subscription:
    """Return a subscription to everything."""
    return replace(subscription(), channels=("mail",), **changed)  # type: ignore[arg-type]


def test_at_once_is_due_at_once(store: StoreWriter, sqlite_url: str) -> None:
    [message] = messages(store, sqlite_url, wish(when=parse_when("at once")), status_event())
    assert (message.due_at, message.cutoff) == (SEEN, None)


@pytest.mark.parametrize(
    ("source", "reached"), [("lupus", True), ("folder", True), ("gout", False), ("asthma", False)]
)
def test_what_a_source_follows_reaches_who_asked_for_the_source(
    store: StoreWriter, sqlite_url: str, source: str, *, reached: bool
) -> None:
    """Whichever source brought the version: ``folder`` did, and ``lupus`` follows the trial."""
    with store.transaction() as tx:
        for name, nct_id, presence in (
            ("lupus", NCT_ID, Presence.SHOWN),
            ("gout", NCT_ID, Presence.UNKNOWN),
            ("asthma", "NCT00000102", Presence.SHOWN),
        ):
            tx.sources.store_row(SourceRow(name=name, type="ctgov"))
            sight = Sighting(nct_id=nct_id, presence=presence)
            tx.sources.follow(name, [sight], pass_number=1, at=SEEN)
    about = Trials(filters=(Filter(wanted={"source": (source,)}),))
    sent = messages(store, sqlite_url, wish(trials=about), status_event())
    assert len(sent) == reached


def test_synonyms_reach_who_asked_for_a_set(store: StoreWriter, sqlite_url: str) -> None:
    about = Trials(filters=(Filter(wanted={"condition": ("car-t",)}),))
    sets = Synonyms({"car-t": ("gout", "Lupus systemic")})
    [message] = messages(
        store,
        sqlite_url,
        wish(trials=about),
        status_event(),
        synonyms=sets,
        conditions=["LUPUS, Systemic"],
    )
    with open_reader(sqlite_url) as reader:
        [item] = reader.outbox.items(message.id)
    assert item.reason.endswith("(condition: car-t (Lupus systemic))")


def test_quiet_hours_put_it_off_to_their_end(store: StoreWriter, sqlite_url: str) -> None:
    quiet = parse_quiet("22:00-07:00 UTC")
    wanted = wish(when=parse_when("at once"), quiet=quiet)
    [message] = messages(store, sqlite_url, wanted, status_event(), at=NIGHT)
    assert message.due_at == quiet.end_after(NIGHT)
    assert message.due_at > NIGHT


def test_a_digest_waits_for_its_cutoff(store: StoreWriter, sqlite_url: str) -> None:
    [message] = messages(store, sqlite_url, wish(when=parse_when("hourly")), status_event())
    assert message.cutoff == message.due_at
    assert (
        SEEN
        < message.due_at
        <= SEEN.replace(minute=0, second=0, microsecond=0)
        .astimezone(UTC)
        .replace(hour=SEEN.hour + 1)
    )


@pytest.mark.parametrize(("at_once", "waits"), [(True, False), (False, True)])
def test_what_is_critical_waits_for_no_digest_where_that_is_asked_for(
    store: StoreWriter, sqlite_url: str, at_once: bool, waits: bool
) -> None:
    wanted = wish(when=parse_when("daily 08:00"), critical_at_once=at_once)
    critical = replace(status_event(), severity=Severity.CRITICAL)
    [message] = messages(store, sqlite_url, wanted, critical)
    assert (message.cutoff is not None) is waits


@pytest.mark.parametrize(
    ("whens", "digest"),
    [
        (("at once", "daily 08:00"), None),
        (("daily 08:00", "at once", "hourly"), None),
        (("daily 08:00", "hourly"), "hourly"),
        (("weekly monday 08:00", "daily 08:00", "daily 08:00"), "daily 08:00"),
    ],
)
def test_a_version_comes_in_one_message_however_many_subscriptions_ask(
    store: StoreWriter, sqlite_url: str, whens: Sequence[str], digest: str | None
) -> None:
    first, *others = [
        wish(name=str(number), when=parse_when(when)) for number, when in enumerate(whens)
    ]
    [message] = messages(store, sqlite_url, first, status_event(), beside=others)
    when = None if digest is None else parse_when(digest)
    cutoff = None if when is None or isinstance(when, AtOnce) else next_cutoff(when, SEEN)
    assert (message.cutoff, message.due_at) == (cutoff, cutoff or SEEN)
    with open_reader(sqlite_url) as reader:
        assert len(reader.outbox.items(message.id)) == len(whens)


def test_what_is_critical_takes_the_digest_of_another_subscription_with_it(
    store: StoreWriter, sqlite_url: str
) -> None:
    daily = parse_when("daily 08:00")
    critical = replace(status_event(), severity=Severity.CRITICAL)
    [message] = messages(
        store,
        sqlite_url,
        wish(when=daily, critical_at_once=True),
        critical,
        beside=[wish(name="other", when=daily)],
    )
    assert (message.cutoff, message.due_at) == (None, SEEN)


def test_people_are_told_apart(store: StoreWriter, sqlite_url: str) -> None:
    found = messages(
        store,
        sqlite_url,
        wish(when=parse_when("at once")),
        status_event(),
        beside=[wish(subscriber="ben", when=parse_when("hourly"))],
    )
    assert {one.subscriber: one.cutoff is None for one in found} == {"ana": True, "ben": False}


def test_a_damaged_subscription_is_told_and_the_others_are_served(
    store: StoreWriter, sqlite_url: str
) -> None:
    with store.transaction() as tx:
        tx.subscribers.put_subscription(wish())
        tx.subscribers.put_subscription(wish(name="broken"))
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as connection:
        broken = "UPDATE subscriptions SET definition = '{' WHERE name = 'broken'"
        assert connection.execute(broken).rowcount == 1
    reported: list[str] = []
    strict = Notifier(targets={}, now=lambda: SEEN)
    lenient = Notifier(targets={}, now=lambda: SEEN, on_damaged=reported.append)
    with pytest.raises(StoreError, match="broken"), store.transaction() as tx:
        strict.make_outbox_builder(tx)
    with store.transaction() as tx:
        assert lenient.make_outbox_builder(tx) is not None
    assert len(reported) == 1
    assert "broken" in reported[0]


def test_a_stored_version_that_a_backfill_numbers_is_no_news_to_who_came_since(
    store: StoreWriter, sqlite_url: str
) -> None:
    notifier = Notifier(targets={"mail": ["ana@example.org"]}, now=lambda: SEEN)

    def take(found: RawVersion) -> None:
        ingest([found], store, thresholds=ThresholdSettings(), notifier=notifier)

    take(raw(study("2026-02-01", "2026-03-01")))
    take(raw(study("2026-02-20", "2026-03-01", enrollment=7)))
    with store.transaction() as tx:
        tx.subscribers.put_subscriptions([wish(trials=Trials(everything=True))])
    again = raw(study("2026-02-20", "2026-03-02", enrollment=7))
    take(replace(again, registry_version=2))
    with open_reader(sqlite_url) as reader:
        assert [one.registry_version for one in reader.versions(NCT)] == [None, 2]
        assert reader.outbox.messages(limit=10) == []
    take(raw(study("2026-03-02", "2026-03-03", enrollment=9)))
    with open_reader(sqlite_url) as reader:
        assert len(reader.outbox.messages(limit=10)) == 1
