"""kill -9 at any instant, servers that fail at random: every due message arrives.

At most one message by each channel comes again after a kill, with the same id; groups are on.
In full, with 500 changes and 200 kills: ``./run soak --only delivery``.
"""

from pathlib import Path

import pytest

from tests.deliver.crash.course import CrashOutcome, CrashRun
from tests.deliver.crash.plan import CrashPlan
from tests.deliver.crash.receivers import Receivers


def crashed(plan: CrashPlan, url: str, folder: Path) -> CrashOutcome:
    """Let it happen."""
    with Receivers(plan.seed) as receivers:
        return CrashRun(plan, url, folder, receivers, say=lambda _: None).run()


def test_one_process_that_is_killed_again_and_again_tells_all(
    sqlite_url: str, tmp_path: Path
) -> None:
    outcome = crashed(CrashPlan(changes=30, kills=10, trials=8), sqlite_url, tmp_path)
    assert outcome.wrong() == []
    assert outcome.kills >= 10
    assert outcome.traps > 0
    assert outcome.groups > 0
    assert outcome.messages > 100


@pytest.mark.timeout(180)
@pytest.mark.parametrize("url", ["postgres_url", "pooled_url"], ids=["directly", "by PgBouncer"])
def test_two_processes_that_are_killed_in_turn_tell_all(
    url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    plan = CrashPlan(changes=30, kills=10, trials=8, processes=2)
    outcome = crashed(plan, request.getfixturevalue(url), tmp_path)
    assert outcome.wrong() == []
    assert outcome.traps > 0
    assert outcome.groups > 0
