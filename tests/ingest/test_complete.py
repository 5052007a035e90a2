"""A complete document without what every record has is kept raw, however few there are."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from monitor.ingest.date_checks import check_dates, missing_required
from monitor.model import fields
from monitor.parsers.base import parse
from monitor.settings import IngestSettings
from tests.ingest.world import World, raw, study, without
from tests.records import mixed_studies, snapshot_series

READ = datetime(2026, 3, 5, 12, tzinfo=UTC)
MODULES = {fields.dotted(path): path for path in fields.REQUIRED}


def whole(document: dict[str, Any]) -> Any:
    """Return the document as a source found it that asked for the whole record."""
    return replace(raw(document, at=READ), is_whole=True)


@pytest.mark.parametrize("path", MODULES)
def test_a_complete_document_without_it_goes_to_the_quarantine(world: World, path: str) -> None:
    world.take(raw(study("2026-02-01", "2026-03-02"), at=READ))
    lacking = without(
        study("2026-03-03", "2026-03-04", status="TERMINATED", enrollment=7), *MODULES[path]
    )
    assert world.take(whole(lacking)).quarantined == 1
    assert f"({path}), which every record has" in world.quarantine()[0]
    assert len(world.history()) == 1
    assert world.take(whole(without(study("2026-03-03", "2026-03-04", nct_id="NCT00000007"),
                                    *MODULES[path]))).quarantined == 1  # fmt: skip


@pytest.mark.parametrize("path", MODULES)
def test_a_file_without_it_states_what_it_has(world: World, path: str) -> None:
    world.take(raw(study("2026-02-01", "2026-03-02"), at=READ))
    lacking = without(study("2026-02-03", "2026-03-04", enrollment=7), *MODULES[path])
    assert world.take(raw(lacking, at=READ)).stored == 1
    assert world.history()[-1].news == ["enrollment_target_changed"]


def test_a_module_that_is_renamed_counts_as_missing(world: World) -> None:
    document = study("2026-02-01", "2026-03-02")
    protocol = document["protocolSection"]
    protocol["statusInfoModule"] = protocol.pop("statusModule")
    assert world.take(whole(document)).quarantined == 1


def test_what_was_asked_for_whole_is_complete_whatever_it_lacks(world: World) -> None:
    lacking = without(study("2026-02-01"), *fields.CONDITIONS)
    assert world.take(raw(lacking, at=READ)).stored == 1, "an extract states what it has"
    assert world.take(whole(without(study("2026-02-02"), *fields.CONDITIONS))).quarantined == 0, (
        "its newest version lacks it too"
    )
    assert world.take(whole(study("2026-02-03"))).stored == 1
    assert world.take(whole(without(study("2026-02-04"), *fields.CONDITIONS))).quarantined == 1


def test_a_withheld_record_is_taken_as_it_is(world: World) -> None:
    protocol = {
        "identificationModule": {"nctId": "NCT09000001", "briefTitle": "[Trial of a device]"},
        "statusModule": {"overallStatus": "WITHHELD"},
    }
    document = {"protocolSection": protocol, "derivedSection": study("", "2026-03-02")[
        "derivedSection"]}  # fmt: skip
    assert world.take(raw(document, at=READ)).stored == 1


def test_every_real_complete_record_has_all_of_it(shared_data: Path) -> None:
    documents = [one for series in snapshot_series(shared_data).values() for one in series]
    documents += mixed_studies(shared_data)
    assert len(documents) > 1_700
    for document in documents:
        record = parse(whole(document))
        assert record.coverage.is_complete
        assert missing_required(record) == [], record.nct_id
        check_dates(
            record, replace(whole(document), retrieved_at=datetime.now(UTC)), IngestSettings()
        )


@pytest.mark.parametrize(("loaded", "quarantined"), [("2026-03-07", 0), ("2026-03-08", 1)])
def test_a_stamp_more_than_two_days_ahead_keeps_that_record_back(
    world: World, loaded: str, quarantined: int
) -> None:
    assert world.take(raw(study("2026-02-01", loaded), at=READ)).quarantined == quarantined


def test_a_known_record_under_a_stamp_ahead_is_kept_back_though_nothing_else_is_new(
    world: World,
) -> None:
    def served(loaded: str, **changed: Any) -> Any:
        # As the registry writes it: the stamp at the head of the derived section.
        return raw(orjson.dumps(study("2026-02-01", loaded, **changed)), at=READ)

    world.take(served("2026-03-04"))
    assert world.take(served("2027-01-01")).quarantined == 1
    assert "more than 2 days after it was read (2026-03-05)" in world.quarantine()[0]
    world.take(served("2026-03-05", status="TERMINATED"))
    assert world.history()[-1].news == ["trial_terminated"]
