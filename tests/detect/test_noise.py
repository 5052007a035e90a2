"""No crying wolf: what is another form of the same content makes no event above noise."""

import copy
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.detect.diff import diff
from monitor.model.changes import ChangeKind, Severity
from tests.detect.edits import shuffle
from tests.detect.examples import GONE, STUDY, events, kinds, of, seeded, sites, study, updated
from tests.records import record, sample

Document = dict[str, Any]
RECORDS = 60
randoms = st.integers(0, 2**32 - 1).map(seeded)
some = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def rewritten(value: Any, rewrite: Callable[[str], str]) -> Any:
    """Return a copy in which every text is written another way."""
    if isinstance(value, dict):
        return {name: rewritten(below, rewrite) for name, below in value.items()}
    if isinstance(value, list):
        return [rewritten(item, rewrite) for item in value]
    return rewrite(value) if isinstance(value, str) else value


def _escaped(text: str) -> str:
    return re.sub(r"(?<!\\)([<>&\[\]*~^])", r"\\\1", text)


def _spaced(text: str) -> str:
    return f" {text} ".replace(" ", "\u00a0 ")


_ENCODINGS: dict[str, Callable[[str], str]] = {
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "composed": lambda text: unicodedata.normalize("NFC", text),
    "escaped": _escaped,
    "spaced": _spaced,
    "lines ended as on Windows": lambda text: text.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("encoding", _ENCODINGS)
def test_real_records_in_another_encoding_do_not_differ(shared_data: Path, encoding: str) -> None:
    for document in sample(shared_data, RECORDS)[:-1]:
        old = copy.deepcopy(document)
        status = rewritten(old["protocolSection"].pop("statusModule", {}), str)
        new = rewritten(old, _ENCODINGS[encoding])
        new["protocolSection"]["statusModule"] = status
        new["protocolSection"]["identificationModule"] = old["protocolSection"][
            "identificationModule"
        ]
        assert diff(record(document), record(new)) == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("* One\n* Two", "1. One\n2. Two"),
        ("* One\n* Two", "- One\n\n- Two\n"),
        ("* One\n    * Two", "1. One\n    1. Two"),
        ("a. One\nb. Two", "(1) One\n(2) Two"),
        ("* 1. One\n* 2. Two", "* One\n* Two"),
        ("i. One\nii. Two\niii. Three", "* One\n* Two\n* Three"),
        ("1. One\n  a) x\n  b) y\n2. Two", "- One\n  - x\n  - y\n- Two"),
        ("1.1. One\n1.2. Two", "* One\n* Two"),
        ("1. One\n1.1 x 2. Two\n3\\. Three", "* One\n* 1.1 x 2. Two\n* Three"),
        ("FVC \\>= 70%\n\n\\[x\\]", "FVC >= 70%\n\n[x]"),
        ("One\nTwo", "One Two"),
        ("Sjo\u0308gren", "Sjögren"),
        ("one  two\u00a0three", "one two three"),
    ],
)
def test_the_same_words_in_another_layout_do_not_differ(before: str, after: str) -> None:
    for path in ("eligibilityModule.eligibilityCriteria", "descriptionModule.briefSummary"):
        assert diff(of(study({path: before})), of(study({path: after}))) == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("E. coli at baseline\nx", "K. coli at baseline\nx"),
        ("Age > 18\nx", "Age < 18\nx"),
        ("10 mg\nx", "20 mg\nx"),
        ("5-10 days", "5 10 days"),
        ("Age:\n18\\) to 65", "Age:\n16\\) to 65"),
        ("Age:\n18. or older", "Age:\n21. or older"),
        ("1. A\n2. B\n18) to 65", "1. A\n2. B\n3) to 65"),
        ("a\\b", "ab"),
        ("HER2 positive", "HER2positive"),
    ],
)
def test_other_words_differ_however_little(before: str, after: str) -> None:
    path = "descriptionModule.briefSummary"
    assert len(diff(of(study({path: before})), of(study({path: after})))) == 1


