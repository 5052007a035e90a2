"""Old events learn the present rules: as if they had always been there, and nothing else moves."""

import json
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from monitor.detect.rules_version import RULES_VERSION, rules_id
from monitor.errors import StoreError
from monitor.ingest import reclassify as reclassification
from monitor.ingest.reclassify import Scope, reclassify
from monitor.model.changes import Severity
from monitor.model.reclassified import Estimate, ReclassifyReport
from monitor.settings import ThresholdSettings
from monitor.store.reader import open_reader
from monitor.store.writer import open_store
from tests.filled import FilledStores
from tests.forked import Forked
from tests.ingest.reclassify_worker import reclassify_until_killed
from tests.ingest.world import NCT, NOON, World, empty_world, raw, study
from tests.store.test_snapshots import run_sql

WIDE, NARROW = (
    ThresholdSettings(enrollment_percent_high=90.0),
    ThresholdSettings(enrollment_percent_high=5.0),
)
TRIALS = tuple(f"NCT0900000{number}" for number in range(1, 7))


def renew(
    world: World,
    thresholds: ThresholdSettings = NARROW,
    scope: Scope | None = None,
    *,
    dry: bool = False,
    on_estimate: Callable[[Estimate], None] = lambda _: None,
    on_batch: Callable[[ReclassifyReport, int], None] = lambda *_: None,
) -> ReclassifyReport:
    with open_store(world.url) as store:
        return reclassify(
            lambda: open_reader(world.url),
            None if dry else store,
            scope or Scope(),
            thresholds=thresholds,
            on_estimate=on_estimate,
            on_batch=on_batch,
        )


def fill(world: World) -> None:
    """Store three versions of each trial, of which the second arrives last."""
    for nct_id in TRIALS:
        for day, enrollment in ((2, 100), (20, 130), (9, 109)):
            at = NOON + timedelta(days=30 + day)
            seen = study(f"2026-02-{day:02d}", enrollment=enrollment, nct_id=nct_id)
            world.take(raw(seen, at=at))


def everything(world: World, *, but_rows: bool = True) -> list[Any]:
    """Return all that is known of the trials' versions and events, in their order."""
    found: list[Any] = []
    with open_reader(world.url) as reader:
        for trial in reader.trials():
            events = reader.events(trial.nct_id)
            found.append((trial.nct_id, trial.last_changed, trial.first_start_date))
            found += [
                (version.identity, version.version_date, version.backfilled, version.rules, [
                    (one.position, one.backfilled, one.event, None if but_rows else one.id)
                    for one in events[version.id]
                ])
                for version in reader.versions(trial.nct_id)
            ]  # fmt: skip
    return found


def by_rules(world: World, thresholds: ThresholdSettings) -> int:
    with open_reader(world.url) as reader:
        return reader.sources.versions_by(rules_id(thresholds))


@pytest.fixture
def wide(world: World, filled_stores: FilledStores) -> World:
    """Return a world whose events are by wide thresholds."""
    world.thresholds = WIDE
    filled_stores.fill(world.url, "wide thresholds", lambda _: fill(world))
    return world


@pytest.fixture
def narrow(tmp_path: Path, filled_stores: FilledStores) -> World:
    """Return a world that had the narrow thresholds from the beginning."""
    world = World(f"sqlite:///{tmp_path}/narrow.db", thresholds=NARROW)
    filled_stores.fill(world.url, "narrow thresholds", lambda _: fill(world))
    return world


def test_events_become_what_the_present_rules_would_have_made(wide: World, narrow: World) -> None:
    assert everything(wide) != everything(narrow)
    report = renew(wide)
    assert (report.trials, report.versions) == (6, 18)
    assert report.changed == 12
    assert everything(wide) == everything(narrow)
    assert (by_rules(wide, WIDE), by_rules(wide, NARROW)) == (0, 18)
    assert renew(wide).versions == 0


