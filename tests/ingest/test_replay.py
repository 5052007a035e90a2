"""Real polls of 1,155 trials on 25 data dates, replayed through the whole pipeline."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from random import Random

import orjson
import pytest

from monitor.ingest import IngestReport
from monitor.model.record import RawVersion
from tests.ingest.world import Seen, World

SERIES = "ctgov/snapshots/daily_snapshots_2026-02_03.jsonl.gz"
NOISE = {"registry_normalization", "administrative_update", "site_renamed"}


@dataclass
class Replay:
    """The world after the replay, the pass's counts and what the polls are known to hold."""

    world: World
    report: IngestReport
    polls: list[RawVersion]
    silent: set[tuple[str, int]] = field(default_factory=set)
    contents: dict[str, int] = field(default_factory=dict)


def polls(path: Path) -> Iterator[tuple[str, str, bytes]]:
    """Yield (data date, NCT ID, bytes) of every observation of the series."""
    with gzip.open(path) as lines:
        for line in lines:
            row = orjson.loads(line)
            for seen in row["seen"]:
                holder = seen["version_holder"]
                row["study"]["derivedSection"]["miscInfoModule"]["versionHolder"] = holder
                yield holder, row["nct_id"], orjson.dumps(row["study"])


def poll(data_date: str, nct_id: str, content: bytes) -> RawVersion:
    """Return an observation as the poll of its data date would have found it."""
    return RawVersion(
        content=content,
        media="json",
        source="replay",
        origin=f"{nct_id} on {data_date}",
        retrieved_at=datetime.fromisoformat(data_date).replace(hour=15, tzinfo=UTC),
    )


