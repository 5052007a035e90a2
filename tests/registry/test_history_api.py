"""The undocumented API: versions from 0, HTML texts, and one request at a time."""

import asyncio
from datetime import date
from typing import Any

import orjson
import pytest

from monitor.parsers.base import parse
from tests.registry import markup
from tests.registry.calling import ask, begin
from tests.registry.examples import nct, raw_of, records_of, study
from tests.registry.faults import Fault
from tests.registry.records import Records
from tests.registry.replica import Replica
from tests.registry.synthetic import Script
from tests.registry.world import World

INT = "/api/int/studies"


def records() -> Records:
    """Return one record with two past versions, a silent edit and a further update."""
    found = records_of(study(1, enrollment=120))
    found.past(nct(1), [
        study(1, "2025-01-12", status="NOT_YET_RECRUITING"),
        study(1, "2025-06-02", title="A study under its second title"),
    ])  # fmt: skip
    moved = [("University Hospital", "Lyon", "France", 45.99, 4.99)]
    found.put(study(1, enrollment=120, sites=moved), on="2026-03-03")
    found.put(study(1, "2026-03-04", enrollment=90, sites=moved), on="2026-03-04")
    return found


def index_of(replica: Replica, number: int = 1) -> Any:
    return ask(replica, f"{INT}/{nct(number)}/history").json()


def test_versions_count_from_zero_and_a_silent_edit_makes_none() -> None:
    replica = Replica(World(records(), day="2026-03-02"))
    counts = []
    for _ in range(3):
        changes = index_of(replica)["changes"]
        assert [entry["version"] for entry in changes] == list(range(len(changes)))
        counts.append(len(changes))
        replica.world.advance()
    assert counts == [3, 3, 4]


def test_the_index_tells_what_changed_in_each_version() -> None:
    index = index_of(Replica(World(records(), day="2026-03-04")))
    assert [entry["date"] for entry in index["changes"]] == [
        "2025-01-12", "2025-06-02", "2026-02-27", "2026-03-04",
    ]  # fmt: skip
    assert [entry["moduleLabels"] for entry in index["changes"]] == [
        [],
        ["Study Identification", "Study Status"],
        ["Study Identification", "Study Status", "Study Design"],
        ["Study Status", "Study Design", "Contacts/Locations"],
    ]
    assert index["changes"][0]["status"] == "NOT_YET_RECRUITING"
    assert index["lastUpdateVersions"]["enrollmentInfo"] == 3
    assert index["originalData"]["enrollmentInfo"] == {"count": 100, "type": "ESTIMATED"}
    assert index["originalData"]["orgFullNameSame"] is True
    assert index["outcomesUpdateCount"] == 0


def test_each_version_is_served_by_its_number() -> None:
    replica = Replica(World(records(), day="2026-03-04"))
    counts = []
    for number in range(4):
        answer = ask(replica, f"{INT}/{nct(1)}/history/{number}").json()
        assert set(answer) == {"studyVersion", "study"}
        assert answer["studyVersion"] == number
        assert "derivedSection" not in answer["study"]
        counts.append(answer["study"]["protocolSection"]["designModule"]["enrollmentInfo"]["count"])
    assert counts == [100, 100, 120, 90]


def test_a_past_version_has_todays_coordinates_and_references() -> None:
    today = study(1, sites=[("University Hospital", "Lyon", "France", 45.99, 4.99)])
    found = {"pmid": "1", "type": "DERIVED", "citation": "A paper"}
    today["protocolSection"]["referencesModule"] = {"references": [found]}
    catalogue = records_of(today)
    catalogue.past(nct(1), [study(1, "2025-01-12")])
    replica = Replica(World(catalogue, day="2026-03-02"))
    past = ask(replica, f"{INT}/{nct(1)}/history/0").json()["study"]["protocolSection"]
    (site,) = past["contactsLocationsModule"]["locations"]
    assert site["geoPoint"] == {"lat": 45.99, "lon": 4.99}
    assert past["referencesModule"] == {"references": [found]}


def test_the_study_comes_with_its_history_when_asked() -> None:
    replica = Replica(World(records(), day="2026-03-02"))
    whole = ask(replica, f"{INT}/{nct(1)}", {"history": "true"}).json()
    assert set(whole) == {"study", "topics", "history"}
    assert whole["history"] == index_of(replica)
    assert "history" not in ask(replica, f"{INT}/{nct(1)}").json()


def test_a_version_whose_results_were_refused_is_marked_and_shows_none() -> None:
    with_results = study(1, "2026-02-20") | {"hasResults": True, "resultsSection": {"x": {}}}
    catalogue = records_of(study(1))
    catalogue.past(nct(1), [with_results])
    catalogue.not_passed(nct(1), 0)
    replica = Replica(World(catalogue, day="2026-03-02"))
    changes = index_of(replica)["changes"]
    assert [entry.get("reviewNotPassed") for entry in changes] == [True, None]
    assert "resultsSection" not in ask(replica, f"{INT}/{nct(1)}/history/0").json()["study"]