def test_the_stamp_of_the_data_load_is_no_difference() -> None:
    new = study({"derivedSection.miscInfoModule.versionHolder": "2026-02-19"})
    assert diff(of(study()), of(new)) == ()
    (event,) = events(study(), new)
    assert (event.kind, event.severity) == (ChangeKind.REGISTRY_NORMALIZATION, Severity.NOISE)
    assert event.fields == ()


@some
@given(random=randoms)
def test_real_records_in_another_order_with_other_coordinates_are_noise(
    shared_data: Path, random: Random
) -> None:
    old = sample(shared_data, RECORDS)[random.randrange(RECORDS - 1)]
    new = copy.deepcopy(old)
    shuffle(new, random)
    for site in new["protocolSection"].get("contactsLocationsModule", {}).get("locations", []):
        site["geoPoint"] = {"lat": random.random(), "lon": random.random()}
    new.setdefault("derivedSection", {})["conditionBrowseModule"] = {"meshes": [{"id": "D0"}]}
    assert kinds(events(old, new)) == []


def _silent_edits(shared_data: Path) -> Iterator[tuple[str, str]]:
    path = shared_data / "ctgov/history/silent_registry_edits_NCT04294810.json"
    for entry in json.loads(path.read_text("utf-8")):
        yield from re.findall(r"city` changed from `(.+?)` to `(.+?)`", entry["diff"])


@pytest.mark.parametrize("zipped", [True, False], ids=["with postcodes", "without"])
def test_cities_that_the_registry_respelled_are_noise(shared_data: Path, zipped: bool) -> None:
    renamed = list(_silent_edits(shared_data))
    assert ("Napoli", "Naples") in renamed
    for before, after in renamed:
        there = {"facility": "University Hospital", "country": "Italy", "city": before}
        there |= {"zip": "80131"} if zipped else {}
        old = {"contactsLocationsModule.locations": [there, *sites(STUDY)]}
        new = {"contactsLocationsModule.locations": [*sites(STUDY), {**there, "city": after}]}
        assert kinds(events(study(old), study(new))) == [], "without a new date"
        assert kinds(events(study(old), updated(new))) == [], "in an update of the sponsor"


@pytest.mark.parametrize(
    "edit",
    [
        {"contactsLocationsModule.locations": []},
        {"designModule.enrollmentInfo.count": 7},
        {"outcomesModule": {}},
        {"eligibilityModule.maximumAge": "65 Years"},
        {"referencesModule.references": []},
        {"armsInterventionsModule.armGroups": []},
    ],
    ids=lambda edit: next(iter(edit)),
)
def test_what_changes_without_a_new_date_is_the_registrys(edit: dict[str, Any]) -> None:
    found = events(study(), study(edit))
    assert {event.kind for event in found} == {ChangeKind.REGISTRY_NORMALIZATION}
    assert kinds(found) == []
    assert kinds(events(study(), updated(edit))) != []


def test_a_new_submission_date_alone_makes_an_edit_the_sponsors() -> None:
    new = study({"statusModule.lastUpdateSubmitDate": "2026-02-19",
                 "designModule.enrollmentInfo.count": 7})  # fmt: skip
    assert kinds(events(study(), new)) == [ChangeKind.ENROLLMENT_TARGET_CHANGED]


def test_records_without_a_date_are_no_edits_by_the_registry() -> None:
    undated = {
        "statusModule.lastUpdatePostDateStruct": GONE,
        "statusModule.lastUpdateSubmitDate": GONE,
    }
    found = events(study(undated), study({**undated, "designModule.enrollmentInfo.count": 7}))
    assert kinds(found) == [ChangeKind.ENROLLMENT_TARGET_CHANGED]


def test_no_change_is_one_event_that_says_so() -> None:
    (event,) = events(study(), study())
    assert event.severity is Severity.NOISE
    assert "order or encoding" in event.summary
