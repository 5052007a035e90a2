"""What each address of the operator has heard, as the store keeps it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_ADDRESSES = "addresses"  # no episode has such a key: theirs hold a colon


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one address knows.

    ``wrong``: what it knows to be wrong, by the episode's key what to say when it is over;
    ``since``: when that began, as text. ``at``: when it was told last, as text; "" before it was.
    """

    wrong: Mapping[str, str] = field(default_factory=dict)
    since: Mapping[str, str] = field(default_factory=dict)
    at: str = ""

    def beginning(self, key: str, known: datetime | None, now: datetime) -> str:
        """Return when an episode began: as it was told, else as ``known``.

        Where nothing tells, the day on which it was found, after what was told last: the same
        until the address has been told.
        """
        return self.since.get(key) or (known.isoformat() if known else f"{self.at} {now:%Y-%m-%d}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """What one who tells leaves to the next one of the same process.

    ``lost``: processes that went without a word, of which nobody was told yet. ``heard``: what the
    addresses heard that could not be noted in the store; None when all of it was.
    """

    lost: tuple[str, ...] = ()
    heard: Mapping[str, Heard] | None = None


def heard_of(state: Mapping[str, Any] | None, addresses: Iterable[str]) -> dict[str, Heard]:
    """Read what each of these addresses has heard; one that is new has heard nothing.

    An earlier program kept one for all of them.
    """
    kept = (state or {}).get(_ADDRESSES)
    if not isinstance(kept, Mapping):
        everybody = Heard(wrong=_texts(state))
        return dict.fromkeys(addresses, everybody)
    found = {}
    for address in addresses:
        one = kept.get(address)
        if isinstance(one, Mapping):
            found[address] = Heard(
                wrong=_texts(one.get("wrong")),
                since=_texts(one.get("since")),
                at=str(one.get("at", "")),
            )
        else:
            found[address] = Heard()
    return found


def latest(noted: Mapping[str, Heard], unsaved: Mapping[str, Heard] | None) -> Mapping[str, Heard]:
    """Return what each address heard last: what could not be noted, or what was noted since."""
    if unsaved is None:
        return noted
    return {
        address: max(unsaved.get(address, one), one, key=lambda heard: heard.at)
        for address, one in noted.items()
    }


def state_of(heard: Mapping[str, Heard]) -> dict[str, Any]:
    """Return what to keep of it."""
    return {
        _ADDRESSES: {
            address: {"wrong": dict(one.wrong), "since": dict(one.since), "at": one.at}
            for address, one in heard.items()
        }
    }


def _texts(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        return {}
    return {str(key): str(text) for key, text in value.items()}
