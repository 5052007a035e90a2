"""The field catalogue against the registry's own documents."""

import csv
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path as FilePath
from typing import Any

import pytest

from monitor.model import fields
from monitor.model.fields import Path
from monitor.model.record import TrialRecord
from tests.records import mixed_studies, record, sample, snapshot_series

RECORDS = 200
# Sections, lists and objects of the catalogue are prefixes of the registry's leaves.
CATALOGUE = {
    name: value
    for name, value in vars(fields).items()
    if name.isupper() and isinstance(value, tuple) and value and isinstance(value[0], str)
    and name != "FALLBACK_KEYS" and value[:1] != fields.REGISTRY_RECORD
}  # fmt: skip


@cache
def spec_paths(shared_data: FilePath) -> set[Path]:
    """Return every leaf path of the registry's OpenAPI document."""
    with (shared_data / "ctgov/spec/study_fields_2.0.5.csv").open(encoding="utf-8") as rows:
        return {tuple(row["path"].replace("[]", "").split(".")) for row in csv.DictReader(rows)}


@cache
def real_paths(shared_data: FilePath) -> set[Path]:
    """Return every leaf path that stands in the real records."""
    return {path for study in sample(shared_data, RECORDS) for path in _leaves(study, ())}


def _leaves(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, dict):
        for name, below in value.items():
            yield from _leaves(below, (*path, name))
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, path)
    else:
        yield path


@cache
def known_paths(shared_data: FilePath) -> set[Path]:
    """Return the paths of all leaves that the registry has, and of what holds them."""
    leaves = spec_paths(shared_data) | real_paths(shared_data)
    return {path[:end] for path in leaves for end in range(1, len(path) + 1)}


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_a_path_of_the_catalogue_is_one_of_the_registry(shared_data: FilePath, name: str) -> None:
    assert CATALOGUE[name] in known_paths(shared_data)


def test_what_the_monitor_itself_says_of_a_record_stands_outside_the_registrys_sections(
    shared_data: FilePath,
) -> None:
    assert fields.REGISTRY_RECORD not in known_paths(shared_data)
    for path in (fields.REGISTRY_PRESENCE, fields.REGISTRY_MERGED_INTO, fields.REGISTRY_MESSAGE):
        assert fields.under(path, [fields.REGISTRY_RECORD])
        assert fields.module_label(path) == "Registry record"


def test_the_keys_of_every_list_are_attributes_of_its_items(shared_data: FilePath) -> None:
    known = known_paths(shared_data)
    for path, rule in fields.LIST_RULES.items():
        for name in {*rule.key, *rule.any_of, *rule.bucket, *rule.texts}:
            assert (*path, name) in known, (path, name)


def test_every_real_field_has_a_label_and_a_module(shared_data: FilePath) -> None:
    for path in real_paths(shared_data):
        assert fields.label(path)
        assert fields.label(path)[0].isupper()
        assert fields.module_label(path)


@pytest.mark.parametrize(
    ("path", "label"),
    [
        (fields.OVERALL_STATUS, "Overall status"),
        (fields.START_DATE, "Start date"),
        (fields.START_DATE_TYPE, "Start date type"),
        (("protocolSection", "someModule", "isFdaRegulatedDrug"), "Is fda regulated drug"),
        (("protocolSection", "someModule", "otherDateStruct", "date"), "Other date"),
        (("protocolSection", "someModule", "otherDateStruct", "type"), "Other date type"),
    ],
)
def test_labels_are_words(path: Path, label: str) -> None:
    assert fields.label(path) == label


