"""What people name when they say which changes they want."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.detect.classify import SEVERITIES
from monitor.model.changes import GROUPS, ChangeKind, Severity
from monitor.model.kind_names import kinds_of

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text("utf-8")


def test_every_kind_is_in_exactly_one_group() -> None:
    assert sorted(kind for kinds in GROUPS.values() for kind in kinds) == sorted(ChangeKind)


def test_the_group_noise_has_the_kinds_that_the_rules_call_noise_and_no_others() -> None:
    noise = {kind for kind, severity in SEVERITIES.items() if severity is Severity.NOISE}
    assert GROUPS["noise"] == noise


def test_no_group_bears_the_name_of_a_kind() -> None:
    assert not set(GROUPS) & set(ChangeKind)


def test_groups_and_kinds_are_named_side_by_side() -> None:
    named = kinds_of(["enrollment", "phase_changed"])
    assert named == GROUPS["enrollment"] | {ChangeKind.PHASE_CHANGED}
    assert kinds_of([]) == frozenset()


@pytest.mark.parametrize(
    "written", ["site_added", "site-added", "Site added", "  SITE   ADDED ", "site - added"]
)
def test_a_name_may_be_spelt_with_dashes_blanks_and_capitals(written: str) -> None:
    assert kinds_of([written]) == {ChangeKind.SITE_ADDED}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("site", "sites"),
        ("enrolment", "enrollment"),
        ("outcome", "outcomes"),
        ("sponsors", "sponsor"),
        ("phase_change", "phase_changed"),
        ("trial terminatd", "trial_terminated"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(written: str, meant: str) -> None:
    with pytest.raises(ValueError, match=rf"did you mean.*\b{meant}\b"):
        kinds_of(["status", written])


@pytest.mark.parametrize("written", ["", "  ", "---", "qqqq", "x" * 100_000])
def test_a_name_like_no_other_is_answered_with_all_groups(written: str) -> None:
    with pytest.raises(ValueError, match="the groups are status, dates, ") as caught:
        kinds_of([written])
    assert len(str(caught.value)) < 300


@given(st.text())
def test_any_text_is_a_name_or_a_clear_error(written: str) -> None:
    try:
        assert kinds_of([written])
    except ValueError as exc:
        assert "no kind and no group" in str(exc)  # noqa: PT017 - either outcome is right


def test_the_page_names_every_group_with_its_kinds() -> None:
    section = PAGE.partition("## Groups")[2].partition("\n## ")[0]
    rows = re.findall(r"(?m)^\| `(\w+)` \| (.*) \|$", section)
    reported = {name: sorted(re.findall(r"`(\w+)`", kinds)) for name, kinds in rows}
    assert reported == {name: sorted(kinds) for name, kinds in GROUPS.items()}
    assert len(rows) == len(GROUPS)