def test_what_is_unknown_is_not_found() -> None:
    replica = Replica(World(records(), day="2026-03-02"))
    for path, status in (
        (f"{nct(2)}/history", 404), (f"{nct(2)}/history/0", 404), (nct(2), 404),
        (f"{nct(1)}/history/3", 404), (f"{nct(1)}/history/x", 404), ("ABC/history", 400),
    ):  # fmt: skip
        assert ask(replica, f"{INT}/{path}").status == status, path


def test_the_history_of_an_alias_is_the_other_records() -> None:
    catalogue = records_of(study(1), study(2))
    catalogue.merge(nct(2), into=nct(1), on="2026-03-02")
    replica = Replica(World(catalogue, day="2026-03-02"))
    answer = ask(replica, f"{INT}/{nct(2)}/history/0").json()
    assert answer["study"]["protocolSection"]["identificationModule"]["nctId"] == nct(1)


@pytest.mark.parametrize(
    "text",
    [
        "One line with A/B \\& C \\> 5.",
        "First sentence. Second sentence. Third?",
        "A paragraph.\n\nAnother \\[one\\].",
        'Inclusion:\n\n* Age \\>= 18\n* HbA1c \\< 9/10\n\nExclusion:\n\n1. Pregnant\n2. "Other"',
        "* Outer\n\n  * Inner one\n  * Inner two\n* Last",
    ],
)
def test_html_is_read_back_as_the_markdown_it_was_made_of(text: str) -> None:
    modules = {
        "identificationModule": {"nctId": nct(1), "briefTitle": 'A/B & "C" <D>'},
        "descriptionModule": {"briefSummary": text},
        "eligibilityModule": {"eligibilityCriteria": text},
    }
    served = {"studyVersion": 0, "study": markup.to_html({"protocolSection": modules})}
    assert "\\" not in orjson.dumps(served["study"]["protocolSection"]["eligibilityModule"]).decode(
    ).replace('\\"', "").replace("\\n", "")  # fmt: skip
    record = parse(raw_of(served))
    shown = record.document["protocolSection"]
    assert shown["eligibilityModule"]["eligibilityCriteria"] == text
    assert shown["descriptionModule"]["briefSummary"] == text
    assert shown["identificationModule"]["briefTitle"] == 'A/B & "C" <D>'


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("A/B \\> 5 & 'c'", "A&#x2F;B &gt; 5 &amp; &#39;c&#39;"),
        ("One. Two", "One.\nTwo"),
        ("One\n\nTwo", "<p>One</p><p>Two</p>"),
        ("* a\n* b", "<ul><li>a</li><li>b</li></ul>"),
        ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        ("* a\n\n  * b", "<ul><li><p>a</p><ul><li>b</li></ul></li></ul>"),
    ],
)
def test_texts_are_html_as_the_website_gets_them(markdown: str, html: str) -> None:
    assert markup.html(markdown, breaks=True) == html


def test_synthetic_versions_read_like_api_v2() -> None:
    """A history answer parsed by the monitor is the study, but for what is of today."""
    script = Script(trials=12, days=60)
    replica = Replica(script.world())
    replica.world.go_to(script.days[-1])
    for nct_id in script.nct_ids:
        versions = script.history(nct_id, script.days[-1])
        for version in versions[-2:]:
            path = f"{INT}/{nct_id}/history/{version.number}"
            answer = ask(replica, path)
            assert answer.status == 200
            record = parse(raw_of(answer.json()))
            for module in ("eligibilityModule", "descriptionModule", "statusModule"):
                expected = version.document()["protocolSection"][module]
                assert record.document["protocolSection"][module] == expected


def test_two_requests_at_once_are_refused() -> None:
    async def both(replica: Replica) -> list[int]:
        path = f"{INT}/{nct(1)}/history"
        answers = await asyncio.gather(begin(replica, path), begin(replica, path))
        return [answer.status for answer in answers]

    for serial, statuses in ((True, [200, 429]), (False, [200, 200])):
        replica = Replica(World(records(), day="2026-03-02"), serial_history=serial)
        replica.faults.add(Fault.SLOW)
        assert sorted(asyncio.run(both(replica))) == statuses
        assert replica.log.max_in_flight["int"] == 2
        assert ask(replica, f"{INT}/{nct(1)}/history").status == 200


def test_a_scripts_history_grows_with_its_days() -> None:
    script = Script(trials=30, days=120)
    first, last = script.days[0], script.days[-1]
    grown = [len(script.history(n, last)) - len(script.history(n, first)) for n in script.nct_ids]
    assert min(grown) >= 0
    assert sum(grown) >= 2 * len(grown)
    for nct_id in script.nct_ids:
        listed = script.expected_history(nct_id, last)
        assert len(listed) == len(script.history(nct_id, last))
        assert listed[0].kinds == ("trial_registered",)
        assert all(one.kinds for one in listed)
        assert all(one.day <= date.fromisoformat(str(last)) for one in listed)