@pytest.mark.parametrize(
    ("path", "label"),
    [
        (fields.OVERALL_STATUS, "Overall status"),
        (fields.DESIGN, "Study design"),
        ((*fields.DESIGN, "patientRegistry"), "Study design: patient registry"),
        ((*fields.BIOSPECIMENS, "description"), "Biospecimens: description"),
        ((*fields.IPD_SHARING, "timeFrame"), "IPD sharing: time frame"),
        ((*fields.START_DATE[:-1], "type"), "Start date type"),
        (fields.DISP_FIRST_POST[:-1], fields.label(fields.DISP_FIRST_POST)),
        (("protocolSection", "newModule", "x"), "New module: x"),
        (("newSection", "x"), "New section: x"),
    ],
)
def test_a_full_label_says_where_a_field_belongs(path: Path, label: str) -> None:
    assert fields.full_label(path) == label


def test_a_path_lies_under_itself_and_what_holds_it() -> None:
    assert fields.under(fields.LOCATION_STATUS, [fields.LOCATIONS])
    assert fields.under(fields.LOCATIONS, [fields.LOCATIONS])
    assert not fields.under(fields.LOCATIONS, [fields.LOCATION_STATUS])
    assert not fields.under(fields.LOCATIONS, [])


def test_a_path_is_written_with_dots() -> None:
    assert fields.dotted(fields.OVERALL_STATUS) == "protocolSection.statusModule.overallStatus"


@cache
def _complete(shared_data: FilePath) -> list[TrialRecord]:
    series = [versions[-1] for versions in snapshot_series(shared_data).values()]
    return [record(study) for study in (*series, *mixed_studies(shared_data))]


@pytest.mark.parametrize(
    "path", [*fields.IN_EVERY_RECORD, *fields.IN_EVERY_INTERVENTIONAL], ids=fields.dotted
)
def test_every_real_record_has_what_tells_a_whole_one(shared_data: FilePath, path: Path) -> None:
    found = _complete(shared_data)
    if path in fields.IN_EVERY_INTERVENTIONAL:
        found = [one for one in found if one.text(fields.STUDY_TYPE) == fields.INTERVENTIONAL]
    assert all(one.has(path) for one in found)


def test_what_is_required_is_a_part_of_what_every_record_has() -> None:
    assert set(fields.REQUIRED) < set(fields.IN_EVERY_RECORD)


@pytest.mark.parametrize("path", fields.MARKED, ids=fields.dotted)
def test_nearly_every_real_record_has_what_is_marked(shared_data: FilePath, path: Path) -> None:
    found = _complete(shared_data)
    if path in fields.FOR_INTERVENTIONAL:
        found = [one for one in found if one.text(fields.STUDY_TYPE) == "INTERVENTIONAL"]
    having = [one for one in found if set(_texts_at(one, path)) - {"", "{}"}]
    assert len(having) >= 0.9 * len(found)


def test_what_is_in_a_marked_list_or_object_comes_behind_it() -> None:
    for number, path in enumerate(fields.MARKED):
        behind = fields.MARKED[number + 1 :]
        assert not [one for one in behind if path[: len(one)] == one]


@pytest.mark.parametrize("path", fields.ENUMERATIONS, ids=fields.dotted)
def test_the_values_of_an_enumeration_are_the_registrys(shared_data: FilePath, path: Path) -> None:
    found = json.loads((shared_data / "ctgov/spec/studies_enums_2026-08-14.json").read_text())
    listed = {frozenset(one["value"] for one in enum["values"]) for enum in found}
    assert frozenset(fields.ENUMERATIONS[path]) in listed
    records = _complete(shared_data)
    # Values of the years to come are planted in a few.
    strange = [
        one for one in records if set(_values(one.document, path)) - set(fields.ENUMERATIONS[path])
    ]
    assert len(strange) <= 3, [one.nct_id for one in strange]


def _texts_at(one: TrialRecord, path: Path) -> Iterator[str]:
    """Yield what is at a path as texts: False and 0 are something."""
    return (str(value) for value in _values(one.document, path))


def _values(value: Any, path: Path) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _values(item, path)
    elif path and isinstance(value, dict):
        yield from _values(value.get(path[0]), path[1:])
    elif value is not None:
        yield value
