"""Broken records of every kind, in every stage that asks for records: only they wait."""

from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.poison.clinic import MONDAY, NEXT_MONDAY, TUESDAY, Clinic, clinic
from tests.registry import Fault, Records
from tests.registry.examples import nct, study
from tests.registry.poison import KINDS, NO_ID

# Three groups of trials: found by a search, watched by their IDs, and such as leave their search by
# the change. In each every other record is broken: all have a sound one before and behind them.
GROUPS = {"searched": 1_000, "watched": 2_000, "leaving": 3_000}
COUNT = 2 * len(KINDS) + 1
BROKEN = {start + 2 * at: kind for start in GROUPS.values() for at, kind in enumerate(KINDS, 1)}
SOUND = [
    nct(start + at) for start in GROUPS.values() for at in range(1, COUNT + 1)
    if start + at not in BROKEN
]  # fmt: skip
# Where it cannot be told which record it is, a list says nothing of it.
NAMED = [
    nct(number) for number, kind in BROKEN.items()
    if kind not in NO_ID or 2_000 < number < 3_000
]  # fmt: skip
FOLLOWED = {
    "searched": 'query = { cond = "searched" }',
    "watched": f"nct_ids = {[nct(2_000 + at) for at in range(1, COUNT + 2)]}".replace("'", '"'),
    "leaving": 'query = { cond = "leaving" }',
}


def records() -> Records:
    """Return the groups, all WITHDRAWN on Tuesday; one more of each changes a week later."""
    found = Records()
    for group, start in GROUPS.items():
        becomes = ["Lupus"] if group == "leaving" else [group]
        for number in range(start + 1, start + COUNT + 1):
            found.put(study(number, conditions=[group]), on=MONDAY)
            withdrawn = study(number, TUESDAY, status="WITHDRAWN", conditions=becomes)
            found.put(withdrawn, on=TUESDAY)
        last = start + COUNT + 1
        found.put(study(last, conditions=[group]), on=MONDAY)
        completed = study(last, NEXT_MONDAY, status="COMPLETED", conditions=[group])
        found.put(completed, on=NEXT_MONDAY)
    return found


def assert_only_the_broken_wait(one: Clinic, *more: str) -> None:
    """Check that the sound records were told of, and the broken ones put aside by name."""
    assert one.alerts() == Counter([*SOUND, *more])
    assert {entry.origin[-11:] for entry in one.quarantine()} >= set(NAMED)
    assert all(entry.reason for entry in one.quarantine())
    for source in one.sources():
        assert (source["failures"], source["last_reason"]) == (0, None)
        assert source["data_timestamp"][:10] == str(one.world.day), "the pass was finished"
        shown = {"shown": COUNT + 1, "gone": 0, "merged": 0, "unknown": 0}
        assert source["followed"] == shown, "none is taken for one that is gone"


def test_broken_records_hold_up_no_other_and_are_told_once_they_are_whole(
    tmp_path: Path, sqlite_url: str
) -> None:
    with clinic(tmp_path, sqlite_url, records(), **FOLLOWED) as one:
        assert one.run_once() == 0
        assert one.alerts() == {}
        for number, kind in BROKEN.items():
            one.world.poison(nct(number), KINDS[kind])
        one.world.go_to(TUESDAY)
        assert one.run_once() == 1, "as of anything that is quarantined"
        assert_only_the_broken_wait(one)
        quarantined = [(entry.id, entry.origin) for entry in one.quarantine()]
        # By now no search for updates brings them.
        one.world.go_to(NEXT_MONDAY)
        assert one.run_once() == 1
        assert_only_the_broken_wait(one, *(nct(start + COUNT + 1) for start in GROUPS.values()))
        again = [(entry.id, entry.origin) for entry in one.quarantine()]
        assert again == quarantined, "they are the same ones"
        for number in BROKEN:
            one.world.heal(nct(number))
        one.world.reload()
        assert one.run_once() == 0
        reported = one.alerts()
        assert {nct_id: reported[nct_id] for nct_id in NAMED} == dict.fromkeys(NAMED, 1)
        assert max(reported.values()) == 1


@pytest.mark.parametrize(
    ("end", "body", "stored"),
    [("", b"null", 1), ("", b"{}", 1), ("/0", b"null", 1)],
    ids=["index null", "index empty", "version null"],
)
def test_an_odd_history_is_put_aside_by_name_and_the_others_pasts_are_fetched(
    tmp_path: Path, sqlite_url: str, end: str, body: bytes, stored: int
) -> None:
    found = Records()
    for number in (1, 2, 3):
        found.put(study(number), on=MONDAY)
        found.put(study(number, TUESDAY, status="WITHDRAWN"), on=TUESDAY)
    watched = f'nct_ids = ["{nct(1)}", "{nct(2)}", "{nct(3)}"]\nbackfill = true'
    with clinic(tmp_path, sqlite_url, found, watched=watched) as one:
        one.world.go_to(TUESDAY)
        path = f"/api/int/studies/{nct(2)}/history{end}"
        odd = one.replica.faults.add(
            Fault.OTHER_SHAPE, times=None, when=lambda asked: asked.path == path, body=body
        )
        assert one.run_once() == 1
        assert odd.met
        assert [urlsplit(entry.origin).path for entry in one.quarantine()] == [path]
        assert one.versions() == {nct(1): 2, nct(2): stored, nct(3): 2}
        assert [source["failures"] for source in one.sources()] == [0, 0]
        one.replica.faults.clear()
        assert one.run_once() == 0
        assert one.versions() == {nct(1): 2, nct(2): 2, nct(3): 2}
        assert one.quarantine() == [], "it was read well since"
