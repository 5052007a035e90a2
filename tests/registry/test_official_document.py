"""Every answer of API v2 against the registry's own OpenAPI document."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest
import yaml

from tests.registry.calling import Answer, ask
from tests.registry.examples import nct, records_of, study
from tests.registry.loading import load
from tests.registry.replica import Replica
from tests.registry.synthetic import Population, Script
from tests.registry.world import World

Validate = Callable[[Any], Any]
STUDIES = "/api/v2/studies"


def closed(schema: Any) -> Any:
    """Return the schema with no room for properties that it does not name."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: closed(below) for name, below in schema.items()}
    if found.get("type") == "object" and isinstance(schema.get("properties"), dict):
        found["additionalProperties"] = False
    return found


@pytest.fixture(scope="module")
def official(shared_data: Path) -> Any:
    text = (shared_data / "ctgov/spec/ctg-oas-v2_2.0.5.yaml").read_text("utf-8")
    return yaml.safe_load(text)


@pytest.fixture(scope="module")
def schemas(official: Any) -> Callable[[str], Validate]:
    """Return a maker of validators for the document's schemas, by name."""
    components = closed(official["components"])
    made: dict[str, Validate] = {}

    def of(name: str) -> Validate:
        if name not in made:
            formats = dict.fromkeys(("int32", "int64", "float", "double"), ".*")
            made[name] = fastjsonschema.compile(
                {"$schema": "http://json-schema.org/draft-07/schema#",
                 "$ref": f"#/components/schemas/{name}", "components": components},
                formats=formats,
            )  # fmt: skip
        return made[name]

    return of


@pytest.fixture(scope="module")
def replica(shared_data: Path) -> Replica:
    """Return a replica of more than a thousand real records, and an alias."""
    records = load([shared_data / "ctgov/snapshots/daily_snapshots_2026-02_03.jsonl.gz"])
    records.put(study(1), on="2026-02-02")
    records.put(study(2), on="2026-02-02")
    records.merge(nct(2), into=nct(1), on="2026-03-16")
    return Replica(World(records, day="2026-03-16"))


def check(official: Any, schemas: Callable[[str], Validate], path: str, answer: Answer) -> None:
    """Hold an answer against what the document says of the path."""
    responses = official["paths"][path]["get"]["responses"]
    declared = responses[str(answer.status)].get("content")
    if not declared:
        assert answer.body == b""
        return
    media = answer.headers["content-type"].partition(";")[0]
    schema = declared[media]["schema"]["$ref"].rpartition("/")[2]
    schemas(schema)(answer.json() if media == "application/json" else answer.text)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"pageSize": "1000", "countTotal": "true"},
        {"query.cond": "cancer", "sort": "@relevance"},
        {"filter.advanced": "AREA[LastUpdatePostDate]RANGE[2025-01-01,MAX]",
         "sort": "LastUpdatePostDate:asc"},
        {"fields": "NCTId|OverallStatus|LocationCity|VersionHolder", "pageSize": "50"},
        {"query.cond": "nothing of the kind"},
        {"markupFormat": "legacy"},
        {"unknown": "1"},
        {"sort": "NCTId"},
        {"pageToken": "x"},
    ],
)  # fmt: skip
def test_pages_are_what_the_document_says(
    official: Any, schemas: Callable[[str], Validate], replica: Replica, params: dict[str, str]
) -> None:
    known = {one["name"] for one in official["paths"]["/studies"]["get"]["parameters"]}
    assert set(params) <= known | {"unknown"}
    answer = ask(replica, STUDIES, params)
    wrong = {"unknown", "pageToken"} & set(params) or params.get("sort") == "NCTId"
    assert answer.status == (400 if wrong else 200)
    check(official, schemas, "/studies", answer)


def is_valid(validate: Validate, content: Any) -> bool:
    try:
        validate(content)
    except fastjsonschema.JsonSchemaValueException:
        return False
    return True


def test_every_parameter_of_the_document_is_known(official: Any, replica: Replica) -> None:
    for parameter in official["paths"]["/studies"]["get"]["parameters"]:
        answer = ask(replica, STUDIES, {parameter["name"]: ""})
        assert "unknown parameter" not in answer.text, parameter["name"]


@pytest.mark.parametrize(
    ("nct_id", "status"),
    [(nct(1), 200), ("NCT04294810", 200), (nct(2), 301), ("NCT99999999", 404), ("ABC", 400)],
)
def test_single_studies_are_what_the_document_says(
    official: Any,
    schemas: Callable[[str], Validate],
    replica: Replica,
    nct_id: str,
    status: int,
) -> None:
    answer = ask(replica, f"{STUDIES}/{nct_id}")
    assert answer.status == status
    check(official, schemas, "/studies/{nctId}", answer)


def test_the_version_is_what_the_document_says(
    official: Any, schemas: Callable[[str], Validate], replica: Replica
) -> None:
    check(official, schemas, "/version", ask(replica, "/api/v2/version"))
    check(official, schemas, "/version", ask(replica, "/api/v2/version", {"x": "1"}))


def test_synthetic_studies_are_valid_in_every_state(schemas: Callable[[str], Validate]) -> None:
    script = Script(trials=120, days=200)
    world = script.world()
    replica = Replica(world)
    for day in script.days[::40]:
        world.go_to(day)
        page = ask(replica, STUDIES, {"pageSize": "1000"}).json()
        assert len(page["studies"]) > 100
        schemas("PagedStudies")(page)
    whole = Replica(Population(size=400).world())
    schemas("PagedStudies")(ask(whole, STUDIES, {"pageSize": "1000"}).json())


def test_withheld_and_merged_records_are_valid(schemas: Callable[[str], Validate]) -> None:
    records = records_of(study(1), study(2), study(3))
    records.withhold(nct(1), on="2026-03-03")
    records.merge(nct(2), into=nct(3), on="2026-03-03")
    replica = Replica(World(records, day="2026-03-03"))
    schemas("PagedStudies")(ask(replica, STUDIES).json())


def test_a_wrong_study_would_be_noticed(schemas: Callable[[str], Validate]) -> None:
    assert is_valid(schemas("Study"), study(1))
    assert not is_valid(schemas("Study"), study(1, status="SLEEPING"))
    assert not is_valid(schemas("Study"), study(1) | {"more": 1})
    assert not is_valid(schemas("Study"), study(1, enrollment="many"))
