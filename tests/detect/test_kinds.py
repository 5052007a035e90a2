"""Every kind of change event, from a pair of records that differ just so."""

import pytest

from monitor.detect.classify import RULES, SEVERITIES, registration_event
from monitor.model.changes import ChangeKind, Severity
from tests.detect.cases import CASES
from tests.detect.cases.base import ANY, Case
from tests.detect.examples import NCT, events, kinds, of, study, the, updated


def _documents(case: Case) -> tuple[dict[str, object], dict[str, object]]:
    return study(case.old), (study if case.silent else updated)(case.new)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}: {case.name}")
def test_a_change_makes_its_event(case: Case) -> None:
    old, new = _documents(case)
    found = events(old, new, case.at)
    event = the(case.kind, [e for e in found if e.kind is not ChangeKind.ADMINISTRATIVE_UPDATE
                            or e.path == case.path])  # fmt: skip
    assert event.severity is case.severity
    for name, value in case.facts.items():
        assert event.facts[name] == value, name
    assert case.path in {None, event.path}
    assert case.before is ANY or event.before == case.before
    assert case.after is ANY or event.after == case.after
    assert event.summary
    assert event.label
    if case.alone:
        above_noise = [] if case.severity is Severity.NOISE else [case.kind]
        assert kinds(found) == above_noise


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}: {case.name}")
def test_nothing_happens_between_equal_versions(case: Case) -> None:
    _, new = _documents(case)
    assert kinds(events(new, new, case.at)) == []


def test_the_dates_of_the_update_itself_are_noise() -> None:
    event = the(ChangeKind.ADMINISTRATIVE_UPDATE, events(study(), updated()))
    assert event.severity is Severity.NOISE


def test_the_first_version_is_one_event_with_the_state_of_the_trial() -> None:
    event = registration_event(of(study()))
    assert event.kind is ChangeKind.TRIAL_REGISTERED
    assert event.severity is Severity.MEDIUM
    assert event.facts == {"overall_status": "RECRUITING", "enrollment": 200}
    assert event.after == NCT
    assert event.fields == ()
    assert "A study of a thing" in event.summary


def test_every_kind_has_a_case() -> None:
    told_elsewhere = {ChangeKind.TRIAL_REGISTERED}
    assert {case.kind for case in CASES} | told_elsewhere == set(ChangeKind)


def test_every_kind_has_a_severity() -> None:
    assert set(SEVERITIES) == set(ChangeKind)


def test_every_severity_that_the_table_gives_is_some_cases() -> None:
    seen = {(case.kind, case.severity) for case in CASES}
    table = {(kind, severity) for rule in RULES for kind, severity in rule.severities.items()}
    assert table <= seen
