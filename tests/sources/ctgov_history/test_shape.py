"""An answer of another shape than the known one stops the backfill, and says what and where."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import SourceError
from monitor.sources.ctgov_history import HistoryShapeError, is_done
from monitor.sources.ctgov_history.responses import read_index, read_version
from monitor.sources.ctgov_history.state import read_backfill
from tests.registry.examples import nct, study
from tests.registry.faults import Fault
from tests.sources.book import Book
from tests.sources.ctgov_history.conftest import Serve
from tests.sources.ctgov_history.series import replica

PATH = "/api/int/studies/NCT09000001/history"
INDEX: dict[str, Any] = {
    "changes": [
        {
            "version": at,
            "date": f"2020-01-0{at + 1}",
            "status": "RECRUITING",
            "studyType": "INTERVENTIONAL",
            "moduleLabels": ["Study Status"] if at else [],
            "lastUpdateSubmitQcDate": "2020-01-02",
        }
        for at in range(3)
    ],
    "lastUpdateVersions": {"outcomes": 1},
    "originalData": {"leadSponsorSame": True},
    "outcomesUpdateCount": 1,
}
VERSION: dict[str, Any] = {"studyVersion": 2, "study": study(1)}

Place = tuple[str | int, ...]
MODULES: Place = ("study", "protocolSection")


def changed(content: Any, place: Place, *value: Any) -> bytes:
    """Return the content as JSON with another value at a place, or with none."""
    content = copy.deepcopy(content)
    below = content
    for step in place[:-1]:
        below = below[step]
    if value:
        below[place[-1]] = value[0]
    else:
        del below[place[-1]]
    return json.dumps(content).encode()


WRONG_INDEX: dict[str, tuple[bytes, str]] = {
    "a list": (b"[]", "Expected `object`, got `array`"),
    "null": (b"null", "Expected `object`, got `null`"),
    "no changes": (changed(INDEX, ("changes",)), "missing required field `changes`"),
    "changes renamed": (
        json.dumps({**INDEX, "versions": INDEX["changes"]}).replace("changes", "x").encode(),
        "missing required field `changes`",
    ),
    "changes as object": (changed(INDEX, ("changes",), {}), "changes: Expected `array`"),
    "no version at all": (changed(INDEX, ("changes",), []), "changes: Expected `array` of length"),
    "an entry as text": (changed(INDEX, ("changes", 1), "1"), "changes[1]: Expected `object`"),
    "no number": (changed(INDEX, ("changes", 1, "version")), "missing required field `version`"),
    "a number as text": (changed(INDEX, ("changes", 1, "version"), "1"), "got `str`"),
    "a number as fraction": (changed(INDEX, ("changes", 1, "version"), 1.5), "got `float`"),
    "a number as truth": (changed(INDEX, ("changes", 1, "version"), True), "got `bool`"),
    "a negative number": (changed(INDEX, ("changes", 0, "version"), -1), ">= 0"),
    "a gap": (changed(INDEX, ("changes", 1)), "changes[1].version is 2, not 1"),
    "from one": (changed(INDEX, ("changes", 0)), "changes[0].version is 1, not 0"),
    "a number twice": (changed(INDEX, ("changes", 2, "version"), 1), "version is 1, not 2"),
    "newest first": (
        changed(INDEX, ("changes",), INDEX["changes"][::-1]),
        "changes[0].version is 2, not 0",
    ),
    "no date": (changed(INDEX, ("changes", 0, "date")), "missing required field `date`"),
    "a date as number": (changed(INDEX, ("changes", 0, "date"), 20200101), "changes[0].date"),
    "a date in words": (changed(INDEX, ("changes", 0, "date"), "1 May 2020"), "changes[0].date"),
    "no status": (changed(INDEX, ("changes", 0, "status")), "missing required field `status`"),
    "a status as null": (changed(INDEX, ("changes", 0, "status"), None), "changes[0].status"),
    "no labels": (changed(INDEX, ("changes", 0, "moduleLabels")), "field `moduleLabels`"),
    "labels as text": (changed(INDEX, ("changes", 0, "moduleLabels"), ""), "moduleLabels: "),
    "a label as number": (changed(INDEX, ("changes", 1, "moduleLabels"), [1]), "moduleLabels"),
    "a type as list": (changed(INDEX, ("changes", 1, "studyType"), []), "studyType: "),
    "a quality date as number": (
        changed(INDEX, ("changes", 1, "lastUpdateSubmitQcDate"), 7),
        "lastUpdateSubmitQcDate: ",
    ),
    "a review as text": (
        changed(INDEX, ("changes", 1, "reviewNotPassed"), "yes"),
        "reviewNotPassed: ",
    ),
    "no last updates": (changed(INDEX, ("lastUpdateVersions",)), "field `lastUpdateVersions`"),
    "last updates as list": (changed(INDEX, ("lastUpdateVersions",), []), "lastUpdateVersions: "),
    "no count": (changed(INDEX, ("outcomesUpdateCount",)), "field `outcomesUpdateCount`"),
    "a count as text": (changed(INDEX, ("outcomesUpdateCount",), "1"), "outcomesUpdateCount: "),
    "the original as list": (changed(INDEX, ("originalData",), []), "originalData: "),
}

WRONG_VERSION: dict[str, tuple[bytes, str]] = {
    "a list": (b"[]", "Expected `object`, got `array`"),
    "no number": (changed(VERSION, ("studyVersion",)), "missing required field `studyVersion`"),
    "a number as text": (changed(VERSION, ("studyVersion",), "2"), "studyVersion: "),
    "another number": (
        changed(VERSION, ("studyVersion",), 1),
        "studyVersion is 1, and 2 was asked for",
    ),
    "no study": (changed(VERSION, ("study",)), "missing required field `study`"),
    "a study as list": (changed(VERSION, ("study",), []), "study: Expected `object`"),
    "no protocol": (changed(VERSION, MODULES), "missing required field `protocolSection`"),
    "a protocol as text": (changed(VERSION, MODULES, ""), "study.protocolSection: "),
    "no identification": (
        changed(VERSION, (*MODULES, "identificationModule")),
        "missing required field `identificationModule`",
    ),
    "no ID": (
        changed(VERSION, (*MODULES, "identificationModule", "nctId")),
        "missing required field `nctId`",
    ),
    "an ID as number": (
        changed(VERSION, (*MODULES, "identificationModule", "nctId"), 7),
        "study.protocolSection.identificationModule.nctId: ",
    ),
    "an ID that is none": (
        changed(VERSION, (*MODULES, "identificationModule", "nctId"), "NCT7"),
        "study.protocolSection.identificationModule.nctId is no NCT ID",
    ),
    "no status module": (changed(VERSION, (*MODULES, "statusModule")), "field `statusModule`"),
    "a status module as list": (changed(VERSION, (*MODULES, "statusModule"), []), "statusModule: "),
    "results as text": (changed(VERSION, ("study", "resultsSection"), ""), "resultsSection: "),
    "derived as list": (changed(VERSION, ("study", "derivedSection"), []), "derivedSection: "),
    "has results as text": (changed(VERSION, ("study", "hasResults"), "no"), "hasResults: "),
}


@pytest.mark.parametrize("case", WRONG_INDEX)
def test_an_index_of_another_shape_is_refused(case: str) -> None:
    body, what = WRONG_INDEX[case]
    with pytest.raises(HistoryShapeError) as caught:
        read_index(body, PATH)
    assert f"at {PATH}: " in str(caught.value)
    assert what in str(caught.value)


@pytest.mark.parametrize("case", WRONG_VERSION)
def test_a_version_of_another_shape_is_refused(case: str) -> None:
    body, what = WRONG_VERSION[case]
    with pytest.raises(HistoryShapeError) as caught:
        read_version(body, f"{PATH}/2", number=2)
    assert f"at {PATH}/2: " in str(caught.value)
    assert what in str(caught.value)


@pytest.mark.parametrize(
    "read", [read_index, lambda body, path: read_version(body, path, number=0)]
)
@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"changes":[', b"<p>", b"\xff{}", b'{"study":' * 100_000]
)
def test_what_is_no_json_is_no_other_shape(read: Callable[[bytes, str], Any], body: bytes) -> None:
    with pytest.raises(SourceError, match=rf"^the answer to {PATH} is no valid JSON") as caught:
        read(body, PATH)
    assert not isinstance(caught.value, HistoryShapeError)


@pytest.mark.parametrize("name", ["originalData"])
def test_keys_that_not_every_answer_has_may_be_missing(name: str) -> None:
    assert len(read_index(changed(INDEX, (name,)), PATH)) == 3
    for key in ("studyType", "lastUpdateSubmitQcDate"):
        assert len(read_index(changed(INDEX, ("changes", 1, key)), PATH)) == 3


def test_keys_that_are_not_known_do_not_matter() -> None:
    more = changed(INDEX, ("changes", 1, "reviewedBy"), [1])
    assert len(read_index(more, PATH)) == 3
    assert read_version(changed(VERSION, ("patch",), {}), PATH, number=2) == nct(1)
    assert read_version(changed(VERSION, ("study", "moreSection"), 1), PATH, number=2) == nct(1)


def test_the_recorded_answers_have_the_known_shape(shared_data: Path) -> None:
    folder = shared_data / "ctgov" / "history"
    listed = json.loads((folder / "int_history_object_NCT03690141.json").read_bytes())
    for content, count in (
        (json.loads((folder / "int_history_list_NCT06510816.json").read_bytes()), 11),
        (listed.get("history", listed), 10),
    ):
        entries = read_index(json.dumps(content).encode(), PATH)
        assert [entry.version for entry in entries] == list(range(count))
        assert [str(entry.date) for entry in entries] == [one["date"] for one in content["changes"]]
    body = (folder / "int_history_version_NCT04280705_v0.json").read_bytes()
    assert read_version(body, PATH, number=0) == "NCT04280705"


def test_the_message_is_one_sentence_for_the_operator() -> None:
    with pytest.raises(HistoryShapeError) as caught:
        read_index(changed(INDEX, ("changes", 0, "status"), 3), PATH)
    assert str(caught.value) == (
        "backfill alone stops, following goes on: the registry's history API no longer answers as"
        f" it is known to, at {PATH}: changes[0].status: Expected `str`, got `int`"
    )


def test_a_version_of_another_shape_holds_up_no_other_and_is_asked_for_again(serve: Serve) -> None:
    requested, book = serve(replica(_1=4)), Book()
    requested.replica.faults.add(
        Fault.OTHER_SHAPE, when=lambda request: request.path.endswith("/history/1"), body=b"{}"
    )
    book.run(requested.source(nct(1)))
    assert book.numbers() == [3, 2, 0]
    (aside,) = book.refusals()
    assert (aside.content, aside.origin) == (b"{}", f"{requested.base_url}{PATH}/1")
    assert "studyVersion" in aside.reason
    assert read_backfill(book.state(nct(1))).failed_at is not None
    book.run(requested.source(nct(1)))
    assert book.numbers() == [3, 2, 0, 1]
    assert is_done(book.state(nct(1)))


ODD = {
    "empty": b"{}",
    "null": b"null",
    "a list": b"[]",
    "a text": b'"gone"',
    "no study": b'{"studyVersion":0}',
    "another trial": json.dumps({"studyVersion": 0, "study": study(9)}).encode(),
    "out of order": json.dumps({**INDEX, "changes": INDEX["changes"][::-1]}).encode(),
    "a lone surrogate": b'{"changes":"\\ud83d"}',
    "not a number": b'{"changes":NaN}',
}


@pytest.mark.parametrize("end", ["/history", "/history/0"])
@pytest.mark.parametrize("case", ODD)
def test_a_record_with_an_odd_answer_is_put_aside_by_name(
    serve: Serve, case: str, end: str
) -> None:
    requested, book = serve(replica(_1=1, _2=1, _3=1)), Book()
    path = f"/api/int/studies/{nct(2)}{end}"
    requested.replica.faults.add(
        Fault.OTHER_SHAPE, when=lambda request: request.path == path, body=ODD[case]
    )
    book.run(requested.source(*map(nct, (1, 2, 3))))
    assert [is_done(book.state(nct(number))) for number in (1, 2, 3)] == [True, False, True]
    assert [(one.origin, one.content) for one in book.refusals()] == [
        (f"{requested.base_url}{path}", ODD[case])
    ]
    book.run(requested.source(nct(2)))
    assert is_done(book.state(nct(2)))


def test_a_finished_record_stays_so_when_its_index_is_odd(serve: Serve) -> None:
    requested, book = serve(replica(_1=2)), Book()
    book.run(requested.source(nct(1)))
    requested.replica.faults.add(Fault.OTHER_SHAPE, body=b"{}", when=lambda one: one.is_history)
    book.run(requested.source(nct(1)))
    assert is_done(book.state(nct(1)))
    assert [one.content for one in book.refusals()] == [b"{}"]


def test_several_records_in_a_row_with_odd_answers_are_the_registry(serve: Serve) -> None:
    requested, book = serve(replica(_1=1, _2=1, _3=1, _4=1)), Book()
    requested.replica.faults.add(
        Fault.OTHER_SHAPE, times=None, when=lambda one: one.path.endswith("/0"), body=b"{}"
    )
    with pytest.raises(HistoryShapeError, match="backfill alone stops"):
        book.run(requested.source(*map(nct, range(1, 5))))
    assert not any("NCT09000004" in path for path in requested.paths())
