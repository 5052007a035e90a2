"""Addresses of versions and events: short, for good, and apart."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from monitor.model.changes import ChangeEvent, ChangeKind, FieldChange, Severity
from monitor.model.public_ids import public_event_id, public_version_id

PATHS = st.lists(st.lists(st.text(max_size=5), min_size=1, max_size=4).map(tuple), min_size=1,
                 max_size=4, unique=True)  # fmt: skip


def event(*paths: tuple[str, ...]) -> ChangeEvent:
    return ChangeEvent(
        kind=ChangeKind.SITE_ADDED,
        severity=Severity.LOW,
        label="Sites",
        path="a.b",
        summary="",
        fields=tuple(FieldChange(path=path, field=path, op="added") for path in paths),
    )


def test_an_address_never_changes_with_the_program() -> None:
    assert public_version_id(bytes(range(16))) == "0001020304050607"
    assert public_event_id(event(("a", "b"), ("c", "Étoile"))) == "360c5ebd7182"
    assert public_event_id(event()) == "3af35cd3e325"


@given(PATHS)
def test_the_order_of_changes_and_the_kind_do_not_matter(paths: list[tuple[str, ...]]) -> None:
    other = replace(event(*reversed(paths)), kind=ChangeKind.SITE_REMOVED, summary="b")
    assert public_event_id(other) == public_event_id(event(*paths))


@given(PATHS, PATHS)
def test_other_changes_have_another_address(
    some: list[tuple[str, ...]], others: list[tuple[str, ...]]
) -> None:
    is_same = sorted(some) == sorted(others)
    assert (public_event_id(event(*some)) == public_event_id(event(*others))) is is_same
