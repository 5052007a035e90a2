"""A registry that lives for months, polled day by day: each state is found, and no other."""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import msgspec
import pytest

from monitor.errors import SourceError
from monitor.model.record import RawVersion
from monitor.settings import CtgovSourceSettings
from monitor.sources.ctgov import Sizes
from monitor.sources.read_progress import Unreadable
from tests.registry import Fault, Replica
from tests.registry.catalogue import Alias, Study
from tests.registry.synthetic import Script
from tests.sources.ctgov.conftest import Bench, MakeBench

SIZES = Sizes(page=20, batch=15, check=3)
FAULTS = [
    Fault.SERVER_ERROR, Fault.HTML_OK, Fault.EDGE_NOT_FOUND, Fault.CUT_SHORT, Fault.CLOSED,
    Fault.INVALID_JSON, Fault.OTHER_SHAPE, Fault.REPEATED_PAGE, Fault.TOKEN_EXPIRED,
    Fault.SHIFTED_ORDER, Fault.EMPTY_PAGE, Fault.DUPLICATE_STUDY, Fault.DATA_RELOADED,
    Fault.WRONG_GZIP,
]  # fmt: skip
State = Any


@pytest.fixture(scope="module")
def script() -> Script:
    return Script(trials=40, days=30, registry_changes=3.0, sponsor_changes=4.0)


def mondays(day: date) -> bool:
    return day.weekday() == 0


def live(
    one: Bench, script: Script, following: CtgovSourceSettings, kills: random.Random | None
) -> None:
    """Poll on every day until the pass is finished, whatever happens to it."""
    for day in script.days:
        one.replica.world.go_to(day)
        while True:
            try:
                one.poll(following, pages=kills.choice([1, 2, 5, None]) if kills else None)
            except SourceError:
                continue
            state = one.memory.states[""]
            timestamp = one.replica.world.load.timestamp
            if not state["current"] and state["finished"]["timestamp"] == timestamp:
                break


def states_found(found: Iterable[RawVersion | Unreadable]) -> dict[str, list[State]]:
    """Return what was found of each trial, without repetitions in a row."""
    states: dict[str, list[State]] = defaultdict(list)
    for nct_id, state in _states(found):
        if states[nct_id][-1:] != [state]:
            states[nct_id].append(state)
    return states


def _states(found: Iterable[RawVersion | Unreadable]) -> Iterator[tuple[str, State]]:
    for one in found:
        assert isinstance(one, RawVersion)
        content = msgspec.json.decode(one.content)
        if one.media == "absence":
            yield content["nctId"], content.get("mergedInto")
        else:
            del content["derivedSection"]["miscInfoModule"]["versionHolder"]
            yield content["protocolSection"]["identificationModule"]["nctId"], content


def states_expected(script: Script, reread: Any) -> dict[str, list[State]]:
    """Return what a client must have found of each trial."""
    states: dict[str, list[State]] = defaultdict(list)
    for one in script.expected(reread):
        found = script.find(one.nct_id, one.day)
        if isinstance(found, Study):
            document = msgspec.json.decode(msgspec.json.encode(found.document()))
            document.setdefault("derivedSection", {}).setdefault("miscInfoModule", {})
            states[one.nct_id].append(document)
        else:
            states[one.nct_id].append(found.nct_id if isinstance(found, Alias) else None)
    return states


@pytest.mark.parametrize("faulty", [False, True], ids=["in peace", "under fire"])
@pytest.mark.parametrize("watched", [False, True], ids=["everything", "watched"])
def test_every_state_that_can_be_seen_is_found_once(
    bench: MakeBench, script: Script, *, watched: bool, faulty: bool
) -> None:
    one = bench(Replica(script.world()), sizes=SIZES)
    met = one.replica.faults.at_random(0.08 if faulty else 0.0, FAULTS, seed=7)
    ids = script.nct_ids if watched else ()
    following = CtgovSourceSettings(name="lupus", nct_ids=ids, all=not watched)
    live(one, script, following, random.Random(3) if faulty else None)  # noqa: S311 - a plan
    found = states_found(one.memory.found)
    # Watched records are read every day; the others when their date moves, and every Monday.
    expected = states_expected(script, None if watched else mondays)
    assert {nct_id for nct_id in found | expected if found[nct_id] != expected[nct_id]} == set()
    assert sum(map(len, found.values())) > 2 * len(script.nct_ids)
    assert len(set(met.values())) > 6 or not faulty
