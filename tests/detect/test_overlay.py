"""Partial records: what a source leaves out neither goes nor hides what changed."""

import copy
from collections.abc import Iterator
from pathlib import Path as FilePath
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.detect.classify import is_silent
from monitor.detect.diff import diff
from monitor.detect.partial_records import merge_partial
from monitor.model import fields
from monitor.model.changes import ChangeKind
from monitor.model.coverage import Coverage
from monitor.model.fields import Path
from monitor.model.record import TrialRecord
from tests.detect.edits import edited, shuffle
from tests.detect.examples import compared, kinds, of, seeded, sites, study, updated
from tests.records import record, sample

RECORDS = 60
HUGE = 4
HISTORY = Coverage.all_but([fields.DERIVED, fields.LOCATION_GEO_POINT])


def projection(document: dict[str, Any], kept: set[Path]) -> TrialRecord:
    """Return a record that states just these leaves of the document."""
    found = _project(document, (), kept)
    return record(found, coverage=Coverage.of(kept))


def _project(value: Any, path: Path, kept: set[Path]) -> Any:
    if isinstance(value, dict):
        inner = ((name, (*path, name), below) for name, below in value.items())
        return {name: _project(below, at, kept) for name, at, below in inner if _on_way(at, kept)}
    if isinstance(value, list):
        return [_project(item, path, kept) for item in value]
    return value


def _on_way(path: Path, kept: set[Path]) -> bool:
    return any(leaf[: len(path)] == path for leaf in kept)


