"""A record that goes and comes back: what is told of it, in which words, and what is not."""

from monitor.detect.classify import classify, is_silent
from monitor.detect.diff import diff
from monitor.detect.partial_records import merge_partial
from monitor.model.changes import ChangeKind, Severity
from monitor.model.coverage import ABSENCE, Coverage
from monitor.model.record import TrialRecord
from tests.detect.cases.presence import MERGED, NOT_FOUND
from tests.detect.examples import (
    NCT,
    Changes,
    assert_accounted_for,
    compared,
    context,
    events,
    kinds,
    of,
    study,
    the,
    updated,
)


def absence(shown: Changes) -> TrialRecord:
    document = {"protocolSection": {"identificationModule": {"nctId": NCT}}, **shown}
    return of(document, coverage=ABSENCE)


def test_an_absence_is_laid_over_the_record_and_changes_nothing_else_of_it() -> None:
    known = of(study())
    gone = merge_partial(known, absence(NOT_FOUND))
    assert gone.coverage.is_complete
    assert gone.document == {**study(), **NOT_FOUND}
    changes, found = compared(known, gone)
    assert {change.field[0] for change in changes} == {"registryRecord"}
    assert [event.kind for event in found] == [ChangeKind.RECORD_VANISHED]


def test_what_a_merged_record_had_become_is_no_longer_said_once_it_is_gone() -> None:
    merged = merge_partial(of(study()), absence(MERGED))
    gone = merge_partial(merged, absence(NOT_FOUND))
    assert gone.document["registryRecord"] == NOT_FOUND["registryRecord"]


def test_a_record_that_states_all_takes_the_absence_back() -> None:
    gone = merge_partial(of(study()), absence(NOT_FOUND))
    assert merge_partial(gone, of(study())).presence is None
    past = of(study(), coverage=Coverage.all_but([("derivedSection",)]))
    assert merge_partial(gone, past).presence is None


def test_a_page_that_cannot_tell_whether_the_registry_shows_it_does_not_bring_it_back() -> None:
    gone = merge_partial(of(study()), absence(NOT_FOUND))
    status = ("protocolSection", "statusModule", "overallStatus")
    page = of(study({"statusModule.overallStatus": "COMPLETED"}), coverage=Coverage.of([status]))
    laid = merge_partial(gone, page)
    assert laid.presence == "GONE"
    assert laid.overall_status == "COMPLETED"


def test_the_summaries_say_what_a_reader_asks_first() -> None:
    def summary_of(old: Changes, new: Changes, kind: ChangeKind) -> str:
        return the(kind, events(study(old), study(new))).summary

    assert (
        summary_of({}, NOT_FOUND, ChangeKind.RECORD_VANISHED)
        == "Record no longer in the registry (NCT number NCT09000001 not found)"
    )
    bare = {"registryRecord.presence": "GONE"}
    assert summary_of({}, bare, ChangeKind.RECORD_VANISHED) == "Record no longer in the registry"
    assert summary_of({}, MERGED, ChangeKind.RECORD_MERGED) == "Record merged into NCT09000002"
    assert summary_of(NOT_FOUND, {}, ChangeKind.RECORD_RESTORED) == "Record in the registry again"


def test_a_record_that_comes_back_unchanged_is_one_piece_of_news() -> None:
    # The registry's own stamps move in the meantime, as they always do.
    back = study({"derivedSection.miscInfoModule.versionHolder": "2026-03-01",
                  "derivedSection.conditionBrowseModule": {}})  # fmt: skip
    found = events({**study(), **NOT_FOUND}, back)
    assert kinds(found) == [ChangeKind.RECORD_RESTORED]


def test_what_changed_while_a_record_was_away_is_told_whatever_date_it_bears() -> None:
    changes = {"designModule.enrollmentInfo.count": 20, "conditionsModule.conditions": ["Gout"]}
    wanted = ["condition_changed", "enrollment_target_changed", "record_restored"]
    for back in (study(changes), updated(changes)):
        assert kinds(events({**study(), **NOT_FOUND}, back)) == wanted
    # The same edits of a record that was there all the time are the registry's.
    assert kinds(events(study(), study(changes))) == []


def test_only_the_return_ends_the_silence_of_edits_without_a_date() -> None:
    here, gone = of(study()), of({**study(), **NOT_FOUND})
    assert is_silent(here, here)
    assert is_silent(here, gone)
    assert is_silent(gone, gone)
    assert not is_silent(gone, here)


def test_a_restored_event_is_told_before_what_changed() -> None:
    found = events({**study(), **NOT_FOUND}, study({"identificationModule.acronym": "X"}))
    news = [event.kind for event in found if event.severity is not Severity.NOISE]
    assert news == [ChangeKind.RECORD_RESTORED, ChangeKind.TITLE_CHANGED]


def test_a_field_of_that_name_that_says_nothing_of_presence_is_a_field_like_others() -> None:
    old, new = of({**study(), "registryRecord": {"x": 1}}), of(study())
    changes = diff(old, new)
    found = classify(changes, context(old, new))
    assert_accounted_for(changes, found)
    assert kinds(found) == [ChangeKind.FIELD_CHANGED]
