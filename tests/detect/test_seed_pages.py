"""The five saved pages against what the registry said of the same trials in July 2026."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from monitor.detect.partial_records import merge_partial
from monitor.model.changes import ChangeEvent, ChangeKind, Severity
from monitor.model.record import RawVersion, TrialRecord
from monitor.parsers.base import parse
from tests.detect.examples import assert_accounted_for, compared, kinds, the

SEEDS = Path(__file__).parents[2] / "seeds"


def seed(path: Path) -> TrialRecord:
    """Return the record of a seed page or study."""
    raw = RawVersion(
        content=path.read_bytes(),
        media="json" if path.suffix == ".json" else "text",
        source="seeds",
        origin=path.name,
        retrieved_at=datetime(2026, 7, 21, tzinfo=UTC),
    )
    return parse(raw)


def derive_events(nct_id: str) -> tuple[ChangeEvent, ...]:
    """Return the events from a trial's page to its record of July 2026."""
    (path,) = SEEDS.glob(f"{nct_id}_*.txt")
    page = seed(path)
    later = merge_partial(page, seed(SEEDS / "2026-07" / f"{nct_id}.json"))
    changes, events = compared(page, later, date(2026, 7, 14))
    assert_accounted_for(changes, events)
    back, _ = compared(later, merge_partial(later, page))
    assert len(back) == len([c for c in changes if c.field[-1] != "type"])
    return events


def test_a_trial_with_more_participants_gained_one_condition() -> None:
    events = derive_events("NCT06733935")
    target = the(ChangeKind.ENROLLMENT_TARGET_CHANGED, events)
    assert (target.before, target.after, target.severity) == (144, 240, Severity.HIGH)
    assert target.facts["percent"] == 66.7
    condition = the(ChangeKind.CONDITION_CHANGED, events)
    assert condition.facts["added"] == ["Rheumatoid Arthritis"]
    assert condition.facts["removed"] == []
    assert len(condition.fields) == 1


@pytest.mark.parametrize(
    ("nct_id", "expected"),
    [
        ("NCT06733935", ["condition_changed", "enrollment_target_changed"]),
        ("NCT06377228", []),
        ("NCT06897930", []),
        ("NCT07085104", []),
        ("NCT07089121", []),
    ],
)
def test_nothing_else_is_told(nct_id: str, expected: list[str]) -> None:
    assert kinds(derive_events(nct_id)) == expected


@pytest.mark.parametrize("path", sorted(SEEDS.glob("*.txt")), ids=lambda path: path.stem)
def test_a_page_read_twice_says_nothing_new(path: Path) -> None:
    page = seed(path)
    again = merge_partial(page, page)
    assert again.document == page.document
    assert kinds(compared(page, again, date(2026, 7, 14))[1]) == []
