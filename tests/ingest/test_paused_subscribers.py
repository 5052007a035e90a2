"""Who is paused gets no news, whatever their subscriptions say of themselves."""

from collections.abc import Iterator

import pytest

from monitor.ingest.notify import Notifier
from monitor.match.change_set import ChangeSet
from monitor.model.record import TrialRecord
from monitor.model.subscriptions import SubscriptionStatus
from monitor.store.writer import StoreWriter, open_store
from tests.store.deliveries import add_versions, subscription
from tests.store.examples import NCT_ID, SEEN, status_event


@pytest.fixture
def store(store_url: str) -> Iterator[StoreWriter]:
    with open_store(store_url) as store:
        yield store


def test_a_paused_person_gets_nothing_until_they_are_back(store: StoreWriter) -> None:
    [version] = add_versions(store, 1)
    notifier = Notifier(targets={"mail": ["ana@example.org"]}, now=lambda: SEEN)
    record = TrialRecord(nct_id=NCT_ID, document={})
    news = ChangeSet(
        nct_id=NCT_ID,
        old=record,
        new=record,
        events=[status_event()],
        backfilled=False,
        known_at=SEEN,
    )

    def announce() -> int:
        with store.transaction() as transaction:
            outbox = notifier.make_outbox_builder(transaction)
            outbox.announce(version, news, previous_id=None)
            return outbox.write()

    def stand(status: SubscriptionStatus) -> None:
        with store.transaction() as transaction:
            assert transaction.subscribers.set_status("ana", None, status)

    with store.transaction() as transaction:
        transaction.subscribers.put_subscription(subscription())
    stand(SubscriptionStatus.PAUSED)
    assert announce() == 0
    stand(SubscriptionStatus.ACTIVE)
    assert announce() == 1
