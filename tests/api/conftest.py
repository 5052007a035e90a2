"""A store that holds the seeds."""

from pathlib import Path

import pytest

from tests.cli.calls import Monitor
from tests.cli.test_help import SEEDS


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the store ``snapshots/monitor.db``."""
    folder = tmp_path_factory.mktemp("seeded")
    (folder / "snapshots").mkdir()
    monitor = Monitor(f"sqlite:///{folder / 'snapshots' / 'monitor.db'}", folder)
    monitor.answer("ingest", *(str(page) for page in sorted(SEEDS.glob("*.txt"))))
    monitor.answer("ingest", str(SEEDS / "2026-07"))
    return folder


@pytest.fixture
def monitor(sqlite_url: str, tmp_path: Path) -> Monitor:
    """Return the command line on an empty store."""
    return Monitor(sqlite_url, tmp_path)