@pytest.fixture(scope="module")
def replay(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Replay:
    """Replay all observations by data date, once for all tests of this file."""
    path = shared_data / SERIES
    found = [poll(*seen) for seen in sorted(polls(path), key=lambda seen: seen[:2])]
    world = World(f"sqlite:///{tmp_path_factory.mktemp('replay') / 'monitor.db'}")
    result = Replay(world, world.take_all(found), found)
    updates: dict[str, list[str]] = {}
    with gzip.open(path) as lines:
        for row in map(orjson.loads, lines):
            updates.setdefault(row["nct_id"], []).append(row["last_update_post_date"])
    for nct_id, dates in updates.items():
        result.contents[nct_id] = len(dates)
        pairs = enumerate(pairwise(dates), start=1)
        result.silent |= {(nct_id, number) for number, (old, new) in pairs if old == new}
    return result


def changed(replay: Replay) -> Iterator[tuple[str, int, Seen]]:
    """Yield (NCT ID, position, version) of every version that is not a trial's first."""
    for nct_id, count in replay.contents.items():
        if count > 1:
            for number, seen in enumerate(replay.world.history(nct_id)[1:], start=1):
                yield nct_id, number, seen


def facts(replay: Replay, nct_id: str, number: int, kind: str) -> dict[str, object]:
    """Return before, after, severity and facts of the one event of this kind."""
    seen = replay.world.history(nct_id)[number]
    [event] = [stored.event for stored in seen.events if stored.event.kind == kind]
    return {
        "before": event.before,
        "after": event.after,
        "severity": str(event.severity),
        "fields": len(event.fields),
        **event.facts,
    }


def test_exactly_the_distinct_contents_are_stored(replay: Replay) -> None:
    assert (replay.report.read, replay.report.stored) == (5_770, 1_195)
    assert (replay.report.unchanged, replay.report.quarantined) == (4_575, 0)
    for nct_id, count in replay.contents.items():
        assert len(replay.world.history(nct_id)) == count, nct_id


def test_every_change_yields_events_and_no_silent_one_is_the_sponsors(replay: Replay) -> None:
    versions = list(changed(replay))
    assert len(versions) == 40
    assert len(replay.silent) == 6
    for nct_id, number, seen in versions:
        assert seen.kinds, (nct_id, number)
        if (nct_id, number) in replay.silent:
            assert set(seen.kinds) <= {
                "registry_normalization", "results_returned", "results_submitted",
                "status_unknown",
            }, nct_id  # fmt: skip
        assert not seen.version.backfilled


def test_the_polls_again_or_in_any_order_change_nothing(replay: Replay, tmp_path: Path) -> None:
    before = replay.world.summary()
    shuffled = [poll for poll in replay.polls if replay.contents[poll.origin[:11]] > 1]
    # All that changed, and a tenth of what never did: nine more of that are no other case.
    polls = [*shuffled, *(poll for poll in replay.polls[::10] if poll not in shuffled)]
    again = replay.world.take_all(polls)
    assert (again.stored, again.unchanged, again.events) == (0, len(polls), 0)
    assert replay.world.summary() == before
    Random(7).shuffle(shuffled)  # noqa: S311 - a fixed order, not a secret
    other = World(f"sqlite:///{tmp_path / 'shuffled.db'}")
    other.take_all(shuffled)
    for nct_id, history in other.summary().items():
        assert history == before[nct_id], nct_id


def test_a_suspended_trial_with_few_of_its_participants(replay: Replay) -> None:
    status = facts(replay, "NCT07011550", 1, "trial_suspended")
    assert (status["before"], status["after"]) == ("RECRUITING", "SUSPENDED")
    assert (status["why_stopped"], status["reason_class"]) == ("FDA", "regulatory")
    assert status["severity"] == "critical"
    enrollment = facts(replay, "NCT07011550", 1, "enrollment_actual_reported")
    assert (enrollment["before"], enrollment["after"]) == (40, 7)
    assert (enrollment["percent"], enrollment["severity"]) == (-82.5, "high")


def test_a_terminated_trial_with_its_reason(replay: Replay) -> None:
    status = facts(replay, "NCT05935098", 1, "trial_terminated")
    assert (status["before"], status["after"]) == ("ACTIVE_NOT_RECRUITING", "TERMINATED")
    assert status["reason_class"] == "business"
    enrollment = facts(replay, "NCT05935098", 1, "enrollment_actual_reported")
    assert (enrollment["before"], enrollment["after"]) == (263, 99)
    assert facts(replay, "NCT05935098", 1, "primary_completion_moved")["also"] == [
        "completion_moved"
    ]
    assert facts(replay, "NCT05935098", 1, "primary_completion_moved")["days"] == -428


@pytest.mark.parametrize("nct_id", ["NCT05294952", "NCT06302556"])
def test_the_registry_sets_unknown_without_a_new_date(replay: Replay, nct_id: str) -> None:
    status = facts(replay, nct_id, 1, "status_unknown")
    assert (status["after"], status["severity"]) == ("UNKNOWN", "medium")
    assert status["last_known_status"] == "NOT_YET_RECRUITING"
    assert replay.world.history(nct_id)[1].kinds == ["status_unknown"]


def test_sites_that_gain_a_status_with_the_trial_are_one_consequence(replay: Replay) -> None:
    seen = replay.world.history("NCT06203210")[1]
    sites = facts(replay, "NCT06203210", 1, "site_status_changed")
    assert (sites["count"], sites["fields"], sites["severity"]) == (230, 230, "low")
    assert sites["consequence_of"] == "ACTIVE_NOT_RECRUITING → RECRUITING"
    assert facts(replay, "NCT06203210", 1, "site_renamed")["count"] == 9
    assert "site_added" not in seen.kinds
    assert "site_removed" not in seen.kinds


def test_added_sites_are_additions_not_shifted_positions(replay: Replay) -> None:
    sites = facts(replay, "NCT07099898", 1, "site_added")
    assert (sites["count"], sites["fields"]) == (43, 43)
    assert facts(replay, "NCT07099898", 1, "contact_changed")["sites"] == 1
    seen = replay.world.history("NCT07099898")[1]
    assert not {"site_removed", "site_status_changed", "site_renamed"} & set(seen.kinds)
    enrollment = facts(replay, "NCT07099898", 1, "enrollment_target_changed")
    assert (enrollment["before"], enrollment["after"], enrollment["percent"]) == (300, 420, 40.0)
    moved = facts(replay, "NCT07099898", 1, "primary_completion_moved")
    completion = {"before": "2028-09-11", "after": "2029-09-28", "days": 382}
    assert moved["completion"] == completion
    assert facts(replay, "NCT06996782", 1, "site_added")["by_country"] == {"Serbia": 1}


def test_dates_without_days_move_by_months(replay: Replay) -> None:
    moved = facts(replay, "NCT05414032", 1, "primary_completion_moved")
    assert (moved["before"], moved["after"], moved["days"]) == ("2026-07", "2027-09", 731)
    assert moved["completion"] == {"before": "2026-07", "after": "2028-07", "days": 731}


def test_six_versions_in_five_weeks(replay: Replay) -> None:
    history = replay.world.history("NCT04514484")
    assert [len(seen.news) for seen in history] == [1, 3, 2, 0, 0, 0]
    assert set(history[5].kinds) == {"administrative_update"}


def test_results_are_followed_before_they_are_posted(replay: Replay) -> None:
    kinds = [set(seen.kinds) for seen in replay.world.history("NCT04457778")[1:]]
    assert kinds == [{"results_returned"}, {"results_submitted"}]