def test_a_version_whose_events_stay_is_only_marked(wide: World) -> None:
    before = everything(wide, but_rows=False)
    others = ThresholdSettings(date_days_critical=366, enrollment_percent_high=90.0)
    report = renew(wide, others)
    assert (report.versions, report.changed, report.examples) == (18, 0, [])
    marked = [one if len(one) == 3 else (*one[:3], rules_id(others), *one[4:]) for one in before]
    assert everything(wide, but_rows=False) == marked


def test_the_day_of_the_last_change_follows(world: World) -> None:
    world.take(raw(study("2026-02-02")))
    world.take(raw(study("2026-02-20", enrollment=110), at=NOON + timedelta(days=3)))
    with open_store(world.url) as store, store.transaction() as tx:
        [_, version] = tx.histories([NCT])[NCT].versions
        noise = replace(tx.events(NCT)[version.id][0].event, severity=Severity.NOISE)
        tx.replace_events(version.id, NCT, [noise], backfilled=False)
        tx.mark_rules({version.id: version.rules}, "0-old")
        tx.set_last_changed(NCT, None)
    with open_reader(world.url) as reader:
        trial = reader.trial(NCT)
        assert trial is not None
        assert trial.last_changed is None
    renew(world, world.thresholds)
    with open_reader(world.url) as reader:
        trial = reader.trial(NCT)
        assert trial is not None
        assert str(trial.last_changed) == "2026-02-20"


def test_only_what_is_asked_for_is_derived(wide: World) -> None:
    assert renew(wide, scope=Scope(since=date(2026, 2, 10))).versions == 6
    assert renew(wide, scope=Scope(nct_ids=TRIALS[:2])).versions == 6
    assert renew(wide, scope=Scope(nct_ids=TRIALS[:1])).versions == 3
    assert renew(wide).versions == 18 - 6 - 4


def test_each_trial_is_in_exactly_one_part(wide: World, narrow: World) -> None:
    ids = [f"NCT{number:08d}" for number in range(5_000)]
    counts = [sum(Scope(part=(at, 7)).has_trial(one) for one in ids) for at in range(1, 8)]
    assert sum(counts) == 5_000
    assert min(counts) > 600
    done = [renew(wide, scope=Scope(part=(at, 3))).versions for at in (1, 2, 3)]
    assert sum(done) == 18
    assert everything(wide) == everything(narrow)


def test_a_dry_run_tells_the_same_and_writes_nothing(wide: World) -> None:
    before = everything(wide, but_rows=False)
    dry = renew(wide, dry=True)
    assert everything(wide, but_rows=False) == before
    done = renew(wide)
    assert (dry.changed, dry.before, dry.after) == (done.changed, done.before, done.after)
    assert dry.examples == done.examples
    assert dry.before[("enrollment_target_changed", "medium")] == 12
    assert dry.after[("enrollment_target_changed", "high")] == 12


def test_what_is_interrupted_goes_on_from_there(
    wide: World, narrow: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reclassification, "BATCH_VERSIONS", 1)

    def interrupt(report: ReclassifyReport, total: int) -> None:
        assert total == 18
        if report.trials == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        renew(wide, on_batch=interrupt)
    assert by_rules(wide, NARROW) == 6
    assert renew(wide).versions == 12
    assert everything(wide) == everything(narrow)


@pytest.mark.parametrize("where", ["between", "inside"])
def test_what_is_killed_goes_on_from_there(wide: World, narrow: World, where: str) -> None:
    process = Forked(reclassify_until_killed, wide.url, NARROW, where)
    assert process.wait(60) == -signal.SIGKILL
    assert by_rules(wide, NARROW) == 6
    assert renew(wide).versions == 12
    assert everything(wide) == everything(narrow)