def leaf_paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of every leaf, without list positions."""
    if isinstance(value, dict):
        for name, below in value.items():
            yield from leaf_paths(below, (*path, name))
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for item in value:
            yield from leaf_paths(item, path)
    else:
        yield path


def page(document: dict[str, Any], **coverage: Any) -> TrialRecord:
    """Return a record that states what the document holds and no date of the update."""
    module = document["protocolSection"]["statusModule"]
    module.pop("lastUpdatePostDateStruct", None)
    module.pop("lastUpdateSubmitDate", None)
    return of(document, coverage=Coverage.of(set(leaf_paths(document)), **coverage))


randoms = st.integers(0, 2**32 - 1).map(seeded)
some = settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])


@some
@given(random=randoms)
def test_a_source_that_says_nothing_new_changes_nothing(
    shared_data: FilePath, random: Random
) -> None:
    document = sample(shared_data, RECORDS)[random.randrange(RECORDS - HUGE)]
    whole = record(document)
    found = sorted(set(leaf_paths(document)) - {fields.NCT_ID})
    kept = {fields.NCT_ID, *random.sample(found, random.randrange(len(found)))}
    part = projection(copy.deepcopy(document), kept)
    shuffle(part.document, random)
    laid = merge_partial(whole, part)
    assert _unstamped(laid.document) == _unstamped(document)
    assert diff(whole, laid) == ()
    assert merge_partial(laid, part).document == laid.document


def _unstamped(document: Any) -> Any:
    found = copy.deepcopy(document)
    found.get("derivedSection", {}).get("miscInfoModule", {}).pop("versionHolder", None)
    return found


@some
@given(random=randoms)
def test_a_source_that_states_all_but_the_derived_tells_all_other_changes(
    shared_data: FilePath, random: Random
) -> None:
    old = sample(shared_data, RECORDS)[random.randrange(RECORDS - HUGE)]
    new = _protocol_only(edited(_protocol_only(old), random, random.randrange(7)))
    if "nctId" not in new["protocolSection"].get("identificationModule", {}):
        return
    laid = merge_partial(record(old), record(new, coverage=HISTORY))
    reported = diff(record(old), laid)
    assert {change.path for change in reported} == {
        change.path for change in diff(record(_protocol_only(old)), record(new))
    }
    assert orjson.loads(orjson.dumps(laid.document)).get("derivedSection") == old.get(
        "derivedSection"
    )


def _protocol_only(document: dict[str, Any]) -> dict[str, Any]:
    found = copy.deepcopy(document)
    found.pop("derivedSection", None)
    found.setdefault("protocolSection", {})
    if isinstance(found["protocolSection"], dict):
        module = found["protocolSection"].get("contactsLocationsModule")
        if isinstance(module, dict) and isinstance(module.get("locations"), list):
            for site in module["locations"]:
                if isinstance(site, dict):
                    site.pop("geoPoint", None)
    else:
        found["protocolSection"] = {}
    return found


def test_the_first_record_of_a_trial_is_itself() -> None:
    part = page(study())
    assert merge_partial(None, part) is part


def test_a_whole_record_replaces_what_was_known() -> None:
    whole = of(study({"outcomesModule": "x"}))
    assert merge_partial(of(study()), whole) is whole


def test_alternating_sources_neither_invent_a_removal_nor_lose_a_change() -> None:
    whole = of(study())
    small = {"identificationModule", "statusModule", "designModule"}

    def seen(**changes: Any) -> TrialRecord:
        document = study({name.replace("__", "."): value for name, value in changes.items()})
        protocol = document["protocolSection"]
        return page({"protocolSection": {name: protocol[name] for name in small}})

    reported = []
    known = whole
    for step in (
        seen(),
        seen(statusModule__overallStatus="SUSPENDED"),
        of(updated({"statusModule.overallStatus": "SUSPENDED"})),
        seen(statusModule__overallStatus="SUSPENDED", designModule__enrollmentInfo={"count": 9}),
        seen(statusModule__overallStatus="TERMINATED", designModule__enrollmentInfo={"count": 9}),
    ):
        laid = merge_partial(known, step)
        reported.append(kinds(compared(known, laid)[1]))
        known = laid
    assert reported == [
        [],
        ["trial_suspended"],
        [],
        ["enrollment_target_changed"],
        ["trial_terminated"],
    ]
    assert sites(dict(known.document)) == sites(study())


def test_what_comes_without_a_date_is_not_taken_for_a_silent_edit_of_the_registry() -> None:
    known = of(study())
    later = merge_partial(known, page(study({"designModule.enrollmentInfo.count": 20})))
    assert later.document["protocolSection"]["statusModule"]["lastUpdatePostDateStruct"]
    assert not is_silent(known, later)
    assert kinds(compared(known, later)[1]) == [ChangeKind.ENROLLMENT_TARGET_CHANGED]


def test_what_comes_with_the_same_date_is_a_silent_edit_of_the_registry() -> None:
    document = study({"designModule.enrollmentInfo.count": 20})
    part = of(document, coverage=Coverage.of(set(leaf_paths(document))))
    known = of(study())
    assert is_silent(known, merge_partial(known, part))


def test_two_versions_that_the_registry_counts_are_never_silent() -> None:
    old, new = (of(study(), registry_version=number) for number in (1, 2))
    assert not is_silent(old, new)


def test_a_stated_list_is_stated_whole() -> None:
    document = study()
    del sites(document)[0]
    for site in sites(document):
        del site["zip"], site["contacts"]
    laid = merge_partial(of(study()), page(document))
    assert sites(dict(laid.document)) == sites(study())[1:]
    events = compared(of(study()), laid)[1]
    assert kinds(events) == [ChangeKind.COUNTRY_REMOVED, ChangeKind.SITE_REMOVED]


def test_a_list_that_is_stated_to_be_empty_is_emptied() -> None:
    document = study({"contactsLocationsModule.locations": []})
    whole, part = of(study()), page(document)
    assert len(diff(whole, part)) == len(diff(whole, merge_partial(whole, part))) == 2
    assert len(diff(part, whole)) == 2


def test_an_item_keeps_what_the_source_leaves_out_of_it() -> None:
    document = study()
    for site in sites(document):
        site.pop("geoPoint", None)
    sites(document)[0]["status"] = "COMPLETED"
    document["protocolSection"] = {
        name: document["protocolSection"][name]
        for name in ("identificationModule", "statusModule", "contactsLocationsModule")
    }
    laid = merge_partial(of(study()), page(document))
    assert sites(dict(laid.document))[0] == sites(study())[0] | {"status": "COMPLETED"}


def test_another_encoding_leaves_the_words_as_they_were_known() -> None:
    document = study({"eligibilityModule.eligibilityCriteria": "Inclusion Criteria:\n\n"
                      "1. Age >= 18 years\n2. Asthma for a year\n\nExclusion Criteria:\n\n"
                      "1. Pregnancy\n2. Smoking"})  # fmt: skip
    laid = merge_partial(of(study()), page(document))
    assert (
        laid.document["protocolSection"]["eligibilityModule"]
        == (study()["protocolSection"]["eligibilityModule"])
    )


@pytest.mark.parametrize(("base", "top"), [(1, True), (0, False), ("1", 1), (None, "")])
def test_a_value_of_another_type_is_another_value(base: Any, top: Any) -> None:
    old, new = study({"designModule.x": base}), study({"designModule.x": top})
    laid = merge_partial(of(old), page(new))
    assert laid.document["protocolSection"]["designModule"]["x"] is top
    assert len(diff(of(old), laid)) == 1


def test_coverage_grows_with_what_is_laid_over() -> None:
    one = of({"a": 1}, coverage=Coverage.of({("a",)}))
    both = merge_partial(one, of({"b": 2}, coverage=Coverage.of({("b",)})))
    assert both.document == {"a": 1, "b": 2}
    assert both.coverage.states(("a",))
    assert both.coverage.states(("b",))
    assert diff(one, both) == ()
