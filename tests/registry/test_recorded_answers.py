"""The replica's answers beside recorded ones, and its names of fields beside the registry's."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.registry.calling import ask
from tests.registry.examples import records_of
from tests.registry.loading import load
from tests.registry.paths import values
from tests.registry.pieces import FIELDS, find
from tests.registry.replica import Replica
from tests.registry.synthetic import Script
from tests.registry.world import World

STUDIES = "/api/v2/studies"


@pytest.fixture(scope="module")
def replica(shared_data: Path) -> Replica:
    """Return a replica of real records."""
    records = load([shared_data / "ctgov/studies/studies_mixed.jsonl.gz"])
    return Replica(World(records, day="2026-09-01"))


def test_the_version_is_the_recorded_one(shared_data: Path, replica: Replica) -> None:
    recorded_version = json.loads((shared_data / "ctgov/api/version_2026-08-14.json").read_text())
    replica.world.go_to("2026-08-14")
    assert ask(replica, "/api/v2/version").json() == recorded_version
    replica.world.go_to("2026-09-01")


# --- the names of fields --------------------------------------------------------------------
def test_every_path_of_the_table_is_one_of_the_registrys(shared_data: Path) -> None:
    lines = (shared_data / "ctgov/spec/study_fields_2.0.5.csv").read_text("utf-8").splitlines()
    leaves = {tuple(line.split(",")[0].replace("[]", "").split(".")) for line in lines[1:]}
    branches = {leaf[:length] for leaf in leaves for length in range(1, len(leaf) + 1)}
    assert [field.path for field in FIELDS if field.path not in branches] == []
    listed = {field.path for field in FIELDS}
    protocol = {leaf for leaf in leaves if leaf[0] == "protocolSection" and leaf[-2] != "geoPoint"}
    assert protocol - listed == set()


def test_the_pieces_of_enumerations_are_known_by_the_registrys_names(shared_data: Path) -> None:
    enums = json.loads((shared_data / "ctgov/spec/studies_enums_2026-08-14.json").read_text())
    of_results = ("Outcome", "Baseline", "SeriousEvent", "OtherEvent", "Agreement")
    unlisted = {
        piece
        for enum in enums
        for piece in enum["pieces"]
        if not find(piece) and not piece.startswith(of_results)
    }
    assert unlisted == {
        "FirstMCPPostDateType", "ViolationEventType", "ConditionBrowseLeafRelevance",
        "InterventionBrowseLeafRelevance",
    }  # fmt: skip


# --- recorded answers -----------------------------------------------------------------------
def recorded(folder: Path) -> Iterator[tuple[str, list[Any]]]:
    """Yield each recorded request's fields and the studies that came."""
    for entry in json.loads((folder / "index.json").read_text("utf-8")):
        query = entry["url"].partition("fields=")[2].replace("%2C", ",")
        answer = json.loads((folder / entry["file"]).read_text("utf-8"))
        if query and "dataTimestamp" not in answer:
            yield query.partition("&")[0], answer.get("studies", [answer])


def test_fields_give_what_they_gave_the_recorder(shared_data: Path) -> None:
    """A recorded answer, taken for the whole record, must come back whole from its fields."""
    checked = 0
    for fields, studies in recorded(shared_data / "ctgov/api"):
        for document in studies:
            records = records_of(document, on="2026-08-11")
            replica = Replica(World(records, day="2026-08-11"))
            (nct_id,) = values(document, ("protocolSection", "identificationModule", "nctId"))
            answer = ask(replica, f"{STUDIES}/{nct_id}", {"fields": fields})
            assert answer.json() == document
            checked += 1
    assert checked >= 15


