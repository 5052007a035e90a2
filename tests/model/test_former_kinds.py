"""Kinds that had another name are still read by it."""

import pytest

from monitor.model.changes import FORMER_KINDS, ChangeKind
from monitor.model.kind_names import kinds_of


@pytest.mark.parametrize(("former", "present"), FORMER_KINDS.items())
def test_a_former_name_is_read_as_the_present_one(former: str, present: str) -> None:
    assert ChangeKind(former) is ChangeKind(present)
    assert kinds_of([former]) == {ChangeKind(present)}
    assert former not in set(ChangeKind)


def test_a_name_that_no_kind_ever_had_is_none() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        ChangeKind("nonsense")
