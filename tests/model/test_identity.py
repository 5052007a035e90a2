"""Ids of messages: alike for the same, apart for everything that tells two messages apart."""

from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.identity import ItemIdentity, MessageKind, message_id, version_identity

CUTOFF = datetime(2026, 3, 2, 8, tzinfo=UTC)
A, B = ItemIdentity(b"a" * 16, b""), ItemIdentity(b"b" * 16, b"a" * 16)


@dataclass(frozen=True)
class About:
    kind: MessageKind = "digest"
    subscriber: str = "ana"
    channel: str = "mail"
    target: str = "ana@example.org"
    items: tuple[ItemIdentity, ...] = (A, B)
    cutoff: datetime | None = CUTOFF

    @property
    def id(self) -> str:
        values = {name: getattr(self, name) for name in asdict(self)}
        return message_id(values.pop("kind"), **values)


def test_the_id_of_a_message_never_changes_with_the_program() -> None:
    assert About().id == "a3b0e56b-91ca-58e0-9a5c-6a6cbef14368"
    on = date(2026, 3, 2)
    assert (
        version_identity("NCT09000001", on, bytes(32), taken=()).hex()
        == "caff3790dc3c1689f04ec04f6d34eae1"
    )


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"kind": "alert"}, id="kind"),
        pytest.param({"subscriber": "ben"}, id="whom"),
        pytest.param({"channel": "slack"}, id="channel"),
        pytest.param({"target": "ben@example.org"}, id="address"),
        pytest.param({"items": (A,)}, id="fewer items"),
        pytest.param({"items": (A, ItemIdentity(B.version, b""))}, id="before"),
        pytest.param({"items": ()}, id="no items"),
        pytest.param({"cutoff": CUTOFF + timedelta(hours=1)}, id="cut-off"),
        pytest.param({"subscriber": 'ana", "mail', "channel": ""}, id="quotes"),
    ],
)
def test_what_tells_two_messages_apart_gives_two_ids(other: dict[str, object]) -> None:
    assert replace(About(), **other).id != About().id  # type: ignore[arg-type]


@given(st.permutations([A, B, ItemIdentity(b"c" * 16, b"a" * 16), A]))
def test_the_order_of_items_and_of_zones_does_not_matter(items: list[ItemIdentity]) -> None:
    here = CUTOFF.astimezone(timezone(timedelta(hours=5)))
    wanted = About(items=(A, B, ItemIdentity(b"c" * 16, b"a" * 16))).id
    assert About(items=tuple(items), cutoff=here).id == wanted
