"""Small studies, and one way to read what a test has written."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import orjson

from monitor.model.record import RawVersion
from monitor.sources.files import read_paths
from monitor.sources.read_progress import LIMITS, Limits, Unreadable

NOW = datetime(2026, 2, 19, 14, 5, tzinfo=UTC)


def study(number: int, title: str = "A study") -> bytes:
    """Return a study document, compact, with the NCT ID of that number."""
    identification = {"nctId": nct_id(number), "briefTitle": title}
    return orjson.dumps({"protocolSection": {"identificationModule": identification}})


def nct_id(number: int) -> str:
    return f"NCT{number:08d}"


def read(*paths: Path, limits: Limits | None = None) -> list[RawVersion | Unreadable]:
    return list(read_paths(paths, now=lambda: NOW, limits=limits or LIMITS))


def contents(found: Sequence[RawVersion | Unreadable]) -> list[bytes]:
    """Return the slices; a piece that was not readable fails the test that did not expect it."""
    refused = [(one.origin, one.reason) for one in found if isinstance(one, Unreadable)]
    assert not refused
    return [one.content for one in found]


def origins(found: Sequence[RawVersion | Unreadable], folder: Path) -> list[str]:
    return [one.origin.removeprefix(f"{folder}/") for one in found]


def versions(found: Sequence[RawVersion | Unreadable]) -> list[RawVersion]:
    return [one for one in found if isinstance(one, RawVersion)]


def refusals(found: Sequence[RawVersion | Unreadable]) -> list[Unreadable]:
    return [one for one in found if isinstance(one, Unreadable)]


def the_refusal(found: Sequence[RawVersion | Unreadable]) -> Unreadable:
    """Return the only unreadable piece."""
    (refused,) = refusals(found)
    return refused
