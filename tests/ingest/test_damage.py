"""A damaged snapshot stops its own trial, not the pass."""

import sqlite3
from dataclasses import replace
from pathlib import Path

from tests.ingest.world import World, raw, study


def test_a_damaged_snapshot_keeps_back_its_own_trial_only(small_world: World) -> None:
    small_world.take(raw(study("2026-02-02", "2026-02-02")))
    path = Path(small_world.url.removeprefix("sqlite:///"))
    with sqlite3.connect(path) as connection:
        connection.execute(
            "UPDATE snapshots SET content = CAST(substr(content, 1, 20) || x'00ff' AS BLOB)"
        )
    connection.close()
    changed = raw(study("2026-02-09", "2026-02-09", enrollment=5))
    other = raw(study("2026-02-09", "2026-02-09", nct_id="NCT09000002"))
    report = small_world.take(changed, other, replace(changed, origin="there"))
    assert (report.stored, report.unchanged, report.quarantined) == (1, 0, 2)
    reasons = small_world.quarantine()
    assert len(reasons) == 2
    assert all("NCT09000001" in reason and "2026-02-02" in reason for reason in reasons)
    assert len(small_world.history("NCT09000002")) == 1