def test_two_at_once_do_what_one_does(
    wide: World, narrow: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reclassification, "BATCH_VERSIONS", 1)
    with ThreadPoolExecutor(3) as threads:
        scopes = (Scope(), Scope(part=(1, 2)), Scope(part=(2, 2)))
        reports = list(threads.map(lambda scope: renew(wide, scope=scope), scopes))
    assert sum(report.versions for report in reports) == 18
    assert everything(wide) == everything(narrow)
    assert by_rules(wide, NARROW) == 18


def test_a_version_that_comes_meanwhile_keeps_its_place(wide: World, narrow: World) -> None:
    late = raw(study("2026-02-11", enrollment=300), at=NOON + timedelta(days=60))

    def take(_: Estimate) -> None:
        wide.take(late)

    renew(wide, on_estimate=take)
    narrow.take(late)
    assert everything(wide) == everything(narrow)


def test_what_is_ahead_is_told_before_anything_is_written(wide: World) -> None:
    reported: list[Estimate] = []

    def refuse(ahead: Estimate) -> None:
        reported.append(ahead)
        raise StoreError("no room")

    with pytest.raises(StoreError, match="no room"):
        renew(wide, on_estimate=refuse)
    assert by_rules(wide, NARROW) == 0
    assert (reported[0].trials, reported[0].versions) == (6, 18)
    assert reported[0].seconds > 0
    assert reported[0].disk_bytes > 18_000
    dry: list[Estimate] = []
    renew(wide, dry=True, on_estimate=dry.append)
    assert dry[0].disk_bytes == 0


def test_a_trial_with_a_damaged_snapshot_is_named_and_stops_no_other(wide: World) -> None:
    run_sql(wide.url, f"UPDATE snapshots SET sha256 = content WHERE nct_id = '{TRIALS[2]}'")  # noqa: S608
    report = renew(wide)
    assert (report.trials, list(report.damaged)) == (5, [TRIALS[2]])
    assert TRIALS[2] in report.damaged[TRIALS[2]]
    assert by_rules(wide, NARROW) == 15


def test_the_name_of_rules_is_that_of_their_version_and_thresholds() -> None:
    assert rules_id(ThresholdSettings()).startswith(f"{RULES_VERSION}-")
    assert rules_id(ThresholdSettings()) == rules_id(ThresholdSettings(enrollment_percent_high=20))
    assert rules_id(WIDE) != rules_id(NARROW)


def test_what_is_ingested_is_by_the_present_rules(wide: World) -> None:
    assert by_rules(wide, WIDE) == 18
    wide.thresholds = NARROW
    wide.take(raw(study("2026-02-15", enrollment=500), at=NOON + timedelta(days=70)))
    assert (by_rules(wide, WIDE), by_rules(wide, NARROW)) == (17, 2)  # and its successor's


# What the registry showed: date, number in its history, data load, enrollment. Two and two versions
# have one date; without their numbers, the later one looks like an edit of the registry's own.
SHOWN = (
    ("2024-12-20", 0, "2024-12-21", 100),
    ("2025-02-02", 1, "2025-02-03", 109),
    ("2025-02-02", 2, "2025-02-10", 150),
    ("2025-03-01", 3, "2025-03-02", 100),
    ("2025-03-01", 4, "2025-03-09", 130),
    ("2025-04-01", 5, "2025-04-02", 90),
)


@pytest.mark.parametrize("seed", range(12))
def test_in_whatever_order_versions_come_their_events_are_what_is_derived_anew(
    tmp_path: Path, seed: int
) -> None:
    random = Random(seed)  # noqa: S311 - a fixed series of orders
    world = empty_world(tmp_path, "shuffled")
    for hour in range(14):
        day, number, loaded, enrollment = random.choice(SHOWN)
        content = json.dumps(study(day, loaded, enrollment=enrollment), indent=hour % 3).encode()
        found = raw(content, at=NOON + timedelta(hours=hour))
        world.take(replace(found, registry_version=random.choice((None, number))))
        report = renew(world, world.thresholds, Scope(nct_ids=(NCT,)), dry=True)
        assert (report.versions > 0, report.changed, report.examples) == (True, 0, [])
