"""Who reads while a pass stores: sees one moment of the store, and holds nobody up."""

from datetime import timedelta

from monitor.ingest import ingest
from monitor.settings import ThresholdSettings
from monitor.store.reader import open_reader
from monitor.store.writer import open_store
from tests.ingest.world import NOON, raw, study

IDS = [f"NCT0900{number:04d}" for number in range(30)]


def test_a_reader_keeps_what_it_sees_and_nobody_waits_for_it(store_url: str) -> None:
    firsts = [raw(study("2026-02-01", "2026-02-02", nct_id=nct_id)) for nct_id in IDS]
    later = study("2026-02-10", "2026-02-28", nct_id=IDS[0], enrollment=10)
    change = raw(later, at=NOON + timedelta(days=10))
    thresholds = ThresholdSettings()
    with open_store(store_url, busy_timeout_s=5) as store:
        with open_reader(store_url) as reader:
            assert len(reader.trials()) == 0
            assert ingest(firsts, store, thresholds=thresholds, batch_records=10).stored == len(IDS)
            assert len(reader.trials()) == 0
            assert ingest([change], store, thresholds=thresholds).stored == 1
        with open_reader(store_url) as after:
            assert len(after.trials()) == len(IDS)
