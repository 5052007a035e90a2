"""Fixtures and settings that every test package shares."""

import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

pytest_plugins = [
    "tests.databases",
    "tests.filled",
    "tests.planted",
    "tests.pooler",
    "tests.skipped",
    "tests.users",
]

# A shell that starts the tests in the background lets them, and all that they start, ignore ^C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED = Path(__file__).parents[2] / "shared"

# The suite gives the same answer every time; HYPOTHESIS_PROFILE=explore looks for new examples.
# A test that needs more examples to find what it looks for says so. No deadline: a shared machine's
# pauses are not the code's.
settings.register_profile("ci", max_examples=50, derandomize=True, deadline=None, database=None)
settings.register_profile("explore", max_examples=1_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


# What takes or waits longest begins first: no process of a parallel run is at it alone at the end.
LONGEST = (
    "tests/year/test_year.py",
    "tests/deploy/test_image.py",
    "tests/deliver/test_crash.py",
    "tests/memory/test_memory.py",
    "tests/faults/test_faults.py",
    "tests/bench/test_bench.py",
    "tests/doors/test_earlier_stores.py",
    "tests/store/test_upgrades.py",
    "tests/web/pages/test_browser.py",
    "tests/web/api/test_drawn.py",
    "tests/daemon/test_operator_notices.py",
    "tests/sources/ctgov/test_faults.py",
    "tests/gate/test_gate.py",
    "tests/gate/test_process.py",
    "tests/ingest/test_queries.py",
    "tests/web/test_subscribing.py",
    "tests/app/test_backfill_lease.py",
    "tests/cli/test_backfill.py",
    "tests/daemon/test_scheduler_lease.py",
    "tests/cli/test_run.py",
    "tests/ingest/test_replay.py",
    "tests/web/test_managing.py",
    "tests/daemon/test_unread_log.py",
    "tests/daemon/test_standby.py",
    "tests/cli/test_start.py",
    "tests/detect/test_long_texts.py",
    "tests/web/test_feeds.py",
    "tests/ingest/test_reclassify.py",
    "tests/sources/http/test_faults.py",
    "tests/daemon/test_listeners.py",
    "tests/store/test_failures.py",
    "tests/store/test_claims.py",
    "tests/app/test_operator_notices.py",
    "tests/detect/test_properties.py",
    "tests/app/test_welcomes.py",
    "tests/channels/test_deadlines.py",
    "tests/daemon/test_reloading.py",
    "tests/daemon/test_clock_skew.py",
    "tests/daemon/test_restored.py",
    "tests/demo/test_demo.py",
    "tests/poison/test_poison.py",
    "tests/cli/test_former_ids.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first."""
    ranks = {name: rank for rank, name in enumerate(LONGEST)}
    # The location of a test would be worked out from its source; its id begins with the file, too.
    items.sort(key=lambda item: ranks.get(item.nodeid.partition("::")[0], len(LONGEST)))


# What is collected stays: to look through it for garbage again and again takes a fifth of the time.
gc.disable()


def pytest_collection_finish() -> None:
    """Keep what was collected, which is most of a process's objects, out of garbage collections.

    Looked through again each time, thousands of collected tests made every full collection of a
    test's own take a tenth of a second. Rarer collections than Python's own take a tenth less.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """Let no test log as another one set it up: the settings of a log are its process's."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True, scope="session")
def own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let no test leave in the user's state folder which store it used, nor read it there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real registry records; skip visibly where it is not laid out."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip(f"real registry records are not here ({folder.name}/ of shared/, beside us)")
    return folder