def test_fields_leave_out_what_they_left_out_for_the_recorder(
    shared_data: Path, replica: Replica
) -> None:
    allowed: dict[str, set[tuple[str, ...]]] = {}
    for fields, studies in recorded(shared_data / "ctgov/api"):
        branches = {path[:-1] for document in studies for path in shape(document)}
        allowed.setdefault(fields, set()).update(branches)
    for fields, branches in allowed.items():
        params = {"pageSize": "600", "fields": fields}
        page = ask(replica, STUDIES, params).json()
        shown = {path[:-1] for document in page["studies"] for path in shape(document)}
        # None of the few recorded studies had documents, or contacts at its sites.
        unseen = {path for path in shown - branches if "largeDoc" not in "".join(path)}
        assert {path[-1] for path in unseen} <= {"documentSection", "contacts", "centralContacts"}
        assert branches - shown == set()


def shape(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every leaf, without list positions."""
    if isinstance(value, dict):
        for name, below in value.items():
            yield from shape(below, (*path, name))
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for item in value:
            yield from shape(item, path)
    else:
        yield path


def test_refusals_have_the_registrys_words(shared_data: Path, replica: Replica) -> None:
    cases = json.loads((shared_data / "ctgov/api/error_responses.json").read_text("utf-8"))
    checked = []
    for case in cases:
        path, _, query = case["url"].removeprefix("https://clinicaltrials.gov").partition("?")
        if path.startswith("/api/v2/stats") or not case["body"]:
            continue
        params = dict(pair.split("=", 1) for pair in query.split("&")) if query else {}
        answer = ask(replica, path, params)
        assert answer.status == case["status"], case["case"]
        media = answer.headers["content-type"].partition(";")[0]
        assert media == case["content_type"].partition(";")[0]
        assert answer.text.split() == case["body"].split(), case["case"]
        checked.append(case["case"])
    assert len(checked) == 8


def test_an_empty_search_is_the_recorded_one_byte_by_byte(
    shared_data: Path, replica: Replica
) -> None:
    params = {"query.cond": "zzqxnotacondition987654", "countTotal": "true", "pageSize": "3"}
    recorded_body = (shared_data / "ctgov/api/search_empty.json").read_bytes()
    assert ask(replica, STUDIES, params).body == recorded_body


def test_the_history_has_the_recorded_shape(shared_data: Path) -> None:
    script = Script(trials=30, days=120)
    replica = Replica(script.world())
    replica.world.go_to(script.days[-1])
    folder = shared_data / "ctgov/history"
    old_list = json.loads((folder / "int_history_list_NCT06510816.json").read_text("utf-8"))
    old_object = json.loads((folder / "int_history_object_NCT03690141.json").read_text("utf-8"))
    version = json.loads((folder / "int_history_version_NCT04280705_v0.json").read_text("utf-8"))
    nct_id = max(script.nct_ids, key=lambda one: len(script.history(one, script.days[-1])))
    index = ask(replica, f"/api/int/studies/{nct_id}/history").json()
    assert set(index) == set(old_object)
    assert set(old_list) <= set(index)
    entry = set(index["changes"][-1])
    assert entry - {"studyType", "lastUpdateSubmitQcDate"} == set(old_list["changes"][-1])
    assert index["changes"][0]["moduleLabels"] == old_list["changes"][0]["moduleLabels"] == []
    labels = {label for one in old_list["changes"] for label in one["moduleLabels"]}
    assert {label for one in index["changes"] for label in one["moduleLabels"]} <= labels | {
        "Sponsor/Collaborators", "Outcome Measures (Results)", "Participant Flow (Results)",
        "Adverse Events (Results)", "Baseline Characteristics (Results)", "Document Section",
        "More Information (Results)", "Conditions", "References",
    }  # fmt: skip
    assert set(index["lastUpdateVersions"]) == set(old_list["lastUpdateVersions"])
    whole = ask(replica, f"/api/int/studies/{nct_id}/history/0").json()
    assert list(whole) == list(version)
    assert set(whole["study"]) == set(version["study"])
    ours = set(whole["study"]["protocolSection"])
    assert ours <= set(version["study"]["protocolSection"])
    assert set(version["study"]["protocolSection"]) - ours <= {"referencesModule"}
