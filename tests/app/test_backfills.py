"""Which records want their past filled in."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.app.backfills import pending_backfills
from monitor.app.sources import HISTORY
from monitor.model.tracking import Sighting, SourceRow
from monitor.settings import CtgovSourceSettings, Settings
from monitor.sources.ctgov_history.state import Backfill, BackfillOutcome
from monitor.store.reader import open_reader
from monitor.store.writer import open_store

NCT_ID = "NCT00000001"
BASE = "https://registry.example"
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def pending(url: str, *, kept: Backfill | None, enabled: bool = True) -> list[str]:
    """Return which records are wanted, where one is followed of which this state is kept."""
    source = CtgovSourceSettings(
        name="one",
        base_url=BASE,
        nct_ids=(NCT_ID,),
        every=timedelta(hours=1),
        backfill=True,
        enabled=enabled,
    )
    with open_store(url) as store, store.transaction() as tx:
        tx.sources.store_row(SourceRow(name="one", type="ctgov"))
        tx.sources.store_row(SourceRow(name=HISTORY, type=HISTORY))
        tx.sources.follow("one", [Sighting(nct_id=NCT_ID)], pass_number=1, at=AT)
        if kept is not None:
            tx.sources.put_state(HISTORY, NCT_ID, kept.as_state(), at=AT)
    with open_reader(url) as reader:
        return pending_backfills(Settings(sources=(source,)), reader).get(BASE, [])


def since(outcome: BackfillOutcome) -> Backfill:
    """Return a state that a backfill of the last years alone left."""
    return Backfill(count=3, fetched=((2, 2),), since=AT.date(), outcome=outcome)


@pytest.mark.parametrize(
    "kept", [None, Backfill(), since(BackfillOutcome.DONE), since(BackfillOutcome.LACKING)]
)
def test_what_was_not_fetched_in_full_is_wanted(sqlite_url: str, kept: Backfill | None) -> None:
    assert pending(sqlite_url, kept=kept) == [NCT_ID]


def test_a_source_that_is_switched_off_wants_nothing(sqlite_url: str) -> None:
    assert pending(sqlite_url, kept=None, enabled=False) == []


def test_those_that_failed_come_last_the_latest_at_the_end(sqlite_url: str) -> None:
    source = CtgovSourceSettings(
        name="one", base_url=BASE, all=True, every=timedelta(hours=1), backfill=True
    )
    ids = [f"NCT0000000{number}" for number in range(1, 6)]
    with open_store(sqlite_url) as store, store.transaction() as tx:
        tx.sources.store_row(SourceRow(name="one", type="ctgov"))
        tx.sources.store_row(SourceRow(name=HISTORY, type=HISTORY))
        tx.sources.follow("one", [Sighting(nct_id=one) for one in ids], pass_number=1, at=AT)
        for nct_id, minutes in ((ids[0], 2), (ids[3], 1)):
            failed = Backfill(failed_at=AT + timedelta(minutes=minutes))
            tx.sources.put_state(HISTORY, nct_id, failed.as_state(), at=AT)
    with open_reader(sqlite_url) as reader:
        found = pending_backfills(Settings(sources=(source,)), reader)
    assert found == {BASE: [ids[1], ids[2], ids[4], ids[3], ids[0]]}


@pytest.mark.parametrize("outcome", [BackfillOutcome.DONE, BackfillOutcome.LACKING])
def test_what_was_fetched_in_full_is_not(sqlite_url: str, outcome: BackfillOutcome) -> None:
    assert pending(sqlite_url, kept=Backfill(count=3, fetched=((0, 2),), outcome=outcome)) == []


@pytest.mark.parametrize("outcome", [BackfillOutcome.UNKNOWN, BackfillOutcome.MERGED])
def test_what_has_no_history_is_not_asked_for_without_end(
    sqlite_url: str, outcome: BackfillOutcome
) -> None:
    assert pending(sqlite_url, kept=since(outcome)) == []
